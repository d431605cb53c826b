// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Copies out of and into guest memory. Book: spec/call.rst, ARGO-CALL-006 to -008.
#include "world.hpp"

namespace argo::engine::test {
namespace {

struct Memory
{
    World world;
    Guest& guest = world.start(1, 8);
    GuestMemory memory{world.host, guest.domain()};
};

TEST(GuestMemory, CopiesEverySizeAtEveryAlignment)
{
    Memory s;
    const Bytes bytes = pattern(2 * page_size);
    s.guest.write(page_size, bytes.data(), bytes.size());
    for (uint64_t start = 2 * page_size - 24; start <= 2 * page_size; ++start) {
        for (size_t size = 0; size <= 48; ++size) {
            Bytes out(size);
            ASSERT_TRUE(s.memory.fetch({start}, out.data(), size));
            const auto from = bytes.begin() + static_cast<long>(start - page_size);
            ASSERT_TRUE(std::equal(out.begin(), out.end(), from)) << start << " " << size;

            ASSERT_TRUE(s.memory.store({start + 3 * page_size}, out.data(), size));
            Bytes back(size + 2);
            s.guest.read(start + 3 * page_size - 1, back.data(), size + 2);
            ASSERT_TRUE(std::equal(out.begin(), out.end(), back.begin() + 1));
            ASSERT_EQ(back.front(), 0);
            ASSERT_EQ(back.back(), 0);
            s.guest.write(start + 3 * page_size, Bytes(size).data(), size);
        }
    }
}

TEST(GuestMemory, RangesThatWrapAreNoMemory)
{
    Memory s;
    s.guest.mirror_first_page_at_the_top();
    uint64_t word = 0;
    EXPECT_TRUE(s.memory.fetch({UINT64_MAX - 8}, word));
    for (uint64_t gpa : {UINT64_MAX, UINT64_MAX - 6, UINT64_MAX - 7}) {
        EXPECT_FALSE(s.memory.fetch({gpa}, word)) << gpa;
        EXPECT_FALSE(s.memory.store({gpa}, word)) << gpa;
        EXPECT_FALSE(s.memory.accessible({gpa}, 8, Access::read)) << gpa;
    }
    EXPECT_FALSE(s.memory.accessible({page_size}, UINT64_MAX, Access::read));
    EXPECT_FALSE(s.memory.accessible({page_size}, UINT64_MAX - page_size, Access::read));
}

TEST(GuestMemory, NoBytesAreAlwaysAccessible)
{
    Memory s;
    EXPECT_TRUE(s.memory.accessible({UINT64_MAX}, 0, Access::write));
    EXPECT_TRUE(s.memory.accessible({s.guest.memory_end() + 1}, 0, Access::write));
}

TEST(GuestMemory, EveryPageOfARangeIsLookedAt)
{
    Memory s;
    for (uint64_t gone = 2; gone < 6; ++gone) {
        s.guest.take_away(gone);
        EXPECT_FALSE(s.memory.accessible({2 * page_size + 100}, 3 * page_size, Access::read)) << gone;
        s.guest.give_back(gone);
        s.guest.make_read_only(gone);
        EXPECT_TRUE(s.memory.accessible({2 * page_size + 100}, 3 * page_size, Access::read)) << gone;
        EXPECT_FALSE(s.memory.accessible({2 * page_size + 100}, 3 * page_size, Access::write)) << gone;
        s.guest.give_back(gone);
    }
    s.guest.take_away(6);
    EXPECT_TRUE(s.memory.accessible({2 * page_size}, 4 * page_size, Access::write));
    EXPECT_FALSE(s.memory.accessible({2 * page_size + 1}, 4 * page_size, Access::write));
}

TEST(GuestMemory, AStoreThatFailsStoresNothing)
{
    Memory s;
    s.guest.take_away(3);
    EXPECT_FALSE(s.memory.store({3 * page_size - 4}, uint64_t{0x1111111111111111}));
    EXPECT_EQ(s.guest.load<uint32_t>(3 * page_size - 4), 0u);
}

/// Inside, at its edges, and across them, where the host is asked for what is outside.
TEST(GuestMemory, AWindowEndsWhereItEnds)
{
    FakeHost host;
    World world;
    Guest& whole = world.start(1, 8);
    const Bytes bytes = pattern(8 * page_size);
    whole.write(0, bytes.data(), bytes.size());
    class Windowed : public Domain
    {
      public:
        Windowed(Guest& guest, const Window& window) : Domain(1, &guest, 1, window) {}
    } domain(whole, {.first = 2 * page_size + 64,
                     .bytes = page_size,
                     .host = static_cast<std::byte*>(host.page(whole.domain(), 2, Access::write)) + 64});
    const GuestMemory memory(host, domain);
    const uint64_t first = 2 * page_size + 64, end = first + page_size;

    EXPECT_EQ(memory.in_window({first - 1}, 1), nullptr);
    EXPECT_NE(memory.in_window({first}, page_size), nullptr);
    EXPECT_EQ(memory.in_window({first}, page_size + 1), nullptr);
    EXPECT_NE(memory.in_window({end - 1}, 1), nullptr);
    EXPECT_EQ(memory.in_window({end}, 1), nullptr);
    EXPECT_EQ(memory.in_window({end - 1}, UINT64_MAX), nullptr);
    for (const uint64_t gpa : {first - 16, first, end - 8, end}) {
        uint8_t out[16];
        ASSERT_TRUE(memory.fetch({gpa}, out, sizeof out)) << gpa;
        EXPECT_EQ(std::memcmp(out, bytes.data() + gpa, sizeof out), 0) << gpa;
    }
    whole.take_away(3);
    EXPECT_TRUE(memory.accessible({first}, page_size, Access::write));
    EXPECT_FALSE(memory.accessible({first}, page_size + 64, Access::write))
        << "what is outside is the host's to say";
}

} // namespace
} // namespace argo::engine::test
