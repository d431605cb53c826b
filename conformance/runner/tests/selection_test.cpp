// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which cases are selected, and what the guests are told.
#include "runner/selection.hpp"

#include <gtest/gtest.h>

#include "runner/errors.hpp"

using namespace argo::runner;

namespace {

class SelectionTest : public testing::Test
{
  protected:
    SelectionTest()
    {
        catalogue_.cases = {{"query.a", "core-loopback", {}, "", 1},
                            {"sendv.a", "core-loopback", {}, "", 2},
                            {"sendv.b", "core-pair", {}, "", 3}};
        catalogue_.registry.mechanisms = {"msr", "pio"};
    }

    std::string selected(const std::string& profile, const std::string& filter)
    {
        Wish wish;
        wish.profile = profile;
        wish.filter = filter;
        std::string ids;
        for (const auto* c : select_cases(catalogue_, wish)) ids += c->id + " ";
        return ids;
    }

    Catalogue catalogue_;
};

TEST_F(SelectionTest, by_globs)
{
    EXPECT_EQ(selected("", ""), "query.a sendv.a sendv.b ");
    EXPECT_EQ(selected("core-*", "*.a"), "query.a sendv.a ");
    EXPECT_EQ(selected("core-pair", "sendv.?"), "sendv.b ");
    EXPECT_EQ(selected("", "sendv.b,query.*"), "query.a sendv.b ");
}

TEST_F(SelectionTest, what_takes_long_is_named)
{
    catalogue_.cases.push_back({"fuzz.a", "fuzz", {}, "", 4});
    EXPECT_EQ(selected("", ""), "query.a sendv.a sendv.b ");
    EXPECT_EQ(selected("*", ""), "query.a sendv.a sendv.b ");
    EXPECT_EQ(selected("core-pair,fuzz", ""), "sendv.b fuzz.a ");
    EXPECT_EQ(selected("", "*.a"), "query.a sendv.a ");
    EXPECT_THROW(selected("", "fuzz.*"), UsageError);
    EXPECT_THROW(selected("fu*", ""), UsageError);
}

TEST_F(SelectionTest, a_glob_without_a_match_is_refused_even_beside_one_with)
{
    EXPECT_THROW(selected("", "sendv.*,sendw.*"), UsageError);
    EXPECT_THROW(selected("core-pear", ""), UsageError);
    EXPECT_THROW(selected("core-pair", "query.*"), UsageError);
    EXPECT_THROW(selected("", ","), UsageError);
}

TEST_F(SelectionTest, a_sample_narrows_and_may_leave_nothing)
{
    Wish wish;
    wish.sample = "query.*";
    ASSERT_EQ(sampled_cases(catalogue_, wish).size(), 1u);
    EXPECT_EQ(sampled_cases(catalogue_, wish)[0]->id, "query.a");
    wish.filter = "sendv.*";
    EXPECT_TRUE(sampled_cases(catalogue_, wish).empty());
}

TEST_F(SelectionTest, guests_are_told)
{
    const std::vector<Role> roles{{"lead", "lead", 1}, {"peer", "peer", 2}};
    Wish wish;
    EXPECT_EQ(guest_command_line(roles[0], roles, wish, ""), "role=lead peer=2 seed=1 slow=1");
    wish.profile = "core-*";
    wish.filter = "a,b";
    wish.mechanism = "pio";
    wish.seed = 9;
    wish.timeout_factor = 2.1;
    EXPECT_EQ(guest_command_line(roles[1], roles, wish, "x.y"),
              "role=peer lead=1 profile=core-* filter=a,b after=x.y mechanism=pio seed=9 slow=3");
    wish = Wish();
    wish.mechanism = every_mechanism;
    wish.sample = "query.*";
    EXPECT_EQ(guest_command_line(roles[0], roles, wish, ""), "role=lead peer=2 sample=query.* seed=1 slow=1");
    wish = Wish();
    const std::vector<Role> many{{"lead", "lead", 1}, {"crowd-4", "crowd", 4}, {"crowd-5", "crowd", 5}};
    EXPECT_EQ(guest_command_line(many[0], many, wish, ""), "role=lead crowd=4-5 seed=1 slow=1");
    EXPECT_EQ(guest_command_line(many[2], many, wish, ""), "role=crowd lead=1 seed=1 slow=1");
    wish.soak = true;
    EXPECT_EQ(guest_command_line(many[2], many, wish, ""), "role=crowd lead=1 races=100000 seed=1 slow=1");
    wish.soak = false;
    wish.fuzz = 30;
    EXPECT_EQ(guest_command_line(many[2], many, wish, ""), "role=crowd lead=1 fuzz=30 seed=1 slow=1");
    wish.timeout_factor = 0.1;
    EXPECT_TRUE(guest_command_line(roles[0], roles, wish, "").ends_with("slow=1"));
}

} // namespace
