// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "harness/pattern.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace argo::suite {

TEST(pattern, fills_what_its_bytes_are_and_nothing_else)
{
    for (size_t first = 0; first < 17; first++) {
        for (size_t size = 0; size < 41; size++) {
            std::vector<uint8_t> bytes(size + 2, 0xee);
            pattern_fill(bytes.data() + 1, size, 7, first);
            for (size_t i = 0; i < size; i++)
                ASSERT_EQ(bytes[i + 1], pattern_byte(7, first + i)) << first << ' ' << size;
            EXPECT_EQ(bytes.front(), 0xee);
            EXPECT_EQ(bytes.back(), 0xee);
            EXPECT_EQ(pattern_mismatch(bytes.data() + 1, size, 7, first), size);
        }
    }
}

TEST(pattern, a_changed_byte_is_found_where_it_is)
{
    std::vector<uint8_t> bytes(100);
    for (const size_t first : {0u, 3u}) {
        for (size_t at = 0; at < bytes.size(); at++) {
            pattern_fill(bytes.data(), bytes.size(), 1, first);
            bytes[at] ^= 0x10;
            ASSERT_EQ(pattern_mismatch(bytes.data(), bytes.size(), 1, first), at);
        }
    }
}

TEST(pattern, moved_bytes_show)
{
    std::vector<uint8_t> bytes(4096);
    pattern_fill(bytes.data(), bytes.size(), 1);
    std::set<uint64_t> words;
    for (size_t i = 0; i < bytes.size(); i += 8) {
        uint64_t word;
        memcpy(&word, bytes.data() + i, 8);
        words.insert(word);
    }
    EXPECT_EQ(words.size(), bytes.size() / 8);
    EXPECT_LT(pattern_mismatch(bytes.data(), bytes.size(), 1, 8), 8u);
    EXPECT_LT(pattern_mismatch(bytes.data(), bytes.size(), 2), 8u);
}

} // namespace argo::suite
