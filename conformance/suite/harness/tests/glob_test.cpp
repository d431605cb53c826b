// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "harness/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace argo::suite {

TEST(glob, matches_the_whole_text)
{
    EXPECT_TRUE(glob_match("sendv.empty", "sendv.empty"));
    EXPECT_FALSE(glob_match("sendv", "sendv.empty"));
    EXPECT_FALSE(glob_match("sendv.empty", "sendv"));
    EXPECT_FALSE(glob_match("endv", "sendv"));
    EXPECT_TRUE(glob_match("", ""));
    EXPECT_FALSE(glob_match("", "a"));
}

TEST(glob, star_is_any_text)
{
    EXPECT_TRUE(glob_match("*", ""));
    EXPECT_TRUE(glob_match("sendv.*", "sendv.empty"));
    EXPECT_TRUE(glob_match("*.empty", "sendv.empty"));
    EXPECT_TRUE(glob_match("s*v.*m*y", "sendv.empty"));
    EXPECT_FALSE(glob_match("s*v.*m*z", "sendv.empty"));
    EXPECT_TRUE(glob_match("*ab*abc", "abababc")); // The first match of a piece is not the right one.
    EXPECT_TRUE(glob_match("a**b", "ab"));
}

TEST(glob, question_mark_is_one_character)
{
    EXPECT_TRUE(glob_match("?ing", "ring"));
    EXPECT_FALSE(glob_match("?ring", "ring"));
    EXPECT_TRUE(glob_match("*?", "a"));
    EXPECT_FALSE(glob_match("*?", ""));
}

TEST(glob, hostile_patterns_end)
{
    const std::string text(400, 'a');
    std::string pattern;
    for (int i = 0; i < 40; i++) pattern += "a*";
    EXPECT_FALSE(glob_match(pattern + "b", text));
}

TEST(glob, one_of_several_is_enough)
{
    EXPECT_TRUE(glob_match_any("", "anything"));
    EXPECT_TRUE(glob_match_any("query.*,sendv.*", "sendv.empty"));
    EXPECT_FALSE(glob_match_any("query.*,sendv.*", "ring.wraps"));
    EXPECT_FALSE(glob_match_any(",", "a"));
    EXPECT_TRUE(glob_match_any("a,", "a"));
}

} // namespace argo::suite
