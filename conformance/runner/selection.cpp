// SPDX-License-Identifier: Apache-2.0 OR MIT
// Selection of cases and the guests' command line.
#include "runner/selection.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "harness/selects.hpp"
#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

/// Every glob of a list must match something: one that does not is a misspelling, even beside one that does.
void require_matches(std::string_view what, std::string_view globs, const std::vector<std::string>& known)
{
    for (const auto& glob : split(globs, ',')) {
        if (std::ranges::any_of(known, [&](const auto& word) { return suite::glob_match(glob, word); }))
            continue;
        throw UsageError(fmt::format("no {} matches '{}'{} (`argo-conformance list` shows all)", what, glob,
                                     did_you_mean(glob, known)));
    }
}

} // namespace

std::vector<const Case*> select_cases(const Catalogue& catalogue, const Wish& wish)
{
    require_matches("profile", wish.profile, catalogue.profiles());
    require_matches("case", wish.filter, catalogue.case_ids());
    const auto& mechanisms = catalogue.registry.mechanisms;
    if (!wish.mechanism.empty() && wish.mechanism != every_mechanism &&
        std::ranges::find(mechanisms, wish.mechanism) == mechanisms.end()) {
        throw UsageError(
            fmt::format("mechanism '{}' is not known; known: {}, and {} for every one that is offered",
                        wish.mechanism, join(mechanisms, ", "), every_mechanism));
    }
    std::vector<const Case*> selected;
    for (const auto& c : catalogue.cases) {
        const bool wanted =
            suite::selects_profile(wish.profile, c.profile) && suite::glob_match_any(wish.filter, c.id);
        if (wanted) selected.push_back(&c);
    }
    const auto named = [](const std::string& profile) {
        return std::ranges::find(suite::asked_profiles, profile) != std::end(suite::asked_profiles);
    };
    if (selected.empty() && wish.profile.empty()) {
        for (const auto& c : catalogue.cases) {
            if (!named(c.profile) || !suite::glob_match_any(wish.filter, c.id)) continue;
            throw UsageError(
                fmt::format("{} runs where its profile is named: --profile {}", c.id, c.profile));
        }
    }
    if (selected.empty()) {
        throw UsageError(
            fmt::format("no case matches both profile '{}' and filter '{}'", wish.profile, wish.filter));
    }
    return selected;
}

bool needs_crowd(const std::vector<const Case*>& cases)
{
    return std::ranges::any_of(
        cases, [](const Case* c) { return c->profile == "wildcard" || c->profile == "lifecycle"; });
}

std::vector<const Case*> sampled_cases(const Catalogue& catalogue, const Wish& wish)
{
    auto selected = select_cases(catalogue, wish);
    std::erase_if(selected, [&](const Case* c) { return !suite::glob_match_any(wish.sample, c->id); });
    return selected;
}

std::string guest_command_line(const Role& own, const std::vector<Role>& all, const Wish& wish,
                               const std::string& after)
{
    auto line = fmt::format("role={}", own.part);
    const Role* first = nullptr; // of the crowd, and its last
    const Role* last = nullptr;
    for (const auto& role : all) {
        if (role.part == "crowd") {
            first = first == nullptr ? &role : first;
            last = &role;
        } else if (role.part != own.part) {
            line += fmt::format(" {}={}", role.part, role.domid);
        }
    }
    // The crowd serves the lead and need not know itself.
    if (first != nullptr && own.part != "crowd")
        line += fmt::format(" crowd={}-{}", first->domid, last->domid);
    if (!wish.profile.empty()) line += " profile=" + wish.profile;
    if (!wish.filter.empty()) line += " filter=" + wish.filter;
    if (!wish.sample.empty()) line += " sample=" + wish.sample;
    if (!wish.environment.empty()) line += " environment=" + wish.environment;
    if (!after.empty()) line += " after=" + after;
    if (!wish.mechanism.empty() && wish.mechanism != every_mechanism) line += " mechanism=" + wish.mechanism;
    if (wish.policy) line += " policy=1";
    constexpr unsigned many_races = 100'000;
    if (const auto races = wish.soak ? many_races : wish.races; races != 0)
        line += fmt::format(" races={}", races);
    if (wish.rounds != 0) line += fmt::format(" rounds={}", wish.rounds);
    if (wish.fuzz != 0) line += fmt::format(" fuzz={}", wish.fuzz);
    line += fmt::format(" seed={} slow={}", wish.seed,
                        std::max(1u, static_cast<unsigned>(std::ceil(wish.timeout_factor))));
    return line;
}

} // namespace argo::runner
