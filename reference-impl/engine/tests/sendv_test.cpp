// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_SENDV. Book: spec/sendv.rst. Where messages land in the ring is the matter of ring_test.cpp.
#include "faults.hpp"
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;

/// A message of two pieces from domain 2 to a ring of domain 1.
struct Send
{
    static Limits limits()
    {
        Limits limits;
        limits.max_message = 1000;
        limits.max_ring_waiters = 1;
        return limits;
    }

    World world{limits()};
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    RingClient ring = open(world, owner, port, wildcard, 256);

    argo_send_addr addresses = {{4711, 2, 0}, {port, 1, 0}};
    uint64_t address = guest.place(addresses);
    argo_iov pieces[2] = {{guest.place(pattern(10)), 10, 0}, {guest.place(pattern(20, 2)), 20, 0}};
    uint64_t iovs = guest.allocate(64 * sizeof(argo_iov));
    uint64_t count = 2;
    uint64_t type = 0x12345678;

    int64_t run()
    {
        if (address + sizeof addresses <= guest.memory_end()) guest.store(address, addresses);
        if (iovs <= guest.memory_end()) guest.store(iovs, pieces);
        return world.call(guest, ARGO_OP_SENDV, address, iovs, count, type);
    }

    /// Nothing arrived in the ring but what the test itself sent.
    bool unchanged()
    {
        while (const auto message = ring.receive()) {
            if (message->type == type) return false;
        }
        return true;
    }

    void fill_ring()
    {
        if (ring.empty()) {
            EXPECT_EQ(Sender(world, guest).send(1, port, pattern(208)), 208);
        }
    }

    void let_another_wait()
    {
        Sender other(world, world.start(3));
        EXPECT_EQ(other.ask(1, port, 208).flags & ARGO_NOTIFY_SUFFICIENT, 0);
    }
};

const Fault<Send> sendv_faults[] = {
    {"ARGO-SENDV-101", ARGO_EINVAL, [](Send& s) { s.count = 65; }},
    {"ARGO-SENDV-102", ARGO_EFAULT, [](Send& s) { s.address = s.guest.memory_end() - 8; }},
    {"ARGO-SENDV-103", ARGO_EINVAL, [](Send& s) { s.pieces[1].flags = ARGO_IOV_LIST; }},
    {"ARGO-SENDV-104", ARGO_EMSGSIZE, [](Send& s) { s.pieces[0].length = 981; }},
    {"ARGO-SENDV-105", ARGO_EFAULT, [](Send& s) { s.pieces[1].base = s.guest.memory_end() - 19; }},
    {"ARGO-SENDV-106", ARGO_EPERM, [](Send& s) { s.addresses.src.domid = 1; }},
    {"ARGO-SENDV-107", ARGO_EACCES,
     [](Send& s) { s.world.host.policy = [](const PolicyQuestion& q) { return q.hook != Hook::send; }; }},
    {"ARGO-SENDV-108", ARGO_ECONNREFUSED, [](Send& s) { s.addresses.dst.port = port + 1; }},
    {"ARGO-SENDV-109", ARGO_EMSGSIZE, [](Send& s) { s.pieces[0].length = 205; }},
    {"ARGO-SENDV-110", ARGO_EBUSY,
     [](Send& s) {
         s.fill_ring();
         s.let_another_wait();
     }},
    {"ARGO-SENDV-111", ARGO_EAGAIN, [](Send& s) { s.fill_ring(); }},
};

TEST(Sendv, ErrorsStandInTheRegistrysOrder) { check_faults(sendv_faults); }

TEST(Sendv, ReservedFieldsOfBothAddressesAndEachFlagOfAPieceAreZero)
{
    Send s;
    s.addresses.src.reserved = 1;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.addresses = {{4711, 2, 0}, {port, 1, 0x8000}};
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.addresses.dst.reserved = 0;
    for (uint32_t bit = 0; bit < 32; ++bit) {
        s.pieces[1].flags = 1u << bit;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << bit;
    }
}

TEST(Sendv, ReservedFieldsComeBeforeSizeAndMemory)
{
    Send s;
    s.pieces[0] = {UINT64_MAX, UINT32_MAX, 0};
    s.pieces[1].flags = 2;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.pieces[1].flags = 0;
    EXPECT_EQ(s.run(), error(ARGO_EMSGSIZE));
}

TEST(Sendv, ATypeOfMoreThan32BitsIsRefused)
{
    Send s;
    s.type = uint64_t{1} << 32;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.type = UINT32_MAX;
    EXPECT_EQ(s.run(), 30);
    EXPECT_EQ(s.ring.receive()->type, UINT32_MAX);
}

TEST(Sendv, CountsThatOverflowAreRefused)
{
    Send s;
    for (uint64_t count :
         {uint64_t{65}, uint64_t{1} << 32, (uint64_t{1} << 32) + 1, uint64_t{1} << 60, UINT64_MAX}) {
        s.count = count;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << count;
    }
}

TEST(Sendv, SumsThatWouldOverflowAreTooLong)
{
    Send s;
    s.count = 64;
    std::vector<argo_iov> pieces(64, {s.guest.allocate(16), UINT32_MAX, 0});
    s.guest.write(s.iovs, pieces.data(), 64 * sizeof(argo_iov));
    s.guest.store(s.address, s.addresses);
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_SENDV, s.address, s.iovs, 64, 0), error(ARGO_EMSGSIZE));
}

TEST(Sendv, TheMessageSaysWhoSentItAndWhat)
{
    Send s;
    EXPECT_EQ(s.run(), 30);
    const auto message = s.ring.receive();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->length, 46u);
    EXPECT_EQ(message->source.port, 4711u);
    EXPECT_EQ(message->source.domid, 2);
    EXPECT_EQ(message->source.reserved, 0);
    EXPECT_EQ(message->type, 0x12345678u);
    Bytes expected = pattern(10);
    for (uint8_t byte : pattern(20, 2)) expected.push_back(byte);
    EXPECT_EQ(message->payload, expected);
}

TEST(Sendv, TheWildcardAsSourceStandsForTheCaller)
{
    Send s;
    s.addresses.src.domid = wildcard;
    EXPECT_EQ(s.run(), 30);
    EXPECT_EQ(s.ring.receive()->source.domid, 2);
}

TEST(Sendv, NoOtherSourceIsAccepted)
{
    Send s;
    for (uint32_t domid = 0; domid < 0x10000; ++domid) {
        if (domid == 2 || domid == wildcard) continue;
        s.addresses.src.domid = static_cast<uint16_t>(domid);
        ASSERT_EQ(s.run(), error(ARGO_EPERM)) << domid;
    }
}

TEST(Sendv, AnAbsentDestinationLooksLikeADeniedOne)
{
    Send s;
    for (uint32_t domid = 3; domid < 0x10000; ++domid) {
        s.addresses.dst.domid = static_cast<uint16_t>(domid);
        ASSERT_EQ(s.run(), error(ARGO_EACCES)) << domid;
    }
}

TEST(Sendv, PolicyIsAskedAboutLabelsAloneAndDenialChangesNothing)
{
    Send s;
    s.fill_ring();
    std::vector<uint16_t> asked;
    s.world.host.policy = [&](const PolicyQuestion& q) {
        if (q.hook != Hook::send) return true;
        EXPECT_EQ(q.caller, 2);
        EXPECT_EQ(q.caller_port, 4711u);
        EXPECT_EQ(q.other_port, port);
        asked.push_back(q.other);
        return false;
    };
    EXPECT_EQ(s.run(), error(ARGO_EACCES)); // no waiter either
    s.addresses.dst.domid = 77;
    EXPECT_EQ(s.run(), error(ARGO_EACCES));
    EXPECT_EQ(asked, (std::vector<uint16_t>{1, 77}));
    s.world.host.policy = nullptr;
    s.world.bind(s.guest, 0, 50);
    s.ring.discard_all();
    EXPECT_EQ(s.ring.notify(), 0);
    EXPECT_EQ(s.guest.events(50), 0u);
}

// Pieces.

TEST(Sendv, NoPiecesAreAMessageToo)
{
    Send s;
    s.count = 0;
    s.iovs = UINT64_MAX; // not looked at
    EXPECT_EQ(s.run(), 0);
    const auto message = s.ring.receive();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->length, 16u);
    EXPECT_EQ(message->type, 0x12345678u);
    EXPECT_EQ(s.ring.tx(), 16u);
}

TEST(Sendv, EmptyPiecesAreSkippedAndTheirBaseIsNotLookedAt)
{
    Send s;
    s.pieces[0] = {UINT64_MAX, 0, 0};
    EXPECT_EQ(s.run(), 20);
    EXPECT_EQ(s.ring.receive()->payload, pattern(20, 2));
    s.pieces[1] = {s.guest.memory_end() + 5, 0, 0};
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(s.ring.receive()->length, 16u);
}

TEST(Sendv, SixtyFourPiecesThatOverlap)
{
    Send s;
    const Bytes source = pattern(80);
    const uint64_t base = s.guest.place(source);
    Bytes expected;
    for (uint32_t i = 0; i < 64; ++i) {
        s.guest.store(s.iovs + i * sizeof(argo_iov), argo_iov{base + i, 3, 0});
        for (uint32_t j = 0; j < 3; ++j) expected.push_back(source[i + j]);
    }
    s.guest.store(s.address, s.addresses);
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_SENDV, s.address, s.iovs, 64, 0), 192);
    EXPECT_EQ(s.ring.receive()->payload, expected);
}

TEST(Sendv, MaxIovIsExact)
{
    Limits limits;
    limits.max_iov = 3;
    World world(limits);
    Guest& guest = world.start(1);
    open(world, guest, port, 1, 256);
    const uint64_t iovs = guest.allocate(64);
    const uint64_t addresses = guest.place(argo_send_addr{{1, 1, 0}, {port, 1, 0}});
    EXPECT_EQ(world.call(guest, ARGO_OP_SENDV, addresses, iovs, 3, 0), 0);
    EXPECT_EQ(world.call(guest, ARGO_OP_SENDV, addresses, iovs, 4, 0), error(ARGO_EINVAL));
}

TEST(Sendv, MaxMessageIsExact)
{
    Limits limits;
    limits.max_message = 100;
    World world(limits);
    Guest& guest = world.start(1);
    RingClient ring = open(world, guest, port, 1, 256);
    Sender sender(world, guest);
    EXPECT_EQ(sender.send(1, port, pattern(100)), 100);
    EXPECT_EQ(sender.send(1, port, pattern(101)), error(ARGO_EMSGSIZE));
    EXPECT_EQ(ring.receive()->payload, pattern(100));
    EXPECT_FALSE(ring.receive());
}

TEST(Sendv, StructuresMayStraddlePagesAtEveryAlignment)
{
    for (uint64_t distance = 0; distance <= 32; ++distance) {
        Send s;
        s.address = 30 * page_size - distance / 2;
        s.iovs = 32 * page_size - distance;
        EXPECT_EQ(s.run(), 30) << distance;
        EXPECT_EQ(s.ring.receive()->payload.size(), 30u);
    }
}

TEST(Sendv, PiecesMayStraddlePages)
{
    Send s;
    const Bytes payload = pattern(200);
    for (uint64_t distance = 0; distance <= 200; distance += 7) {
        s.pieces[0] = {30 * page_size - distance, 200, 0};
        s.pieces[1].length = 0;
        s.guest.write(s.pieces[0].base, payload.data(), 200);
        ASSERT_EQ(s.run(), 200) << distance;
        ASSERT_EQ(s.ring.receive()->payload, payload) << distance;
    }
}

TEST(Sendv, APieceMayBeReadOnlyMemory)
{
    Send s;
    s.guest.make_read_only(30);
    s.pieces[0].base = 30 * page_size;
    EXPECT_EQ(s.run(), 30);
}

TEST(Sendv, APieceThatIsPartlyNoMemoryIsAFault)
{
    Send s;
    s.guest.take_away(30);
    for (uint64_t base : {30 * page_size - 9, 30 * page_size, 30 * page_size + 100, s.guest.memory_end() - 9,
                          s.guest.memory_end(), UINT64_MAX - 9, UINT64_MAX - 8, UINT64_MAX}) {
        s.pieces[0].base = base;
        EXPECT_EQ(s.run(), error(ARGO_EFAULT)) << base;
        EXPECT_EQ(s.ring.tx(), 0u);
    }
    EXPECT_EQ(s.world.engine.counters().copied_bytes, 0u);
}

TEST(Sendv, AFaultIsSeenBeforeAnythingIsLookedUp)
{
    Send s;
    s.pieces[1].base = s.guest.memory_end();
    s.world.host.policy = [](const PolicyQuestion& q) {
        EXPECT_EQ(q.hook, Hook::enable);
        return true;
    };
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
}

TEST(Sendv, MemoryThatTheHostTakesAwayMeanwhileIsAFaultWithoutTrace)
{
    Send s;
    s.pieces[1].base = 30 * page_size;
    s.world.host.policy = [&](const PolicyQuestion& q) {
        if (q.hook == Hook::send) s.guest.take_away(30); // after the memory was checked
        return true;
    };
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    EXPECT_EQ(s.ring.tx(), 0u);
    EXPECT_EQ(s.world.engine.counters().messages, 0u);
}

TEST(Sendv, ThePayloadMayLieInTheRingItself)
{
    World world;
    Guest& guest = world.start(1);
    RingClient ring = open(world, guest, port, 1, 256);
    const Bytes noise = pattern(128);
    for (uint32_t i = 0; i < 128; ++i) guest.store(ring.at(i), noise[i]);
    const uint64_t iov = guest.place(argo_iov{ring.at(8), 100, 0});
    const uint64_t addresses = guest.place(argo_send_addr{{1, 1, 0}, {port, 1, 0}});
    EXPECT_EQ(world.call(guest, ARGO_OP_SENDV, addresses, iov, 1, 0), 100);
    // The header went over the first 16 bytes before the payload, 8 of which it covers, was copied.
    EXPECT_EQ(ring.data(24, 92), Bytes(noise.begin() + 16, noise.begin() + 108));
}

// Which ring.

TEST(Sendv, ARingForTheSenderComesBeforeOneForAnybody)
{
    Send s;
    RingClient mine = open(s.world, s.owner, port, 2, 48);
    EXPECT_EQ(s.run(), error(ARGO_EMSGSIZE)); // it decides alone: too small ...
    s.pieces[0].length = 0;
    s.pieces[1].length = 1;
    EXPECT_EQ(s.run(), 1);
    EXPECT_EQ(s.run(), error(ARGO_EAGAIN)); // ... or full
    EXPECT_TRUE(s.ring.empty());
    EXPECT_EQ(mine.unregister_ring(), 0);
    EXPECT_EQ(s.run(), 1);
    EXPECT_FALSE(s.ring.empty());
}

TEST(Sendv, ARingForAnotherDoesNotTakeTheMessage)
{
    Send s;
    EXPECT_EQ(s.ring.unregister_ring(), 0);
    RingClient theirs = open(s.world, s.owner, port, 1, 256);
    EXPECT_EQ(s.run(), error(ARGO_ECONNREFUSED));
    EXPECT_TRUE(theirs.empty());
}

TEST(Sendv, EveryPortIsAPort)
{
    World world;
    Guest& guest = world.start(1);
    for (uint32_t number : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
        RingClient ring = open(world, guest, number, 1, 48);
        Sender sender(world, guest);
        sender.port = ~number;
        EXPECT_EQ(sender.send(1, number, {1}), 1);
        EXPECT_EQ(ring.receive()->source.port, ~number);
    }
}

TEST(Sendv, ADomainMaySendToItself)
{
    World world;
    Guest& guest = world.start(1);
    world.bind(guest, 0, 40);
    RingClient ring = open(world, guest, port, 1, 256);
    EXPECT_EQ(Sender(world, guest).send(1, port, {9}), 1);
    EXPECT_EQ(ring.receive()->payload, Bytes{9});
    EXPECT_EQ(guest.events(40), 1u);
}

// Counters.

TEST(Sendv, PayloadIsCopiedOnce)
{
    Send s;
    EXPECT_EQ(s.run(), 30);
    s.count = 0;
    EXPECT_EQ(s.run(), 0);
    s.addresses.dst.port = 1;
    EXPECT_EQ(s.run(), error(ARGO_ECONNREFUSED));
    const Counters counters = s.world.engine.counters();
    EXPECT_EQ(counters.messages, 2u);
    EXPECT_EQ(counters.payload_bytes, 30u);
    EXPECT_EQ(counters.copied_bytes, 30u);
    EXPECT_EQ(counters.calls[ARGO_OP_SENDV], 3u);
    EXPECT_EQ(counters.refused, 1u);
}

TEST(Sendv, AllocatesNothing)
{
    Send s;
    s.world.host.allocations_left = 0;
    EXPECT_EQ(s.run(), 30);
    s.pieces[0].length = 180;
    EXPECT_EQ(s.run(), error(ARGO_EAGAIN));
    EXPECT_EQ(s.ring.notify(), 0);
}

} // namespace
} // namespace argo::engine::test
