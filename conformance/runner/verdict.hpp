// SPDX-License-Identifier: Apache-2.0 OR MIT
// The verdicts of the conformance suite and what they mean for a run. The order of the enumerators is the
// lattice: a verdict only rises in severity, so a later enumerator wins over an earlier one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace argo::runner {

enum class Verdict : uint8_t
{
    not_tested,    ///< an obligation that no case of this run checks
    pass,          ///< observed, by a positive witness
    not_supported, ///< optional, and its absence confirmed by probing
    skip,          ///< a precondition of this run is missing
    kfail,         ///< fails, and is in a list of known failures
    xpass,         ///< passes, though it is in a list of known failures
    error,         ///< could not be decided; also silence and truncated logs
    fail,          ///< violated
    wedged,        ///< a call or a wait never ended
    crash,         ///< guest or hypervisor died
};

inline constexpr std::array all_verdicts{
    Verdict::not_tested, Verdict::pass,  Verdict::not_supported, Verdict::skip,   Verdict::kfail,
    Verdict::xpass,      Verdict::error, Verdict::fail,          Verdict::wedged, Verdict::crash};

/// As printed everywhere: PASS, NOT_SUPPORTED, ...
std::string_view name(Verdict) noexcept;

/// As in the summary of results.json: pass, not_supported, ...
std::string_view key(Verdict) noexcept;

/// Exact, upper case; empty for anything else.
std::optional<Verdict> verdict_named(std::string_view) noexcept;

/// What a guest may say of a case. The others are the runner's own conclusions.
bool may_be_said_by_guest(Verdict) noexcept;

/// FAIL, CRASH, WEDGED, XPASS: the run fails.
bool fails_the_run(Verdict) noexcept;

/// How many of each.
class Counts
{
  public:
    void add(Verdict verdict, unsigned n = 1) noexcept { count_[static_cast<size_t>(verdict)] += n; }
    void add(const Counts& other) noexcept;
    unsigned of(Verdict verdict) const noexcept { return count_[static_cast<size_t>(verdict)]; }
    unsigned total() const noexcept;
    unsigned passed() const noexcept { return of(Verdict::pass); }
    unsigned failed() const noexcept;  ///< what fails the run, and ERROR
    unsigned skipped() const noexcept; ///< what neither passed nor failed

  private:
    std::array<unsigned, all_verdicts.size()> count_{};
};

/// Exit codes of `argo-conformance`.
enum class Exit : int
{
    good = 0,          ///< nothing worse than NOT_SUPPORTED, SKIP or KFAIL
    failure = 1,       ///< FAIL, CRASH, WEDGED or XPASS
    usage = 2,         ///< the command line or an input file makes no sense
    undecided = 3,     ///< ERROR
    unavailable = 4,   ///< a target that was asked for cannot run here
    interrupted = 130, ///< Ctrl-C
};

/// For a run whose cases ended like this.
Exit exit_code(const Counts&) noexcept;

} // namespace argo::runner
