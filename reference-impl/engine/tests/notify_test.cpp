// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_NOTIFY: errors and answers. Book: spec/notify.rst. For wake-ups see waiter_test.cpp.
#include "faults.hpp"
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;
constexpr uint16_t exists = ARGO_NOTIFY_EXISTS;
constexpr uint16_t shared = ARGO_NOTIFY_SHARED;
constexpr uint16_t empty = ARGO_NOTIFY_EMPTY;
constexpr uint16_t sufficient = ARGO_NOTIFY_SUFFICIENT;
constexpr uint16_t emsgsize = ARGO_NOTIFY_EMSGSIZE;
constexpr uint16_t ebusy = ARGO_NOTIFY_EBUSY;

struct Notification
{
    static Limits limits()
    {
        Limits limits;
        limits.max_notify = 5;
        return limits;
    }

    World world{limits()};
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    RingClient ring = open(world, owner, port, 2, 256);

    // The caller also owns a ring with space that somebody waits for.
    RingClient own = open(world, guest, 90, 1, 256);
    uint64_t address = guest.allocate(8 + 6 * sizeof(argo_notify_entry));
    argo_notify head = {1, 0};
    argo_notify_entry entry = {{port, 1, 0}, 0, 0, 16, 0};

    Notification()
    {
        world.bind(owner, 0, 40);
        Sender sender(world, owner);
        EXPECT_EQ(sender.send(2, 90, pattern(200)), 200);
        EXPECT_EQ(sender.send(2, 90, pattern(200)), error(ARGO_EAGAIN));
        own.discard_all();
    }

    int64_t run()
    {
        if (address + 8 <= guest.memory_end()) guest.store(address, head);
        if (address + 28 <= guest.memory_end()) guest.store(address + 8, entry);
        return world.call(guest, ARGO_OP_NOTIFY, address);
    }

    argo_notify_entry answer(uint64_t index = 0)
    {
        return guest.load<argo_notify_entry>(address + 8 + index * sizeof(argo_notify_entry));
    }

    /// An error wakes nobody.
    bool unchanged() { return owner.events(40) == 0; }
};

const Fault<Notification> notify_faults[] = {
    {"ARGO-NOTIFY-101", ARGO_EFAULT, [](Notification& s) { s.address = s.guest.memory_end() - 4; }},
    {"ARGO-NOTIFY-102", ARGO_EINVAL, [](Notification& s) { s.head.reserved = 1; }},
    {"ARGO-NOTIFY-103", ARGO_EFAULT, [](Notification& s) { s.address = s.guest.memory_end() - 8; }},
};

TEST(Notify, ErrorsStandInTheRegistrysOrder) { check_faults(notify_faults); }

TEST(Notify, MaxNotifyIsExact)
{
    Notification s;
    s.head.count = 6;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.head.count = UINT32_MAX;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    EXPECT_TRUE(s.unchanged());
    for (uint64_t i = 1; i < 5; ++i) s.guest.store(s.address + 8 + 20 * i, s.entry);
    s.head.count = 5;
    EXPECT_EQ(s.run(), 0);
    for (uint64_t i = 0; i < 5; ++i) EXPECT_EQ(s.answer(i).flags, exists | empty | sufficient) << i;
}

TEST(Notify, ZeroMeansNoQuestions)
{
    Notification s;
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_NOTIFY, 0), 0);
    EXPECT_EQ(s.owner.events(40), 1u);
}

TEST(Notify, NoEntriesNeedNoMemory)
{
    Notification s;
    s.head.count = 0;
    s.address = s.guest.memory_end() - 8;
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(s.owner.events(40), 1u);
}

TEST(Notify, AllEntriesMustBeWritable)
{
    Notification s;
    s.head.count = 2;
    s.address = 30 * page_size - 28;
    s.guest.make_read_only(30);
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    EXPECT_EQ(s.answer().flags, 0); // not even the first is answered
    EXPECT_TRUE(s.unchanged());
    s.guest.give_back(30);
    EXPECT_EQ(s.run(), 0);
}

TEST(Notify, TheHeadNeedOnlyBeReadable)
{
    Notification s;
    s.guest.make_read_only(29);
    s.address = 30 * page_size - 8;
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(s.answer().flags, exists | empty | sufficient);
}

TEST(Notify, EntriesMayStraddlePagesAtEveryAlignment)
{
    for (uint64_t distance = 0; distance <= 28; ++distance) {
        Notification s;
        s.address = 30 * page_size - distance;
        EXPECT_EQ(s.run(), 0) << distance;
        EXPECT_EQ(s.answer().flags, exists | empty | sufficient) << distance;
        EXPECT_EQ(s.answer().max_message, 224u) << distance;
    }
}

TEST(Notify, WritesFlagsAndMaxMessageAlone)
{
    Notification s;
    s.entry.flags = 0xffff;
    s.entry.max_message = 0x12345678;
    EXPECT_EQ(s.run(), 0);
    auto expected = s.entry;
    expected.flags = exists | empty | sufficient;
    expected.max_message = 224;
    const auto answer = s.answer();
    EXPECT_EQ(std::memcmp(&answer, &expected, sizeof answer), 0);
    EXPECT_EQ(s.guest.load<uint64_t>(s.address + 28), 0u);
}

TEST(Notify, AnswersAreOfTheRingThatASendWouldChoose)
{
    World world;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    Sender sender(world, guest);
    EXPECT_EQ(sender.ask(1, port, 0).flags, 0);
    RingClient any = open(world, owner, port, wildcard, 256);
    EXPECT_EQ(sender.ask(1, port, 0).flags, exists | shared | empty | sufficient);
    RingClient mine = open(world, owner, port, 2, 48);
    EXPECT_EQ(sender.ask(1, port, 0).flags, exists | empty | sufficient);
    EXPECT_EQ(sender.ask(1, port, 0).max_message, 16u);
    RingClient theirs = open(world, owner, port + 1, 1, 256);
    EXPECT_EQ(sender.ask(1, port + 1, 0).flags, 0);
}

TEST(Notify, WhatIsAbsentDeniedOrWrongReadsZeroesAndTheRestIsAnswered)
{
    Notification s;
    s.world.host.policy = [](const PolicyQuestion& q) {
        return q.hook != Hook::notify || q.other_port != 666;
    };
    const argo_notify_entry questions[5] = {
        {{port + 1, 1, 0}, 0xffff, 0, 16, 9}, // no ring
        {{port, 3, 0}, 0xffff, 0, 16, 9},     // no domain
        {{666, 1, 0}, 0xffff, 0, 16, 9},      // denied
        {{port, 1, 1}, 0xffff, 0, 16, 9},     // reserved field
        {{port, 1, 0}, 0xffff, 0, 16, 9},
    };
    open(s.world, s.owner, 666, 2, 256);
    s.guest.store(s.address, argo_notify{5, 0});
    s.guest.store(s.address + 8, questions);
    EXPECT_EQ(s.world.call(s.guest, ARGO_OP_NOTIFY, s.address), 0);
    for (uint64_t i = 0; i < 4; ++i) {
        EXPECT_EQ(s.answer(i).flags, 0) << i;
        EXPECT_EQ(s.answer(i).max_message, 0u) << i;
    }
    EXPECT_EQ(s.answer(4).flags, exists | empty | sufficient);
}

TEST(Notify, TheReservedFieldOfAnEntryItselfToo)
{
    Notification s;
    s.entry.reserved = 0x8000;
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(s.answer().flags, 0);
    EXPECT_EQ(s.answer().max_message, 0u);
}

TEST(Notify, PolicyIsAskedAboutLabelsAlone)
{
    Notification s;
    std::vector<std::tuple<uint16_t, uint32_t, uint16_t, uint32_t>> asked;
    s.world.host.policy = [&](const PolicyQuestion& q) {
        if (q.hook == Hook::notify) asked.emplace_back(q.caller, q.caller_port, q.other, q.other_port);
        return true;
    };
    s.entry.ring = {5, 77, 0};
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(asked, (std::vector<std::tuple<uint16_t, uint32_t, uint16_t, uint32_t>>{{2, 0, 77, 5}}));
}

TEST(Notify, SufficientExactlyWhenASendWouldBeAccepted)
{
    for (uint32_t used = 0; used <= 240; used += 16) {
        for (uint32_t space = 0; space <= 240; ++space) {
            World world;
            Guest& owner = world.start(1, 4);
            Guest& guest = world.start(2, 4);
            RingClient ring = open(world, owner, port, 2, 256);
            Sender sender(world, guest, 1024);
            if (used != 0) {
                ASSERT_EQ(sender.send_placed(1, port, used - 16), used - 16);
            }

            const auto answer = sender.ask(1, port, space);
            const int64_t sent = sender.send_placed(1, port, space);
            ASSERT_EQ((answer.flags & sufficient) != 0, sent >= 0) << used << " " << space;
            ASSERT_EQ((answer.flags & emsgsize) != 0, sent == error(ARGO_EMSGSIZE)) << used << " " << space;
            ASSERT_EQ((answer.flags & empty) != 0, used == 0);
            ASSERT_EQ(answer.flags & ebusy, 0);
            ASSERT_EQ(answer.flags & exists, exists);
            ASSERT_EQ(answer.max_message, 224u);
        }
    }
}

TEST(Notify, MoreThanMaxMessageCanNeverFit)
{
    Limits limits;
    limits.max_message = 100;
    World world(limits);
    Guest& guest = world.start(1);
    open(world, guest, port, 1, 256);
    Sender sender(world, guest);
    EXPECT_EQ(sender.ask(1, port, 100).flags, exists | empty | sufficient);
    EXPECT_EQ(sender.ask(1, port, 101).flags, exists | empty | emsgsize);
    EXPECT_EQ(sender.ask(1, port, UINT32_MAX).flags, exists | empty | emsgsize);
}

TEST(Notify, MemoryThatTheHostTakesAwayMeanwhileIsSkipped)
{
    Notification s;
    s.head.count = 2;
    s.address = 30 * page_size - 28;
    s.guest.store(s.address + 28, s.entry);
    s.world.host.policy = [&](const PolicyQuestion& q) {
        if (q.hook == Hook::notify) s.guest.take_away(30);
        return true;
    };
    EXPECT_EQ(s.run(), 0);
    EXPECT_EQ(s.answer(0).flags, exists | empty | sufficient);
    EXPECT_EQ(s.answer(1).flags, 0);
}

} // namespace
} // namespace argo::engine::test
