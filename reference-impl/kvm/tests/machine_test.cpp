// SPDX-License-Identifier: Apache-2.0 OR MIT
// How guests live and end.
#include "guest.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace argo::kvm {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class MachineTest : public KvmTest
{
};

TEST_F(MachineTest, prints_and_shuts_down)
{
    const auto machine = make(configure("hello", 1, "command_line = 'from the topology'"));
    machine->start();
    const auto end = await(*machine);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->text(), "shutdown");
    machine->stop();
    EXPECT_THAT(lines_.lines(), ElementsAre("[hello] from the topology", "[hello] hello"));
}

TEST_F(MachineTest, has_the_consoles_that_it_is_given)
{
    const auto machine = make(configure("hello", 1, "consoles = ['uart']\ncommand_line = 'unheard'"));
    machine->start();
    ASSERT_TRUE(await(*machine).has_value());
    machine->stop();
    EXPECT_THAT(lines_.lines(), ElementsAre("[hello] hello"));
}

TEST_F(MachineTest, a_triple_fault_is_a_crash_with_its_rip)
{
    const auto machine = make(configure("triple"));
    machine->start();
    const auto end = await(*machine);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->kind, End::Kind::crash);
    EXPECT_THAT(end->text(), MatchesRegex("crash: triple fault, vCPU 0, RIP 0x(100007|fff0 .reset.)"));
}

TEST_F(MachineTest, the_watchdog_ends_a_guest_that_runs_for_ever)
{
    const auto machine = make(configure("spin", 1, "watchdog = 1"));
    const auto begin = Clock::now();
    machine->start();
    const auto end = await(*machine);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->kind, End::Kind::watchdog);
    EXPECT_THAT(end->why, HasSubstr("RIP 0x100000"));
    EXPECT_GE(Clock::now() - begin, 1s);
}

TEST_F(MachineTest, the_watchdog_leaves_a_halted_guest_alone)
{
    const auto machine = make(configure("halt", 1, "watchdog = 1"));
    machine->start();
    EXPECT_FALSE(await(*machine, 2500ms).has_value());
    machine->end({End::Kind::killed, {}});
    machine->stop();
    EXPECT_EQ(machine->ended()->text(), "killed");
}

TEST_F(MachineTest, without_a_watchdog_a_guest_may_run_for_ever)
{
    const auto machine = make(configure("spin"));
    machine->start();
    EXPECT_FALSE(await(*machine, 1500ms).has_value());
}

TEST_F(MachineTest, a_second_vcpu_starts_by_ipi_and_knows_its_apic_id)
{
    const auto machine = make(configure("smp", 1, "vcpus = 2"));
    machine->start();
    const auto end = await(*machine);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->text(), "shutdown");
    machine->stop();
    EXPECT_THAT(lines_.lines(), ElementsAre("[smp] 1"));
}

TEST_F(MachineTest, the_watchdog_watches_every_vcpu)
{
    const auto machine = make(configure("smp-spin", 1, "vcpus = 3\nwatchdog = 1"));
    machine->start();
    const auto end = await(*machine);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->kind, End::Kind::watchdog);
    EXPECT_THAT(end->why, StartsWith("vCPU 1 ")) << "0 is halted, and 2 was never started";
}

TEST_F(MachineTest, a_flood_is_cut_into_lines_and_made_harmless)
{
    const auto machine = make(configure("flood"));
    machine->start();
    EXPECT_FALSE(await(*machine, 500ms).has_value());
    machine->end({End::Kind::killed, {}});
    machine->stop();
    const auto lines = lines_.lines();
    ASSERT_FALSE(lines.empty());
    for (const auto& line : lines) {
        EXPECT_LE(line.size(), Console::longest_line + sizeof "[flood] ");
        EXPECT_EQ(line.find('\x1b'), std::string::npos);
        EXPECT_THAT(line, StartsWith("[flood] \\x1b"));
    }
}

TEST_F(MachineTest, one_crashes_and_the_other_goes_on)
{
    const auto good = make(configure("halt", 1));
    const auto bad = make(configure("triple", 2));
    good->start();
    bad->start();
    ASSERT_TRUE(await(*bad).has_value());
    EXPECT_FALSE(await(*good, 200ms).has_value());
}

TEST_F(MachineTest, the_first_reason_counts)
{
    const auto machine = make(configure("triple"));
    machine->start();
    ASSERT_TRUE(await(*machine).has_value());
    machine->end({End::Kind::killed, {}});
    EXPECT_EQ(machine->ended()->kind, End::Kind::crash);
}

TEST_F(MachineTest, a_domid_is_free_again_when_its_domain_is_gone)
{
    auto machine = make(configure("halt", 5));
    machine->start();
    EXPECT_THROW(make(configure("hello", 5)), Failure) << "while it lives";
    machine.reset();
    EXPECT_NO_THROW(make(configure("hello", 5)));
}

TEST_F(MachineTest, many_come_and_go_without_a_trace)
{
    const auto open_files = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                             std::filesystem::directory_iterator());
    };
    const auto before = open_files();
    for (int i = 0; i < 20; ++i) {
        const auto machine = make(configure("hello"));
        machine->start();
        ASSERT_TRUE(await(*machine).has_value());
    }
    EXPECT_EQ(open_files(), before);
}

TEST_F(MachineTest, memory_ends_where_the_topology_says)
{
    const auto machine = make(configure("hello", 1, "memory = 64"));
    constexpr uint64_t pages = 64 * mebibyte / page_size;
    EXPECT_NE(machine->memory().page(pages - 1), nullptr);
    EXPECT_EQ(machine->memory().page(pages), nullptr);
    EXPECT_EQ(machine->memory().page(~0ull), nullptr);
}

} // namespace
} // namespace argo::kvm
