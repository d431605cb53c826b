// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a run says to the person at the terminal: progress on stderr, then the outcome on stdout.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "runner/ledger.hpp"
#include "runner/results.hpp"

namespace argo::runner {

/// Progress of one target: a line that rewrites itself on a terminal, and now and then a plain line
/// otherwise.
class ProgressLine
{
  public:
    ProgressLine(std::string target, size_t cases);
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const std::string& running, const Ledger&);

  private:
    std::string target_;
    size_t cases_;
    bool terminal_;
    std::chrono::steady_clock::time_point next_; ///< when to print again
    size_t told_ = 0;                            ///< cases done at the last plain line
};

/// One line for each case that is not PASS; reasons that many cases share are told once.
std::string exceptions(const Results&);

/// Profiles by verdicts, one table for each target; then mechanisms, where there are several. It counts
/// results: a case by two mechanisms is two.
std::string profile_table(const Results&);

/// "N passed, N failed, N skipped", over all targets.
std::string last_line(const Counts&);

} // namespace argo::runner
