// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Many vCPUs of many domains at once. Worth most under the thread and address sanitizers, with which the
// project builds when ARGO_SANITIZE is set.
#include "ring_client.hpp"

#include <chrono>
#include <random>

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;

/// Runs until told to stop, or for a while.
class Deadline
{
  public:
    explicit Deadline(std::chrono::milliseconds time) : end_(std::chrono::steady_clock::now() + time) {}
    bool over() const { return std::chrono::steady_clock::now() >= end_; }

  private:
    std::chrono::steady_clock::time_point end_;
};

constexpr std::chrono::milliseconds storm{300};
constexpr std::chrono::seconds patience{60};

/// Waits for an event; false if none came, which is a lost wake-up.
bool wait_for_event(Guest& guest, uint64_t vector)
{
    const Deadline deadline(patience);
    while (guest.events(vector) == 0) {
        if (deadline.over()) return false;
        std::this_thread::yield();
    }
    return true;
}

/// Payload of the n-th message of a sender: its size and bytes tell whether it is whole.
Bytes numbered(uint32_t n, uint32_t sender)
{
    Bytes bytes = pattern(4 + (n * 7 + sender * 13) % 120, n * 31 + sender);
    std::memcpy(bytes.data(), &n, sizeof n);
    return bytes;
}

/// Payload of the n-th message of a sender.
using Payload = Bytes (*)(uint32_t n, uint32_t sender);

/// Domain 10 + sender: sends its messages to domain 1, and waits for space when it is told to.
void send_all(World& world, Guest& guest, uint32_t sender_number, uint32_t messages, Payload payload_of)
{
    Sender sender(world, guest, 8192);
    for (uint32_t n = 0; n < messages;) {
        const Bytes payload = payload_of(n, sender_number);
        const int64_t sent = sender.send(1, port, payload, n);
        if (sent == error(ARGO_EAGAIN)) {
            ASSERT_TRUE(wait_for_event(guest, 50)) << "a wake-up was owed";
        } else {
            ASSERT_EQ(sent, static_cast<int64_t>(payload.size()));
            ++n;
        }
    }
}

/// Several senders at once, and the receiver that `consumed` tells the engine of each message. None is lost,
/// each is whole, and each sender's are in order.
template <class Consumed>
void expect_all(World& world, RingClient& ring, uint32_t senders, uint32_t messages, Payload payload_of,
                Consumed consumed)
{
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < senders; ++i) {
        Guest& guest = world.start(static_cast<uint16_t>(10 + i));
        world.bind(guest, 0, 50);
        threads.emplace_back([&, i] { send_all(world, guest, i, messages, payload_of); });
    }

    std::vector<uint32_t> next(senders);
    const Deadline deadline(2 * patience);
    for (uint32_t received = 0; received < senders * messages && !deadline.over();) {
        const auto message = ring.receive();
        if (!message) {
            std::this_thread::yield();
            continue;
        }
        EXPECT_EQ(consumed(++received), 0);
        const uint32_t sender = message->source.domid - 10u;
        EXPECT_LT(sender, senders);
        EXPECT_EQ(message->type, next.at(sender));
        EXPECT_EQ(message->payload, payload_of(next.at(sender), sender));
        ++next.at(sender);
    }
    for (std::thread& thread : threads) thread.join();
    for (const uint32_t count : next) EXPECT_EQ(count, messages);
}

TEST(Concurrency, ManySendersToOneRingLoseNothingAndKeepTheirOrder)
{
    constexpr uint32_t senders = 4;
    constexpr uint32_t messages = 1500;
    World world;
    world.host.jitter = true;
    Guest& owner = world.start(1);
    RingClient ring = open(world, owner, port, wildcard, 496); // small: senders wait for space all the time

    expect_all(world, ring, senders, messages, numbered, [&](uint32_t) { return ring.notify(); });
    EXPECT_TRUE(ring.empty());
    const Counters counters = world.engine.counters();
    EXPECT_EQ(counters.messages, uint64_t{senders} * messages);
    EXPECT_EQ(counters.copied_bytes, counters.payload_bytes);
}

/// Payload of the n-th message of a sender: long ones are copied while the ring is not locked.
Bytes long_or_short(uint32_t n, uint32_t sender)
{
    Bytes bytes = pattern(n % 3 == 0 ? 8 + n % 64 : 4097 + (n * 977 + sender * 131) % 4000, n * 31 + sender);
    std::memcpy(bytes.data(), &n, sizeof n);
    return bytes;
}

/// With windows every place is given first and filled at the same time as others; without, one after another.
class CopiesAtOnce : public testing::TestWithParam<bool>
{
};

TEST_P(CopiesAtOnce, MessagesStayWholeAndInOrderWhileTheRingIsRegisteredAnew)
{
    World world;
    world.windows = GetParam();
    Guest& owner = world.start(1, 4096);
    RingClient ring = open(world, owner, port, wildcard, 0x8000);

    // Anew on the same pages, while messages have their places: none is lost.
    expect_all(world, ring, 3, 400, long_or_short,
               [&](uint32_t received) { return received % 16 == 0 ? ring.register_ring() : ring.notify(); });
}

INSTANTIATE_TEST_SUITE_P(Concurrency, CopiesAtOnce, testing::Bool());

TEST(Concurrency, VcpusOfOneDomainShareItsLimitOfWaiters)
{
    constexpr uint32_t rings = 100;
    constexpr uint32_t vcpus = 4;
    Limits limits;
    limits.max_waiters = 37;
    World world(limits);
    Guest& owner = world.start(1, 512);
    Guest& guest = world.start(2);
    Sender filler(world, owner);
    for (uint32_t i = 0; i < rings; ++i) {
        open(world, owner, i, wildcard, 48);
        ASSERT_EQ(filler.send(1, i, {1}), 1);
    }

    std::vector<Sender> senders;
    for (uint32_t i = 0; i < vcpus; ++i) senders.emplace_back(world, guest);
    std::atomic<uint32_t> waiting{0};
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < vcpus; ++i) {
        threads.emplace_back([&, i] {
            for (uint32_t ring = i; ring < rings; ring += vcpus) {
                if (senders[i].send(1, ring, {1}) == error(ARGO_EAGAIN)) ++waiting;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(waiting, 37u);
}

TEST(Concurrency, DomainsComeAndGoBesideSends)
{
    World world;
    world.host.jitter = true;
    Guest& owner = world.start(1);
    Guest& steady = world.start(2, 4096);
    RingClient ring = open(world, owner, port, wildcard, 496);
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> generations{0};

    // Domain 3 lives for a few calls, again and again.
    std::thread mayfly([&] {
        const Deadline deadline(storm);
        while (!deadline.over() || generations < 20) {
            Guest& guest = world.start(3, 16);
            world.bind(guest, 0, 50);
            open(world, guest, port, wildcard, 48);
            open(world, guest, port, 3, 48);
            Sender sender(world, guest, 256);
            for (uint32_t n = 0; n < 5; ++n) {
                sender.send(1, port, numbered(n, 3));
                sender.send(3, port, {1, 2, 3});
                sender.ask(1, port, 400);
            }
            world.kill(guest);
            ++generations;
        }
        stop = true;
    });
    // Domain 2 sends to it, waits for it, and has rings for it.
    std::thread sender([&] {
        Sender sender(world, steady);
        RingClient for_mayfly(world, steady, 81, 3, 48);
        const uint64_t registration = steady.place(argo_register{81, 3, 0, 48});
        const uint64_t frames = steady.place(for_mayfly.gfns[0]);
        const uint64_t unregistration = steady.place(argo_unregister{81, 3, 0});
        for (uint32_t n = 0; !stop; ++n) {
            const int64_t sent = sender.send(3, port, {1});
            ASSERT_TRUE(sent == 1 || sent == error(ARGO_EAGAIN) || sent == error(ARGO_ECONNREFUSED) ||
                        sent == error(ARGO_EACCES))
                << sent;
            sender.send(1, port, numbered(n, 2));
            const int64_t registered = world.call(steady, ARGO_OP_REGISTER_RING, registration, frames, 1);
            ASSERT_TRUE(registered == 0 || registered == error(ARGO_EACCES)) << registered;
            if (n % 3 == 0) world.call(steady, ARGO_OP_UNREGISTER_RING, unregistration);
        }
    });
    while (!stop) {
        if (const auto message = ring.receive()) {
            uint32_t n;
            ASSERT_GE(message->payload.size(), sizeof n);
            std::memcpy(&n, message->payload.data(), sizeof n);
            ASSERT_EQ(message->payload, numbered(n, message->source.domid));
        }
        ring.notify();
    }
    mayfly.join();
    sender.join();
}

TEST(Concurrency, PagesAreNotTouchedAfterARingIsTakenBack)
{
    World world;
    world.host.jitter = true;
    Guest& owner = world.start(1, 8192);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (uint16_t i = 0; i < 3; ++i) {
        Guest& guest = world.start(static_cast<uint16_t>(2 + i));
        threads.emplace_back([&world, &guest, &stop] {
            Sender sender(world, guest);
            while (!stop) sender.send(1, port, pattern(300));
        });
    }

    RingClient ring(world, owner, port, wildcard, 4032);
    RingClient other(world, owner, port, wildcard, 4032);
    const auto page = [&](const RingClient& of) {
        Bytes bytes(page_size);
        owner.read(of.header(), bytes.data(), page_size);
        return bytes;
    };
    const Deadline deadline(storm);
    for (int round = 0; round < 20 || !deadline.over(); ++round) {
        ASSERT_EQ(ring.register_ring(), 0);
        std::this_thread::yield();
        ring.discard_all();
        ASSERT_EQ(other.register_ring(), 0); // the same ring on another page
        const Bytes replaced = page(ring);
        std::this_thread::yield();
        ASSERT_EQ(page(ring), replaced);
        switch (round % 3) {
        case 0: ASSERT_EQ(other.unregister_ring(), 0); break;
        case 1: ASSERT_EQ(world.call(owner, ARGO_OP_RESET), 0); break;
        default: world.engine.restore(owner.domain()); ASSERT_EQ(world.call(owner, ARGO_OP_RESET), 0);
        }
        const Bytes taken_back = page(other);
        std::this_thread::yield();
        ASSERT_EQ(page(other), taken_back);
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
}

TEST(Concurrency, VcpusOfOneDomainChangeItsRingsAtOnce)
{
    Limits limits;
    limits.max_rings = 4;
    limits.max_pages = 4;
    World world(limits);
    Guest& owner = world.start(1);
    std::vector<RingClient> rings;
    struct Structures
    {
        uint64_t registration;
        uint64_t frames;
        uint64_t unregistration;
    };
    std::vector<Structures> structures;
    for (uint32_t i = 0; i < 6; ++i) {
        structures.push_back({owner.place(argo_register{i % 3, 1, 0, 48}), owner.place(owner.allocate_page()),
                              owner.place(argo_unregister{i % 3, 1, 0})});
    }
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
            std::mt19937 random(i);
            for (uint32_t n = 0; n < 2000; ++n) {
                const Structures& use = structures[random() % 6];
                const auto registered =
                    world.call(owner, ARGO_OP_REGISTER_RING, use.registration, use.frames, 1);
                ASSERT_EQ(registered, 0);
                const auto removed = world.call(owner, ARGO_OP_UNREGISTER_RING, use.unregistration);
                ASSERT_TRUE(removed == 0 || removed == error(ARGO_ENOENT));
                ASSERT_EQ(world.call(owner, ARGO_OP_NOTIFY), 0);
                if (n % 64 == 0) {
                    ASSERT_EQ(world.call(owner, ARGO_OP_RESET), 0);
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(world.call(owner, ARGO_OP_RESET), 0);
    for (uint32_t i = 0; i < 4; ++i) open(world, owner, i, 1, 48); // no place and no page was lost
}

/// Holds a host function up until it is let go.
class Gate
{
  public:
    /// On the thread that is to be held up.
    void pass()
    {
        reached_ = true;
        while (!open_) std::this_thread::yield();
    }
    void wait_until_reached() const
    {
        while (!reached_) std::this_thread::yield();
    }
    void open() { open_ = true; }

  private:
    std::atomic<bool> reached_{false};
    std::atomic<bool> open_{false};
};

/// Long enough for a call that does not wait to be over.
constexpr std::chrono::milliseconds moment{50};

TEST(Concurrency, DestroyWaitsForAnEventThatIsOnItsWay)
{
    World world;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    world.bind(owner, 0, 40);
    open(world, owner, port, wildcard, 496);
    Sender sender(world, guest);
    Gate gate;
    world.host.on_raise = [&](Domain&) { gate.pass(); };

    std::thread send([&] { EXPECT_EQ(sender.send(1, port, {1}), 1); });
    gate.wait_until_reached();
    std::atomic<bool> gone{false};
    std::thread kill([&] {
        world.kill(owner);
        gone = true;
    });
    std::this_thread::sleep_for(moment);
    EXPECT_FALSE(gone);
    gate.open();
    send.join();
    kill.join();
}

TEST(Concurrency, UnregisterWaitsForAWakeUpThatIsOnItsWay)
{
    World world;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    world.bind(guest, 0, 50);
    RingClient ring = open(world, owner, port, wildcard, 48);
    Sender sender(world, guest);
    EXPECT_EQ(sender.send(1, port, {1}), 1);
    EXPECT_EQ(sender.send(1, port, {1}), error(ARGO_EAGAIN));
    ring.discard_all();
    Gate gate;
    world.host.on_raise = [&](Domain&) { gate.pass(); };

    std::thread notify([&] { EXPECT_EQ(world.call(owner, ARGO_OP_NOTIFY), 0); });
    gate.wait_until_reached();
    std::atomic<bool> gone{false};
    std::thread unregister([&] {
        EXPECT_EQ(ring.unregister_ring(), 0);
        gone = true;
    });
    std::this_thread::sleep_for(moment);
    EXPECT_FALSE(gone);
    gate.open();
    notify.join();
    unregister.join();
}

/// No lock is held while the host raises an interrupt: other calls to the same ring go on.
TEST(Concurrency, ASlowInterruptHoldsNobodyElseUp)
{
    World world;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    world.bind(owner, 0, 40);
    RingClient ring = open(world, owner, port, wildcard, 496);
    Sender slow(world, guest);
    Sender other(world, guest);
    Gate gate;
    std::atomic<bool> first{true};
    world.host.on_raise = [&](Domain&) {
        if (first.exchange(false)) gate.pass();
    };

    std::thread send([&] { EXPECT_EQ(slow.send(1, port, {1}), 1); });
    gate.wait_until_reached();
    EXPECT_EQ(other.send(1, port, {2}), 1);
    world.bind(owner, 0, 41);
    EXPECT_EQ(ring.register_ring(), 0);
    EXPECT_EQ(ring.notify(), 0);
    EXPECT_EQ(ring.unregister_ring(), 0);
    gate.open();
    send.join();
}

/// A second vCPU rewrites all that a call reads while it runs. What comes out is a success or one of a few
/// errors, and never a message that is not whole.
TEST(Hostile, StructuresChangeWhileCallsReadThem)
{
    World world;
    world.host.jitter = true;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    RingClient ring = open(world, owner, port, wildcard, 496);
    const uint64_t payload = guest.allocate(64);
    const uint64_t addresses = guest.place(argo_send_addr{{1, 2, 0}, {port, 1, 0}});
    const uint64_t iov = guest.place(argo_iov{payload, 48, 0});
    const uint64_t question = guest.allocate(28);
    const uint64_t frame = guest.allocate(64, 64);
    std::atomic<bool> stop{false};

    std::thread second_vcpu([&] {
        std::mt19937 random(1);
        const auto flip = [&](uint64_t gpa, uint32_t good, uint32_t bad) {
            guest.shared(gpa).store(random() % 2 == 0 ? good : bad, std::memory_order_relaxed);
        };
        while (!stop) {
            flip(addresses + 12, 1, 0xffff); // destination domid
            flip(addresses + 4, 2, 1);       // source domid
            flip(iov, static_cast<uint32_t>(payload), 0x7fffffff);
            flip(iov + 8, 48, 0xffffffff);       // length
            flip(question, 1, 0xffffffff);       // count
            flip(question + 20, 16, 0xffffffff); // space
            flip(frame, ARGO_OPERATION_WORD(ARGO_OP_SENDV), ARGO_OPERATION_WORD(ARGO_OP_NOTIFY));
            flip(frame + 8, static_cast<uint32_t>(addresses), static_cast<uint32_t>(question));
            ring.rx().store(static_cast<uint32_t>(random()), std::memory_order_relaxed);
        }
    });

    const Deadline deadline(storm);
    uint64_t sent = 0;
    for (int round = 0; round < 2000 || !deadline.over(); ++round) {
        const int64_t result = world.call(guest, ARGO_OP_SENDV, addresses, iov, 1, 0);
        if (result == 48) ++sent;
        ASSERT_TRUE(result == 48 || result == error(ARGO_EPERM) || result == error(ARGO_EACCES) ||
                    result == error(ARGO_EFAULT) || result == error(ARGO_EMSGSIZE) ||
                    result == error(ARGO_EAGAIN))
            << result;
        const int64_t asked = world.call(guest, ARGO_OP_NOTIFY, question);
        ASSERT_TRUE(asked == 0 || asked == error(ARGO_EINVAL)) << asked;
        guest.store(frame + 16, std::array<uint64_t, 3>{iov, 1, 0});
        ASSERT_TRUE(world.call_frame(guest, frame));
        ASSERT_EQ(world.call(owner, ARGO_OP_NOTIFY), 0);
        ASSERT_LT(ring.tx().load(std::memory_order_acquire), 496u);
    }
    stop = true;
    second_vcpu.join();
    EXPECT_GT(sent, 0u);
    EXPECT_EQ(world.engine.counters().copied_bytes, world.engine.counters().payload_bytes);
}

} // namespace
} // namespace argo::engine::test
