// SPDX-License-Identifier: Apache-2.0 OR MIT
// What people are told: explanations, and differences between rules.
#include "policy/explain.hpp"

#include <gtest/gtest.h>

namespace argo::policy {
namespace {

const std::string text = R"(labels = ["guest_t", "storage_t"]
[ports]
disk = "0x100-0x1ff"
[[allow]]
hooks = ["enable", "vector"]
domain = "*"
[[allow]]
hooks = ["register", "accept"]
domain = "storage_t"
port = "disk"
peer = "guest_t"
[[allow]]
hooks = ["send", "notify"]
domain = "guest_t"
port = "*"
peer = "storage_t"
peer_port = "disk"
)";

TEST(Explain, NamesTheRuleAndWhatTheGuestSees)
{
    const auto rules = parse_rules(text, "r.toml");
    const auto good = explain(rules, {"guest_t", 9}, {"storage_t", 0x100});
    EXPECT_NE(good.find("guest_t:0x9 (other) -> storage_t:0x100 (disk)"), std::string::npos) << good;
    EXPECT_NE(good.find("line 12"), std::string::npos) << good;
    EXPECT_NE(good.find("A message passes, once the receiver has its ring."), std::string::npos) << good;

    const auto bad = explain(rules, {"guest_t", 9}, {"storage_t", 0x200});
    EXPECT_NE(bad.find("sendv is EACCES, as to an absent domain"), std::string::npos) << bad;
    EXPECT_NE(bad.find("A message cannot pass."), std::string::npos) << bad;
}

TEST(Explain, RefusesWhatIsNoEnd)
{
    EXPECT_THROW(parse_end("guest_t"), Trouble);
    EXPECT_THROW(parse_end("guest_t:x"), Trouble);
    EXPECT_THROW(parse_end("guest_t:0x100000000"), Trouble);
    EXPECT_THROW(explain(parse_rules(text, "r.toml"), {"gest_t", 9}, {"storage_t", 1}), Trouble);
}

TEST(Difference, IsOfWhatIsAllowedAndNotOfHowItIsWritten)
{
    auto same = text;
    same.replace(same.find("\"0x100-0x1ff\""), 13, "[\"0x180-0x1ff\", \"0x100-0x17f\"]");
    EXPECT_EQ(difference(parse_rules(text, "a"), parse_rules(same, "b")), "");

    auto wider = text;
    wider.replace(wider.find("0x1ff"), 5, "0x2ff");
    EXPECT_EQ(difference(parse_rules(text, "a"), parse_rules(wider, "b")),
              "+ register storage_t:disk[0x200-0x2ff]\n"
              "+ accept storage_t:disk[0x200-0x2ff] -> guest_t\n"
              "+ send guest_t:other -> storage_t:disk[0x200-0x2ff]\n"
              "+ send guest_t:disk[0x200-0x2ff] -> storage_t:disk[0x200-0x2ff]\n"
              "+ send guest_t:disk[0x100-0x1ff] -> storage_t:disk[0x200-0x2ff]\n"
              "+ notify guest_t -> storage_t:disk[0x200-0x2ff]\n");
    EXPECT_NE(difference(parse_rules(wider, "a"), parse_rules(text, "b")).find("- register"),
              std::string::npos);
}

} // namespace
} // namespace argo::policy
