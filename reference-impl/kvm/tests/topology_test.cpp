// SPDX-License-Identifier: Apache-2.0 OR MIT
// Topologies: what is understood, and the sentence for each thing that is not.
#include "kvm/topology.hpp"

#include "kvm/error.hpp"
#include "kvm/memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace argo::kvm {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view least = "[[domain]]\nname = 'a'\ndomid = 1\nimage = 'i'\n";

std::string with(std::string_view more) { return std::string(least) + std::string(more); }

TEST(Topology, fills_in_what_is_not_said)
{
    const auto topology = parse_topology(least, "dir/t.toml");
    ASSERT_EQ(topology.domains.size(), 1u);
    const auto& domain = topology.domains[0];
    EXPECT_EQ(domain.name, "a");
    EXPECT_EQ(domain.domid, 1);
    EXPECT_EQ(domain.image, "dir/i") << "relative to the topology";
    EXPECT_EQ(domain.memory, 16 * mebibyte);
    EXPECT_EQ(domain.vcpus, 1u);
    EXPECT_EQ(domain.command_line, "");
    EXPECT_TRUE(domain.mechanisms.empty()) << "all that KVM can";
    EXPECT_EQ(domain.doorbells.msr, 0x40000300u);
    EXPECT_EQ(domain.doorbells.mmio, 0xfe000000u);
    EXPECT_EQ(domain.doorbells.pio, 0x4150);
    EXPECT_EQ(domain.watchdog, 0s);
    EXPECT_TRUE(domain.consoles.uart && domain.consoles.debug);
    EXPECT_EQ(domain.apic, Apic::xapic);
    EXPECT_EQ(domain.irqchip, Irqchip::kernel);
    EXPECT_FALSE(domain.absent);
}

TEST(Topology, understands_every_key)
{
    const auto topology = parse_topology(R"(
[[domain]]
name = "lead-1"
domid = 0x7fef
label = "lead_t"
memory = 3072
vcpus = 64
image = "/images/guest.elf"
command_line = "role=lead peer=2"
mechanisms = ["pio", "msr"]
doorbells = { msr = 0x40000000, mmio = 0xd0000000, pio = 0x1000 }
watchdog = 3600
consoles = ["debug"]
apic = "x2apic"
irqchip = "split"
absent = true

[[domain]]
name = "b"
domid = 0
image = "i"
consoles = []
)",
                                         "t.toml");
    ASSERT_EQ(topology.domains.size(), 2u);
    const auto& domain = topology.domains[0];
    EXPECT_EQ(domain.name, "lead-1");
    EXPECT_EQ(domain.domid, 0x7fef);
    EXPECT_EQ(domain.label, "lead_t");
    EXPECT_EQ(domain.memory, 3072 * mebibyte);
    EXPECT_EQ(domain.vcpus, 64u);
    EXPECT_EQ(domain.image, "/images/guest.elf");
    EXPECT_EQ(domain.command_line, "role=lead peer=2");
    EXPECT_EQ(domain.mechanisms, (std::vector{Mechanism::pio, Mechanism::msr}));
    EXPECT_EQ(domain.doorbells.msr, 0x40000000u);
    EXPECT_EQ(domain.doorbells.mmio, 0xd0000000u);
    EXPECT_EQ(domain.doorbells.pio, 0x1000);
    EXPECT_EQ(domain.watchdog, 3600s);
    EXPECT_TRUE(domain.consoles.debug);
    EXPECT_FALSE(domain.consoles.uart);
    EXPECT_EQ(domain.apic, Apic::x2apic);
    EXPECT_EQ(domain.irqchip, Irqchip::split);
    EXPECT_TRUE(domain.absent);
    EXPECT_FALSE(topology.domains[1].consoles.uart || topology.domains[1].consoles.debug);
}

struct Refusal
{
    std::string text;
    std::string sentence;
};

class TopologyRefusal : public testing::TestWithParam<Refusal>
{
};

TEST_P(TopologyRefusal, names_the_line_and_the_reason)
{
    try {
        parse_topology(GetParam().text, "t.toml");
        FAIL() << "accepted: " << GetParam().text;
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.what(), GetParam().sentence);
        EXPECT_EQ(failure.code, Exit::usage);
    }
}

const Refusal refusals[] = {
    {"", "t.toml:1: there is no [[domain]]; a topology has one or more"},
    {"domain = []", "t.toml:1: there is no [[domain]]; a topology has one or more"},
    {"domain = 3", "t.toml:1: 'domain' in a topology is an integer; it takes a list"},
    {"domain = [1]", "t.toml:1: [[domain]] is an integer; it takes a table"},
    {"[[domian]]\n", "t.toml:1: unknown key 'domian' in a topology; did you mean 'domain'?"},
    {"[[domain]]\ndomid = 1\nimage = 'i'\n", "t.toml:1: [[domain]] has no 'name'"},
    {"[[domain]]\nname = 'a'\nimage = 'i'\n", "t.toml:1: [[domain]] has no 'domid'"},
    {"[[domain]]\nname = 'a'\ndomid = 1\n", "t.toml:1: [[domain]] has no 'image'"},

    {with("memroy = 16"), "t.toml:5: unknown key 'memroy' in [[domain]]; did you mean 'memory'?"},
    {with("colour = 'red'"), "t.toml:5: unknown key 'colour' in [[domain]]"},
    {with("doorbells = { mrs = 1 }"),
     "t.toml:5: unknown key 'mrs' in 'doorbells' in [[domain]]; did you mean 'msr'?"},

    {with("memory = '16'"), "t.toml:5: 'memory' in [[domain]] is a string; it takes an integer"},
    {with("memory = 16.0"),
     "t.toml:5: 'memory' in [[domain]] is a number with a fraction; it takes an integer"},
    {with("memory = 1"), "t.toml:5: 'memory' in [[domain]] is 1; it goes from 2 to 3072 MiB"},
    {with("memory = 3073"), "t.toml:5: 'memory' in [[domain]] is 3073; it goes from 2 to 3072 MiB"},
    {with("memory = -1"), "t.toml:5: 'memory' in [[domain]] is -1; it goes from 2 to 3072 MiB"},
    {with("vcpus = 0"), "t.toml:5: 'vcpus' in [[domain]] is 0; it goes from 1 to 64"},
    {with("vcpus = 65"), "t.toml:5: 'vcpus' in [[domain]] is 65; it goes from 1 to 64"},
    {with("vcpus = true"), "t.toml:5: 'vcpus' in [[domain]] is true or false; it takes an integer"},
    {with("watchdog = -1"),
     "t.toml:5: 'watchdog' in [[domain]] is -1; it goes from 0 to 3600 seconds; 0 is none"},
    {with("watchdog = 1.5"),
     "t.toml:5: 'watchdog' in [[domain]] is a number with a fraction; it takes an integer"},
    {with("watchdog = 1979-05-27"),
     "t.toml:5: 'watchdog' in [[domain]] is a date or a time; it takes an integer"},
    {with("apic = 'x2'"), "t.toml:5: 'apic' in [[domain]] holds 'x2', and knows xapic and x2apic"},
    {with("apic = 'x2apc'"),
     "t.toml:5: 'apic' in [[domain]] holds 'x2apc', and knows xapic and x2apic; did you mean 'x2apic'?"},
    {with("apic = 2"), "t.toml:5: 'apic' in [[domain]] is an integer; it takes a string"},
    {with("irqchip = 'none'"), "t.toml:5: 'irqchip' in [[domain]] holds 'none', and knows kernel and split"},
    {with("irqchip = true"), "t.toml:5: 'irqchip' in [[domain]] is true or false; it takes a string"},
    {with("absent = 1"), "t.toml:5: 'absent' in [[domain]] is an integer; it takes true or false"},
    {with("command_line = 7"), "t.toml:5: 'command_line' in [[domain]] is an integer; it takes a string"},
    {with("command_line = \"a\\nb\""),
     "t.toml:5: 'command_line' in [[domain]] holds a character that is not printable ASCII"},
    {with("command_line = '" + std::string(2048, 'x') + "'"),
     "t.toml:5: 'command_line' in [[domain]] has 2048 characters; 2047 are the most"},
    {with("label = '" + std::string(32, 'x') + "'"),
     "t.toml:5: 'label' in [[domain]] has 32 characters; 31 are the most"},

    {"[[domain]]\nname = 'a'\ndomid = 0x7ff0\nimage = 'i'",
     "t.toml:3: 'domid' in [[domain]] is 32752; it goes from 0 to 32751; above are reserved numbers"},
    {"[[domain]]\nname = 'a'\ndomid = -1\nimage = 'i'",
     "t.toml:3: 'domid' in [[domain]] is -1; it goes from 0 to 32751; above are reserved numbers"},
    {"[[domain]]\nname = 'A b'\ndomid = 1\nimage = 'i'",
     "t.toml:2: 'name' in [[domain]] is 'A b'; it takes lower-case letters, digits, '-' and '_'"},
    {"[[domain]]\nname = ''\ndomid = 1\nimage = 'i'",
     "t.toml:2: 'name' in [[domain]] is ''; it takes lower-case letters, digits, '-' and '_'"},
    {"[[domain]]\nname = 'host'\ndomid = 1\nimage = 'i'",
     "t.toml:2: 'name' in [[domain]] is 'host', which marks the host's own lines"},
    {with("[[domain]]\nname = 'a'\ndomid = 2\nimage = 'i'"),
     "t.toml:5: [[domain]] has the name 'a' of an earlier one"},
    {with("[[domain]]\nname = 'b'\ndomid = 1\nimage = 'i'"),
     "t.toml:5: [[domain]] has the domid 1 of 'a'; each needs its own"},

    {with("mechanisms = 'msr'"), "t.toml:5: 'mechanisms' in [[domain]] is a string; it takes a list"},
    {with("mechanisms = []"),
     "t.toml:5: 'mechanisms' in [[domain]] is empty; for a domain without Argo, set 'absent'"},
    {with("mechanisms = [1]"), "t.toml:5: 'mechanisms' in [[domain]] is an integer; it takes a string"},
    {with("mechanisms = ['msr', 'mmoi']"), "t.toml:5: 'mechanisms' in [[domain]] holds 'mmoi', and knows "
                                           "msr, mmio, pio and vmcall; did you mean 'mmio'?"},
    {with("mechanisms = ['msr', 'msr']"), "t.toml:5: 'mechanisms' in [[domain]] names 'msr' twice"},
    {with("consoles = ['vga']"), "t.toml:5: 'consoles' in [[domain]] holds 'vga', and knows uart and debug"},

    {with("doorbells = 1"), "t.toml:5: 'doorbells' in [[domain]] is an integer; it takes a table"},
    {with("doorbells = { msr = 0x10 }"), "t.toml:5: 'msr' in 'doorbells' in [[domain]] is 0x10; it goes from "
                                         "0x40000000 to 0x400003ff in steps of 1"},
    {with("doorbells = { mmio = 0xfe000004 }"), "t.toml:5: 'mmio' in 'doorbells' in [[domain]] is "
                                                "0xfe000004; it goes from 0xc0000000 to 0xfebffff8 in steps "
                                                "of 8"},
    {with("doorbells = { mmio = 0x100000 }"), "t.toml:5: 'mmio' in 'doorbells' in [[domain]] is 0x100000; it "
                                              "goes from 0xc0000000 to 0xfebffff8 in steps of 8"},
    {with("doorbells = { mmio = 0xfee00000 }"), "t.toml:5: 'mmio' in 'doorbells' in [[domain]] is "
                                                "0xfee00000; it goes from 0xc0000000 to 0xfebffff8 in steps "
                                                "of 8"},
    {with("doorbells = { pio = 0x3f8 }"),
     "t.toml:5: 'pio' in 'doorbells' in [[domain]] is 0x3f8; it goes from 0x1000 to 0xfffc in steps of 4"},
    {with("doorbells = { pio = 0x4151 }"),
     "t.toml:5: 'pio' in 'doorbells' in [[domain]] is 0x4151; it goes from 0x1000 to 0xfffc in steps of 4"},
};

INSTANTIATE_TEST_SUITE_P(Each, TopologyRefusal, testing::ValuesIn(refusals));

TEST(Topology, passes_on_where_it_is_no_toml)
{
    const std::pair<std::string, const char*> table[] = {
        {with("memory = 16\nmemory = 16"), "t.toml:6: "},
        {"[[domain\n", "t.toml:1: "},
        {with("image ="), "t.toml:5: "},
        {"\xff", "t.toml:1: "},
        {"o=i\n", "t.toml:1: "}, // what stands there, a line's end, is said in the sentence
        {with("\"a\\nb\" = 1"), "t.toml:5: "},
    };
    for (const auto& [text, beginning] : table) {
        try {
            parse_topology(text, "t.toml");
            ADD_FAILURE() << "accepted: " << text;
        } catch (const Failure& failure) {
            EXPECT_THAT(failure.what(), testing::StartsWith(beginning));
            EXPECT_THAT(failure.what(), testing::Not(testing::HasSubstr("\n")));
        }
    }
}

TEST(Topology, takes_so_many_domains_and_no_more)
{
    std::string text;
    for (int i = 0; i < 256; ++i)
        text += fmt::format("[[domain]]\nname = 'd{0}'\ndomid = {0}\nimage = 'i'\n", i);
    EXPECT_EQ(parse_topology(text, "t").domains.size(), 256u);
    text += "[[domain]]\nname = 'last'\ndomid = 256\nimage = 'i'\n";
    EXPECT_THROW(parse_topology(text, "t"), Failure);
}

} // namespace
} // namespace argo::kvm
