// SPDX-License-Identifier: Apache-2.0 OR MIT
// One boot of the lead, as its console tells it: what each line does to the ledger. The same for a guest that
// runs now and for a log of one that ran elsewhere; where the lines come from and what time it is, others
// know.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/ledger.hpp"
#include "runner/notes.hpp"
#include "runner/protocol.hpp"

namespace argo::runner {

using Clock = std::chrono::steady_clock;

class Boot
{
  public:
    Boot(Ledger& ledger, Notes& notes) : ledger_(ledger), notes_(notes) {}

    /// A protocol line of the lead; `now` is empty where the line comes from a log. What is returned, the
    /// host is to do.
    std::optional<Ask> take(const ProtocolLine& line, std::optional<Clock::time_point> now = std::nullopt);

    /// The boot is over before its end line: `verdict` for the case that was running, if one was.
    void break_off(Verdict verdict, const std::string& why);

    const std::optional<std::string>& running() const noexcept
    {
        return running_;
    }                                                          ///< a case without its verdict
    const std::string& last() const noexcept { return last_; } ///< case begun last; empty: none
    bool ended() const noexcept { return ended_; }             ///< its end line was seen
    bool progressed() const noexcept { return progressed_; }   ///< a case got its first verdict in this boot

    /// Whether a line is the one before once more: a guest prints on every console that it finds, and a host
    /// may put them together. Such a line says nothing.
    bool repeats(const ProtocolLine& line) const noexcept { return line.text == latest_; }

    /// Whether a line begins another boot: line 1, where this one has lines already.
    bool ends_before(const ProtocolLine& line) const noexcept;

    /// What the guest told of itself; empty: nothing of that name.
    std::string fact(std::string_view key) const;
    const std::map<std::string, std::string, std::less<>>& facts() const noexcept { return facts_; }

  private:
    std::optional<Ask> act(const Begin&, std::optional<Clock::time_point>);
    std::optional<Ask> act(const Said&, std::optional<Clock::time_point>);
    std::optional<Ask> act(const Environment&, std::optional<Clock::time_point>);
    std::optional<Ask> act(const Ask&, std::optional<Clock::time_point>);
    std::optional<Ask> act(const End&, std::optional<Clock::time_point>);
    std::optional<Ask> act(const Unreadable&, std::optional<Clock::time_point>);

    void raise(const std::string& id, Verdict, const std::string& detail);
    void damage(const std::string& id);

    Ledger& ledger_;
    Notes& notes_;
    Sequence sequence_;
    std::map<std::string, std::string, std::less<>> facts_;
    std::vector<std::string> told_; ///< cases of which this boot said something
    std::optional<std::string> running_;
    std::optional<Clock::time_point> since_;
    std::string last_;
    std::string latest_; ///< text of the line before
    std::string damage_; ///< lines were lost, and the next case named has to answer for it
    uint64_t verdicts_ = 0;
    bool ended_ = false;
    bool progressed_ = false;
};

} // namespace argo::runner
