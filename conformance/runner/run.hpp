// SPDX-License-Identifier: Apache-2.0 OR MIT
// A run of the selected cases on one target: boots it, follows the lead, keeps the time, serves what the lead
// asks for, and boots again after a case that crashed or hung, so that it costs the others nothing.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runner/boot.hpp"
#include "runner/ledger.hpp"
#include "runner/notes.hpp"
#include "runner/target.hpp"

namespace argo::runner {

/// How long a run waits.
struct Limits
{
    Clock::duration one_case = std::chrono::seconds(10);   ///< for a verdict, and between cases
    Clock::duration first_line = std::chrono::seconds(30); ///< for the lead's first word after a start
    unsigned boots = 64;

    Limits scaled(double factor) const;
};

/// The raw consoles, each line with the mark of its domain. Beyond a limit only what the protocol says is
/// kept.
class ConsoleLog
{
  public:
    static constexpr uint64_t limit = 256 * 1024 * 1024;

    explicit ConsoleLog(const std::filesystem::path& file);
    void line(const std::string& role, const std::string& text);

  private:
    std::ofstream file_;
    uint64_t size_ = 0;
};

/// What the lead told of itself; of the last boot that told it.
struct Identity
{
    std::string implementation, version, mechanism, arch, environment;
    std::vector<std::string> mechanisms;

    void learn(const Boot&);
};

struct RunOutcome
{
    Ledger ledger;
    Notes notes;
    Identity identity;
    bool interrupted = false;
    EventCounts events{};                      ///< over all boots
    std::map<std::string, uint64_t> figures{}; ///< what cases of profile bench measured, and the host counted
};

/// Called whenever a case begins or ends: what runs now (empty: between cases), and the ledger.
using Progress = std::function<void(const std::string& running, const Ledger&)>;

class Run
{
  public:
    Run(Target& target, const std::vector<const Case*>& selection, Limits limits, ConsoleLog& log,
        Progress progress);

    /// Throws Unavailable where the target cannot be started at all.
    RunOutcome go() &&;

  private:
    bool boot_once(Boot& boot, const std::string& after);
    Clock::time_point deadline() const noexcept;
    bool hear(Boot& boot, const Report& report);
    void count_events(const Boot& boot, bool first);
    void take_figures(const Boot& boot);
    bool lost(Boot& boot, const Report& report);
    void silent(Boot& boot, const std::string& after);
    std::string why_missing(const Boot& boot) const;

    Target& target_;
    Limits limits_;
    ConsoleLog& log_;
    Progress progress_;
    RunOutcome outcome_;
    std::vector<std::string> expected_deaths_; ///< roles that the lead asked to be killed
    Clock::time_point since_;                  ///< when the lead's last begin or verdict came
    bool spoke_ = false;                       ///< the lead said something of the protocol in this boot
    std::string passed_over_;                  ///< a case of which the lead did not come to speak
    std::string cause_;                        ///< why the last boot broke off
};

} // namespace argo::runner
