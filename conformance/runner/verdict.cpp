// SPDX-License-Identifier: Apache-2.0 OR MIT
// Names of the verdicts, and what a number of them means for a run.
#include "runner/verdict.hpp"

#include <numeric>

namespace argo::runner {

namespace {

struct Names
{
    std::string_view name;
    std::string_view key;
};

constexpr std::array<Names, all_verdicts.size()> names{{
    {"NOT_TESTED", "not_tested"},
    {"PASS", "pass"},
    {"NOT_SUPPORTED", "not_supported"},
    {"SKIP", "skip"},
    {"KFAIL", "kfail"},
    {"XPASS", "xpass"},
    {"ERROR", "error"},
    {"FAIL", "fail"},
    {"WEDGED", "wedged"},
    {"CRASH", "crash"},
}};

} // namespace

std::string_view name(Verdict verdict) noexcept { return names[static_cast<size_t>(verdict)].name; }

std::string_view key(Verdict verdict) noexcept { return names[static_cast<size_t>(verdict)].key; }

std::optional<Verdict> verdict_named(std::string_view text) noexcept
{
    for (const auto verdict : all_verdicts) {
        if (name(verdict) == text) return verdict;
    }
    return std::nullopt;
}

bool may_be_said_by_guest(Verdict verdict) noexcept
{
    switch (verdict) {
    case Verdict::pass:
    case Verdict::not_supported:
    case Verdict::skip:
    case Verdict::error:
    case Verdict::fail: return true;
    default: return false;
    }
}

bool fails_the_run(Verdict verdict) noexcept { return verdict == Verdict::xpass || verdict >= Verdict::fail; }

void Counts::add(const Counts& other) noexcept
{
    for (const auto verdict : all_verdicts) add(verdict, other.of(verdict));
}

unsigned Counts::total() const noexcept { return std::accumulate(count_.begin(), count_.end(), 0u); }

unsigned Counts::failed() const noexcept
{
    unsigned failed = of(Verdict::error);
    for (const auto verdict : all_verdicts) {
        if (fails_the_run(verdict)) failed += of(verdict);
    }
    return failed;
}

unsigned Counts::skipped() const noexcept { return total() - passed() - failed(); }

Exit exit_code(const Counts& counts) noexcept
{
    if (counts.failed() > counts.of(Verdict::error)) return Exit::failure;
    return counts.of(Verdict::error) != 0 ? Exit::undecided : Exit::good;
}

} // namespace argo::runner
