// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Who waits for space, and who is woken when. Book: spec/sendv.rst (ARGO-SENDV-032), spec/notify.rst.
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;
constexpr uint32_t length = 256;

/// A full ring of domain 1 for anybody, and senders from domain 2 on with binding 0 at vector 50.
class Waiters
{
  public:
    explicit Waiters(const Limits& limits = {}) : world(limits)
    {
        add_sender();
        fill();
    }

    void add_sender() { add_sender(static_cast<uint16_t>(2 + guests.size())); }
    void add_sender(uint16_t domid)
    {
        guests.push_back(&world.start(domid, 8));
        world.bind(*guests.back(), 0, 50);
        senders.emplace_back(world, *guests.back(), 256);
    }

    /// Bare headers, until only the slot that stays free is free.
    void fill()
    {
        ring.discard_all();
        for (uint32_t i = 0; i < length / 16 - 1; ++i) EXPECT_EQ(owner_sender.send(1, port, {}), 0);
    }

    int64_t send(size_t sender, uint32_t size) { return senders.at(sender).send_placed(1, port, size); }
    uint16_t ask(size_t sender, uint32_t size) { return senders.at(sender).ask(1, port, size).flags; }
    unsigned events(size_t sender) { return guests.at(sender)->events(50); }

    /// Frees room for a payload of so many bytes (a multiple of 16), and says so.
    void make_space(uint32_t payload)
    {
        ring.rx() = (ring.tx() + payload + ARGO_RING_OVERHEAD) % length;
        EXPECT_EQ(ring.notify(), 0);
    }

    World world;
    Guest& owner = world.start(1, 512);
    Sender owner_sender{world, owner};
    RingClient ring = open(world, owner, port, wildcard, length);
    std::vector<Guest*> guests;
    std::vector<Sender> senders;
};

TEST(Waiter, IsWokenByNotifyAloneAndOnlyWhenItsSpaceIsThere)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 100), error(ARGO_EAGAIN));
    s.make_space(96);
    EXPECT_EQ(s.events(0), 0u);
    s.ring.rx() = (s.ring.tx() + 112 + 32) % length;
    EXPECT_EQ(s.events(0), 0u); // the engine does not see rx_ptr move
    EXPECT_EQ(s.ring.notify(), 0);
    EXPECT_EQ(s.events(0), 1u);
    EXPECT_EQ(s.send(0, 100), 100);
}

TEST(Waiter, IsWokenOnceForARequest)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    s.make_space(16);
    s.make_space(64);
    EXPECT_EQ(s.events(0), 1u);
    EXPECT_EQ(s.world.engine.counters().wakeups, 1u);
}

TEST(Waiter, HearsAtBindingZeroWhateverItsRingsName)
{
    Waiters s;
    s.world.bind(*s.guests[0], 3, 53);
    open(s.world, *s.guests[0], 1, 1, 48, binding_flag(3));
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    s.make_space(16);
    EXPECT_EQ(s.events(0), 1u);
    EXPECT_EQ(s.guests[0]->events(53), 0u);
}

TEST(Waiter, RequestsOfOneDomainMergeIntoTheLargest)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 48), error(ARGO_EAGAIN));
    EXPECT_EQ(s.send(0, 96), error(ARGO_EAGAIN));
    EXPECT_EQ(s.ask(0, 16), ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SHARED);
    s.make_space(80);
    EXPECT_EQ(s.events(0), 0u);
    s.make_space(96);
    EXPECT_EQ(s.events(0), 1u);
}

TEST(Waiter, MayWaitForABareHeader)
{
    Waiters s;
    EXPECT_EQ(s.ask(0, 0), ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SHARED);
    s.make_space(0);
    EXPECT_EQ(s.events(0), 1u);
}

TEST(Waiter, SufficientEndsTheWaiting)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 48), error(ARGO_EAGAIN));
    s.ring.rx() = (s.ring.tx() + 32 + 16) % length;
    EXPECT_TRUE(s.ask(0, 16) & ARGO_NOTIFY_SUFFICIENT);
    s.make_space(64);
    EXPECT_EQ(s.events(0), 0u);
}

TEST(Waiter, WhatCanNeverFitQueuesNothing)
{
    Waiters s;
    EXPECT_EQ(s.ask(0, length - 31), ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SHARED | ARGO_NOTIFY_EMSGSIZE);
    EXPECT_EQ(s.send(0, length - 31), error(ARGO_EMSGSIZE));
    s.ring.discard_all();
    EXPECT_EQ(s.ring.notify(), 0);
    EXPECT_EQ(s.events(0), 0u);
}

TEST(Waiter, EachOneWhoseSpaceIsThereIsWoken)
{
    Waiters s;
    for (int i = 1; i < 32; ++i) s.add_sender();
    for (size_t i = 0; i < 32; ++i) {
        EXPECT_EQ(s.send(i, static_cast<uint32_t>(i % 2 == 0 ? 16 : 160)), error(ARGO_EAGAIN)) << i;
    }
    s.make_space(16);
    for (size_t i = 0; i < 32; ++i) EXPECT_EQ(s.events(i), i % 2 == 0 ? 1u : 0u) << i;
    s.make_space(160);
    for (size_t i = 0; i < 32; ++i) EXPECT_EQ(s.events(i), i % 2 == 0 ? 0u : 1u) << i;
}

TEST(Waiter, The33rdIsToldThatNoWakeUpIsOwed)
{
    Waiters s;
    for (int i = 1; i < 33; ++i) s.add_sender();
    for (size_t i = 0; i < 32; ++i) EXPECT_EQ(s.send(i, 16), error(ARGO_EAGAIN)) << i;
    EXPECT_EQ(s.send(32, 16), error(ARGO_EBUSY));
    EXPECT_EQ(s.ask(32, 16), ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SHARED | ARGO_NOTIFY_EBUSY);
    EXPECT_EQ(s.send(31, 32), error(ARGO_EAGAIN)); // who waits already may ask for more
    s.make_space(16);
    EXPECT_EQ(s.events(32), 0u);
    EXPECT_EQ(s.events(0), 1u);
}

TEST(Waiter, ADomainWaitsAtMaxWaitersRingsExactly)
{
    Limits limits;
    limits.max_waiters = 3;
    Waiters s(limits);
    std::vector<RingClient> rings;
    for (uint32_t i = 0; i < 5; ++i) {
        rings.push_back(open(s.world, s.owner, 100 + i, wildcard, 48));
        EXPECT_EQ(s.owner_sender.send(1, 100 + i, {1}), 1);
    }
    Sender& sender = s.senders[0];
    for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(sender.send(1, 100 + i, {1}), error(ARGO_EAGAIN));
    EXPECT_EQ(sender.send(1, 103, {1}), error(ARGO_EBUSY));
    EXPECT_TRUE(sender.ask(1, 103, 1).flags & ARGO_NOTIFY_EBUSY);
    EXPECT_EQ(sender.send(1, 102, {1}), error(ARGO_EAGAIN)); // merges

    // A wake-up frees one place ...
    rings[0].discard_all();
    EXPECT_EQ(rings[0].notify(), 0);
    EXPECT_EQ(s.events(0), 1u);
    EXPECT_EQ(sender.send(1, 103, {1}), error(ARGO_EAGAIN));
    EXPECT_EQ(sender.send(1, 104, {1}), error(ARGO_EBUSY));

    // ... so does SUFFICIENT ...
    rings[1].discard_all();
    EXPECT_TRUE(sender.ask(1, 101, 1).flags & ARGO_NOTIFY_SUFFICIENT);
    EXPECT_EQ(sender.send(1, 104, {1}), error(ARGO_EAGAIN));
    EXPECT_EQ(s.send(0, 16), error(ARGO_EBUSY));

    // ... and the end of a ring.
    EXPECT_EQ(rings[2].unregister_ring(), 0);
    EXPECT_EQ(s.events(0), 1u);
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
}

TEST(Waiter, NoWaitersAtAllIsALimitToo)
{
    Limits limits;
    limits.max_ring_waiters = 0;
    Waiters s(limits);
    EXPECT_EQ(s.send(0, 16), error(ARGO_EBUSY));
    s.make_space(16);
    EXPECT_EQ(s.events(0), 0u);
    EXPECT_EQ(s.ring.unregister_ring(), 0);
}

TEST(Waiter, IsWokenWhenTheRingIsUnregistered)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 200), error(ARGO_EAGAIN));
    EXPECT_EQ(s.ring.unregister_ring(), 0);
    EXPECT_EQ(s.events(0), 1u);
    EXPECT_EQ(s.send(0, 200), error(ARGO_ECONNREFUSED));
    EXPECT_EQ(s.ring.register_ring(), 0);
    s.make_space(208);
    EXPECT_EQ(s.events(0), 0u); // the new ring has none of the old one's waiters
}

TEST(Waiter, IsWokenWhenTheOwnerResets)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 200), error(ARGO_EAGAIN));
    EXPECT_EQ(s.world.call(s.owner, ARGO_OP_RESET), 0);
    EXPECT_EQ(s.events(0), 1u);
}

TEST(Waiter, IsWokenWhenTheOwnerEndsOrIsRestored)
{
    {
        Waiters s;
        EXPECT_EQ(s.send(0, 200), error(ARGO_EAGAIN));
        s.world.kill(s.owner);
        EXPECT_EQ(s.events(0), 1u);
        EXPECT_EQ(s.send(0, 200), error(ARGO_EACCES));
    }
    {
        Waiters s;
        EXPECT_EQ(s.send(0, 200), error(ARGO_EAGAIN));
        s.world.engine.restore(s.owner.domain());
        EXPECT_EQ(s.events(0), 1u);
    }
}

TEST(Waiter, IsWokenByARegistrationThatMakesSpaceAndKeptByOthers)
{
    Waiters s;
    s.add_sender();
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    EXPECT_EQ(s.send(1, 200), error(ARGO_EAGAIN));
    EXPECT_EQ(s.ring.register_ring(), 0); // nothing has changed
    EXPECT_EQ(s.events(0), 0u);
    s.ring.rx() = (s.ring.tx() + 32 + 16) % length;
    EXPECT_EQ(s.ring.register_ring(), 0);
    EXPECT_EQ(s.events(0), 1u);
    EXPECT_EQ(s.events(1), 0u);
    RingClient fresh(s.world, s.owner, port, wildcard, length); // empty pages
    EXPECT_EQ(fresh.register_ring(), 0);
    EXPECT_EQ(s.events(1), 1u);
}

TEST(Waiter, SurvivesARegistrationThatFails)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    RingClient bad(s.world, s.owner, port, wildcard, length);
    bad.gfns = {UINT64_MAX};
    EXPECT_EQ(bad.register_ring(), error(ARGO_EFAULT));
    EXPECT_EQ(s.events(0), 0u);
    s.make_space(16);
    EXPECT_EQ(s.events(0), 1u);
}

TEST(Waiter, IsCancelledByItsOwnReset)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    EXPECT_EQ(s.world.call(*s.guests[0], ARGO_OP_RESET), 0);
    s.world.bind(*s.guests[0], 0, 50);
    s.make_space(16);
    EXPECT_EQ(s.events(0), 0u);
    EXPECT_EQ(s.world.engine.counters().wakeups, 0u);

    s.fill();
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN)); // and may wait anew
    s.make_space(16);
    EXPECT_EQ(s.events(0), 1u);
}

TEST(Waiter, AnewAfterAResetBesideTheDeadOne)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 200), error(ARGO_EAGAIN));
    EXPECT_EQ(s.world.call(*s.guests[0], ARGO_OP_RESET), 0);
    s.world.bind(*s.guests[0], 0, 50);
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    s.make_space(16);
    EXPECT_EQ(s.events(0), 1u);
    s.make_space(208);
    EXPECT_EQ(s.events(0), 0u);
}

TEST(Waiter, ADeadOneNeverWakesItsSuccessor)
{
    Waiters s;
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    s.world.kill(*s.guests[0]);
    s.add_sender(2);
    s.make_space(200);
    EXPECT_EQ(s.events(1), 0u);
    EXPECT_EQ(s.world.engine.counters().wakeups, 0u);
}

TEST(Waiter, DeadOnesMakeRoomWhenTheirRingIsFull)
{
    Limits limits;
    limits.max_ring_waiters = 2;
    Waiters s(limits);
    s.add_sender();
    s.add_sender();
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    EXPECT_EQ(s.send(1, 16), error(ARGO_EAGAIN));
    EXPECT_EQ(s.send(2, 16), error(ARGO_EBUSY));
    s.world.kill(*s.guests[0]);
    EXPECT_EQ(s.send(2, 16), error(ARGO_EAGAIN));
    EXPECT_EQ(s.world.call(*s.guests[1], ARGO_OP_RESET), 0);
    s.add_sender();
    EXPECT_EQ(s.send(3, 16), error(ARGO_EAGAIN));
    s.make_space(16);
    EXPECT_EQ(s.events(1), 0u);
    EXPECT_EQ(s.events(2), 1u);
    EXPECT_EQ(s.events(3), 1u);
}

TEST(Waiter, AResetGivesBackTheFullNumber)
{
    Limits limits;
    limits.max_waiters = 1;
    Waiters s(limits);
    RingClient other = open(s.world, s.owner, 100, wildcard, 48);
    EXPECT_EQ(s.owner_sender.send(1, 100, {1}), 1);
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    EXPECT_EQ(s.senders[0].send(1, 100, {1}), error(ARGO_EBUSY));
    EXPECT_EQ(s.world.call(*s.guests[0], ARGO_OP_RESET), 0);
    EXPECT_EQ(s.senders[0].send(1, 100, {1}), error(ARGO_EAGAIN));
    // The dead waiter's end does not free the place of the living one.
    s.make_space(16);
    s.fill();
    EXPECT_EQ(s.send(0, 16), error(ARGO_EBUSY));
}

TEST(Waiter, ADomainMayWaitForItself)
{
    Waiters s;
    s.world.bind(s.owner, 0, 40);
    EXPECT_EQ(s.owner_sender.send(1, port, pattern(16)), error(ARGO_EAGAIN));
    s.make_space(16);
    EXPECT_EQ(s.owner.events(40), 1u);
}

TEST(Waiter, WithoutBindingIsAnsweredAllTheSame)
{
    Waiters s;
    EXPECT_EQ(s.world.call(*s.guests[0], ARGO_OP_VECTOR, 0, ARGO_BINDING_NONE), 0);
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    s.make_space(16);
    EXPECT_EQ(s.world.engine.counters().wakeups, 1u);
    EXPECT_TRUE(s.ask(0, 16) & ARGO_NOTIFY_SUFFICIENT);
}

TEST(Waiter, NotifyVisitsAllRingsOfTheCallerAndNoOther)
{
    Waiters s;
    RingClient second = open(s.world, s.owner, 100, wildcard, 48);
    RingClient theirs = open(s.world, *s.guests[0], 100, 1, 48);
    s.world.bind(s.owner, 0, 40);
    EXPECT_EQ(s.senders[0].send(1, 100, {1}), 1);
    EXPECT_EQ(s.owner_sender.send(2, 100, {1}), 1);
    EXPECT_EQ(s.owner.events(40), 1u);
    EXPECT_EQ(s.guests[0]->events(50), 1u);
    EXPECT_EQ(s.senders[0].send(1, 100, {1}), error(ARGO_EAGAIN));
    EXPECT_EQ(s.send(0, 16), error(ARGO_EAGAIN));
    EXPECT_EQ(s.owner_sender.send(2, 100, {1}), error(ARGO_EAGAIN));
    second.discard_all();
    theirs.discard_all();
    s.make_space(16);
    EXPECT_EQ(s.events(0), 2u); // one for each ring at which it waited
    EXPECT_EQ(s.owner.events(40), 0u);
    EXPECT_EQ(theirs.notify(), 0);
    EXPECT_EQ(s.owner.events(40), 1u);
}

} // namespace
} // namespace argo::engine::test
