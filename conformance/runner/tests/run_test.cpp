// SPDX-License-Identifier: Apache-2.0 OR MIT
// A run against a target that is a script in memory: restarts, limits, deaths.
#include "runner/run.hpp"

#include <deque>
#include <thread>

#include <gtest/gtest.h>

#include "runner/errors.hpp"

using namespace argo::runner;
using namespace std::chrono_literals;

namespace {

/// What it tells is written down boot by boot; where a boot's list ends it is silent, or says one thing for
/// ever.
class ScriptedTarget : public Target
{
  public:
    std::string name() const override { return "scripted"; }
    double timeout_factor() const override { return 1; }
    void choose(const std::string&, const std::string&, const std::string&) override {}
    void start(const std::string& after) override
    {
        started_after.push_back(after);
        now_.clear();
        if (boots.empty()) throw Unavailable("no boot is left");
        now_ = boots.front();
        boots.pop_front();
    }
    std::optional<Report> next(Clock::time_point deadline) override
    {
        if (now_.empty() && flood) return flood;
        if (now_.empty()) {
            std::this_thread::sleep_until(deadline);
            return std::nullopt;
        }
        auto report = now_.front();
        now_.pop_front();
        return report;
    }
    bool act(const Ask& ask) override
    {
        acted.push_back(std::string(argo::runner::name(ask.action)) + " " + ask.role);
        return ask.role == "peer";
    }
    void stop() override { ++stops; }

    std::deque<std::deque<Report>> boots;
    std::optional<Report> flood;
    std::vector<std::string> started_after, acted;
    int stops = 0;

  private:
    std::deque<Report> now_;
};

Report line(const std::string& text, const std::string& role = "lead")
{
    return {Report::Kind::line, role, text};
}

Report ended(const std::string& role, const std::string& why) { return {Report::Kind::ended, role, why}; }

class RunTest : public testing::Test
{
  protected:
    RunOutcome go(unsigned boots = 10)
    {
        ConsoleLog log("/dev/null");
        const Limits limits{30ms, 60ms, boots};
        target_.start("");
        return argo::runner::Run(target_, {&a_, &b_, &c_}, limits, log, [](const auto&, const auto&) {}).go();
    }
    static std::string verdicts(const RunOutcome& outcome)
    {
        std::string text;
        for (const auto& entry : outcome.ledger.entries()) text += std::string(name(entry.verdict)) + " ";
        return text;
    }

    const Case a_{"x.a", "p", {}, "f", 1}, b_{"x.b", "p", {}, "f", 2}, c_{"x.c", "p", {}, "f", 3};
    ScriptedTarget target_;
};

TEST_F(RunTest, goes_on_after_each_case_that_takes_the_lead_with_it)
{
    target_.boots = {
        {line("argo-ct 1 1 env role=lead mechanism=msr"), line("argo-ct 1 2 begin x.a"),
         ended("lead", "crash: x")},
        {line("argo-ct 1 1 env role=lead"), line("argo-ct 1 2 begin x.b")},
        {line("argo-ct 1 1 env role=lead"), line("argo-ct 1 2 begin x.c"), line("argo-ct 1 3 PASS x.c R")},
    };
    const auto outcome = go();
    EXPECT_EQ(verdicts(outcome), "CRASH WEDGED PASS ");
    EXPECT_EQ(target_.started_after, (std::vector<std::string>{"", "x.a", "x.b"}));
    EXPECT_EQ(outcome.identity.mechanism, "msr");
    EXPECT_GE(target_.stops, 3);
}

TEST_F(RunTest, gives_up_where_a_boot_brings_nothing_new)
{
    target_.boots = {
        {line("argo-ct 1 1 begin x.a"), line("argo-ct 1 2 PASS x.a R"), ended("lead", "crash: x")},
        {ended("lead", "crash: y")},
        {line("argo-ct 1 1 begin x.b"), line("argo-ct 1 2 PASS x.b R")},
    };
    const auto outcome = go();
    EXPECT_EQ(verdicts(outcome), "PASS ERROR ERROR ");
    EXPECT_EQ(outcome.ledger.entries()[1].detail, "not run: lead ended: crash: y");
    EXPECT_EQ(target_.started_after.size(), 2u);
}

TEST_F(RunTest, starts_only_so_often)
{
    target_.boots = {{line("argo-ct 1 1 begin x.a"), ended("lead", "crash: x")},
                     {line("argo-ct 1 1 begin x.b"), ended("lead", "crash: x")},
                     {line("argo-ct 1 1 begin x.c"), line("argo-ct 1 2 PASS x.c R")}};
    const auto outcome = go(2);
    EXPECT_EQ(verdicts(outcome), "CRASH CRASH ERROR ");
    EXPECT_EQ(outcome.ledger.entries()[2].detail, "not run: the target was started 2 times already");
}

TEST_F(RunTest, the_end_of_the_target_is_a_crash)
{
    target_.boots = {{line("argo-ct 1 1 begin x.a"), {Report::Kind::over, "", "signal 9 (Killed)"}}};
    const auto outcome = go();
    EXPECT_EQ(verdicts(outcome), "CRASH ERROR ERROR ");
    EXPECT_EQ(outcome.ledger.entries()[0].detail, "scripted ended: signal 9 (Killed)");
    EXPECT_EQ(outcome.ledger.entries()[1].detail, "not run: no boot is left");
}

TEST_F(RunTest, a_death_that_was_asked_for_is_none)
{
    target_.boots = {{line("argo-ct 1 1 begin x.a"), line("argo-ct 1 2 ask restart peer"),
                      ended("peer", "killed"), line("argo-ct 1 3 PASS x.a R"), line("argo-ct 1 4 begin x.b"),
                      ended("peer", "crash: x")},
                     {line("argo-ct 1 1 begin x.c"), line("argo-ct 1 2 PASS x.c R")}};
    const auto outcome = go();
    EXPECT_EQ(verdicts(outcome), "PASS CRASH PASS ");
    EXPECT_EQ(target_.acted, std::vector<std::string>{"restart peer"});
}

TEST_F(RunTest, another_domain_that_shuts_itself_down_is_noted)
{
    target_.boots = {
        {line("argo-ct 1 1 begin x.a"), ended("peer", "shutdown"), line("argo-ct 1 2 PASS x.a R")}};
    const auto outcome = go();
    EXPECT_EQ(verdicts(outcome), "PASS WEDGED ERROR ");
    EXPECT_EQ(outcome.notes.lines().front(), "peer ended: shutdown");
}

TEST_F(RunTest, only_the_lead_may_ask_and_judge)
{
    target_.boots = {{line("argo-ct 1 1 begin x.a"), line("argo-ct 1 2 ask kill peer", "peer"),
                      line("argo-ct 1 2 PASS x.a R", "peer"), line("argo-ct 1 2 PASS x.a R", ""),
                      line("argo-ct 1 2 PASS x.a R", "host"), line("argo-ct 1 2 FAIL x.a R")}};
    const auto outcome = go();
    EXPECT_EQ(verdicts(outcome), "FAIL WEDGED ERROR ");
    EXPECT_TRUE(target_.acted.empty());
}

TEST_F(RunTest, lines_that_say_nothing_do_not_prolong_a_case)
{
    target_.boots = {{line("argo-ct 1 1 begin x.a")}, {}};
    target_.flood = line("x");
    EXPECT_EQ(verdicts(go()), "WEDGED ERROR ERROR "); // and it comes to an end
}

TEST_F(RunTest, silence_between_cases_costs_the_next_one)
{
    target_.boots = {
        {line("argo-ct 1 1 env role=lead"), line("argo-ct 1 2 begin x.a"), line("argo-ct 1 3 PASS x.a R")},
        {line("argo-ct 1 1 env role=lead"), line("argo-ct 1 2 begin x.c"), line("argo-ct 1 3 PASS x.c R")}};
    EXPECT_EQ(verdicts(go()), "PASS WEDGED PASS ");
    EXPECT_EQ(target_.started_after, (std::vector<std::string>{"", "x.b"}));
}

TEST_F(RunTest, the_limit_is_for_a_case_and_not_for_what_it_prints)
{
    Limits limits;
    limits = limits.scaled(2.5);
    EXPECT_EQ(limits.one_case, 25s);
    EXPECT_EQ(limits.first_line, 75s);
}

} // namespace
