// SPDX-License-Identifier: Apache-2.0 OR MIT
// Text, verdicts and notes: the small things.
#include "runner/notes.hpp"
#include "runner/text.hpp"
#include "runner/verdict.hpp"

#include <gtest/gtest.h>

using namespace argo::runner;

namespace {

TEST(Text, suggests_what_is_near)
{
    const std::vector<std::string> known{"sendv.empty", "notify.empty", "kvm"};
    EXPECT_EQ(did_you_mean("sendv.emtpy", known), "; did you mean 'sendv.empty'?");
    EXPECT_EQ(did_you_mean("kwm", known), "; did you mean 'kvm'?");
    EXPECT_EQ(did_you_mean("something else", known), "");
    EXPECT_EQ(did_you_mean("x", {}), "");
}

TEST(Text, quotes_for_the_shell)
{
    EXPECT_EQ(shell_quoted("--out=a/b"), "--out=a/b");
    EXPECT_EQ(shell_quoted("sendv.*"), "'sendv.*'");
    EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_quoted(""), "''");
}

TEST(Text, splits_without_empty_pieces)
{
    EXPECT_EQ(split(",a,,b,", ','), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(split("", ',').empty());
}

TEST(Text, makes_bytes_printable) { EXPECT_EQ(printable("a\t\x1b[2J\x80~"), "a\\x09\\x1b[2J\\x80~"); }

TEST(Verdict, names_are_found_again)
{
    for (const auto verdict : all_verdicts) EXPECT_EQ(verdict_named(name(verdict)), verdict);
    EXPECT_FALSE(verdict_named("pass"));
    EXPECT_FALSE(verdict_named(""));
}

TEST(Verdict, exit_codes)
{
    const auto code = [](std::initializer_list<Verdict> verdicts) {
        Counts counts;
        for (const auto verdict : verdicts) counts.add(verdict);
        return exit_code(counts);
    };
    EXPECT_EQ(code({}), Exit::good);
    EXPECT_EQ(code({Verdict::pass, Verdict::not_supported, Verdict::skip, Verdict::kfail}), Exit::good);
    EXPECT_EQ(code({Verdict::pass, Verdict::error}), Exit::undecided);
    for (const auto bad : {Verdict::fail, Verdict::crash, Verdict::wedged, Verdict::xpass}) {
        EXPECT_EQ(code({Verdict::pass, bad, Verdict::error}), Exit::failure) << name(bad);
    }
}

TEST(Verdict, every_case_is_passed_failed_or_skipped)
{
    Counts counts;
    for (const auto verdict : all_verdicts) {
        if (verdict != Verdict::not_tested) counts.add(verdict);
    }
    EXPECT_EQ(counts.passed(), 1u);
    EXPECT_EQ(counts.failed(), 5u);  // FAIL CRASH WEDGED XPASS ERROR
    EXPECT_EQ(counts.skipped(), 3u); // NOT_SUPPORTED SKIP KFAIL
}

TEST(Notes, are_counted_and_bounded)
{
    Notes notes;
    for (int i = 0; i < 3; ++i) notes.add("same");
    for (int i = 0; i < 100'000; ++i) notes.add("other " + std::to_string(i));
    const auto lines = notes.lines();
    ASSERT_EQ(lines.size(), Notes::limit + 1);
    EXPECT_EQ(lines.front(), "same (3 times)");
    EXPECT_EQ(lines.back(), "and 99961 more");
}

} // namespace
