// SPDX-License-Identifier: Apache-2.0 OR MIT
// Logs of somebody else's boot: cut at every line, mixed, marked, damaged.
#include "runner/ingest.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/crc32.hpp"
#include "runner/errors.hpp"

using namespace argo::runner;

namespace {

/// The console of a lead that runs x.a, x.b and x.c; each line without its end.
std::vector<std::string> console(const std::vector<std::string>& more = {},
                                 const std::string& mechanism = "msr")
{
    std::vector<std::string> words{"env role=lead mechanism=" + mechanism,
                                   "begin x.a",
                                   "PASS x.a R",
                                   "begin x.b",
                                   "FAIL x.b R why",
                                   "begin x.c",
                                   "PASS x.c R"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<std::string> lines;
    uint32_t crc = 0;
    unsigned seq = 0;
    for (const auto& word : words) {
        lines.push_back(fmt::format("argo-ct 1 {} {}", ++seq, word));
        crc = argo::suite::crc32(crc, lines.back() + "\n");
    }
    lines.push_back(fmt::format("argo-ct 1 {} end cases=3 crc={:08x}", ++seq, crc));
    return lines;
}

class IngestTest : public testing::Test
{
  protected:
    std::string verdicts(const std::vector<std::string>& lines, const std::string& end = "\n")
    {
        std::string text;
        for (const auto& line : lines) text += line + end;
        return verdicts_of(text);
    }

    std::string verdicts_of(const std::string& text)
    {
        const auto path = std::filesystem::path(testing::TempDir()) /
                          testing::UnitTest::GetInstance()->current_test_info()->name();
        std::ofstream(path, std::ios::binary) << text;
        ConsoleLog copy("/dev/null");
        const auto outcomes = ingest({path}, {&a_, &b_, &c_}, copy);
        notes_ = outcomes.front().notes.lines();
        std::string verdicts;
        for (const auto& outcome : outcomes) {
            if (&outcome != &outcomes.front()) verdicts += "| ";
            for (const auto& entry : outcome.ledger.entries())
                verdicts += std::string(name(entry.verdict)) + " ";
        }
        return verdicts;
    }

    const Case a_{"x.a", "p", {}, "f", 1}, b_{"x.b", "p", {}, "f", 2}, c_{"x.c", "p", {}, "f", 3};
    std::vector<std::string> notes_;
};

TEST_F(IngestTest, a_whole_log)
{
    EXPECT_EQ(verdicts(console()), "PASS FAIL PASS ");
    EXPECT_EQ(verdicts(console(), "\r\n"), "PASS FAIL PASS ");
    EXPECT_TRUE(notes_.empty());
}

TEST_F(IngestTest, cut_behind_every_line)
{
    const auto whole = console();
    const char* expected[] = {"ERROR ERROR ERROR ", // env
                              "ERROR ERROR ERROR ", // begin x.a
                              "PASS ERROR ERROR ",  "PASS ERROR ERROR ",
                              "PASS FAIL ERROR ",   "PASS FAIL ERROR ",
                              "PASS FAIL PASS ", // its end line alone is missing
                              "PASS FAIL PASS "};
    for (size_t n = 1; n <= whole.size(); ++n) {
        EXPECT_EQ(verdicts({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n)}), expected[n - 1]) << n;
        EXPECT_EQ(notes_.empty(), n == whole.size()) << n;
    }
}

TEST_F(IngestTest, cut_at_every_byte_and_no_pass_is_made_up)
{
    std::string whole;
    for (const auto& line : console()) whole += line + "\n";
    for (size_t n = 20; n < whole.size(); ++n) {
        const auto said = verdicts_of(whole.substr(0, n));
        EXPECT_FALSE(said.starts_with("FAIL") || said.find(" PASS PASS") != said.npos) << n << said;
    }
}

TEST_F(IngestTest, every_line_lost_in_turn)
{
    const auto whole = console();
    const char* expected[] = {"ERROR FAIL PASS ", // env: the log is damaged before x.a
                              "ERROR FAIL PASS ", "ERROR FAIL PASS ", "PASS FAIL PASS ", "PASS ERROR PASS ",
                              "PASS FAIL ERROR ", "PASS FAIL ERROR ", "PASS FAIL PASS "};
    for (size_t n = 0; n < whole.size(); ++n) {
        auto lines = whole;
        lines.erase(lines.begin() + static_cast<ptrdiff_t>(n));
        EXPECT_EQ(verdicts(lines), expected[n]) << n;
        EXPECT_FALSE(notes_.empty()) << n;
    }
}

TEST_F(IngestTest, one_byte_altered_anywhere_is_noticed)
{
    std::string whole;
    for (const auto& line : console()) whole += line + "\n";
    for (size_t n = 0; n < whole.size(); ++n) {
        if (whole[n] == '\n') continue;
        auto text = whole;
        text[n] = text[n] == '~' ? '!' : '~';
        EXPECT_TRUE(verdicts_of(text) != "PASS FAIL PASS " || !notes_.empty()) << n;
    }
}

TEST_F(IngestTest, behind_marks_and_time_stamps)
{
    auto lines = console();
    int i = 0;
    for (auto& line : lines) {
        ++i;
        line = fmt::format("2026-11-22 10:00:{:02} (d1) [{:5}.{:06}] {}", i, i, i * 7, line);
    }
    EXPECT_EQ(verdicts(lines), "PASS FAIL PASS ");
    EXPECT_TRUE(notes_.empty());
}

TEST_F(IngestTest, another_domain_between_the_lines)
{
    std::vector<std::string> lines;
    unsigned seq = 0;
    lines.push_back("(d2) argo-ct 1 1 env role=peer domid=2");
    ++seq;
    for (const auto& line : console()) {
        lines.push_back("(d1) " + line);
        lines.push_back(fmt::format("(d2) argo-ct 1 {} PASS x.b R", ++seq));
        lines.push_back("(XEN) something else");
        lines.push_back("(d3) argo-ct 1 99 PASS x.b R"); // never told who it is
    }
    EXPECT_EQ(verdicts(lines), "PASS FAIL PASS ");
    EXPECT_EQ(notes_.size(), 9u);
}

/// A run boots once for each mechanism, and may do so with many domains.
TEST_F(IngestTest, a_boot_for_each_mechanism)
{
    const auto crowd = [](std::vector<std::string>& lines) {
        for (int domain = 2; domain < 40; ++domain)
            lines.push_back(fmt::format("(d{}) argo-ct 1 1 env role=crowd", domain));
    };
    std::vector<std::string> lines;
    for (const char* mechanism : {"msr", "pio", "mmio"}) {
        for (auto line : console({}, mechanism)) {
            lines.push_back("(d1) " + line);
            if (line.ends_with(mechanism)) crowd(lines);
        }
    }
    EXPECT_EQ(verdicts(lines), "PASS FAIL PASS | PASS FAIL PASS | PASS FAIL PASS ");
    EXPECT_TRUE(notes_.empty());
    lines.pop_back(); // the end line of the last one
    EXPECT_EQ(verdicts(lines), "PASS FAIL PASS | PASS FAIL PASS | PASS FAIL PASS ");
    EXPECT_EQ(notes_.size(), 1u);
    lines.resize(lines.size() - 2); // and its last case
    EXPECT_EQ(verdicts(lines), "PASS FAIL PASS | PASS FAIL PASS | PASS FAIL ERROR ");
}

TEST_F(IngestTest, a_log_that_lost_its_head_is_still_a_leads)
{
    const auto whole = console();
    EXPECT_EQ(verdicts({whole.begin() + 3, whole.end()}), "ERROR FAIL PASS ");
    EXPECT_EQ(verdicts({whole.begin() + 5, whole.end()}), "ERROR ERROR ERROR ");
}

TEST_F(IngestTest, two_consoles_put_together)
{
    std::vector<std::string> lines;
    for (const auto& line : console()) lines.insert(lines.end(), {line, line});
    EXPECT_EQ(verdicts(lines), "PASS FAIL PASS ");
    EXPECT_TRUE(notes_.empty());
}

TEST_F(IngestTest, several_boots)
{
    auto lines = console();
    lines.resize(4); // breaks off in x.b
    lines.insert(lines.end(),
                 {"argo-ct 1 1 env role=lead", "argo-ct 1 2 begin x.c", "argo-ct 1 3 PASS x.c R"});
    EXPECT_EQ(verdicts(lines), "PASS ERROR PASS ");
}

TEST_F(IngestTest, firmware_in_the_first_line)
{
    auto lines = console();
    lines[0] = "\x1b[2JBooting from ROM..." + lines[0];
    EXPECT_EQ(verdicts(lines), "PASS FAIL PASS ");
    EXPECT_TRUE(notes_.empty());
}

TEST_F(IngestTest, any_number_of_boots_in_bounded_memory)
{
    std::vector<std::string> lines;
    for (int i = 0; i < 20'000; ++i) {
        lines.push_back(fmt::format("({}) argo-ct 1 1 env role=lead", i));
        lines.push_back(fmt::format("({}) argo-ct 1 2 begin x.a", i));
    }
    EXPECT_EQ(verdicts(lines), "ERROR ERROR ERROR ");
}

TEST_F(IngestTest, nothing_of_the_suite_is_refused)
{
    EXPECT_THROW(verdicts({"Linux version 6.1", "login:"}), UsageError);
    EXPECT_THROW(verdicts({}), UsageError);
}

} // namespace
