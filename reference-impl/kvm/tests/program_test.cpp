// SPDX-License-Identifier: Apache-2.0 OR MIT
// The program: what it prints, what it takes, how it ends.
#include "program.hpp"

#include "guest.hpp"
#include "policy/compile.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace argo::kvm {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

/// A directory that goes with the test.
class Directory
{
  public:
    Directory()
    {
        std::string name = std::filesystem::temp_directory_path() / "argo-vmm-test-XXXXXX";
        if (!::mkdtemp(name.data())) throw std::runtime_error("no directory for the test");
        path_ = name;
        std::filesystem::permissions(path_, std::filesystem::perms(0755));
    }
    ~Directory() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const
    {
        std::ofstream(file(name)) << text;
        return file(name);
    }

  private:
    std::filesystem::path path_;
};

std::string domain(const std::string& name, unsigned domid, const std::string& image,
                   const std::string& more = "")
{
    return fmt::format("[[domain]]\nname = '{}'\ndomid = {}\nimage = '{}'\n{}\n", name, domid,
                       guest_image(image), more);
}

/// What needs no KVM.
class UsageTest : public testing::Test
{
  protected:
    Directory directory_;
};

/// What does.
class ProgramTest : public KvmTest
{
  protected:
    Directory directory_;
};

TEST_F(UsageTest, help_and_version_go_to_standard_output)
{
    const auto help = Program::run({"--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.output, HasSubstr("probe"));
    EXPECT_EQ(help.errors, "");
    const auto version = Program::run({"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_THAT(version.output, MatchesRegex("argo-vmm [0-9.]+ .Argo ABI 1\\.0.\n"));
}

TEST_F(UsageTest, wrong_arguments_are_refused_in_one_line)
{
    const std::vector<std::vector<std::string>> wrong = {
        {},           {"rum"},           {"run"},   {"run", "t", "u"},          {"run", "t", "--contrl"},
        {"--contrl"}, {"probe", "more"}, {"check"}, {"run", "t", "--counters"},
    };
    for (const auto& arguments : wrong) {
        const auto result = Program::run(arguments);
        EXPECT_EQ(result.exit_code, 2) << testing::PrintToString(arguments);
        EXPECT_EQ(result.output, "");
        EXPECT_THAT(result.errors, MatchesRegex("argo-vmm: [^\n]+; see argo-vmm --help\n"));
    }
}

TEST_F(UsageTest, a_good_topology_is_called_good)
{
    const auto one = directory_.write("one.toml", domain("a", 1, "hello"));
    const auto two = directory_.write("two.toml", domain("a", 1, "hello") + domain("b", 2, "halt"));
    EXPECT_EQ(Program::run({"check", one}).output, one + ": good, 1 domain\n");
    EXPECT_EQ(Program::run({"check", two}).output, two + ": good, 2 domains\n");
    const auto result = Program::run({"run", "--check", two});
    EXPECT_EQ(result.output, two + ": good, 2 domains\n");
    EXPECT_EQ(result.exit_code, 0);
}

struct Wrong
{
    std::string text;
    std::string sentence; ///< after the file's name
};

TEST_F(UsageTest, a_wrong_topology_is_refused_by_check_and_by_run)
{
    std::filesystem::create_directory(directory_.file("directory"));
    const auto text =
        directory_.write("text", "hello, world: this is text and no image, for 64 bytes and some more");
    const Wrong table[] = {
        {"", ":1: there is no [[domain]]; a topology has one or more"},
        {domain("a", 1, "hello", "memroy = 8"),
         ":5: unknown key 'memroy' in [[domain]]; did you mean 'memory'?"},
        {domain("a", 1, "hello", "vcpus = 0"), ":5: 'vcpus' in [[domain]] is 0; it goes from 1 to 64"},
        {domain("a", 1, "hello") + domain("b", 1, "hello"),
         ":6: [[domain]] has the domid 1 of 'a'; each needs its own"},
        {"[[domain]]\nname = 'a'\ndomid = 1\nimage = 'text'", text + ": not an ELF file"},
        {"[[domain]]\nname = 'a'\ndomid = 1\nimage = 'missing'",
         directory_.file("missing") + ": cannot read the image: No such file or directory"},
        {"[[domain]]\nname = 'a'\ndomid = 1\nimage = 'directory'",
         directory_.file("directory") + ": cannot read the image: Is a directory"},
    };
    for (const auto& [content, sentence] : table) {
        const auto file = directory_.write("t.toml", content);
        const auto expected = "argo-vmm: " + (sentence.starts_with(':') ? file + sentence : sentence) + "\n";
        for (const auto* command : {"check", "run"}) {
            const auto result = Program::run({command, file});
            EXPECT_EQ(result.errors, expected);
            EXPECT_EQ(result.exit_code, 2);
            EXPECT_EQ(result.output, "");
        }
    }
}

TEST_F(UsageTest, an_unreadable_topology_is_refused)
{
    const auto missing = Program::run({"run", "/no/such/topology"});
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_EQ(missing.errors,
              "argo-vmm: /no/such/topology: cannot read the topology: No such file or directory\n");
    const auto directory = Program::run({"check", "/"});
    EXPECT_EQ(directory.exit_code, 2);
    EXPECT_EQ(directory.errors, "argo-vmm: /: cannot read the topology: not a file\n");
}

TEST_F(UsageTest, a_counters_file_that_cannot_be_written_is_refused_before_anything_runs)
{
    const auto topology = directory_.write("t.toml", domain("a", 1, "hello"));
    const auto result = Program::run({"run", topology, "--counters", "/no/such/directory/counters"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.output, "");
    EXPECT_EQ(result.errors,
              "argo-vmm: /no/such/directory/counters: cannot write: No such file or directory\n");
}

TEST_F(UsageTest, a_missing_device_is_told)
{
    const auto topology = directory_.write("t.toml", domain("a", 1, "hello"));
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"run", topology, "--device", "/no/such/kvm"}, {"probe", "--device", "/no/such/kvm"}}) {
        const auto result = Program::run(arguments);
        EXPECT_EQ(result.exit_code, 4);
        EXPECT_EQ(result.output, "");
        EXPECT_THAT(result.errors,
                    StartsWith("argo-vmm: /no/such/kvm: no such device; load kvm_intel or kvm_amd"));
        EXPECT_EQ(std::ranges::count(result.errors, '\n'), 1);
    }
}

TEST_F(UsageTest, what_is_not_kvm_is_told)
{
    const auto result = Program::run({"probe", "--device", "/dev/null"});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_EQ(result.errors, "argo-vmm: /dev/null: not a KVM device; the usual one is /dev/kvm\n");
}

TEST_F(UsageTest, a_missing_permission_is_told)
{
    const auto device = directory_.write("kvm", "");
    std::filesystem::permissions(device, std::filesystem::perms::none);
    const bool root = ::geteuid() == 0; // whom no permission stops
    const auto result =
        Program::run({"probe", "--device", device}, root ? Program::User::nobody : Program::User::same);
    if (result.exit_code == 127) GTEST_SKIP() << "another user cannot run the program where it was built";
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_EQ(result.errors, "argo-vmm: " + device + ": permission denied; add yourself to group kvm\n");
}

TEST_F(UsageTest, probe_tells_as_json_too_what_is_missing)
{
    const auto result = Program::run({"probe", "--json", "--device", "/no/such/kvm"});
    EXPECT_EQ(result.exit_code, 4);
    const auto told = nlohmann::json::parse(result.output);
    EXPECT_EQ(told["usable"], false);
    EXPECT_THAT(told["reason"].get<std::string>(), StartsWith("/no/such/kvm: no such device"));
}

TEST_F(ProgramTest, probe_runs_a_guest)
{
    const auto human = Program::run({"probe"});
    EXPECT_EQ(human.exit_code, 0);
    EXPECT_THAT(human.output, HasSubstr("a guest ran to its end and its call was answered"));
    EXPECT_THAT(human.output, HasSubstr("MSR filter"));

    const auto result = Program::run({"probe", "--json"});
    EXPECT_EQ(result.exit_code, 0);
    const auto told = nlohmann::json::parse(result.output);
    EXPECT_EQ(told["usable"], true);
    EXPECT_EQ(told["guest"]["completed"], true);
    EXPECT_EQ(told["guest"]["msr_exits"], 1);
    EXPECT_EQ(told["features"]["MSR filter"], true);
    EXPECT_THAT(told["kind"].get<std::string>(), MatchesRegex("hardware|software"));
}

TEST_F(ProgramTest, a_mechanism_that_this_kvm_lacks_is_refused_before_anything_runs)
{
    const auto topology = directory_.write("t.toml", domain("a", 1, "halt", "mechanisms = ['vmcall']"));
    if (System("/dev/kvm").hands_out_hypercalls()) GTEST_SKIP() << "this KVM has them all";
    const auto result = Program::run({"run", topology});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors, StartsWith("argo-vmm: domain a: mechanism vmcall needs KVM's Xen-style exit"));
}

TEST_F(ProgramTest, runs_until_the_last_domain_has_ended)
{
    const auto topology = directory_.write("t.toml", domain("a", 1, "hello", "command_line = 'I am a'") +
                                                         domain("b", 2, "hello"));
    const auto result = Program::run({"run", topology});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.errors, "");
    for (const auto* line : {"[host] a started\n", "[a] I am a\n", "[a] hello\n", "[host] a ended shutdown\n",
                             "[host] b started\n", "[b] hello\n", "[host] b ended shutdown\n"}) {
        EXPECT_THAT(result.output, HasSubstr(line));
    }
    EXPECT_THAT(result.output, EndsWith("\n[host] exited\n"));
    EXPECT_LT(result.output.find("[a] hello"), result.output.find("[host] a ended"));
}

TEST_F(ProgramTest, a_crash_is_an_exit_code_and_leaves_the_others_alone)
{
    const auto topology =
        directory_.write("t.toml", domain("bad", 1, "triple") + domain("slow", 2, "spin", "watchdog = 1") +
                                       domain("good", 3, "smp", "vcpus = 2"));
    const auto result = Program::run({"run", topology});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr("[host] bad ended crash: triple fault, vCPU 0, RIP 0x"));
    EXPECT_THAT(result.output, HasSubstr("[host] slow ended watchdog: vCPU 0 has run for 1 s"));
    EXPECT_THAT(result.output, HasSubstr("[host] good ended shutdown"));

    const auto controlled = directory_.write("u.toml", domain("bad", 1, "triple"));
    Program program({"run", controlled, "--control"});
    EXPECT_EQ(program.finish().exit_code, 0) << "who controls sees what happened";
}

TEST_F(ProgramTest, control_kills_and_starts_domains)
{
    const auto topology = directory_.write("t.toml", domain("a", 1, "halt") + domain("b", 2, "halt"));
    Program program({"run", topology, "--control"});
    ASSERT_TRUE(program.expect("[host] b started\n"));
    program.write("kill a\n");
    ASSERT_TRUE(program.expect("[host] a ended killed\n"));
    program.write("start a\n");
    program.write("restart b\n");
    ASSERT_TRUE(program.expect("[host] b ended killed\n[host] b started\n"));
    program.write("kil a\nkill c\nstart a\nkill aa\n");
    program.write("quit\n");
    const auto result = program.finish();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.output, "[host] a started\n[host] b started\n"
                             "[host] a ended killed\n[host] a started\n"
                             "[host] b ended killed\n[host] b started\n"
                             "[host] a ended killed\n[host] b ended killed\n[host] exited\n");
    EXPECT_EQ(result.errors, "argo-vmm: control: 'kil' is no command; there are kill, start, restart, "
                             "policy and quit; did you mean 'kill'?\n"
                             "argo-vmm: control: no domain is named 'c'\n"
                             "argo-vmm: control: 'a' runs already\n"
                             "argo-vmm: control: no domain is named 'aa'\n");
}

TEST_F(ProgramTest, control_puts_a_policy_in_force_or_says_why_not)
{
    using namespace policy;
    const auto compiled = [&](const char* name, const std::string& labels) {
        const auto rules = "labels = " + labels + "\n[[allow]]\nhooks = 'enable'\ndomain = '*'\n";
        return directory_.write(name, compile_for_engine(parse_rules(rules, name)));
    };
    const auto good = compiled("good policy", "[\"a_t\", \"b_t\"]"), other = compiled("other", "\"b_t\"");
    const auto none = directory_.write("none", "labels = []\n and so on, which is no compiled policy");
    const auto topology =
        directory_.write("t.toml", "policy = 'good policy'\n" + domain("a", 1, "halt", "label = 'a_t'"));
    Program program({"run", topology, "--control"});
    ASSERT_TRUE(program.expect("[host] policy " + good + " loaded\n[host] a started\n"));
    program.write("policy " + other + "\npolicy " + none + "\npolicy " + good + "\n");
    ASSERT_TRUE(program.expect("started\n[host] policy " + good + " loaded\n"));
    program.write("quit\n");
    const auto result = program.finish();
    EXPECT_EQ(result.errors, "argo-vmm: " + other +
                                 ": the policy does not know the label 'a_t' of domain 'a'; did you "
                                 "mean 'b_t'?\n"
                                 "argo-vmm: " +
                                 none +
                                 ": it is no policy that argo-policy compiled for the engine; make it "
                                 "with: argo-policy compile RULES --to engine --out " +
                                 none + "\n");
}

TEST_F(UsageTest, a_policy_that_does_not_fit_the_topology_is_refused)
{
    const auto compiled = policy::compile_for_engine(policy::parse_rules("labels = \"a_t\"\n", "p"));
    ASSERT_EQ(directory_.write("p", compiled), directory_.file("p"));
    const auto refused = [&](const std::string& policy, const std::string& more) {
        const auto file =
            directory_.write("t.toml", "policy = '" + policy + "'\n" + domain("a", 1, "hello", more));
        const auto result = Program::run({"check", file});
        EXPECT_EQ(result.exit_code, 2) << result.output;
        return result.errors;
    };
    EXPECT_EQ(refused("missing", ""), "argo-vmm: " + directory_.file("missing") +
                                          ": cannot read the policy: No such file or directory\n");
    EXPECT_EQ(refused("p", ""),
              "argo-vmm: " + directory_.file("p") +
                  ": domain 'a' has no label in the topology; with a policy each needs one\n");
    EXPECT_EQ(refused("p", "label = 'b_t'"),
              "argo-vmm: " + directory_.file("p") +
                  ": the policy does not know the label 'b_t' of domain 'a'; did you "
                  "mean 'a_t'?\n");
}

TEST_F(ProgramTest, control_restarts_an_ended_domain_and_refuses_to_kill_it)
{
    const auto topology = directory_.write("t.toml", domain("a", 1, "halt") + domain("b", 2, "hello"));
    Program program({"run", topology, "--control"});
    ASSERT_TRUE(program.expect("[host] b ended shutdown\n"));
    program.write("kill b\nrestart b\n");
    ASSERT_TRUE(program.expect("[host] b ended shutdown\n[host] b started\n"));
    program.write("kill a\n");
    const auto result = program.finish();
    EXPECT_EQ(result.exit_code, 0) << "all have ended, so there is nothing to control";
    EXPECT_EQ(result.errors, "argo-vmm: control: 'b' does not run\n");
}

TEST_F(ProgramTest, nothing_is_obeyed_after_quit)
{
    const auto topology = directory_.write("t.toml", domain("a", 1, "halt"));
    Program program({"run", topology, "--control"});
    ASSERT_TRUE(program.expect("[host] a started\n"));
    program.write("quit\nrestart a\nnonsense\n");
    const auto result = program.finish();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.output, "[host] a started\n[host] a ended killed\n[host] exited\n");
    EXPECT_EQ(result.errors, "");
}

TEST_F(ProgramTest, the_end_of_control_input_means_quit)
{
    const auto topology = directory_.write("t.toml", domain("a", 1, "halt"));
    Program program({"run", topology, "--control"});
    ASSERT_TRUE(program.expect("[host] a started\n"));
    program.close_input();
    const auto result = program.finish();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.output, "[host] a started\n[host] a ended killed\n[host] exited\n");

    Program unfinished({"run", topology, "--control"});
    ASSERT_TRUE(unfinished.expect("[host] a started\n"));
    unfinished.write("kill a");
    unfinished.close_input();
    EXPECT_EQ(unfinished.finish().output, "[host] a started\n[host] a ended killed\n[host] exited\n");
}

TEST_F(ProgramTest, a_domain_that_cannot_start_again_says_why)
{
    const auto image = directory_.file("image");
    std::filesystem::copy(guest_image("halt"), image);
    const auto topology = directory_.write("t.toml", "[[domain]]\nname = 'a'\ndomid = 1\nimage = 'image'\n" +
                                                         domain("b", 2, "halt"));
    Program program({"run", topology, "--control"});
    ASSERT_TRUE(program.expect("[host] b started\n"));
    std::filesystem::remove(image);
    program.write("restart a\n");
    ASSERT_TRUE(program.expect("[host] a ended crash: it could not start: " + image));
    program.write("quit\n");
    EXPECT_EQ(program.finish().exit_code, 0);
}

TEST_F(ProgramTest, an_interrupt_ends_everything_within_a_second)
{
    const auto topology = directory_.write("t.toml", domain("loud", 1, "flood") + domain("idle", 2, "halt") +
                                                         domain("busy", 3, "spin"));
    Program program({"run", topology});
    ASSERT_TRUE(program.expect("[host] busy started\n"));
    ASSERT_TRUE(program.expect("[loud] "));
    const auto begin = std::chrono::steady_clock::now();
    program.signal(SIGINT);
    const auto result = program.finish();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
    EXPECT_EQ(result.exit_code, 130);
    EXPECT_THAT(result.output, EndsWith("[host] exited\n")) << "the last line is whole";
    EXPECT_THAT(result.output, HasSubstr("[host] busy ended killed\n"));
}

TEST_F(ProgramTest, an_interrupt_works_when_nobody_reads_the_output)
{
    const auto topology = directory_.write("t.toml", domain("loud", 1, "flood"));
    Program program({"run", topology});
    ASSERT_TRUE(program.expect("[loud] "));
    std::this_thread::sleep_for(2s); // the pipe is full by now
    program.signal(SIGTERM);
    const auto result = program.finish();
    EXPECT_EQ(result.exit_code, 128 + SIGTERM);
}

TEST_F(ProgramTest, a_closed_output_ends_it)
{
    const auto topology = directory_.write("t.toml", domain("loud", 1, "flood"));
    Program program({"run", topology});
    ASSERT_TRUE(program.expect("[loud] "));
    program.close_output();
    const auto result = program.finish();
    EXPECT_EQ(result.exit_code, 128 + SIGPIPE);
    EXPECT_EQ(result.errors, "argo-vmm: standard output was closed\n");
}

TEST_F(ProgramTest, counters_are_written_for_each_domain_and_in_all)
{
    const auto topology =
        directory_.write("t.toml", domain("a", 1, "hello", "command_line = ''\nconsoles = ['debug']") +
                                       domain("b", 2, "triple"));
    const auto file = directory_.file("counters.json");
    EXPECT_EQ(Program::run({"run", topology, "--counters", file}).exit_code, 1);
    std::ifstream stream(file);
    const auto counters = nlohmann::json::parse(stream);
    EXPECT_EQ(counters["domains"]["a"]["starts"], 1);
    EXPECT_GE(counters["domains"]["a"]["exits"]["io"], 3) << "end of line, a string, the shutdown";
    EXPECT_EQ(counters["domains"]["a"]["calls"]["msr"], 0);
    EXPECT_EQ(counters["domains"]["b"]["exits"]["shutdown"], 1);
    EXPECT_EQ(counters["total"]["exits"]["shutdown"], 1);
    EXPECT_EQ(counters["total"]["starts"], 2);
    EXPECT_EQ(counters["engine"]["messages"], 0);
}

} // namespace
} // namespace argo::kvm
