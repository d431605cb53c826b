// SPDX-License-Identifier: Apache-2.0 OR MIT
// What differs between two results of one target.
#include "runner/changes.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace argo::runner {

namespace {

using Key = std::tuple<std::string, std::string, std::string>;

Key key_of(const CaseResult& c, const std::string& way) { return {c.id, way, c.arch}; }

std::string_view word(const std::optional<Verdict>& verdict) { return verdict ? name(*verdict) : "none"; }

} // namespace

std::vector<Change> changes(const Results& earlier, const Results& later)
{
    const auto ways_then = ways(earlier), ways_now = ways(later);
    std::map<Key, Verdict> left;
    for (size_t i = 0; i < earlier.cases.size(); ++i)
        left.emplace(key_of(earlier.cases[i], ways_then[i]), earlier.cases[i].verdict);
    std::vector<Change> all;
    for (size_t i = 0; i < later.cases.size(); ++i) {
        const auto& c = later.cases[i];
        const auto before = left.extract(key_of(c, ways_now[i]));
        if (before.empty()) {
            all.push_back({c.id, ways_now[i], {}, c.verdict});
        } else if (before.mapped() != c.verdict) {
            all.push_back({c.id, ways_now[i], before.mapped(), c.verdict});
        }
    }
    for (size_t i = 0; i < earlier.cases.size(); ++i) {
        const auto& c = earlier.cases[i];
        if (left.contains(key_of(c, ways_then[i]))) all.push_back({c.id, ways_then[i], c.verdict, {}});
    }
    return all;
}

bool is_regression(const Change& change) noexcept
{
    return change.was == Verdict::pass && change.is != Verdict::pass;
}

const Results* earlier_of(const Results& later, const std::vector<Results>& earlier)
{
    const auto same = [&](const Results& each) { return each.target.name == later.target.name; };
    const auto found = std::find_if(earlier.rbegin(), earlier.rend(), same);
    return found == earlier.rend() ? nullptr : &*found;
}

std::string describe(const Results& earlier, const std::vector<Change>& changes)
{
    std::string text = fmt::format("{} since commit {:.12}: {} verdicts changed, {} of them from PASS\n",
                                   earlier.target.name, earlier.suite_commit, changes.size(),
                                   std::ranges::count_if(changes, is_regression));
    for (const auto& change : changes) {
        text +=
            fmt::format("{:>13} -> {:<13} {} {}\n", word(change.was), word(change.is), change.id, change.way);
    }
    return text;
}

} // namespace argo::runner
