// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Domains come, lose their state, and end. Book: spec/lifecycle.rst.
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;

TEST(Create, KnowsWhatTheHostGave)
{
    World world;
    Guest& guest = world.start(0x7fef);
    EXPECT_EQ(guest.domain().domid(), 0x7fef);
    EXPECT_EQ(guest.domain().context(), &guest);
}

TEST(Create, ReservedDomidsAreNoDomains)
{
    World world;
    for (uint32_t domid = ARGO_DOMID_FIRST_RESERVED; domid < 0x10000; ++domid) {
        EXPECT_EQ(world.engine.create(static_cast<uint16_t>(domid), nullptr), nullptr) << domid;
    }
    EXPECT_EQ(world.host.allocated, 0u);
}

TEST(Create, ADomidIsTakenOnce)
{
    World world;
    Guest& guest = world.start(0);
    EXPECT_EQ(world.engine.create(0, nullptr), nullptr);
    world.kill(guest);
    world.start(0);
}

TEST(Create, InstancesAreNeverTheSame)
{
    World world;
    std::vector<uint64_t> instances{world.start(1).domain().instance(), world.start(2).domain().instance()};
    world.kill(world.start(3));
    instances.push_back(world.start(3).domain().instance());
    world.kill(world.start(4));
    std::sort(instances.begin(), instances.end());
    EXPECT_EQ(std::unique(instances.begin(), instances.end()), instances.end());
}

TEST(Create, EachAllocationMayFail)
{
    for (int64_t left = 0; left < 2; ++left) {
        World world;
        world.host.allocations_left = left;
        EXPECT_EQ(world.engine.create(1, nullptr), nullptr) << left;
        world.host.allocations_left = INT64_MAX;
        world.start(1); // the domid is free again
    }
}

TEST(Destroy, RemovesTheDomainsRings)
{
    World world;
    Guest& guest = world.start(1);
    Guest& ending = world.start(2);
    for (uint32_t i = 0; i < 5; ++i) open(world, ending, i, i % 2 == 0 ? wildcard : 1, 48);
    world.kill(ending);
    Sender sender(world, guest);
    EXPECT_EQ(sender.send(2, 0, {}), error(ARGO_EACCES));
    EXPECT_EQ(sender.ask(2, 0, 0).flags, 0);
    world.start(2);
    for (uint32_t i = 0; i < 5; ++i) EXPECT_EQ(sender.send(2, i, {}), error(ARGO_ECONNREFUSED)) << i;
}

TEST(Destroy, RemovesRingsThatNameTheDomainAndTellsTheirOwner)
{
    World world;
    Guest& owner = world.start(1);
    Guest& ending = world.start(2);
    Guest& other = world.start(3);
    world.bind(owner, 0, 40);
    world.bind(owner, 5, 45);
    RingClient gone = open(world, owner, port, 2, 48);
    RingClient gone_too = open(world, owner, port + 1, 2, 48, binding_flag(5));
    RingClient any = open(world, owner, port, wildcard, 48);
    RingClient theirs = open(world, owner, port, 3, 48);
    world.kill(ending);
    EXPECT_EQ(owner.events(40), 1u);
    EXPECT_EQ(owner.events(45), 1u);
    EXPECT_EQ(gone.unregister_ring(), error(ARGO_ENOENT));
    EXPECT_EQ(gone_too.unregister_ring(), error(ARGO_ENOENT));
    EXPECT_EQ(Sender(world, other).send(1, port, {1}), 1);
    EXPECT_FALSE(theirs.empty());
    EXPECT_EQ(any.unregister_ring(), 0);
}

TEST(Destroy, RingsThatWentWithThePartnerDoNotCount)
{
    Limits limits;
    limits.max_rings = 2;
    limits.max_pages = 2;
    World world(limits);
    Guest& owner = world.start(1);
    for (int round = 0; round < 5; ++round) {
        Guest& partner = world.start(2);
        open(world, owner, 1, 2, 48);
        open(world, owner, 2, 2, 48);
        world.kill(partner);
    }
}

TEST(Destroy, ARingForOneselfIsNoTrouble)
{
    World world;
    Guest& guest = world.start(1);
    world.bind(guest, 0, 40);
    open(world, guest, port, 1, 48);
    open(world, guest, port, wildcard, 48);
    Sender sender(world, guest);
    EXPECT_EQ(sender.send(1, port, {1}), 1);
    EXPECT_EQ(sender.send(1, port, {1}), error(ARGO_EAGAIN));
    world.kill(guest);
}

TEST(Destroy, ASuccessorInheritsNothing)
{
    World world;
    Guest& owner = world.start(1);
    Guest& first = world.start(2);
    RingClient for_first = open(world, owner, port, 2, 48);
    RingClient of_first = open(world, first, port, 1, 48);
    world.bind(first, 0, 50);
    world.kill(first);

    Guest& second = world.start(2);
    Sender sender(world, second);
    EXPECT_EQ(sender.send(1, port, {1}), error(ARGO_ECONNREFUSED));
    EXPECT_EQ(Sender(world, owner).send(2, port, {1}), error(ARGO_ECONNREFUSED));
    open(world, second, port, 1, 48);
    EXPECT_EQ(Sender(world, owner).send(2, port, {1}), 1);
    EXPECT_EQ(second.events(50), 0u);
    EXPECT_EQ(for_first.register_ring(), 0);
    EXPECT_EQ(sender.send(1, port, {1}), 1);
}

// Restore.

struct Restored
{
    World world;
    Guest& guest = world.start(1);
    Guest& other = world.start(2);
    RingClient ring = open(world, guest, port, 2, 256);
    RingClient theirs = open(world, other, port, 1, 256);
    uint64_t info = guest.allocate(96);

    uint64_t incarnation(Guest& of)
    {
        EXPECT_EQ(world.call(of, ARGO_OP_QUERY, info, 96), 96);
        return of.load<argo_info>(info).incarnation;
    }
};

TEST(Restore, ChangesTheIncarnationOfThisDomainAlone)
{
    Restored s;
    const uint64_t before = s.incarnation(s.guest);
    const uint64_t others = s.incarnation(s.other);
    EXPECT_EQ(s.incarnation(s.guest), before);
    s.world.engine.restore(s.guest.domain());
    EXPECT_NE(s.incarnation(s.guest), before);
    EXPECT_EQ(s.incarnation(s.other), others);
}

TEST(Restore, AllButQueryAndResetAreStaleUntilReset)
{
    Restored s;
    s.world.engine.restore(s.guest.domain());
    for (uint32_t op :
         {ARGO_OP_REGISTER_RING, ARGO_OP_UNREGISTER_RING, ARGO_OP_SENDV, ARGO_OP_NOTIFY, ARGO_OP_VECTOR}) {
        EXPECT_EQ(s.world.call(s.guest, op), error(ARGO_ESTALE)) << op;
    }
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_QUERY, s.info, 96), 96);
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_RESET), 0);
    const uint64_t accepted = s.incarnation(s.guest);
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_NOTIFY), 0);
    EXPECT_EQ(s.ring.register_ring(), 0);
    EXPECT_EQ(s.incarnation(s.guest), accepted);
}

TEST(Restore, DropsTheDomainsStateAndLeavesThatOfOthers)
{
    Restored s;
    s.world.bind(s.guest, 0, 40);
    s.world.engine.restore(s.guest.domain());
    EXPECT_EQ(Sender(s.world, s.other).send(1, port, {}), error(ARGO_ECONNREFUSED));
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_RESET), 0);
    EXPECT_EQ(Sender(s.world, s.guest).send(2, port, {}), 0);
    open(s.world, s.guest, port, 2, 256);
    EXPECT_EQ(Sender(s.world, s.other).send(1, port, {}), 0);
    EXPECT_EQ(s.guest.events(40), 0u);
}

TEST(Restore, EndsTheDomainsWaiting)
{
    Restored s;
    Sender sender(s.world, s.guest);
    EXPECT_EQ(sender.send(2, port, pattern(200)), 200);
    EXPECT_EQ(sender.send(2, port, pattern(200)), error(ARGO_EAGAIN));
    s.world.engine.restore(s.guest.domain());
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_RESET), 0);
    s.theirs.discard_all();
    EXPECT_EQ(s.theirs.notify(), 0);
    EXPECT_EQ(s.world.engine.counters().wakeups, 0u);
}

} // namespace
} // namespace argo::engine::test
