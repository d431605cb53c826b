// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_RESET. Book: spec/reset.rst. What becomes of waiters is the matter of waiter_test.cpp.
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

struct Reset
{
    World world;
    Guest& guest = world.start(1);
    Guest& other = world.start(2);
    Sender sender{world, guest};
    Sender other_sender{world, other};

    int64_t run() { return world.call(guest, ARGO_OP_RESET); }
};

TEST(Reset, ReturnsZeroAlsoWhenThereIsNothingToDrop)
{
    Reset s;
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(s.run(), 0);
}

TEST(Reset, RemovesEveryRingOfTheCallerAndNoOther)
{
    Reset s;
    for (uint32_t i = 0; i < 10; ++i) open(s.world, s.guest, i, i % 2 == 0 ? wildcard : 2, 48);
    RingClient theirs = open(s.world, s.other, 5, 1, 48);
    EXPECT_EQ(s.run(), 0);
    for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(s.other_sender.send(1, i, {}), error(ARGO_ECONNREFUSED)) << i;
    EXPECT_EQ(s.sender.send(2, 5, {}), 0);
}

TEST(Reset, GivesBackAllRingsAndPages)
{
    Limits limits;
    limits.max_rings = 3;
    limits.max_pages = 3;
    World world(limits);
    Guest& guest = world.start(1);
    for (int round = 0; round < 3; ++round) {
        for (uint32_t i = 0; i < 3; ++i) open(world, guest, i, 1, 48);
        EXPECT_EQ(world.call(guest, ARGO_OP_RESET), 0);
    }
}

TEST(Reset, DropsEveryBinding)
{
    Reset s;
    for (uint64_t i = 0; i < 16; ++i) s.world.bind(s.guest, i, 40 + i);
    EXPECT_EQ(s.run(), 0);
    for (uint32_t i = 0; i < 16; ++i) {
        RingClient ring = open(s.world, s.guest, i, 2, 48, binding_flag(i));
        EXPECT_EQ(s.other_sender.send(1, i, {}), 0);
        EXPECT_EQ(s.guest.events(40 + i), 0u) << i;
    }
}

TEST(Reset, TheDomainDoesNotHearOfWhatItDropsItself)
{
    Reset s;
    s.world.bind(s.guest, 0, 40);
    RingClient ring = open(s.world, s.guest, 1, 1, 48);
    EXPECT_EQ(s.sender.send(1, 1, {1}), 1);
    EXPECT_EQ(s.sender.send(1, 1, {1}), error(ARGO_EAGAIN));
    EXPECT_EQ(s.guest.events(40), 1u);
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(s.guest.events(40), 0u);
}

TEST(Reset, LeavesTheIncarnation)
{
    Reset s;
    const uint64_t info = s.guest.allocate(96);
    const auto incarnation = [&] {
        EXPECT_EQ(s.world.call(s.guest, ARGO_OP_QUERY, info, 96), 96);
        return s.guest.load<argo_info>(info).incarnation;
    };
    const uint64_t before = incarnation();
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(incarnation(), before);
}

} // namespace
} // namespace argo::engine::test
