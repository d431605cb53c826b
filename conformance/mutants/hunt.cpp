// SPDX-License-Identifier: Apache-2.0 OR MIT
// The suite against one mutant.
#include "mutants/hunt.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "runner/assets.hpp"
#include "runner/run.hpp"
#include "runner/target_domains.hpp"
#include "runner/text.hpp"

namespace argo::mutants {

namespace {

using runner::Case;
using runner::Verdict;
using Selection = std::vector<const Case*>;

/// The first case that failed, or that has at least this verdict, and what it found.
struct Kill
{
    const Case* by;
    std::string detail;
};

std::optional<Kill> kill_in(const runner::Ledger& ledger, Verdict least = Verdict::fail)
{
    for (const auto& entry : ledger.entries()) {
        if (entry.verdict >= least)
            return Kill{entry.what, fmt::format("{}: {}", runner::name(entry.verdict), entry.detail)};
    }
    return std::nullopt;
}

/// How often the cases that name the obligation are run at most: some mutants need somebody else to run just
/// then, and so some luck.
constexpr unsigned tries = 4;

/// Under a policy an absent domain is denied before the engine looks for it, so every other try is without.
enum class Control : uint8_t
{
    policy,
    none
};

/// Runs these cases with this mutant in force, none if empty, until one has at least this verdict.
std::optional<Kill> run(const std::string& mutant, const Selection& selection, const std::string& filter,
                        const std::filesystem::path& folder, const Setting& setting,
                        Verdict least = Verdict::fail, Control control = Control::policy)
{
    runner::Wish wish;
    wish.filter = filter;
    wish.timeout_factor = setting.timeout_factor;
    runner::DomainsTarget target({"model",
                                  {setting.program.string(), "model-domains", "--mutant", mutant},
                                  {},
                                  folder,
                                  false,
                                  runner::needs_crowd(selection),
                                  true,
                                  wish,
                                  {},
                                  control == Control::none ? "" : std::string(runner::assets::policy())});
    runner::ConsoleLog log(folder / "console.log");
    const auto limits = runner::Limits().scaled(setting.timeout_factor);
    const auto stop_at_kill = [least](const std::string&, const runner::Ledger& ledger) {
        if (auto kill = kill_in(ledger, least)) throw *kill;
    };
    try {
        target.choose("", wish.mechanism, wish.sample);
        target.start("");
        return kill_in(runner::Run(target, selection, limits, log, stop_at_kill).go().ledger, least);
    } catch (const Kill& kill) {
        return kill; // and with the target ends whatever still runs
    }
}

} // namespace

std::string unfit(const Setting& setting)
{
    const auto folder = setting.folder / "none";
    std::filesystem::create_directories(folder);
    const auto all = runner::select_cases(setting.catalogue, {});
    const auto failed = run("", all, "", folder, setting, Verdict::error);
    if (!failed) std::filesystem::remove_all(folder);
    return failed ? fmt::format("{}: {}", failed->by->id, failed->detail) : "";
}

Outcome hunt(const Mutant& mutant, const Setting& setting)
{
    const auto began = runner::Clock::now();
    const auto folder = setting.folder / mutant.id;
    std::filesystem::create_directories(folder);

    const auto all = runner::select_cases(setting.catalogue, {});
    Selection naming;
    std::vector<std::string> ids;
    const auto names = [&](const Case& each) {
        return std::ranges::find(each.requirements, mutant.obligation) != each.requirements.end();
    };
    for (const auto* const each : all) {
        if (!names(*each)) continue;
        naming.push_back(each);
        ids.push_back(each->id);
    }

    const std::string in_force = setting.armed ? mutant.id : "";
    Outcome outcome{&mutant, mutant.equivalent.empty() ? Fate::survived : Fate::equivalent, {}, {}, {}};
    if (naming.empty()) outcome.detail = "no case names the obligation";
    for (unsigned i = 0; !naming.empty() && i < tries && outcome.by.empty(); ++i) {
        const auto control = i % 2 == 0 ? Control::policy : Control::none;
        if (const auto kill =
                run(in_force, naming, runner::join(ids, ","), folder, setting, Verdict::fail, control)) {
            outcome.fate = Fate::killed;
            outcome.by = kill->by->id;
            outcome.detail = kill->detail;
        }
    }
    if (outcome.fate == Fate::survived) {
        if (const auto seen = run(in_force, all, "", folder, setting, Verdict::error)) {
            outcome.detail = fmt::format("seen by {}, which {} the obligation: {}", seen->by->id,
                                         names(*seen->by) ? "names" : "does not name", seen->detail);
        }
    } else {
        std::filesystem::remove_all(folder);
    }
    outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(runner::Clock::now() - began);
    return outcome;
}

} // namespace argo::mutants
