// SPDX-License-Identifier: Apache-2.0 OR MIT
// results.json, written and read.
#include "runner/results.hpp"

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/assets.hpp"
#include "runner/errors.hpp"
#include "runner/schema.hpp"
#include "runner/text.hpp"

namespace argo::runner {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

Verdict verdict_from(const json& j)
{
    return verdict_named(j.get_ref<const std::string&>()).value(); // the schema has seen it
}

ordered_json summary_of(const Results& results)
{
    const auto counts = results.counts();
    ordered_json summary;
    for (const auto verdict : {Verdict::pass, Verdict::fail, Verdict::crash, Verdict::wedged, Verdict::error,
                               Verdict::not_supported, Verdict::skip, Verdict::kfail, Verdict::xpass}) {
        summary[std::string(key(verdict))] = counts.of(verdict);
    }
    summary[std::string(key(Verdict::not_tested))] =
        std::ranges::count(results.requirements, Verdict::not_tested, &RequirementResult::verdict);
    return summary;
}

Results from_json(const json& j)
{
    Results results;
    results.suite_version = j["suite"]["version"];
    results.suite_commit = j["suite"]["commit"];
    results.suite_dirty = j["suite"]["dirty"];
    results.abi_major = j["abi"]["major"];
    results.abi_minor = j["abi"]["minor"];
    results.registry_sha256 = j["abi"]["registry_sha256"];
    const auto& target = j["target"];
    results.target = {target["name"], target["implementation"], target["version"], target["mechanisms"],
                      target["host"]};
    for (const auto& c : j["cases"]) {
        const auto duration =
            c["duration_us"].is_null() ? std::optional<uint64_t>() : c["duration_us"].get<uint64_t>();
        results.cases.push_back({c["id"], c["requirements"], c["profile"], c["mechanism"], c["arch"],
                                 c["environment"], verdict_from(c["verdict"]), c["detail"], duration});
    }
    for (const auto& r : j["requirements"]) {
        results.requirements.push_back({r["id"], r["revision"], verdict_from(r["verdict"])});
    }
    results.seed = j["seed"];
    results.command = j["command"];
    if (const auto figures = j.find("figures"); figures != j.end()) {
        for (const auto& f : *figures)
            results.figures.push_back({f["name"], f["mechanism"], f["environment"], f["value"]});
    }
    if (const auto events = j.find("events"); events != j.end()) {
        const auto read = [&](const char* name) {
            const auto& count = (*events)[name];
            return count.is_null() ? EventCounts::Count() : count.get<uint64_t>();
        };
        results.events = {read("sent"), read("suppressed"), read("held"), read("delivered"),
                          read("spurious")};
    }
    return results;
}

ordered_json events_of(const EventCounts& events)
{
    const auto count = [](const EventCounts::Count& n) { return n ? ordered_json(*n) : ordered_json(); };
    return {{"sent", count(events.sent)},
            {"suppressed", count(events.suppressed)},
            {"held", count(events.held)},
            {"delivered", count(events.delivered)},
            {"coalesced", count(events.coalesced())},
            {"spurious", count(events.spurious)}};
}

} // namespace

EventCounts::Count EventCounts::coalesced() const
{
    // An event that was sent while the lead told its number may be in the one and not in the other.
    if (!sent || !delivered) return std::nullopt;
    return *sent > *delivered ? *sent - *delivered : 0;
}

EventCounts& EventCounts::operator+=(const EventCounts& other)
{
    const auto add = [](Count& sum, const Count& part) {
        if (sum && part) {
            *sum += *part;
        } else {
            sum.reset();
        }
    };
    add(sent, other.sent);
    add(suppressed, other.suppressed);
    add(held, other.held);
    add(delivered, other.delivered);
    add(spurious, other.spurious);
    return *this;
}

Counts Results::counts() const noexcept
{
    Counts counts;
    for (const auto& c : cases) counts.add(c.verdict);
    return counts;
}

std::vector<std::string> words_of_environment(const std::string& environment)
{
    auto words = split(environment, ',');
    for (auto& word : words) word.erase(0, word.find_first_not_of(' '));
    return words;
}

std::vector<std::string> ways(const Results& results)
{
    std::map<std::string, size_t> times;
    for (const auto& c : results.cases)
        for (const auto& word : words_of_environment(c.environment)) ++times[word];
    std::vector<std::string> all;
    for (const auto& c : results.cases) {
        auto way = c.mechanism;
        for (const auto& word : words_of_environment(c.environment))
            if (times[word] < results.cases.size()) way += (way.empty() ? "" : " ") + word;
        all.push_back(std::move(way));
    }
    return all;
}

std::vector<std::string> titles(const Results& results)
{
    std::map<std::string_view, unsigned> times;
    for (const auto& c : results.cases) ++times[c.id];
    auto all = ways(results);
    for (size_t i = 0; i < all.size(); ++i) {
        const auto& id = results.cases[i].id;
        all[i] = times[id] == 1 ? id : fmt::format("{} by {}", id, all[i]);
    }
    return all;
}

std::vector<RequirementResult> judge_requirements(const Catalogue& catalogue,
                                                  const std::vector<CaseResult>& cases)
{
    std::vector<RequirementResult> judged;
    for (const auto& requirement : catalogue.requirements) {
        RequirementResult result{requirement.id, requirement.revision, Verdict::not_tested};
        for (const auto& c : cases) {
            if (std::ranges::find(c.requirements, requirement.id) == c.requirements.end()) continue;
            result.verdict = std::max(result.verdict, c.verdict);
        }
        judged.push_back(result);
    }
    return judged;
}

ordered_json to_json(const Results& results)
{
    ordered_json cases = ordered_json::array();
    for (const auto& c : results.cases) {
        cases.push_back({{"id", c.id},
                         {"requirements", c.requirements},
                         {"profile", c.profile},
                         {"mechanism", c.mechanism},
                         {"arch", c.arch},
                         {"environment", c.environment},
                         {"verdict", name(c.verdict)},
                         {"detail", c.detail},
                         {"duration_us", c.duration_us ? ordered_json(*c.duration_us) : ordered_json()}});
    }
    ordered_json requirements = ordered_json::array();
    for (const auto& r : results.requirements) {
        requirements.push_back({{"id", r.id}, {"revision", r.revision}, {"verdict", name(r.verdict)}});
    }
    ordered_json all = {{"schema", 1},
                        {"suite",
                         {{"version", results.suite_version},
                          {"commit", results.suite_commit},
                          {"dirty", results.suite_dirty}}},
                        {"abi",
                         {{"major", results.abi_major},
                          {"minor", results.abi_minor},
                          {"registry_sha256", results.registry_sha256}}},
                        {"target",
                         {{"name", results.target.name},
                          {"implementation", results.target.implementation},
                          {"version", results.target.version},
                          {"mechanisms", results.target.mechanisms},
                          {"host", results.target.host}}},
                        {"cases", cases},
                        {"requirements", requirements},
                        {"summary", summary_of(results)},
                        {"seed", results.seed},
                        {"command", results.command}};
    if (results.events.any()) all["events"] = events_of(results.events);
    for (const auto& figure : results.figures) {
        all["figures"].push_back({{"name", figure.name},
                                  {"mechanism", figure.mechanism},
                                  {"environment", figure.environment},
                                  {"value", figure.value}});
    }
    return all;
}

Results read_results(const std::filesystem::path& path)
{
    std::ifstream file(path);
    if (!file) throw UsageError(fmt::format("{}: cannot be read", path.string()));
    const auto j = json::parse(file, nullptr, false);
    if (j.is_discarded())
        throw UsageError(fmt::format("{}: no JSON; `report` takes results.json files", path.string()));
    if (const auto wrong = schema_violation(j, json::parse(assets::results_schema()))) {
        throw UsageError(
            fmt::format("{}: {} (conformance/schema/results.schema.json)", path.string(), *wrong));
    }
    auto results = from_json(j);
    if (json(summary_of(results)) != j["summary"]) {
        throw UsageError(
            fmt::format("{}: 'summary' does not count what 'cases' and 'requirements' hold", path.string()));
    }
    return results;
}

} // namespace argo::runner
