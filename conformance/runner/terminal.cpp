// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a run says to the person at the terminal.
#include "runner/terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runner/text.hpp"

namespace argo::runner {

namespace {

using namespace std::chrono_literals;

size_t terminal_width()
{
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

Counts counts_of(const Ledger& ledger)
{
    Counts counts;
    for (const auto& entry : ledger.entries()) counts.add(entry.verdict);
    return counts;
}

/// Verdicts in the order in which people look for them: the bad ones first.
constexpr std::array shown{Verdict::crash, Verdict::wedged,        Verdict::fail,
                           Verdict::xpass, Verdict::error,         Verdict::kfail,
                           Verdict::skip,  Verdict::not_supported, Verdict::pass};

/// What was found of a case, once, in however many ways.
struct Finding
{
    const CaseResult* first;
    std::vector<std::string> ways;
    bool everywhere; ///< in each in which it ran
};

std::vector<Finding> findings(const Results& results)
{
    std::map<std::string_view, size_t> runs;
    std::map<std::tuple<std::string_view, Verdict, std::string_view>, size_t> places;
    std::vector<Finding> all;
    const auto way = ways(results);
    for (size_t i = 0; i < results.cases.size(); ++i) {
        const auto& c = results.cases[i];
        ++runs[c.id];
        const auto [place, fresh] = places.try_emplace({c.id, c.verdict, c.detail}, all.size());
        if (fresh) all.push_back({&c, {}, false});
        all[place->second].ways.push_back(way[i]);
    }
    for (auto& finding : all) finding.everywhere = finding.ways.size() == runs[finding.first->id];
    return all;
}

} // namespace

ProgressLine::ProgressLine(std::string target, size_t cases)
    : target_(std::move(target)),
      cases_(cases),
      terminal_(::isatty(STDERR_FILENO) != 0),
      next_(std::chrono::steady_clock::now() + (terminal_ ? 0s : 10s))
{
}

ProgressLine::~ProgressLine()
{
    if (terminal_) fmt::print(stderr, "\r\033[K");
}

void ProgressLine::show(const std::string& running, const Ledger& ledger)
{
    const auto now = std::chrono::steady_clock::now();
    const auto done = cases_ - ledger.open();
    if (now < next_ && done != cases_) return;
    const auto counts = counts_of(ledger);
    const auto bad = counts.failed() == 0 ? std::string() : fmt::format(", {} failed", counts.failed());
    auto line = fmt::format("{}: {} of {} cases{}", target_, done, cases_, bad);
    if (terminal_) {
        if (!running.empty()) line += "  " + running;
        fmt::print(stderr, "\r\033[K{}", line.substr(0, terminal_width() - 1));
        std::fflush(stderr);
        next_ = now + 50ms;
    } else if (done != told_) {
        fmt::print(stderr, "{}\n", line);
        told_ = done;
        next_ = now + 10s;
    }
}

std::string exceptions(const Results& results)
{
    constexpr size_t many = 3; // so many cases with one reason are told together
    const auto all = findings(results);
    std::string text;
    for (const auto verdict : shown) {
        if (verdict == Verdict::pass) continue;
        std::vector<std::string> reasons_told;
        for (const auto& finding : all) {
            const auto& c = *finding.first;
            if (c.verdict != verdict) continue;
            const auto shares = [&](const Finding& other) {
                return other.first->verdict == verdict && other.first->detail == c.detail;
            };
            const auto sharing = std::ranges::count_if(all, shares);
            const bool harmless = !fails_the_run(verdict) && verdict != Verdict::kfail;
            if (harmless && static_cast<size_t>(sharing) > many) {
                if (std::ranges::find(reasons_told, c.detail) != reasons_told.end()) continue;
                reasons_told.push_back(c.detail);
                text += fmt::format("{:<13} {} cases, {} and so on: {}\n", name(verdict), sharing, c.id,
                                    printable(c.detail));
                continue;
            }
            text += fmt::format("{:<13} {}{}{}{}\n", name(verdict), c.id,
                                finding.everywhere ? "" : " by " + join(finding.ways, ", "),
                                c.detail.empty() ? "" : ": ", printable(c.detail));
        }
    }
    return text;
}

std::string profile_table(const Results& results)
{
    std::vector<std::pair<std::string, Counts>> rows;
    for (const auto& c : results.cases) {
        auto row = std::ranges::find(rows, c.profile, [](const auto& r) { return r.first; });
        if (row == rows.end()) row = rows.insert(rows.end(), {c.profile, {}});
        row->second.add(c.verdict);
    }
    rows.emplace_back("all", results.counts());
    const auto all = rows.size() - 1;
    std::vector<std::pair<std::string, Counts>> by_way;
    const auto way = ways(results);
    for (size_t i = 0; i < results.cases.size(); ++i) {
        const auto by = "by " + way[i];
        auto row = std::ranges::find(by_way, by, [](const auto& r) { return r.first; });
        if (row == by_way.end()) row = by_way.insert(by_way.end(), {by, {}});
        row->second.add(results.cases[i].verdict);
    }
    if (by_way.size() > 1) rows.insert(rows.end(), by_way.begin(), by_way.end());
    // Columns without a number in them are left out.
    std::vector<Verdict> columns;
    for (const auto verdict : shown) {
        if (rows[all].second.of(verdict) != 0) columns.push_back(verdict);
    }
    size_t width = results.target.name.size();
    for (const auto& [profile, _] : rows) width = std::max(width, profile.size());
    auto text = fmt::format("{:<{}}", results.target.name, width);
    for (const auto verdict : columns) text += fmt::format("  {:>5}", name(verdict));
    for (const auto& [profile, counts] : rows) {
        text += fmt::format("\n{:<{}}", profile, width);
        for (const auto verdict : columns) {
            const auto column = std::max<size_t>(5, name(verdict).size());
            const auto n = counts.of(verdict);
            text += fmt::format("  {:>{}}", n == 0 ? "." : std::to_string(n), column);
        }
    }
    return text + "\n";
}

std::string last_line(const Counts& counts)
{
    return fmt::format("{} passed, {} failed, {} skipped", counts.passed(), counts.failed(),
                       counts.skipped());
}

} // namespace argo::runner
