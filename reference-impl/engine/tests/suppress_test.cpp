// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Which messages cause an event where the ring's owner says so in its header. Book: spec/suppress.rst.
#include "ring_client.hpp"

#include <chrono>

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;

struct Suppressing
{
    World world;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    Sender sender{world, guest};
    RingClient ring;

    explicit Suppressing(uint32_t length = 256, uint64_t flags = ARGO_REGISTER_SUPPRESS)
        : ring(world, owner, port, 2, length)
    {
        world.bind(owner, 0, 40);
        world.bind(guest, 0, 50);
        EXPECT_EQ(ring.register_ring(flags), 0);
    }

    void wish(uint32_t wish, uint32_t position = 0)
    {
        owner.store(ring.header() + offsetof(argo_ring, position), position);
        owner.store(ring.header() + offsetof(argo_ring, wish), wish);
    }

    /// Whether a message of this payload causes an event. It is taken out of the ring.
    bool heard(uint32_t size)
    {
        EXPECT_EQ(sender.send_placed(1, port, size), size);
        ring.discard_all();
        return owner.events(40) != 0;
    }
};

TEST(Suppress, EachWish)
{
    Suppressing s;
    EXPECT_TRUE(s.heard(1)); // a header of zeros
    s.wish(ARGO_WISH_NONE);
    EXPECT_FALSE(s.heard(1));
    for (const uint32_t wish : {0u, 3u, 4u, 0x80000001u, 0x80000002u, ~0u}) {
        s.wish(wish, 1);
        EXPECT_TRUE(s.heard(1)) << wish;
    }
    EXPECT_EQ(s.world.engine.counters().messages, 8u);
    EXPECT_EQ(s.world.engine.counters().events, 7u);
    EXPECT_EQ(s.world.engine.counters().suppressed, 1u);
}

TEST(Suppress, TheMessageThatTakesTheByteAtThePosition)
{
    // Every start, every size and every position that there are in a small ring, and some beyond.
    constexpr uint32_t length = 96;
    Suppressing s(length);
    for (uint32_t start = 0; start < length; start += ARGO_SLOT) {
        for (uint32_t size = 0; size <= length - ARGO_RING_OVERHEAD; size += ARGO_SLOT) {
            for (uint32_t position = 0; position < length + 4; ++position) {
                s.ring.rx().store(start);
                s.ring.tx().store(start);
                ASSERT_EQ(s.ring.register_ring(ARGO_REGISTER_SUPPRESS), 0);
                s.wish(ARGO_WISH_PAST, position);
                bool taken = position >= length;
                for (uint32_t byte = 0; byte < 16 + size; ++byte)
                    taken = taken || (start + byte) % length == position;
                ASSERT_EQ(s.heard(size), taken) << start << ' ' << size << ' ' << position;
            }
        }
    }
    for (const uint32_t position : {length, length + 16, 0x80000000u, 0xfffffff0u, ~0u}) {
        s.wish(ARGO_WISH_PAST, position);
        EXPECT_TRUE(s.heard(16)) << position;
    }
}

TEST(Suppress, ABurstIsOneEvent)
{
    Suppressing s;
    s.wish(ARGO_WISH_PAST, 0);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.world.engine.counters().suppressed, 4u);
}

TEST(Suppress, WithoutTheFlagNobodyLooks)
{
    Suppressing s(256, 0);
    s.wish(ARGO_WISH_NONE);
    EXPECT_TRUE(s.heard(1));
    EXPECT_EQ(s.ring.register_ring(ARGO_REGISTER_SUPPRESS), 0);
    EXPECT_FALSE(s.heard(1));
    EXPECT_EQ(s.ring.register_ring(), 0);
    EXPECT_TRUE(s.heard(1));
}

TEST(Suppress, TheFlagNeedsItsFeature)
{
    World world({}, ARGO_FEATURE_WILDCARD | ARGO_FEATURE_VECTOR);
    Guest& guest = world.start(1);
    RingClient ring(world, guest, port, 1, 256);
    EXPECT_EQ(ring.register_ring(ARGO_REGISTER_SUPPRESS), error(ARGO_EINVAL));
    EXPECT_EQ(ring.register_ring(), 0);
}

TEST(Suppress, SpaceIsNotSuppressed)
{
    Suppressing s(48);
    s.wish(ARGO_WISH_NONE);
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.sender.send(1, port, {1}), error(ARGO_EAGAIN));
    s.ring.discard_all();
    EXPECT_EQ(s.ring.notify(), 0);
    EXPECT_EQ(s.guest.events(50), 1u);
    EXPECT_EQ(s.owner.events(40), 0u);
}

TEST(Suppress, TheEndOfThePartnerIsNotSuppressed)
{
    Suppressing s;
    s.wish(ARGO_WISH_NONE);
    s.world.kill(s.guest);
    EXPECT_EQ(s.owner.events(40), 1u);
}

TEST(Suppress, TheHeaderStaysTheReceivers)
{
    Suppressing s;
    s.wish(ARGO_WISH_PAST, 77);
    EXPECT_EQ(s.ring.register_ring(ARGO_REGISTER_SUPPRESS), 0);
    EXPECT_EQ(s.sender.send(1, port, pattern(100)), 100);
    EXPECT_EQ(s.owner.load<uint32_t>(s.ring.header() + 8), 2u);
    EXPECT_EQ(s.owner.load<uint32_t>(s.ring.header() + 12), 77u);
}

TEST(Suppress, NoMessageIsMissedByWhoArmsAndLooks)
{
    // A receiver that halts is one that waits for the event count. Half of the messages fall before its last
    // look, the others after it; none may fall through.
    constexpr uint32_t rounds = 20'000;
    Suppressing s;
    std::atomic<uint32_t> raised{0}, received{0};
    s.world.host.on_raise = [&](Domain& domain) {
        if (domain.domid() == 1) ++raised;
    };
    std::thread sending([&] {
        for (uint32_t i = 0; i < rounds; ++i) {
            while (received.load() != i) std::this_thread::yield();
            for (uint32_t spin = i * 7 % 50; spin != 0; --spin)
                std::atomic_signal_fence(std::memory_order_seq_cst);
            EXPECT_EQ(s.sender.send_placed(1, port, 0), 0);
        }
    });
    uint32_t waits = 0, lost = 0;
    for (uint32_t i = 0; i < rounds; ++i) {
        s.owner.shared(s.ring.header() + 8).store(ARGO_WISH_NONE, std::memory_order_relaxed);
        if (i != 0) received.store(i);
        const uint32_t heard = raised.load();
        const uint32_t at = s.ring.rx().load(std::memory_order_relaxed);
        s.owner.shared(s.ring.header() + 12).store(at, std::memory_order_relaxed);
        s.owner.shared(s.ring.header() + 8).store(ARGO_WISH_PAST, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (s.ring.empty()) {
            ++waits;
            const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(lost == 0 ? 20 : 0);
            while (raised.load() == heard && std::chrono::steady_clock::now() < deadline)
                std::this_thread::yield();
            if (raised.load() == heard) ++lost;
        }
        while (!s.ring.receive()) std::this_thread::yield();
    }
    received.store(rounds);
    sending.join();
    EXPECT_EQ(lost, 0u) << "messages of which nobody was told";
    EXPECT_GT(waits, 0u);
}

} // namespace
} // namespace argo::engine::test
