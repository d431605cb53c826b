// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_REGISTER_RING. Book: spec/register.rst.
#include "faults.hpp"
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;

/// A registration of a fresh ring of two pages, by a domain that has two rings and may have one more.
struct Registration
{
    static constexpr uint32_t old_port = 81;

    static Limits limits()
    {
        Limits limits;
        limits.max_rings = 3;
        limits.max_ring_length = 3 * page_size - 64;
        limits.max_pages = 6;
        return limits;
    }

    World world{limits()};
    Guest& guest = world.start(1);
    Guest& partner = world.start(2);
    RingClient other = open(world, guest, 9999, 2, 48);
    RingClient old = open(world, guest, old_port, 2, page_size);

    argo_register ring = {port, 2, 0, page_size};
    uint64_t frames = guest.allocate(8 * sizeof(uint64_t), 8);
    uint64_t address = guest.place(ring);
    uint64_t count = 2;
    uint64_t flags = 0;

    Registration()
    {
        for (uint64_t i = 0; i < 8; ++i) guest.store(frames + 8 * i, guest.allocate_page());
    }

    int64_t run()
    {
        if (address + sizeof ring <= guest.memory_end()) guest.store(address, ring);
        return world.call(guest, ARGO_OP_REGISTER_RING, address, frames, count, flags);
    }

    /// The rings that were there before are still there and work.
    bool unchanged()
    {
        world.host.policy = nullptr;
        world.host.allocations_left = INT64_MAX;
        Sender sender(world, partner);
        return sender.send(1, 9999, {1, 2, 3}) == 3 && other.receive() &&
               sender.send(1, old_port, {1}) == 1 && old.receive();
    }

    /// Takes the last place for a ring, whatever else is wrong.
    void fill_up()
    {
        auto policy = world.host.policy.function();
        world.host.policy = nullptr;
        const int64_t left = world.host.allocations_left.exchange(INT64_MAX);
        open(world, guest, 9998, wildcard, 48);
        world.host.policy = policy;
        world.host.allocations_left = left;
    }
};

const Fault<Registration> register_faults[] = {
    {"ARGO-REGISTER-101", ARGO_EINVAL, [](Registration& s) { s.count = 4; }},
    {"ARGO-REGISTER-102", ARGO_EINVAL, [](Registration& s) { s.flags |= 4; }},
    {"ARGO-REGISTER-103", ARGO_EFAULT, [](Registration& s) { s.address = s.guest.memory_end() - 8; }},
    {"ARGO-REGISTER-104", ARGO_EINVAL, [](Registration& s) { s.ring.reserved = 1; }},
    {"ARGO-REGISTER-105", ARGO_EINVAL, [](Registration& s) { s.ring.length = 32; }},
    {"ARGO-REGISTER-106", ARGO_EINVAL, [](Registration& s) { s.count = 3; }},
    // 107 needs another engine, and has a test of its own.
    {"ARGO-REGISTER-108", ARGO_EACCES,
     [](Registration& s) {
         s.world.host.policy = [](const PolicyQuestion& q) { return q.hook != Hook::register_ring; };
     }},
    {"ARGO-REGISTER-109", ARGO_EEXIST,
     [](Registration& s) {
         s.ring.port = Registration::old_port;
         s.flags |= ARGO_REGISTER_FAIL_EXIST;
     }},
    {"ARGO-REGISTER-110", ARGO_ENOSPC, [](Registration& s) { s.fill_up(); }},
    {"ARGO-REGISTER-111", ARGO_EFAULT,
     [](Registration& s) { s.guest.store(s.frames + 8, s.guest.memory_end() / page_size); }},
    {"ARGO-REGISTER-112", ARGO_ENOMEM, [](Registration& s) { s.world.host.allocations_left = 0; }},
};

TEST(Register, ErrorsStandInTheRegistrysOrder) { check_faults(register_faults); }

TEST(Register, AWildcardThatIsNotOfferedIsRefusedBeforePolicyIsAsked)
{
    World world({}, ARGO_FEATURE_VECTOR);
    Guest& guest = world.start(1);
    RingClient ring(world, guest, port, wildcard, page_size);
    EXPECT_EQ(ring.register_ring(), error(ARGO_EPERM));
    world.host.policy = [](const PolicyQuestion& q) { return q.hook == Hook::enable; };
    EXPECT_EQ(ring.register_ring(), error(ARGO_EPERM));
    RingClient wrong(world, guest, port, wildcard, 32);
    EXPECT_EQ(wrong.register_ring(), error(ARGO_EINVAL));
}

TEST(Register, EachOtherFlagIsUnknown)
{
    Registration s;
    for (uint64_t bit = 1; bit < 64; ++bit) {
        if (bit >= 16 && bit < 32) continue;
        if (bit == 1) continue; // ARGO_REGISTER_SUPPRESS
        s.flags = uint64_t{1} << bit;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << bit;
    }
}

TEST(Register, BindingsBelowTheLimitMayBeNamed)
{
    Registration s;
    s.flags = binding_flag(16);
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.flags = binding_flag(0xffff);
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.flags = binding_flag(15);
    EXPECT_EQ(s.run(), 0);
}

TEST(Register, WithoutVectorNoBindingMayBeNamed)
{
    World world({}, ARGO_FEATURE_WILDCARD);
    Guest& guest = world.start(1);
    RingClient ring(world, guest, port, wildcard, page_size);
    EXPECT_EQ(ring.register_ring(binding_flag(1)), error(ARGO_EINVAL));
    EXPECT_EQ(ring.register_ring(), 0);
}

TEST(Register, EveryLengthInRangeIsTaken)
{
    Limits limits;
    limits.max_ring_length = 256;
    World world(limits);
    Guest& guest = world.start(1, 1024);
    for (uint32_t length = 0; length <= 300; ++length) {
        RingClient ring(world, guest, length, 1, length);
        ring.gfns = {1};
        const bool good = length >= 48 && length <= 256 && length % 16 == 0;
        EXPECT_EQ(ring.register_ring(), good ? 0 : error(ARGO_EINVAL)) << length;
    }
}

TEST(Register, TheLargestRingTakes4096Pages)
{
    World world;
    Guest& guest = world.start(1, 4096 + 16);
    RingClient ring(world, guest, port, 1, 0xffffc0);
    EXPECT_EQ(ring.gfns.size(), 4096u);
    EXPECT_EQ(ring.register_ring(), 0);

    Sender sender(world, guest, 16);
    EXPECT_EQ(sender.send(1, port, {7}), 1);
    EXPECT_EQ(ring.receive()->payload, Bytes{7});
}

TEST(Register, NoLongerRingIsTaken)
{
    World world;
    Guest& guest = world.start(1);
    const uint64_t frames = guest.allocate(page_size);
    for (uint32_t length : {0xffffd0u, 0xfffff0u, 0x1000000u, 0xfffffff0u}) {
        const uint64_t ring = guest.place(argo_register{port, 1, 0, length});
        EXPECT_EQ(world.call(guest, ARGO_OP_REGISTER_RING, ring, frames, 4096), error(ARGO_EINVAL)) << length;
        EXPECT_EQ(world.call(guest, ARGO_OP_REGISTER_RING, ring, frames, 4097), error(ARGO_EINVAL)) << length;
    }
}

TEST(Register, CountMustMatchTheLength)
{
    World world;
    Guest& guest = world.start(1, 512);
    struct
    {
        uint32_t length;
        uint32_t pages;
    } const cases[] = {{48, 1}, {4032, 1}, {4048, 2}, {8128, 2}, {8144, 3}};
    for (const auto& [length, pages] : cases) {
        for (uint32_t count = 0; count <= 4; ++count) {
            RingClient ring(world, guest, length, 1, length);
            ring.gfns.assign(count, 1);
            EXPECT_EQ(ring.register_ring(), count == pages ? 0 : error(ARGO_EINVAL))
                << length << " in " << count;
        }
    }
}

TEST(Register, CountsThatOverflowAreRefused)
{
    Registration s;
    for (uint64_t count : {uint64_t{1} << 32, (uint64_t{1} << 32) + 2, uint64_t{1} << 61, UINT64_MAX}) {
        s.count = count;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << count;
    }
}

TEST(Register, StructuresMayStraddlePagesAtEveryAlignment)
{
    for (uint64_t distance = 0; distance <= 16; ++distance) {
        Registration s;
        s.address = 40 * page_size - distance;
        const uint64_t gfns[] = {s.guest.load<uint64_t>(s.frames), s.guest.load<uint64_t>(s.frames + 8)};
        s.frames = 42 * page_size - distance;
        s.guest.store(s.frames, gfns);
        EXPECT_EQ(s.run(), 0) << distance;
    }
}

TEST(Register, AFrameListOutsideMemoryComesBeforeTheFields)
{
    Registration s;
    s.ring.reserved = 1;
    s.frames = s.guest.memory_end() - 8;
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    s.frames = UINT64_MAX - 15;
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    s.frames = UINT64_MAX - 7;
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
}

TEST(Register, FramesMustBeWritableMemory)
{
    Registration s;
    for (uint64_t gfn :
         {s.guest.memory_end() / page_size, uint64_t{1} << 52, (uint64_t{1} << 52) + 1, UINT64_MAX}) {
        s.guest.store(s.frames + 8, gfn);
        EXPECT_EQ(s.run(), error(ARGO_EFAULT)) << gfn;
    }
    s.guest.store(s.frames + 8, uint64_t{50});
    s.guest.make_read_only(50);
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    s.guest.take_away(50);
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    s.guest.give_back(50);
    EXPECT_EQ(s.run(), 0);
}

TEST(Register, TheListMayLieInMemoryThatIsOnlyReadable)
{
    Registration s;
    const uint64_t gfns[] = {s.guest.load<uint64_t>(s.frames), s.guest.load<uint64_t>(s.frames + 8)};
    s.frames = 50 * page_size;
    s.guest.store(s.frames, gfns);
    s.guest.make_read_only(50);
    EXPECT_EQ(s.run(), 0);
}

TEST(Register, EachAllocationMayFail)
{
    for (int64_t left = 0; left < 2; ++left) {
        Registration s;
        s.world.host.allocations_left = left;
        EXPECT_EQ(s.run(), error(ARGO_ENOMEM)) << left;
        EXPECT_TRUE(s.unchanged());
        EXPECT_EQ(s.run(), 0); // nothing of the failure is left
    }
}

// Partners and policy.

TEST(Register, APartnerMustBeADomain)
{
    Registration s;
    for (uint16_t partner : {uint16_t{3}, uint16_t{0x7fef}, uint16_t{0x7ff0}, uint16_t{0x7ff1},
                             uint16_t{0x7fff}, uint16_t{0x8000}, uint16_t{0xffff}}) {
        s.ring.partner = partner;
        EXPECT_EQ(s.run(), error(ARGO_EACCES)) << partner;
    }
    s.ring.partner = 1; // oneself is one
    EXPECT_EQ(s.run(), 0);
}

TEST(Register, PolicyIsAskedAboutLabelsAlone)
{
    Registration s;
    std::vector<std::tuple<Hook, uint16_t, uint32_t, uint16_t, uint32_t>> asked;
    s.world.host.policy = [&](const PolicyQuestion& q) {
        if (q.hook != Hook::enable)
            asked.emplace_back(q.hook, q.caller, q.caller_port, q.other, q.other_port);
        return true;
    };
    s.ring.partner = 77; // absent, and asked about all the same
    EXPECT_EQ(s.run(), error(ARGO_EACCES));
    s.ring.partner = wildcard;
    EXPECT_EQ(s.run(), 0);
    const decltype(asked) expected = {{Hook::register_ring, 1, port, 77, 0},
                                      {Hook::accept, 1, port, 77, 0},
                                      {Hook::register_ring, 1, port, wildcard, 0},
                                      {Hook::wildcard, 1, port, wildcard, 0}};
    EXPECT_EQ(asked, expected);
}

TEST(Register, EachHookCanDeny)
{
    for (Hook hook : {Hook::register_ring, Hook::accept, Hook::wildcard}) {
        Registration s;
        s.world.host.policy = [&](const PolicyQuestion& q) { return q.hook != hook; };
        s.ring.partner = hook == Hook::wildcard ? wildcard : 2;
        EXPECT_EQ(s.run(), error(ARGO_EACCES));
        EXPECT_TRUE(s.unchanged());
    }
}

// The header.

struct HeaderCase
{
    uint32_t rx;
    uint32_t tx;
    uint32_t expected;
};

TEST(Register, AdoptsOrReplacesTxPtr)
{
    const HeaderCase cases[] = {
        {0, 0, 0},     {0, 240, 240},      {48, 16, 16},  // in range: goes on
        {0, 256, 0},   {0, 8, 0},                         // at the length, unaligned: starts at rx_ptr
        {32, 300, 32}, {33, 1, 48},        {240, 7, 240}, // rounded up
        {241, 7, 0},   {256, 7, 0},        {255, ~0u, 0}, // which is the length: 0
        {~0u, ~0u, 0}, {0xfffffff1, 1, 0},                // rounding would wrap
    };
    for (const auto& [rx, tx, expected] : cases) {
        World world;
        Guest& guest = world.start(1);
        RingClient ring(world, guest, port, 1, 256);
        ring.rx() = rx;
        ring.tx() = tx;
        EXPECT_EQ(ring.register_ring(), 0);
        EXPECT_EQ(ring.tx(), expected) << rx << " " << tx;
        EXPECT_EQ(ring.rx(), rx);

        Sender sender(world, guest);
        ring.rx() = expected;
        EXPECT_EQ(sender.send(1, port, {}), 0); // and that is where the first message stands
        EXPECT_EQ(ring.tx(), (expected + 16) % 256);
    }
}

TEST(Register, TouchesNothingElseOfThePages)
{
    World world;
    Guest& guest = world.start(1);
    RingClient ring(world, guest, port, 1, 2 * page_size);
    const Bytes noise = pattern(page_size);
    for (uint64_t gfn : ring.gfns) guest.write(gfn * page_size, noise.data(), page_size);
    ring.rx() = 32;
    ring.tx() = 13;
    EXPECT_EQ(ring.register_ring(), 0);
    EXPECT_EQ(ring.rx(), 32u);
    EXPECT_EQ(ring.tx(), 32u);
    for (uint64_t gfn : ring.gfns) {
        Bytes after(page_size);
        guest.read(gfn * page_size, after.data(), page_size);
        const size_t from = gfn == ring.gfns[0] ? 8 : 0;
        EXPECT_TRUE(std::equal(after.begin() + static_cast<long>(from), after.end(),
                               noise.begin() + static_cast<long>(from)));
    }
}

// Limits.

TEST(Register, ExactlyMaxRingsCanBeRegistered)
{
    Limits limits;
    limits.max_rings = 5;
    World world(limits);
    Guest& guest = world.start(1);
    std::vector<RingClient> rings;
    for (uint32_t i = 0; i < 5; ++i) rings.push_back(open(world, guest, i, 1, 48));
    RingClient sixth(world, guest, 5, 1, 48);
    EXPECT_EQ(sixth.register_ring(), error(ARGO_ENOSPC));
    EXPECT_EQ(rings[2].register_ring(), 0); // again, which takes no place
    EXPECT_EQ(sixth.register_ring(), error(ARGO_ENOSPC));
    EXPECT_EQ(rings[2].unregister_ring(), 0);
    EXPECT_EQ(sixth.register_ring(), 0);
    EXPECT_EQ(rings[2].register_ring(), error(ARGO_ENOSPC));
}

TEST(Register, PagesCountAsOftenAsTheyAreUsed)
{
    Limits limits;
    limits.max_pages = 5;
    World world(limits);
    Guest& guest = world.start(1);
    RingClient two(world, guest, 1, 1, page_size);
    two.gfns = {7, 7};
    EXPECT_EQ(two.register_ring(), 0);
    RingClient also_two(world, guest, 2, 1, page_size);
    also_two.gfns = {7, 7};
    EXPECT_EQ(also_two.register_ring(), 0);
    RingClient more(world, guest, 3, 1, page_size);
    EXPECT_EQ(more.register_ring(), error(ARGO_ENOSPC));
    EXPECT_EQ(two.register_ring(), 0);
    EXPECT_EQ(more.register_ring(), error(ARGO_ENOSPC));
    RingClient one(world, guest, 4, 1, 48);
    EXPECT_EQ(one.register_ring(), 0);
    EXPECT_EQ(two.unregister_ring(), 0);
    EXPECT_EQ(more.register_ring(), 0);
}

TEST(Register, ADomainMayRegisterAndUnregisterForEver)
{
    World world;
    Guest& guest = world.start(1, 4096);
    RingClient ring(world, guest, port, 1, page_size);
    for (int i = 0; i < 500; ++i) {
        ASSERT_EQ(ring.register_ring(), 0) << i;
        ASSERT_EQ(ring.register_ring(), 0) << i;
        ASSERT_EQ(ring.unregister_ring(), 0) << i;
    }
}

// Registering again.

struct Again
{
    World world;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    Sender sender{world, guest};
    RingClient ring = open(world, owner, port, 2, 256);
};

TEST(RegisterAgain, ReplacesThePagesAndGoesOnWhereTheirHeaderSays)
{
    Again s;
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    RingClient fresh(s.world, s.owner, port, 2, 256);
    fresh.rx() = 64;
    fresh.tx() = 64;
    EXPECT_EQ(fresh.register_ring(), 0);
    EXPECT_EQ(s.sender.send(1, port, {2}), 1);
    EXPECT_EQ(fresh.receive()->payload, Bytes{2});
    EXPECT_EQ(fresh.tx(), 96u);
    EXPECT_EQ(s.ring.tx(), 32u); // the old pages are left alone
}

TEST(RegisterAgain, KeepsUnreadMessagesOnTheSamePages)
{
    Again s;
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.ring.register_ring(), 0);
    EXPECT_EQ(s.sender.send(1, port, {2}), 1);
    EXPECT_EQ(s.ring.receive()->payload, Bytes{1});
    EXPECT_EQ(s.ring.receive()->payload, Bytes{2});
}

TEST(RegisterAgain, AnotherLengthIsRefused)
{
    Again s;
    RingClient longer(s.world, s.owner, port, 2, 272);
    EXPECT_EQ(longer.register_ring(), error(ARGO_EEXIST));
    RingClient shorter(s.world, s.owner, port, 2, 240);
    EXPECT_EQ(shorter.register_ring(), error(ARGO_EEXIST));
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_TRUE(s.ring.receive());
}

TEST(RegisterAgain, AFailureLeavesTheOldRing)
{
    Again s;
    RingClient fresh(s.world, s.owner, port, 2, 256);
    fresh.gfns = {s.owner.memory_end() / page_size};
    EXPECT_EQ(fresh.register_ring(), error(ARGO_EFAULT));
    s.world.host.allocations_left = 0;
    EXPECT_EQ(s.ring.register_ring(), error(ARGO_ENOMEM));
    s.world.host.allocations_left = INT64_MAX;
    EXPECT_EQ(s.ring.register_ring(ARGO_REGISTER_FAIL_EXIST), error(ARGO_EEXIST));

    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.ring.receive()->payload, Bytes{1});
    EXPECT_EQ(s.ring.unregister_ring(), 0);
    EXPECT_EQ(s.ring.unregister_ring(), error(ARGO_ENOENT));
}

TEST(RegisterAgain, WorksAtTheLimits)
{
    Limits limits;
    limits.max_rings = 1;
    limits.max_pages = 1;
    World world(limits);
    Guest& guest = world.start(1);
    RingClient ring = open(world, guest, port, 1, 48);
    for (int i = 0; i < 300; ++i) ASSERT_EQ(ring.register_ring(), 0);
    ring.gfns = {guest.memory_end() / page_size};
    EXPECT_EQ(ring.register_ring(), error(ARGO_EFAULT));
}

TEST(RegisterAgain, ReplacesTheBinding)
{
    Again s;
    s.world.bind(s.owner, 0, 40);
    s.world.bind(s.owner, 3, 43);
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.ring.register_ring(binding_flag(3)), 0);
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.owner.events(40), 0u);
    EXPECT_EQ(s.owner.events(43), 1u);
    EXPECT_EQ(s.ring.register_ring(), 0);
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.owner.events(43), 0u);
}

TEST(Register, PartnersMakeDifferentRingsOfOnePort)
{
    Again s;
    RingClient self = open(s.world, s.owner, port, 1, 256);
    RingClient any = open(s.world, s.owner, port, wildcard, 256);
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_FALSE(s.ring.empty());
    EXPECT_TRUE(self.empty());
    EXPECT_TRUE(any.empty());
}

} // namespace
} // namespace argo::engine::test
