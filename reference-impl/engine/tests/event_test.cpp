// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Events of messages and the bindings that they go through. Book: spec/event.rst, spec/vector.rst.
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;

struct Pair
{
    World world;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    Sender sender{world, guest};
};

TEST(Event, EachAcceptedMessageCausesOne)
{
    Pair s;
    s.world.bind(s.owner, 0, 40);
    RingClient ring = open(s.world, s.owner, port, 2, 256);
    EXPECT_EQ(s.owner.events(40), 0u);
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.sender.send(1, port, {2}), 1); // the ring was not empty
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.sender.send(1, port, {}), 0); // nor is there payload
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.world.engine.counters().events, 3u);
}

TEST(Event, NoneForMessagesThatWereRefused)
{
    Pair s;
    s.world.bind(s.owner, 0, 40);
    s.world.bind(s.guest, 0, 50);
    RingClient ring = open(s.world, s.owner, port, 2, 48);
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.sender.send(1, port, {1}), error(ARGO_EAGAIN));
    EXPECT_EQ(s.sender.send(1, port, pattern(100)), error(ARGO_EMSGSIZE));
    EXPECT_EQ(s.sender.send(1, port + 1, {1}), error(ARGO_ECONNREFUSED));
    EXPECT_EQ(s.sender.send(3, port, {1}), error(ARGO_EACCES));
    EXPECT_EQ(s.owner.events(40), 0u);
    EXPECT_EQ(s.guest.events(50), 0u);
}

TEST(Event, GoesToTheBindingThatTheRingNames)
{
    Pair s;
    s.owner.vcpus = {0, 9};
    s.world.bind(s.owner, 0, 40);
    EXPECT_EQ(s.world.call(s.owner, ARGO_OP_VECTOR, 15, ARGO_BINDING_LAPIC, 9, 55), 0);
    RingClient first = open(s.world, s.owner, port, 2, 256, binding_flag(15));
    RingClient second = open(s.world, s.owner, port + 1, 2, 256, binding_flag(15));
    RingClient third = open(s.world, s.owner, port + 2, 2, 256);
    EXPECT_EQ(s.sender.send(1, port, {}), 0);
    EXPECT_EQ(s.sender.send(1, port + 1, {}), 0);
    EXPECT_EQ(s.owner.events(55, 9), 2u);
    EXPECT_EQ(s.owner.events(40, 0), 0u);
    EXPECT_EQ(s.sender.send(1, port + 2, {}), 0);
    EXPECT_EQ(s.owner.events(40, 0), 1u);
}

TEST(Event, IsDroppedWithoutBindingAndTheMessageIsThere)
{
    Pair s;
    RingClient ring = open(s.world, s.owner, port, 2, 256, binding_flag(7));
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    s.world.bind(s.owner, 7, 40);
    EXPECT_EQ(s.owner.events(40), 0u); // not made up for
    EXPECT_EQ(ring.receive()->payload, Bytes{1});
    EXPECT_EQ(s.sender.send(1, port, {1}), 1);
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.world.engine.counters().events, 1u);
}

TEST(Event, FollowsAChangeOfTheBinding)
{
    Pair s;
    RingClient ring = open(s.world, s.owner, port, 2, 256);
    s.world.bind(s.owner, 0, 40);
    s.world.bind(s.owner, 0, 41);
    EXPECT_EQ(s.sender.send(1, port, {}), 0);
    EXPECT_EQ(s.owner.events(40), 0u);
    EXPECT_EQ(s.owner.events(41), 1u);
    EXPECT_EQ(s.world.call(s.owner, ARGO_OP_VECTOR, 0, ARGO_BINDING_NONE), 0);
    EXPECT_EQ(s.sender.send(1, port, {}), 0);
    EXPECT_EQ(s.owner.events(41), 0u);
}

TEST(Event, BindingsMayShareAnInterrupt)
{
    Pair s;
    s.world.bind(s.owner, 1, 40);
    s.world.bind(s.owner, 2, 40);
    open(s.world, s.owner, port, 2, 256, binding_flag(1));
    open(s.world, s.owner, port + 1, 2, 256, binding_flag(2));
    EXPECT_EQ(s.sender.send(1, port, {}), 0);
    EXPECT_EQ(s.sender.send(1, port + 1, {}), 0);
    EXPECT_EQ(s.owner.events(40), 2u);
}

TEST(Event, BindingsOfOneDomainAreNotThoseOfAnother)
{
    Pair s;
    s.world.bind(s.guest, 0, 40);
    open(s.world, s.owner, port, 2, 256);
    EXPECT_EQ(s.sender.send(1, port, {}), 0);
    EXPECT_EQ(s.guest.events(40), 0u);
}

} // namespace
} // namespace argo::engine::test
