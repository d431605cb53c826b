// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the lines of the lead do to the ledger.
#include "runner/boot.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runner/text.hpp"

namespace argo::runner {

std::optional<Ask> Boot::take(const ProtocolLine& line, std::optional<Clock::time_point> now)
{
    if (repeats(line)) return std::nullopt;
    latest_ = line.text;
    if (ended_) {
        notes_.add(fmt::format("lead: a line after its end line is not believed: {}", printable(line.text)));
        return std::nullopt;
    }
    if (line.seq == 0) { // no place in the order, so no part in anything
        notes_.add(fmt::format("lead: {}: {}", std::get<Unreadable>(line.event).why, printable(line.text)));
        return std::nullopt;
    }
    const auto expected = sequence_.expected();
    switch (sequence_.take(line)) {
    case Sequence::Place::behind:
        notes_.add(
            fmt::format("lead: line {} came again and is not believed: {}", line.seq, printable(line.text)));
        return std::nullopt;
    case Sequence::Place::gap:
        damage_ =
            fmt::format("the log is damaged here: line {} was expected, line {} came", expected, line.seq);
        notes_.add("lead: " + damage_);
        if (running_) damage(*running_);
        break;
    case Sequence::Place::next: break;
    }
    return std::visit([&](const auto& event) { return act(event, now); }, line.event);
}

std::optional<Ask> Boot::act(const Begin& begin, std::optional<Clock::time_point> now)
{
    damage(begin.case_id);
    if (running_)
        raise(*running_, Verdict::error, "the guest went on to the next case without a verdict for this one");
    running_ = begin.case_id;
    last_ = begin.case_id;
    since_ = now;
    told_.push_back(begin.case_id);
    if (!ledger_.has(begin.case_id))
        notes_.add(fmt::format("lead: runs {}, which was not selected", begin.case_id));
    return std::nullopt;
}

std::optional<Ask> Boot::act(const Said& said, std::optional<Clock::time_point> now)
{
    damage(said.case_id);
    ++verdicts_;
    if (running_ != said.case_id) {
        raise(said.case_id, Verdict::error,
              fmt::format("{} was said of it while it was not running", name(said.verdict)));
    }
    raise(said.case_id, said.verdict, said.detail);
    if (running_ == said.case_id) {
        if (now && since_) {
            ledger_.took(said.case_id, std::chrono::duration_cast<std::chrono::microseconds>(*now - *since_));
        }
        running_.reset();
    }
    return std::nullopt;
}

std::optional<Ask> Boot::act(const Environment& environment, std::optional<Clock::time_point>)
{
    for (const auto& [key, value] : environment.facts) {
        facts_[key] = value;
        if (key == "unknown-option") notes_.add(fmt::format("lead: does not know the option '{}'", value));
    }
    return std::nullopt;
}

std::optional<Ask> Boot::act(const Ask& ask, std::optional<Clock::time_point>) { return ask; }

std::optional<Ask> Boot::act(const End& end, std::optional<Clock::time_point>)
{
    if (running_) raise(*running_, Verdict::error, "the guest ended without a verdict for it");
    running_.reset();
    ended_ = true;
    if (!damage_.empty() && !last_.empty()) damage(last_);
    if (!sequence_.complete()) return std::nullopt; // told already, and no checksum can be right
    if (end.crc != sequence_.crc() || end.cases != verdicts_) {
        const auto why =
            end.crc != sequence_.crc()
                ? fmt::format("the log was altered: its checksum is {:08x}, its end line says {:08x}",
                              sequence_.crc(), end.crc)
                : fmt::format("the log was altered: it has {} verdicts, its end line says {}", verdicts_,
                              end.cases);
        notes_.add("lead: " + why);
        for (const auto& id : told_) ledger_.raise(id, Verdict::error, why);
    }
    return std::nullopt;
}

std::optional<Ask> Boot::act(const Unreadable& unreadable, std::optional<Clock::time_point>)
{
    notes_.add(fmt::format("lead: {}", unreadable.why));
    if (running_) raise(*running_, Verdict::error, unreadable.why);
    return std::nullopt;
}

void Boot::break_off(Verdict verdict, const std::string& why)
{
    if (running_) raise(*running_, verdict, why);
    running_.reset();
    if (!last_.empty()) damage(last_);
}

std::string Boot::fact(std::string_view key) const
{
    const auto found = facts_.find(key);
    return found == facts_.end() ? std::string() : found->second;
}

bool Boot::ends_before(const ProtocolLine& line) const noexcept
{
    return line.seq == 1 && sequence_.expected() > 1 && std::holds_alternative<Environment>(line.event) &&
           !repeats(line);
}

void Boot::raise(const std::string& id, Verdict verdict, const std::string& detail)
{
    const bool first = ledger_.has(id) && !ledger_.decided(id);
    if (ledger_.raise(id, verdict, detail)) progressed_ = progressed_ || first;
    if (std::ranges::find(told_, id) == told_.end()) told_.push_back(id);
}

void Boot::damage(const std::string& id)
{
    if (damage_.empty()) return;
    ledger_.raise(id, Verdict::error, damage_);
    damage_.clear();
}

} // namespace argo::runner
