// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Where messages stand in a ring, and what the engine makes of a receiver that lies. Book: spec/ring.rst.
#include "ring_client.hpp"

#include <deque>
#include <random>

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;

struct Loopback
{
    explicit Loopback(uint32_t length, uint32_t start = 0) : ring(world, guest, port, 1, length)
    {
        ring.rx() = start;
        ring.tx() = start;
        EXPECT_EQ(ring.register_ring(), 0);
    }

    int64_t send(const Bytes& payload, uint32_t type = 0) { return sender.send(1, port, payload, type); }

    World world;
    Guest& guest = world.start(1);
    RingClient ring;
    Sender sender{world, guest, 3 * page_size};
};

/// A receiver may say that it has read what is being filled. The place is not given twice, so nobody waits
/// for a turn that does not come, and no pages are swapped under a copy.
TEST(Ring, WhatIsBeingFilledIsNotFreeWhateverRxPtrSays)
{
    constexpr uint32_t length = 4096;
    World world;
    Guest& guest = world.start(1);
    RingClient client(world, guest, port, 1, length);
    const uint64_t frames = guest.allocate(client.gfns.size() * sizeof(uint64_t), 8);
    guest.write(frames, client.gfns.data(), client.gfns.size() * sizeof(uint64_t));
    PageList pages;
    ASSERT_EQ(pages.fill(world.host, guest.domain(), {frames}, static_cast<uint32_t>(client.gfns.size())),
              Error::none);
    Ring* const ring = Ring::create(world.host, port, 1, length, {}, pages, 1);
    ASSERT_NE(ring, nullptr);
    EXPECT_EQ(ring->free_bytes(), length);

    const Ring::Place first = ring->give_place(2032);
    for (const uint32_t lie : {first.end, 16u, length - 16, 0u, UINT32_MAX}) {
        client.rx() = lie;
        EXPECT_LE(ring->free_bytes(), length - 2048) << lie;
    }
    client.rx() = first.end;
    EXPECT_FALSE(Ring::fits(2032, ring->free_bytes())) << "it would end where the first one begins";
    EXPECT_TRUE(Ring::fits(2016, ring->free_bytes()));
    const Ring::Place second = ring->give_place(2016);
    EXPECT_FALSE(ring->settled());

    ring->publish(world.host, first);
    EXPECT_FALSE(ring->settled());
    ring->publish(world.host, second);
    EXPECT_TRUE(ring->settled());
    EXPECT_EQ(ring->free_bytes(), first.end + length - second.end);
    Ring::destroy(world.host, ring);
}

/// Its note is its place's. Another ring that has got the place keeps its own.
TEST(RingTable, ARingThatIsGoneTakesNoNoteAway)
{
    World world;
    Guest& guest = world.start(1);
    const auto make = [&](uint32_t number) {
        RingClient client(world, guest, number, 1, 48);
        const uint64_t frames = guest.place(client.gfns[0], 8);
        PageList pages;
        EXPECT_EQ(pages.fill(world.host, guest.domain(), {frames}, 1), Error::none);
        return Ring::create(world.host, number, 1, 48, {}, pages, 1);
    };
    Ring *const gone = make(1), *const fresh = make(2);
    RingTable::Link chains[2], places[1];
    RingTable::Word waited[1];
    RingTable table(chains, places, waited);

    table.insert(*gone);
    table.set_waited(*gone);
    table.remove(*gone);
    table.insert(*fresh);
    table.set_waited(*fresh);
    table.set_not_waited(*gone);
    uint32_t place = 0;
    EXPECT_EQ(table.next_waited(place), fresh);
    table.set_not_waited(*fresh);
    place = 0;
    EXPECT_EQ(table.next_waited(place), nullptr);
    Ring::destroy(world.host, gone);
    Ring::destroy(world.host, fresh);
}

/// Every payload that fits, from every start: the bytes, tx_ptr, and that nothing else changed.
TEST(Ring, MessagesWrapAtEveryAlignment)
{
    for (uint32_t length : {48u, 64u, 160u}) {
        Loopback s(length);
        for (uint32_t start = 0; start < length; start += 16) {
            for (uint32_t size = 0; size <= length - 32; ++size) {
                s.ring.rx() = start;
                s.ring.tx() = start;
                ASSERT_EQ(s.ring.register_ring(), 0); // which adopts the pointers
                s.ring.fill(0xcc);
                ASSERT_EQ(s.send(pattern(size), size), size);

                const uint32_t taken = 16 + (size + 15) / 16 * 16;
                ASSERT_EQ(s.ring.tx(), (start + taken) % length);
                ASSERT_EQ(s.ring.rx(), start);
                const auto message = s.ring.peek();
                ASSERT_EQ(message->payload, pattern(size));
                ASSERT_EQ(message->type, size);
                const uint32_t rest = length - 16 - size;
                ASSERT_EQ(s.ring.data((start + 16 + size) % length, rest), Bytes(rest, 0xcc)) << size;
            }
        }
    }
}

TEST(Ring, AHeaderInTheLastSlotIsWholeThere)
{
    Loopback s(160, 144);
    EXPECT_EQ(s.send(pattern(100)), 100);
    const Bytes header = s.ring.data(144, 16);
    EXPECT_EQ(header[0], 116);
    EXPECT_EQ(s.ring.data(0, 100), pattern(100));
    EXPECT_EQ(s.ring.tx(), 112u);
}

TEST(Ring, NothingOfTheHeaderIsWrittenButTxPtr)
{
    Loopback s(160);
    s.guest.write(s.ring.header() + 8, pattern(56).data(), 56);
    EXPECT_EQ(s.send(pattern(100)), 100);
    Bytes after(56);
    s.guest.read(s.ring.header() + 8, after.data(), 56);
    EXPECT_EQ(after, pattern(56));
}

TEST(Ring, TheLargestPayloadFitsAnEmptyRingAndNoLargerOne)
{
    for (uint32_t length : {48u, 64u, 4032u, 4048u}) {
        for (uint32_t start : {0u, 16u, length - 16}) {
            Loopback s(length, start);
            EXPECT_EQ(s.send(pattern(length - 31)), error(ARGO_EMSGSIZE)) << length;
            EXPECT_EQ(s.send(pattern(length - 32)), length - 32) << length;
            EXPECT_EQ(s.ring.receive()->payload, pattern(length - 32));
            EXPECT_EQ(s.send(pattern(length - 47)), length - 47) << length;
        }
    }
}

TEST(Ring, OneSlotStaysFree)
{
    Loopback s(160);
    for (uint32_t i = 0; i < 9; ++i) EXPECT_EQ(s.send({}), 0) << i;
    EXPECT_EQ(s.send({}), error(ARGO_EAGAIN));
    EXPECT_EQ(s.ring.tx(), 144u);
    s.ring.receive();
    EXPECT_EQ(s.send({1}), error(ARGO_EAGAIN));
    EXPECT_EQ(s.send({}), 0);
    EXPECT_EQ(s.ring.tx(), 0u);
}

TEST(Ring, ARefusedMessageLeavesEverythingAsItWas)
{
    Loopback s(160);
    EXPECT_EQ(s.send(pattern(100)), 100);
    const Bytes before = s.ring.data(0, 160);
    EXPECT_EQ(s.send(pattern(50, 2)), error(ARGO_EAGAIN));
    EXPECT_EQ(s.ring.data(0, 160), before);
    EXPECT_EQ(s.ring.tx(), 128u);
}

TEST(Ring, PagesNeedNotBeAdjacent)
{
    const uint32_t length = 3 * page_size - 64; // the pages of a RingClient stand in falling order
    for (uint32_t start = 0; start < length; start += 496) {
        Loopback s(length, start);
        EXPECT_EQ(s.send(pattern(length - 32)), length - 32);
        EXPECT_EQ(s.ring.receive()->payload, pattern(length - 32)) << start;
    }
}

TEST(Ring, OnePageMayBeListedTwice)
{
    World world;
    Guest& guest = world.start(1);
    RingClient ring(world, guest, port, 1, page_size);
    ring.gfns[1] = ring.gfns[0];
    EXPECT_EQ(ring.register_ring(), 0);
    EXPECT_EQ(Sender(world, guest).send(1, port, pattern(100)), 100);
    EXPECT_EQ(ring.receive()->payload, pattern(100));
}

// Receivers that lie.

TEST(Ring, ATxPtrThatTheGuestWritesIsIgnored)
{
    Loopback s(160);
    EXPECT_EQ(s.send({1}), 1);
    s.ring.tx() = 7;
    EXPECT_EQ(s.send({2}), 1);
    EXPECT_EQ(s.ring.tx(), 64u);
    EXPECT_EQ(s.ring.receive()->payload, Bytes{1});
    EXPECT_EQ(s.ring.receive()->payload, Bytes{2});
}

struct RxCase
{
    uint32_t written;
    uint32_t taken;
};

/// With tx_ptr at 64 of 160, the largest payload that is accepted tells which rx_ptr the engine took.
TEST(Ring, AnyRxPtrIsTakenWithinBounds)
{
    const RxCase cases[] = {
        {0, 0},     {16, 16},   {63, 64},        {64, 64},        {65, 80},        {80, 80},
        {128, 128}, {129, 144}, {144, 144},      {145, 0},        {159, 0},        {160, 0},
        {161, 0},   {176, 0},   {0x80000000, 0}, {0xfffffff0, 0}, {0xfffffff1, 0}, {0xffffffff, 0},
    };
    for (const auto& [written, taken] : cases) {
        Loopback s(160, 64);
        s.ring.rx() = written;
        const uint32_t free = taken > 64 ? taken - 64 : 160 - 64 + taken;
        if (free >= 32) {
            EXPECT_EQ(s.send(pattern(free - 31)), error(free == 160 ? ARGO_EMSGSIZE : ARGO_EAGAIN))
                << written;
            EXPECT_EQ(s.send(pattern(free - 32)), free - 32) << written;
            EXPECT_EQ(s.ring.tx(), (64 + free - 16) % 160) << written;
        } else {
            EXPECT_EQ(s.send({}), error(ARGO_EAGAIN)) << written;
        }
        EXPECT_EQ(s.ring.rx(), written); // read, never mended
    }
}

/// A queue that does the same without wrapping.
class ReferenceQueue
{
  public:
    explicit ReferenceQueue(uint32_t length) : length_(length) {}

    bool fits(size_t size) const { return used_ + taken(size) + 16 <= length_; }
    void push(Bytes message)
    {
        used_ += taken(message.size());
        messages_.push_back(std::move(message));
    }
    Bytes pop()
    {
        Bytes message = std::move(messages_.front());
        messages_.pop_front();
        used_ -= taken(message.size());
        return message;
    }
    bool empty() const { return messages_.empty(); }

  private:
    static size_t taken(size_t size) { return 16 + (size + 15) / 16 * 16; }

    size_t length_;
    size_t used_ = 0;
    std::deque<Bytes> messages_;
};

TEST(Ring, IsAQueue)
{
    for (uint32_t length : {48u, 80u, 144u, 1008u, 4032u, 4096u, 9008u}) {
        std::mt19937 random(length);
        const auto up_to = [&](uint32_t most) { return static_cast<uint32_t>(random() % (most + 1)); };
        Loopback s(length);
        ReferenceQueue queue(length);
        for (uint32_t step = 0; step < 4000; ++step) {
            if (up_to(9) < 6) {
                const Bytes message = pattern(up_to(up_to(3) == 0 ? length - 32 : length / 4), step);
                const bool fits = queue.fits(message.size());
                ASSERT_EQ(s.send(message, step),
                          fits ? static_cast<int64_t>(message.size()) : error(ARGO_EAGAIN));
                if (fits) queue.push(message);
            } else {
                const auto message = s.ring.receive();
                ASSERT_EQ(message.has_value(), !queue.empty());
                if (message) {
                    ASSERT_EQ(message->payload, queue.pop());
                }
            }
        }
    }
}

} // namespace
} // namespace argo::engine::test
