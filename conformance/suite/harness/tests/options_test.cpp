// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "harness/options.hpp"

#include <gtest/gtest.h>

namespace argo::suite {

TEST(options, nothing_is_a_lead_alone)
{
    const Options options = parse_options("");
    EXPECT_EQ(options.role, Role::lead);
    EXPECT_EQ(options.peer, Options::nobody);
    EXPECT_EQ(options.crowd_size(), 0);
    EXPECT_EQ(options.slow, 1u);
    EXPECT_EQ(options.wrong, "");
}

TEST(options, every_key_is_understood)
{
    const Options options = parse_options(
        "  role=third lead=1 peer=0x10 third=3  crowd=10-42 profile=core-*,wildcard "
        "filter=ring.* sample=call.* after=ring.wraps mechanism=msr seed=18446744073709551615 slow=4 ");
    EXPECT_EQ(options.wrong, "");
    EXPECT_EQ(options.role, Role::third);
    EXPECT_EQ(options.lead, 1);
    EXPECT_EQ(options.peer, 16);
    EXPECT_EQ(options.third, 3);
    EXPECT_EQ(options.crowd_first, 10);
    EXPECT_EQ(options.crowd_size(), 33);
    EXPECT_EQ(options.profile, "core-*,wildcard");
    EXPECT_EQ(options.filter, "ring.*");
    EXPECT_EQ(options.sample, "call.*");
    EXPECT_EQ(options.after, "ring.wraps");
    EXPECT_EQ(options.mechanism, "msr");
    EXPECT_EQ(options.seed, UINT64_MAX);
    EXPECT_EQ(options.slow, 4u);
}

TEST(options, every_role_has_a_name)
{
    for (const Role role : {Role::lead, Role::peer, Role::third, Role::crowd}) {
        const std::string line = std::string("role=") + name(role);
        EXPECT_EQ(parse_options(line).role, role);
        EXPECT_EQ(parse_options(line).wrong, "");
    }
}

TEST(options, the_first_wrong_word_is_kept)
{
    EXPECT_EQ(parse_options("role=lead quiet pear=3").wrong, "quiet");
    EXPECT_EQ(parse_options("pear=3 quiet").wrong, "pear=3");
}

class WrongWord : public testing::TestWithParam<const char*>
{
};

TEST_P(WrongWord, is_reported_and_changes_nothing)
{
    const Options options = parse_options(GetParam());
    EXPECT_EQ(options.wrong, GetParam());
    EXPECT_EQ(options.role, Role::lead);
    EXPECT_EQ(options.peer, Options::nobody);
    EXPECT_EQ(options.crowd_size(), 0);
    EXPECT_EQ(options.seed, 0u);
}

INSTANTIATE_TEST_SUITE_P(options, WrongWord,
                         testing::Values("role=boss", "role=", "role", "=lead", "ROLE=lead",
                                         "peer=", "peer=-1", "peer=65535", "peer=2x", "peer=0x",
                                         "seed=18446744073709551616", "seed=0x1g", "slow=0", "slow=1001",
                                         "crowd=3", "crowd=5-4", "crowd=1-41", "crowd=-3",
                                         "filter=", "rolex=lead"));

} // namespace argo::suite
