// SPDX-License-Identifier: Apache-2.0 OR MIT
// What became of the mutants.
#include "mutants/score.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runner/provenance.hpp"

namespace argo::mutants {

using nlohmann::ordered_json;

namespace {

constexpr const char* name(Fate fate)
{
    switch (fate) {
    case Fate::killed: return "killed";
    case Fate::survived: return "survived";
    case Fate::equivalent: return "equivalent";
    }
    return "";
}

bool wrongly_equivalent(const Outcome& each)
{
    return each.fate == Fate::killed && !each.mutant->equivalent.empty();
}

} // namespace

size_t Score::count(Fate fate) const
{
    return static_cast<size_t>(std::ranges::count(outcomes_, fate, &Outcome::fate));
}

bool Score::good() const
{
    return count(Fate::survived) == 0 && std::ranges::none_of(outcomes_, wrongly_equivalent);
}

std::string Score::table() const
{
    std::string text = fmt::format("{:<20} {:>6} {:>8} {:>10}   {}\n", "obligation", "killed", "survived",
                                   "equivalent", "by");
    for (auto each = outcomes_.begin(); each != outcomes_.end();) {
        const auto& obligation = each->mutant->obligation;
        size_t counts[3] = {};
        std::vector<std::string> by;
        for (; each != outcomes_.end() && each->mutant->obligation == obligation; ++each) {
            ++counts[static_cast<size_t>(each->fate)];
            if (!each->by.empty() && std::ranges::find(by, each->by) == by.end()) by.push_back(each->by);
        }
        const auto cell = [&](Fate fate) {
            const auto count = counts[static_cast<size_t>(fate)];
            return count == 0 ? std::string(".") : std::to_string(count);
        };
        text += fmt::format("{:<20} {:>6} {:>8} {:>10}   {}\n", obligation, cell(Fate::killed),
                            cell(Fate::survived), cell(Fate::equivalent), fmt::join(by, " "));
    }
    for (const auto& each : outcomes_) {
        if (each.fate == Fate::survived)
            text += fmt::format("SURVIVED   {}: {} ({}){}{}\n", each.mutant->id, each.mutant->what,
                                each.mutant->file, each.detail.empty() ? "" : "; ", each.detail);
        if (wrongly_equivalent(each))
            text +=
                fmt::format("NOT EQUIVALENT   {}: {} kills it: {}\n", each.mutant->id, each.by, each.detail);
    }
    return text;
}

std::string Score::last_line() const
{
    const auto killed = count(Fate::killed), survived = count(Fate::survived);
    const auto all = killed + survived;
    // Rounded down: 100 % are all of them.
    return fmt::format("{} killed, {} survived, {} equivalent; score {} %", killed, survived,
                       count(Fate::equivalent), all == 0 ? 100 : killed * 100 / all);
}

ordered_json Score::to_json(const std::string& command) const
{
    const auto suite = runner::suite_identity();
    ordered_json mutants = ordered_json::array();
    for (const auto& each : outcomes_) {
        mutants.push_back({{"id", each.mutant->id},
                           {"requirements", {each.mutant->obligation}},
                           {"what", each.mutant->what},
                           {"file", each.mutant->file},
                           {"verdict", name(each.fate)},
                           {"case", each.by},
                           {"detail", each.fate == Fate::equivalent ? each.mutant->equivalent : each.detail},
                           {"duration_ms", each.took.count()}});
    }
    ordered_json without = ordered_json::array();
    for (const auto& each : without_mutant)
        without.push_back({{"requirement", each.obligation}, {"reason", each.reason}});
    return {{"schema", 1},
            {"suite", {{"version", suite.version}, {"commit", suite.commit}, {"dirty", suite.dirty}}},
            {"mutants", mutants},
            {"without", without},
            {"summary",
             {{"killed", count(Fate::killed)},
              {"survived", count(Fate::survived)},
              {"equivalent", count(Fate::equivalent)}}},
            {"command", command}};
}

} // namespace argo::mutants
