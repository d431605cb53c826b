// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the lines of one boot do to the ledger.
#include "runner/boot.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace argo::runner;
using namespace std::chrono_literals;

namespace {

class BootTest : public testing::Test
{
  protected:
    BootTest() : ledger_({&a_, &b_}) {}

    std::optional<Ask> say(std::string_view text) { return say(++seq_, text); }
    std::optional<Ask> say(uint64_t seq, std::string_view text)
    {
        seq_ = seq;
        return boot_.take(*parse_protocol_line(fmt::format("argo-ct 1 {} {}", seq, text)), now_);
    }
    const Entry& entry(size_t i) const { return ledger_.entries()[i]; }

    const Case a_{"x.a", "p", {"R"}, "f", 1};
    const Case b_{"x.b", "p", {"R"}, "f", 2};
    Ledger ledger_;
    Notes notes_;
    Boot boot_{ledger_, notes_};
    Clock::time_point now_;
    uint64_t seq_ = 0;
};

TEST_F(BootTest, a_case_from_begin_to_verdict)
{
    say("env role=lead mechanism=msr");
    EXPECT_FALSE(boot_.running());
    say("begin x.a");
    EXPECT_EQ(boot_.running(), "x.a");
    EXPECT_FALSE(boot_.progressed());
    now_ += 1500us;
    say("PASS x.a R");
    EXPECT_FALSE(boot_.running());
    EXPECT_TRUE(boot_.progressed());
    EXPECT_EQ(entry(0).verdict, Verdict::pass);
    EXPECT_EQ(entry(0).duration, 1500us);
    EXPECT_EQ(boot_.fact("mechanism"), "msr");
    EXPECT_EQ(boot_.fact("nothing"), "");
    EXPECT_TRUE(notes_.lines().empty());
}

TEST_F(BootTest, a_verdict_only_rises)
{
    say("begin x.a");
    say("FAIL x.a R first");
    say("begin x.a");
    say("PASS x.a R");
    EXPECT_EQ(entry(0).verdict, Verdict::fail);
    EXPECT_EQ(entry(0).detail, "first");
}

TEST_F(BootTest, a_verdict_without_begin_is_no_pass)
{
    say("PASS x.a R");
    EXPECT_EQ(entry(0).verdict, Verdict::error);
    say("begin x.a");
    say("FAIL x.b R something"); // of another case than the one that runs
    EXPECT_EQ(entry(1).verdict, Verdict::fail);
    EXPECT_EQ(boot_.running(), "x.a");
}

TEST_F(BootTest, a_case_that_was_not_selected_is_noted)
{
    say("begin x.c");
    say("PASS x.c R");
    EXPECT_FALSE(boot_.progressed());
    EXPECT_EQ(notes_.lines(), std::vector<std::string>{"lead: runs x.c, which was not selected"});
}

TEST_F(BootTest, a_gap_marks_the_cases_beside_it)
{
    say("begin x.a");
    say(5, "PASS x.a R"); // lines 2 to 4 are lost
    EXPECT_EQ(entry(0).verdict, Verdict::error);
    EXPECT_EQ(entry(0).detail, "the log is damaged here: line 2 was expected, line 5 came");
    say("begin x.b");
    say("PASS x.b R");
    EXPECT_EQ(entry(1).verdict, Verdict::pass);
}

TEST_F(BootTest, a_gap_between_cases_marks_the_next)
{
    say("begin x.a");
    say("PASS x.a R");
    say(5, "begin x.b");
    say("PASS x.b R");
    EXPECT_EQ(entry(0).verdict, Verdict::pass);
    EXPECT_EQ(entry(1).verdict, Verdict::error);
}

TEST_F(BootTest, a_gap_before_the_end_marks_the_last)
{
    say("begin x.a");
    say("PASS x.a R");
    say(5, "end cases=1 crc=00000000");
    EXPECT_EQ(entry(0).verdict, Verdict::error);
    EXPECT_TRUE(boot_.ended());
}

TEST_F(BootTest, nothing_is_believed_after_the_end)
{
    say("begin x.a");
    say("PASS x.a R");
    say("end cases=1 crc=8241599d");
    say("begin x.b");
    say("PASS x.b R");
    EXPECT_EQ(entry(0).verdict, Verdict::pass);
    EXPECT_EQ(entry(1).verdict, Verdict::not_tested);
    EXPECT_FALSE(notes_.lines().empty());
}

TEST_F(BootTest, a_wrong_checksum_leaves_no_pass_and_keeps_failures)
{
    say("begin x.a");
    say("PASS x.a R");
    say("begin x.b");
    say("FAIL x.b R why");
    say("end cases=2 crc=00000000");
    EXPECT_EQ(entry(0).verdict, Verdict::error);
    EXPECT_EQ(entry(1).verdict, Verdict::fail);
}

TEST_F(BootTest, asks_are_handed_on)
{
    const auto ask = say("ask kill peer");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->role, "peer");
}

TEST_F(BootTest, breaking_off_is_for_the_case_that_runs)
{
    say("begin x.a");
    boot_.break_off(Verdict::crash, "why");
    EXPECT_EQ(entry(0).verdict, Verdict::crash);
    EXPECT_EQ(entry(0).detail, "why");
    EXPECT_EQ(entry(1).verdict, Verdict::not_tested);
    EXPECT_TRUE(boot_.progressed());
}

TEST_F(BootTest, a_line_without_a_number_is_no_part_of_anything)
{
    say("begin x.a");
    boot_.take(*parse_protocol_line("argo-ct 1 x PASS x.a R"), now_);
    EXPECT_EQ(boot_.running(), "x.a");
    say("PASS x.a R");
    EXPECT_EQ(entry(0).verdict, Verdict::pass);
}

TEST_F(BootTest, another_boot_is_seen)
{
    const auto first = *parse_protocol_line("argo-ct 1 1 env role=lead");
    EXPECT_FALSE(boot_.ends_before(first));
    boot_.take(first);
    EXPECT_FALSE(boot_.ends_before(first)); // the same line on another console
    boot_.take(*parse_protocol_line("argo-ct 1 2 begin x.a"));
    EXPECT_TRUE(boot_.ends_before(first));
    EXPECT_FALSE(boot_.ends_before(*parse_protocol_line("argo-ct 1 1 begin x.a")));
}

TEST_F(BootTest, every_line_twice_is_as_good_as_once)
{
    for (const char* line : {"begin x.a", "PASS x.a R", "end cases=1 crc=8241599d"}) {
        say(line);
        say(seq_, line);
    }
    EXPECT_EQ(entry(0).verdict, Verdict::pass);
    EXPECT_TRUE(boot_.ended());
    EXPECT_TRUE(notes_.lines().empty());
}

} // namespace
