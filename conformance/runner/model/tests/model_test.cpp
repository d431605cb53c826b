// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The model and the harness at work, seen from outside.
#include "runner/model/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

#include "harness/crc32.hpp"
#include "model_run.hpp"

namespace argo::runner {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

/// Verdict and detail of one case that runs alone.
struct Outcome
{
    std::string verdict, detail;
};

Outcome outcome_of(const std::string& name, ModelOptions options = {})
{
    const std::string id = "self." + name;
    if (options.domains.empty()) options = domains_for("filter=" + id, true, 2);
    const ModelRun run = run_to_end(options, obliging_host);
    EXPECT_EQ(run.exit, 0);
    EXPECT_EQ(run.verdicts.size(), 1u);
    return run.verdicts.contains(id) ? Outcome{run.verdicts.at(id), run.details.at(id)} : Outcome{};
}

TEST(harness, each_case_gets_what_it_deserves_whatever_ran_before)
{
    const ModelRun run =
        run_to_end(domains_for("profile=core-*,wildcard,interrupt-*,lifecycle", true, 2), obliging_host);
    EXPECT_GT(run.verdicts.size(), 25u);
    for (const auto& [id, verdict] : run.verdicts) {
        if (id.starts_with("self.bad_"))
            EXPECT_NE(verdict, "PASS") << id;
        else
            EXPECT_EQ(verdict, "PASS") << id << ": " << run.details.at(id);
    }
}

TEST(harness, findings_say_where_and_what)
{
    const ModelRun run = run_to_end(domains_for("filter=self.bad_expectation", false));
    EXPECT_EQ(run.verdicts.at("self.bad_expectation"), "FAIL");
    EXPECT_THAT(run.details.at("self.bad_expectation"),
                MatchesRegex(R"(self_cases.cpp:[0-9]+: 1 \+ 1 == 3: found 2, expected 3 \(and 3 more\))"));
    EXPECT_EQ(run.count("is -ARGO_EINVAL: found -11 (EAGAIN), expected -22 (EINVAL)"), 1u);
    EXPECT_EQ(run.count(": 1 > 2: does not hold [size 17, count 2]"), 1u);
    EXPECT_EQ(run.count(": 4u != 4: found 4, expected anything but 4 [the last]"), 1u);
    EXPECT_EQ(run.count(" FAIL self.bad_expectation ARGO-SELF-001,ARGO-SELF-002 self_cases.cpp:"), 1u);
}

TEST(harness, the_first_finding_shows_the_rings)
{
    const ModelRun run = run_to_end(domains_for("filter=self.bad_messages*,self.bad_luck*"), obliging_host);
    EXPECT_EQ(run.verdicts.at("self.bad_messages_in_two_rings"), "FAIL");
    EXPECT_EQ(run.count("ring of "), 2u); // and those of the first case are gone in the second
    EXPECT_EQ(run.count("ring of lead, port 5, length 96: rx_ptr 0, tx_ptr 32"), 1u);
    EXPECT_EQ(run.count("unread 16: 75 6e 72 65 61 64"), 1u);
    EXPECT_EQ(run.count("ring of peer, port 6, length 96: rx_ptr 0, tx_ptr 32"), 1u);
    EXPECT_EQ(run.count("unread 16: 61 74 20 74 68 65 20 70 65 65 72 00 00 00 00 00"), 1u);
}

TEST(harness, a_requirement_leaves_the_case_from_anywhere)
{
    const Outcome outcome = outcome_of("bad_requirement_in_a_helper");
    EXPECT_EQ(outcome.verdict, "FAIL");
    EXPECT_THAT(outcome.detail, HasSubstr("found -28 (ENOSPC), expected at least 0"));
    EXPECT_THAT(outcome.detail, Not(HasSubstr("more")));
}

TEST(harness, verdicts_only_rise)
{
    EXPECT_EQ(outcome_of("bad_failure_then_skip").verdict, "FAIL");
    EXPECT_EQ(outcome_of("bad_skip").verdict, "SKIP");
    EXPECT_EQ(outcome_of("bad_skip").detail, "for a reason");
    EXPECT_EQ(outcome_of("bad_support").verdict, "NOT_SUPPORTED");
}

TEST(harness, what_could_not_decide_is_an_error)
{
    EXPECT_EQ(outcome_of("bad_emptiness").verdict, "ERROR");
    EXPECT_EQ(outcome_of("bad_hunger").verdict, "ERROR");
    EXPECT_EQ(outcome_of("bad_write_beyond_memory").verdict, "ERROR");
    EXPECT_EQ(outcome_of("bad_write_beyond_others_memory").verdict, "ERROR");
    EXPECT_EQ(outcome_of("bad_question_meanwhile").verdict, "ERROR");
}

TEST(harness, missing_domains_are_a_skip)
{
    const Outcome outcome =
        outcome_of("others_have_memory", domains_for("filter=self.others_have_memory", false));
    EXPECT_EQ(outcome.verdict, "SKIP");
    EXPECT_THAT(outcome.detail, HasSubstr("no domain 'peer'"));
    EXPECT_EQ(outcome_of("bad_crowd").verdict, "SKIP");
}

TEST(harness, a_host_that_does_not_help_is_a_skip)
{
    ModelOptions options = domains_for("filter=self.host_kills_a_domain");
    EXPECT_EQ(run_to_end(options).verdicts.at("self.host_kills_a_domain"), "SKIP");
}

TEST(harness, a_domain_that_never_answers_is_an_error_once_and_then_a_skip)
{
    ModelOptions options = domains_for("filter=self.others_*");
    options.domains[1].command_line = "role=peer lead=9"; // it waits for somebody else
    options.limits.max_rings = 64;
    const ModelRun run = run_to_end(
        options, [](const std::string& line) { return line == "[host] lead ended shutdown" ? "quit" : ""; });
    EXPECT_EQ(run.verdicts.at("self.others_have_memory"), "ERROR");
    EXPECT_THAT(run.details.at("self.others_have_memory"), StartsWith("peer (domain 2) does not answer"));
    EXPECT_EQ(run.verdicts.at("self.others_memory_is_zero_again"), "SKIP");
    EXPECT_THAT(run.details.at("self.others_memory_is_zero_again"),
                HasSubstr("since self.others_have_memory"));
}

TEST(harness, a_domain_that_dies_costs_one_case_and_may_come_back)
{
    const ModelRun run =
        run_to_end(domains_for("filter=self.bad_peer*,self.peer*"), [](const std::string& line) {
            if (line == "[lead] now") return "kill peer";
            if (line.find("SKIP self.peer_that_is_dead") != std::string::npos) return "start peer";
            return "";
        });
    EXPECT_EQ(run.verdicts.at("self.bad_peer_that_dies"), "ERROR");
    EXPECT_EQ(run.verdicts.at("self.peer_that_is_dead"), "SKIP");
    EXPECT_EQ(run.verdicts.at("self.peer_that_came_back"), "PASS");
}

TEST(harness, unknown_words_on_the_command_line_are_errors)
{
    for (const std::string word : {"colour=red", "after=self.nothing", "mechanism=pigeon", "crowd=9-1"}) {
        const ModelRun run = run_to_end(domains_for("filter=self.rings_come_and_go " + word, false));
        EXPECT_EQ(run.verdicts.at("self.rings_come_and_go"), "ERROR");
        EXPECT_THAT(run.details.at("self.rings_come_and_go"), HasSubstr(word.substr(word.find('=') + 1)));
        EXPECT_EQ(run.count(" unknown-option="), 1u);
    }
}

TEST(harness, begins_behind_a_case)
{
    const std::string selection = "profile=core-loopback filter=self.bad_s*,self.bad_e*";
    EXPECT_EQ(run_to_end(domains_for(selection, false)).verdicts.size(), 4u);
    const ModelRun rest = run_to_end(domains_for(selection + " after=self.bad_skip", false));
    EXPECT_EQ(rest.verdicts.size(), 2u);
    EXPECT_TRUE(rest.verdicts.contains("self.bad_support"));
    EXPECT_TRUE(rest.verdicts.contains("self.bad_emptiness"));
}

TEST(harness, randomness_is_that_of_the_seed_and_the_case)
{
    const auto found = [](const std::string& name, const std::string& seed) {
        const ModelRun run = run_to_end(domains_for("filter=self.bad_*randomness seed=" + seed, false));
        const std::string& detail = run.details.at("self." + name);
        return detail.substr(detail.find("found"));
    };
    EXPECT_EQ(found("bad_randomness", "1"), found("bad_randomness", "1"));
    EXPECT_NE(found("bad_randomness", "1"), found("bad_randomness", "2"));
    EXPECT_NE(found("bad_randomness", "1"), found("bad_other_randomness", "1"));
}

TEST(harness, closes_its_log_with_a_checksum)
{
    const ModelRun run = run_to_end(domains_for("filter=self.bad_s*,self.e*"));
    uint32_t crc = 0, sequence = 0, ends = 0;
    for (const std::string& line : run.lines) {
        if (!line.starts_with("[lead] argo-ct 1 ")) continue;
        const std::string text = line.substr(7);
        std::istringstream words(text);
        std::string mark, version, number, kind;
        words >> mark >> version >> number >> kind;
        EXPECT_EQ(number, std::to_string(++sequence));
        if (kind == "end") {
            char expected[40];
            snprintf(expected, sizeof expected, "end cases=%zu crc=%08x", run.verdicts.size(), crc);
            EXPECT_THAT(text, HasSubstr(expected));
            ends++;
        }
        crc = suite::crc32(crc, text + "\n");
    }
    EXPECT_EQ(ends, 1u);
}

TEST(model, without_argo_nothing_is_supported)
{
    ModelOptions options = domains_for("profile=core-*");
    options.absent = true;
    const ModelRun run = run_to_end(
        options, [](const std::string& line) { return line == "[host] lead ended shutdown" ? "quit" : ""; });
    EXPECT_GT(run.verdicts.size(), 20u);
    for (const auto& [id, verdict] : run.verdicts) EXPECT_EQ(verdict, "NOT_SUPPORTED") << id;
    EXPECT_EQ(run.details.at("self.rings_come_and_go"), "no Argo found by probing");
}

TEST(model, features_and_limits_are_as_asked_for)
{
    ModelOptions options = domains_for("filter=self.supported*,self.events*", false);
    options.features = ARGO_FEATURE_WILDCARD;
    EXPECT_EQ(run_to_end(options).verdicts.at("self.supported_feature_goes_on"), "NOT_SUPPORTED");
    EXPECT_EQ(run_to_end(options).verdicts.at("self.events_come_to_whom_they_belong"), "NOT_SUPPORTED");
}

TEST(model, every_mechanism_works_alone)
{
    for (const auto& [name, id] : {std::pair{"msr", ARGO_MECHANISM_MSR},
                                   {"mmio", ARGO_MECHANISM_MMIO},
                                   {"pio", ARGO_MECHANISM_PIO},
                                   {"vmcall", ARGO_MECHANISM_VMCALL},
                                   {"cpuid", ARGO_MECHANISM_CPUID}}) {
        ModelOptions options = domains_for("filter=self.rings*", false);
        options.mechanisms = {id};
        const ModelRun alone = run_to_end(options);
        EXPECT_EQ(alone.verdicts.at("self.rings_come_and_go"), "PASS") << name;
        EXPECT_EQ(alone.count(std::string(" mechanism=") + name), 1u);

        const ModelRun chosen =
            run_to_end(domains_for(std::string("filter=self.rings* mechanism=") + name, false));
        EXPECT_EQ(chosen.verdicts.at("self.rings_come_and_go"), "PASS") << name;
        EXPECT_EQ(chosen.count(std::string(" mechanism=") + name), 1u);
    }
    const ModelRun not_offered = run_to_end(domains_for("filter=self.rings* mechanism=smccc", false));
    EXPECT_EQ(not_offered.verdicts.at("self.rings_come_and_go"), "NOT_SUPPORTED");
}

TEST(model, policy_is_asked)
{
    ModelOptions options = domains_for("filter=self.rings*", false);
    options.allows = [](const engine::PolicyQuestion& question) {
        return question.hook != engine::Hook::send;
    };
    const ModelRun run = run_to_end(options);
    EXPECT_EQ(run.verdicts.at("self.rings_come_and_go"), "FAIL");
    EXPECT_THAT(run.details.at("self.rings_come_and_go"), HasSubstr("EACCES"));
}

TEST(model, says_what_becomes_of_its_domains)
{
    const ModelRun run = run_to_end(domains_for("filter=self.e*"));
    EXPECT_EQ(run.exit, 0);
    for (const char* name : {"lead", "peer", "third"}) {
        EXPECT_TRUE(run.has(std::string("[host] ") + name + " started"));
        EXPECT_TRUE(run.has(std::string("[host] ") + name + " ended shutdown"));
    }
    EXPECT_EQ(run.lines.back(), "[host] exited");
}

TEST(model, kills_restarts_and_quits_in_the_midst_of_a_wait)
{
    bool again = false;
    const ModelRun run =
        run_to_end(domains_for("filter=self.bad_endless_wait"), [&](const std::string& line) {
            if (line.find("begin self.bad_endless_wait") == std::string::npos) return "";
            if (again) return "quit";
            again = true;
            return "restart lead";
        });
    EXPECT_EQ(run.count("[host] lead started"), 2u);
    EXPECT_EQ(run.count("[host] lead ended killed"), 2u);
    EXPECT_EQ(run.lines.back(), "[host] exited");
}

TEST(model, many_kills_at_any_moment_do_no_harm)
{
    int kills = 0;
    const ModelRun run =
        run_to_end(domains_for("filter=self.bad_peer_that_dies"), [&](const std::string& line) {
            if (line.starts_with("[peer] ")) return kills++ < 200 ? "restart peer" : "quit";
            return "";
        });
    EXPECT_EQ(run.count("[host] peer started"), 201u);
}

TEST(model, a_lead_that_starts_anew_is_served)
{
    bool killed = false;
    const ModelRun run = run_to_end(domains_for("filter=self.others_*"), [&](const std::string& line) {
        if (killed || line.find("begin self.others_memory") == std::string::npos) return "";
        killed = true;
        return "restart lead";
    });
    for (const auto& [id, verdict] : run.verdicts)
        EXPECT_EQ(verdict, "PASS") << id << ": " << run.details.at(id);
    EXPECT_EQ(run.count("[host] lead started"), 2u);
    EXPECT_EQ(run.count("[lead] argo-ct 1 1 env "), 2u);
}

TEST(model, refuses_what_it_cannot_run)
{
    ModelOptions twice = domains_for("", false);
    twice.domains.push_back({"lead", 5, ""});
    EXPECT_THROW(run_model(twice), std::invalid_argument);

    ModelOptions reserved = domains_for("", false);
    reserved.domains[0].domid = ARGO_DOMID_FIRST_RESERVED;
    reserved.output = std::tmpfile();
    EXPECT_THROW(run_model(reserved), std::invalid_argument);
    std::fclose(reserved.output);

    ModelOptions unknown = domains_for("", false);
    unknown.mechanisms = {ARGO_MECHANISM_SMCCC};
    EXPECT_THROW(run_model(unknown), std::invalid_argument);
}

TEST(model, complains_of_words_that_it_does_not_know)
{
    ModelOptions options = domains_for("filter=self.bad_endless_wait", false);
    options.complaints = std::tmpfile();
    const std::vector<std::string> words = {"dance", "kill nobody", "start lead", "kill lead"};
    size_t next = 0;
    run_to_end(options, [&](const std::string& line) {
        std::string all;
        if (line.find("begin") != std::string::npos)
            for (; next < words.size(); next++) all += (next == 0 ? "" : "\n") + words[next];
        return all;
    });
    std::rewind(options.complaints);
    char text[1000] = {};
    EXPECT_GT(std::fread(text, 1, sizeof text - 1, options.complaints), 0u);
    std::fclose(options.complaints);
    EXPECT_THAT(text, HasSubstr("'dance' is no command"));
    EXPECT_THAT(text, HasSubstr("'kill nobody' names no domain"));
    EXPECT_THAT(text, HasSubstr("'start lead' comes too early"));
    EXPECT_THAT(text, Not(HasSubstr("'kill lead'")));
}

} // namespace argo::runner
