// SPDX-License-Identifier: Apache-2.0 OR MIT
// The rules' language: what is understood, and the sentence for what is not.
#include "policy/compile.hpp"

#include <gtest/gtest.h>

namespace argo::policy {
namespace {

std::string refusal(const std::string& text)
{
    try {
        compile_for_engine(parse_rules(text, "r.toml"));
        return "accepted";
    } catch (const Trouble& trouble) {
        return trouble.what();
    }
}

const std::string two = "labels = [\"a_t\", \"b_t\"]\n";

TEST(Rules, AreReadWithTheirLines)
{
    const auto rules =
        parse_rules(two + "[ports]\nstorage = \"0x10-0x1f\"\n[[allow]]\nhooks = \"send\"\n"
                          "domain = \"a_t\"\nport = \"*\"\npeer = \"b_t\"\npeer_port = \"storage\"\n",
                    "r.toml");
    const auto* rule = rules.decide({Hook::send, 0, 0, 1, rules.label_of_port(0x10)});
    ASSERT_NE(rule, nullptr);
    EXPECT_EQ(rule->line, 4u);
    EXPECT_EQ(rules.decide({Hook::send, 1, 0, 0, 1}), nullptr);
    EXPECT_EQ(rules.label_of_port(0xf), 0u);
    EXPECT_EQ(rules.label_of_port(0x1f), 1u);
    EXPECT_EQ(rules.label_of_port(0x20), 0u);
}

TEST(Rules, AreRefusedWithLineAndSuggestion)
{
    EXPECT_EQ(refusal(""), "r.toml:1: there is no 'labels'; it lists the labels of domains");
    EXPECT_EQ(refusal(two + "prots = 1\n"),
              "r.toml:2: unknown key 'prots' in the rules; did you mean 'ports'?");
    EXPECT_EQ(
        refusal("labels = [\"A\"]\n"),
        "r.toml:1: 'A' is no name for a label; it takes lower-case letters, digits and '_', a letter first");
    EXPECT_EQ(refusal("labels = [\"a_t\", \"a_t\"]\n"), "r.toml:1: label 'a_t' stands here twice");
    EXPECT_EQ(refusal(two + "[ports]\nx = \"5-4\"\n"), "r.toml:3: the range 0x5-0x4 ends before it begins");
    EXPECT_EQ(refusal(two + "[ports]\nx = \"5-9\"\ny = 7\n"),
              "r.toml:4: 0x7-0x7 of 'y' overlaps 0x5-0x9 of 'x' in line 3; a port has one label");
    EXPECT_EQ(refusal(two + "[ports]\nother = 7\n"),
              "r.toml:3: 'other' is the label of the ports that have no range; it takes none");
    EXPECT_EQ(refusal(two + "[ports]\nx = \"0x100000000\"\n"),
              "r.toml:3: '0x100000000' is no range of ports; write 7, \"0x10-0x1f\" or a list of such, up to "
              "0xffffffff");
    EXPECT_EQ(
        refusal(two + "[[allow]]\nhooks = \"sned\"\n"),
        "r.toml:3: 'sned' is no hook; there are enable, register, accept, wildcard, send, notify and vector; "
        "did you mean 'send'?");
    EXPECT_EQ(refusal(two + "[[allow]]\nhooks = \"doorbell\"\n"),
              "r.toml:3: hook 'doorbell' is reserved for a draft operation; nothing asks it yet");
    EXPECT_EQ(refusal(two + "[[allow]]\nhooks = \"send\"\ndomain = \"*\"\n"),
              "r.toml:2: [[allow]] has no 'port'; port = \"*\" is all there are");
    EXPECT_EQ(refusal(two + "[[allow]]\nhooks = \"enable\"\ndomain = \"*\"\npeer = \"b_t\"\n"),
              "r.toml:5: none of the hooks of this rule has a 'peer'");
    EXPECT_EQ(refusal(two + "[[allow]]\nhooks = \"enable\"\ndomain = \"c_t\"\n"),
              "r.toml:4: 'c_t' in 'domain' is not declared; did you mean 'a_t'?");
    EXPECT_EQ(refusal(two + "[[allow]]\nhooks = \"enable\"\ndomain = \"-a_t\"\n"),
              "r.toml:4: 'a_t' in 'domain' is taken out, and is not there; put it behind \"*\"");
    EXPECT_EQ(refusal(two + "[[allow]]\nhooks = \"enable\"\ndomain = [\"*\", \"-a_t\", \"-b_t\"]\n"),
              "r.toml:4: 'domain' is empty, so the rule allows nothing");
    EXPECT_EQ(refusal(two + "[[allow]]\nhooks = \"enable\"\ndomain = \"*\"\nif = \"x\"\n"),
              "r.toml:5: 'x' in 'if' is no boolean");
    EXPECT_EQ(refusal(two + "[allow]\n"), "r.toml:2: a rule begins with [[allow]], in two pairs of brackets");
}

TEST(Rules, ThatAreNoTomlAreRefusedWithTheLine)
{
    EXPECT_EQ(refusal("labels = [\n\n").find("r.toml:"), 0u);
    EXPECT_EQ(refusal(two + "labels = 1\n").find("r.toml:2:"), 0u);
}

TEST(Flask, JudgesSourceAndDestinationApart)
{
    const auto rules = parse_rules(two + R"(
[ports]
x = 1
y = 2
[[allow]]
hooks = "send"
domain = "a_t"
port = "x"
peer = "b_t"
peer_port = "y"
[[allow]]
hooks = "send"
domain = "a_t"
port = "y"
peer = "b_t"
peer_port = "x"
)",
                                   "r.toml");
    try {
        compile_for_flask(rules, {});
        FAIL() << "rules that FLASK cannot express were compiled";
    } catch (const Trouble& trouble) {
        EXPECT_EQ(
            std::string(trouble.what()).find("r.toml:12: FLASK judges source port and destination apart"), 0u)
            << trouble.what();
    }
}

TEST(Flask, RefusesTypesThatWouldBeTheSame)
{
    const auto rules = parse_rules(R"(
labels = ["a_t", "a_b_t"]
[ports]
b_c = 1
c = 2
[[allow]]
hooks = "wildcard"
domain = "*"
port = "*"
)",
                                   "r.toml");
    EXPECT_THROW(compile_for_flask(rules, {}), Trouble);
}

} // namespace
} // namespace argo::policy
