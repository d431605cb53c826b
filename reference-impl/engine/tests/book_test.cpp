// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The book's worked example, spec/examples: plays the session, byte by byte, and reads with the receiver that
// the book shows. A book that says other than what happens fails here.
#include "receive.h"
#include "world.hpp"

#include <fstream>
#include <sstream>
#include <string>

namespace argo::engine::test {
namespace {

class Session
{
  public:
    /// One line of the file. An empty one ends what a domain writes or finds.
    void play(const std::string& line)
    {
        std::istringstream words(line);
        std::string first, what;
        uint16_t domid = 0;
        words >> first;
        if (line.empty() || first.starts_with('#') || first.starts_with('[')) {
            guest_ = nullptr;
        } else if (first != "domain") {
            memory(std::stoull(first, nullptr, 16), line.substr(6, 23));
        } else if (words >> domid >> what; what == "writes" || what == "finds") {
            guest_ = domid == 5 ? &five_ : &nine_;
            finds_ = what == "finds";
        } else if (what == "calls") {
            uint64_t frame = 0;
            words >> std::hex >> frame;
            EXPECT_TRUE(world_.call_frame(domid == 5 ? five_ : nine_, frame));
            ++calls;
        } else {
            ASSERT_EQ(what, "reads");
            uint32_t type = 0;
            std::string payload;
            words >> type;
            std::getline(words, payload);
            read(type, payload);
        }
    }

    unsigned calls = 0, compared = 0, read_messages = 0;

  private:
    void memory(uint64_t gpa, const std::string& listed)
    {
        ASSERT_TRUE(guest_) << "bytes of nobody";
        std::istringstream bytes(listed);
        for (unsigned byte = 0; bytes >> std::hex >> byte; ++gpa) {
            if (!finds_) guest_->store(gpa, static_cast<uint8_t>(byte));
            EXPECT_EQ(guest_->load<uint8_t>(gpa), byte) << "at " << std::hex << gpa;
            compared += finds_;
        }
    }

    void read(uint32_t type, const std::string& payload)
    {
        auto* const ring = static_cast<argo_ring*>(world_.host.page(nine_.domain(), 8, Access::write));
        argo_message message{};
        char room[64];
        ASSERT_EQ(receive(ring, 96, &message, room, 0), RING_NO_ROOM);
        ASSERT_EQ(receive(ring, 96, &message, room, sizeof room), RING_MESSAGE);
        EXPECT_EQ(message.type, type);
        EXPECT_EQ(message.source.domid, 5);
        EXPECT_EQ(" \"" + std::string(room, message.length - sizeof message) + "\"", payload);
        EXPECT_EQ(receive(ring, 96, &message, room, sizeof room), RING_EMPTY);
        ++read_messages;
    }

    World world_;
    Guest& five_ = world_.start(5);
    Guest& nine_ = world_.start(9);
    Guest* guest_ = nullptr;
    bool finds_ = false;
};

TEST(Book, TheWorkedExampleIsWhatHappens)
{
    std::ifstream file(ARGO_BOOK_EXAMPLES "/session.txt");
    ASSERT_TRUE(file);
    Session session;
    std::string line;
    for (unsigned number = 1; std::getline(file, line); ++number) {
        SCOPED_TRACE("session.txt:" + std::to_string(number) + ": " + line);
        session.play(line);
        ASSERT_FALSE(HasFatalFailure());
    }
    EXPECT_GE(session.calls, 9u);
    EXPECT_GE(session.compared, 200u);
    EXPECT_EQ(session.read_messages, 2u);
}

/// What a receiver meets in a ring that somebody scribbled over.
struct Scribbled
{
    uint32_t rx, tx, length;
    int answer;
    uint32_t rx_after;
};

TEST(Book, TheReceiverStaysInsideOfTheRing)
{
    constexpr uint32_t length = 96;
    constexpr Scribbled rings[] = {
        {0, 96, 20, RING_BROKEN, 0},           // tx_ptr outside
        {0, 40, 20, RING_BROKEN, 0},           // tx_ptr inside a slot
        {96, 48, 20, RING_GARBLED, 48},        // rx_ptr outside
        {7, 48, 20, RING_GARBLED, 48},         // rx_ptr inside a slot
        {0, 48, 15, RING_GARBLED, 48},         // shorter than its header
        {0, 48, 49, RING_GARBLED, 48},         // beyond what is unread
        {0, 48, UINT32_MAX, RING_GARBLED, 48}, //
        {80, 16, 33, RING_GARBLED, 16},        // the same across the end
        {80, 16, 32, RING_MESSAGE, 16},        //
        {32, 48, 16, RING_MESSAGE, 48},        // a bare header
    };
    for (const Scribbled& each : rings) {
        alignas(argo_ring) uint8_t memory[sizeof(argo_ring) + length] = {};
        auto* const ring = reinterpret_cast<argo_ring*>(memory);
        ring->rx_ptr = each.rx;
        ring->tx_ptr = each.tx;
        if (each.rx < length)
            std::memcpy(memory + sizeof(argo_ring) + each.rx / 16 * 16, &each.length, sizeof each.length);
        argo_message message{};
        uint8_t room[length];
        EXPECT_EQ(receive(ring, length, &message, room, sizeof room), each.answer)
            << each.rx << ' ' << each.length;
        EXPECT_EQ(ring->rx_ptr, each.rx_after) << each.rx << ' ' << each.length;
        EXPECT_EQ(ring->tx_ptr, each.tx);
    }
}

} // namespace
} // namespace argo::engine::test
