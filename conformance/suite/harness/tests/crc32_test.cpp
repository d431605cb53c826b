// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "harness/crc32.hpp"

#include <gtest/gtest.h>

namespace argo::suite {

TEST(crc32, has_the_check_value_of_the_standard) { EXPECT_EQ(crc32(0, "123456789"), 0xcbf43926u); }

TEST(crc32, of_nothing_is_zero) { EXPECT_EQ(crc32(0, ""), 0u); }

TEST(crc32, goes_on_where_it_ended)
{
    EXPECT_EQ(crc32(crc32(0, "1234"), "56789"), crc32(0, "123456789"));
    EXPECT_EQ(crc32(crc32(0, "\xff\x80"), ""), crc32(0, "\xff\x80"));
}

} // namespace argo::suite
