// SPDX-License-Identifier: Apache-2.0 OR MIT
// OpenXT's firewall: the rules that come out allow the messages that went through it.
#include "policy/viptables.hpp"

#include <gtest/gtest.h>

namespace argo::policy {
namespace {

bool allows(const Rules& rules, const std::string& from, uint32_t source, const std::string& to,
            uint32_t port)
{
    return rules.decide({Hook::send, rules.label(from), rules.label_of_port(source), rules.label(to),
                         rules.label_of_port(port)}) != nullptr;
}

Rules import(const std::string& text, const DomainLabels& labels = {})
{
    return parse_rules(import_viptables(text, "list", labels), "made");
}

std::string refusal(const std::string& text)
{
    try {
        import_viptables(text, "list", {});
        return "accepted";
    } catch (const Trouble& trouble) {
        return trouble.what();
    }
}

TEST(Viptables, WithoutRulesPassesEverything)
{
    EXPECT_TRUE(allows(import("# nothing\n"), "others_t", 1, "others_t", 2));
}

TEST(Viptables, FirstMatchDecides)
{
    const auto rules = import("viptables -A --dom-in 5 --dom-out 0 --port-out 5555 -j ACCEPT\n"
                              "viptables -A -d 5 -j REJECT\n"
                              "viptables -A -e 5 -q 80 -j REJECT\n",
                              {{5, "guest_t"}, {0, "dom0_t"}});
    EXPECT_TRUE(allows(rules, "guest_t", 1, "dom0_t", 5555));
    EXPECT_FALSE(allows(rules, "guest_t", 1, "dom0_t", 5556));
    EXPECT_FALSE(allows(rules, "guest_t", 1, "others_t", 5555));
    EXPECT_FALSE(allows(rules, "dom0_t", 1, "guest_t", 80));
    EXPECT_TRUE(allows(rules, "dom0_t", 80, "guest_t", 81));
    EXPECT_TRUE(allows(rules, "others_t", 1, "dom0_t", 80));
}

TEST(Viptables, CommandsAreCarriedOutInOrder)
{
    // As OpenXT's daemon does it: deny all, then insert in front.
    const auto rules = import("viptables -A -j ACCEPT\nviptables -F\nviptables -A -j REJECT\n"
                              "viptables -I 1 --dom-in 3 --port-in 7 -j ACCEPT\n"
                              "viptables -I 1 --dom-in 4 -j ACCEPT\nviptables -D --dom-in 4\n"
                              "viptables -L\n");
    EXPECT_TRUE(allows(rules, "domain_3_t", 7, "others_t", 1));
    EXPECT_FALSE(allows(rules, "domain_3_t", 8, "others_t", 1));
    EXPECT_FALSE(allows(rules, "others_t", 7, "domain_3_t", 1));
}

TEST(Viptables, WildcardNumbersAreAny)
{
    const auto rules = import("viptables -A -d 0x7ff4 -e 2 -p 0xffffffff -q 9 -j REJECT\n");
    EXPECT_FALSE(allows(rules, "others_t", 1, "domain_2_t", 9));
    EXPECT_TRUE(allows(rules, "others_t", 1, "domain_2_t", 8));
}

TEST(Viptables, IsRefusedWithTheLine)
{
    EXPECT_EQ(refusal("\nviptables -X\n"),
              "list:2: '-X' is no command of viptables; there are -A, -I, -D, -F and -L; did you mean '-A'?");
    EXPECT_EQ(refusal("viptables -A -d 5\n"), "list:1: the rule has no target; add -j ACCEPT or -j REJECT");
    EXPECT_EQ(refusal("viptables -A -d\n"), "list:1: a value has to follow '-d'");
    EXPECT_EQ(refusal("viptables -A -d 70000 -j ACCEPT\n"),
              "list:1: '70000' is no number for --dom-in; it goes up to 65535");
    EXPECT_EQ(refusal("viptables -A -j DROP\n"), "list:1: 'DROP' is no target; there are ACCEPT and REJECT");
    EXPECT_EQ(refusal("viptables -D 1\n"), "list:1: there is no such rule to delete");
    EXPECT_EQ(refusal("viptables -F now\n"), "list:1: '-F' takes nothing more, and 'now' follows");
}

} // namespace
} // namespace argo::policy
