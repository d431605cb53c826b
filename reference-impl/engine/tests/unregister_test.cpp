// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_UNREGISTER_RING. Book: spec/unregister.rst.
#include "faults.hpp"
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;

struct Unregistration
{
    World world;
    Guest& guest = world.start(1);
    Guest& partner = world.start(2);
    RingClient ring = open(world, guest, port, 2, 256);
    argo_unregister which = {port, 2, 0};
    uint64_t address = guest.place(which);

    int64_t run()
    {
        if (address + sizeof which <= guest.memory_end()) guest.store(address, which);
        return world.call(guest, ARGO_OP_UNREGISTER_RING, address);
    }
    bool unchanged() { return Sender(world, partner).send(1, port, {1}) == 1; }
};

const Fault<Unregistration> unregister_faults[] = {
    {"ARGO-UNREGISTER-101", ARGO_EFAULT, [](Unregistration& s) { s.address = s.guest.memory_end() - 4; }},
    {"ARGO-UNREGISTER-102", ARGO_EINVAL, [](Unregistration& s) { s.which.reserved = 0x8000; }},
    {"ARGO-UNREGISTER-103", ARGO_ENOENT, [](Unregistration& s) { s.which.port = port + 1; }},
};

TEST(Unregister, ErrorsStandInTheRegistrysOrder) { check_faults(unregister_faults); }

TEST(Unregister, RemovesTheRing)
{
    Unregistration s;
    Sender sender(s.world, s.partner);
    EXPECT_EQ(sender.send(1, port, pattern(32)), 32);
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(sender.send(1, port, {1}), error(ARGO_ECONNREFUSED));
    EXPECT_EQ(s.ring.receive()->payload, pattern(32)); // what was unread still is
    EXPECT_EQ(s.run(), error(ARGO_ENOENT));
}

TEST(Unregister, NamesTheRingExactly)
{
    Unregistration s;
    s.which.partner = wildcard;
    EXPECT_EQ(s.run(), error(ARGO_ENOENT));
    s.which.partner = 1;
    EXPECT_EQ(s.run(), error(ARGO_ENOENT));
    EXPECT_TRUE(s.unchanged());

    RingClient any = open(s.world, s.guest, port, wildcard, 256);
    EXPECT_EQ(any.unregister_ring(), 0);
    EXPECT_TRUE(s.unchanged());
}

TEST(Unregister, LeavesTheRingsOfOthers)
{
    Unregistration s;
    RingClient theirs(s.world, s.partner, port, 2, 256);
    EXPECT_EQ(theirs.unregister_ring(), error(ARGO_ENOENT));
    EXPECT_TRUE(s.unchanged());
}

TEST(Unregister, TheStructureMayStraddlePages)
{
    for (uint64_t distance = 0; distance <= 8; ++distance) {
        Unregistration s;
        s.address = 30 * page_size - distance;
        EXPECT_EQ(s.run(), 0) << distance;
    }
}

TEST(Unregister, RingsInAnyOrderMakeRoomForOthers)
{
    Limits limits;
    limits.max_rings = 4;
    World world(limits);
    Guest& guest = world.start(1, 256);
    std::vector<RingClient> rings;
    for (uint32_t i = 0; i < 4; ++i) rings.push_back(open(world, guest, i, 1, 48));
    for (uint32_t gone : {1u, 3u, 0u, 2u, 2u, 1u, 0u, 3u}) {
        EXPECT_EQ(rings[gone].unregister_ring(), 0);
        EXPECT_EQ(Sender(world, guest, 16).send(1, gone, {}), error(ARGO_ECONNREFUSED));
        EXPECT_EQ(rings[gone].register_ring(), 0);
        for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(Sender(world, guest, 16).send(1, i, {}), 0);
        for (RingClient& ring : rings) ring.discard_all();
    }
}

} // namespace
} // namespace argo::engine::test
