// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "harness/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace argo::suite {

TEST(text, prints_numbers)
{
    Text text;
    text << 0u << ' ' << -1 << ' ' << INT64_MIN << ' ' << UINT64_MAX << ' ' << Hex{0xfe} << ' ' << Hex{0};
    EXPECT_EQ(text.view(), "0 -1 -9223372036854775808 18446744073709551615 0xfe 0x0");
    text.clear();
    EXPECT_EQ(text.hex(0xabc, 8).view(), "00000abc");
}

TEST(text, stays_one_line_of_printable_characters)
{
    Text text;
    text << "a\nb\r\x1b\x80z";
    EXPECT_EQ(text.view(), "a?b???z");
}

TEST(text, shows_that_it_was_cut)
{
    Text text;
    text << std::string(Text::capacity - 1, 'x');
    EXPECT_EQ(text.view().back(), 'x');
    text << std::string(9999, 'x');
    EXPECT_EQ(text.view().size(), Text::capacity);
    EXPECT_EQ(text.view().substr(Text::capacity - 4), "x...");
}

} // namespace argo::suite
