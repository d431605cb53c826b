// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "harness/verdict.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace argo::suite {

TEST(verdict, stands_in_order_of_severity)
{
    constexpr Verdict rising[] = {Verdict::pass, Verdict::not_supported, Verdict::skip, Verdict::error,
                                  Verdict::fail};
    for (size_t i = 1; i < std::size(rising); i++) EXPECT_LT(rising[i - 1], rising[i]);
}

TEST(verdict, has_the_protocols_name)
{
    EXPECT_EQ(std::string_view(name(Verdict::pass)), "PASS");
    EXPECT_EQ(std::string_view(name(Verdict::not_supported)), "NOT_SUPPORTED");
    EXPECT_EQ(std::string_view(name(Verdict::skip)), "SKIP");
    EXPECT_EQ(std::string_view(name(Verdict::error)), "ERROR");
    EXPECT_EQ(std::string_view(name(Verdict::fail)), "FAIL");
}

} // namespace argo::suite
