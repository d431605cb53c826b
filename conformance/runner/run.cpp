// SPDX-License-Identifier: Apache-2.0 OR MIT
// A run of the selected cases on one target.
#include "runner/run.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "runner/child.hpp"
#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

const std::string lead = "lead";

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

} // namespace

Limits Limits::scaled(double factor) const
{
    const auto scale = [factor](Clock::duration d) {
        return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(d) * factor);
    };
    return {scale(one_case), scale(first_line), boots};
}

ConsoleLog::ConsoleLog(const std::filesystem::path& file) : file_(file, std::ios::binary)
{
    if (!file_) throw UsageError(fmt::format("{}: cannot be written", file.string()));
}

void ConsoleLog::line(const std::string& role, const std::string& text)
{
    const bool full = size_ > limit;
    const bool protocol = text.find("argo-ct ") != std::string::npos;
    if (full && !protocol) return;
    const auto marked = role.empty() ? text + "\n" : fmt::format("[{}] {}\n", role, text);
    file_ << marked;
    if (protocol) file_.flush(); // somebody may be looking
    size_ += marked.size();
    if (!full && size_ > limit)
        file_ << "[host] the log is full; from here on it has lines of the protocol only\n";
}

void Identity::learn(const Boot& boot)
{
    const auto learn_one = [&](std::string& field, const char* key) {
        if (auto value = boot.fact(key); !value.empty()) field = value;
    };
    learn_one(implementation, "implementation");
    learn_one(version, "version");
    learn_one(mechanism, "mechanism");
    learn_one(arch, "arch");
    learn_one(environment, "environment");
    if (auto all = split(boot.fact("mechanisms"), ','); !all.empty()) mechanisms = std::move(all);
}

Run::Run(Target& target, const std::vector<const Case*>& selection, Limits limits, ConsoleLog& log,
         Progress progress)
    : target_(target),
      limits_(limits),
      log_(log),
      progress_(std::move(progress)),
      outcome_{Ledger(selection), {}, {}, false, {}}
{
}

RunOutcome Run::go() &&
{
    std::string after;
    std::string missing;
    for (unsigned boots = 1;; ++boots) {
        Boot boot(outcome_.ledger, outcome_.notes);
        const bool ended = boot_once(boot, after);
        target_.stop();
        outcome_.identity.learn(boot);
        count_events(boot, boots == 1);
        take_figures(boot);
        if (!boot.last().empty()) after = boot.last();
        if (!passed_over_.empty()) after = passed_over_;
        missing = why_missing(boot);
        outcome_.interrupted = interrupted();
        if (ended || outcome_.ledger.open() == 0 || outcome_.interrupted) break;
        if (!boot.progressed() && passed_over_.empty())
            break; // it would break off at the same place for ever
        if (boots == limits_.boots) {
            missing = fmt::format("not run: the target was started {} times already", boots);
            break;
        }
        outcome_.notes.add(fmt::format("started again after {}: {}", after, cause_));
        try {
            target_.start(after);
        } catch (const Unavailable& error) { // what was found so far stands
            missing = fmt::format("not run: {}", error.what());
            break;
        }
    }
    outcome_.ledger.close(outcome_.interrupted ? "not run: interrupted" : missing);
    return std::move(outcome_);
}

void Run::count_events(const Boot& boot, bool first)
{
    auto events = target_.counted();
    const auto told = [&](const char* key) -> EventCounts::Count {
        const auto text = boot.fact(key);
        uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (!boot.ended() || text.empty() || error != std::errc() || end != text.data() + text.size())
            return {};
        return number;
    };
    events.delivered = told("delivered");
    events.spurious = told("spurious");
    if (first) {
        outcome_.events = events;
    } else {
        outcome_.events += events;
    }
}

void Run::take_figures(const Boot& boot)
{
    constexpr std::string_view mark = "bench.";
    bool any = false;
    for (const auto& [name, text] : boot.facts()) {
        uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (!name.starts_with(mark) || error != std::errc() || end != text.data() + text.size()) continue;
        outcome_.figures[name.substr(mark.size())] = value;
        any = true;
    }
    if (!any) return;
    for (const auto& [name, value] : target_.figures()) outcome_.figures["host." + name] = value;
}

bool Run::boot_once(Boot& boot, const std::string& after)
{
    passed_over_.clear();
    expected_deaths_.clear();
    spoke_ = false;
    cause_.clear();
    since_ = Clock::now();
    while (!boot.ended()) {
        const auto report = target_.next(deadline());
        bool over = false;
        if (report) over = report->kind == Report::Kind::line ? hear(boot, *report) : lost(boot, *report);
        if (over) return false;
        if (interrupted()) {
            boot.break_off(Verdict::error, "interrupted");
            return false;
        }
        // Also while lines come: a flood is no progress.
        if (Clock::now() >= deadline() && !boot.ended()) {
            silent(boot, after);
            return false;
        }
    }
    return true;
}

Clock::time_point Run::deadline() const noexcept
{
    return since_ + (spoke_ ? limits_.one_case : limits_.first_line);
}

/// A line of some console. True: the lead started over by itself, so this boot is over.
bool Run::hear(Boot& boot, const Report& report)
{
    log_.line(report.role, report.text);
    if (report.role == "host") return false;
    const auto line = parse_protocol_line(report.text);
    if (!line) return false;
    if (report.role != lead) {
        // The others tell about themselves; what they say of cases is forged.
        if (!std::holds_alternative<Environment>(line->event) && !std::holds_alternative<End>(line->event)) {
            outcome_.notes.add(
                fmt::format("{}: not the lead, and not believed: {}", report.role, printable(line->text)));
        }
        return false;
    }
    if (boot.ends_before(*line)) {
        cause_ = "the lead started over by itself";
        boot.break_off(Verdict::crash, cause_);
        return true;
    }
    const auto now = Clock::now();
    const auto running = boot.running();
    const auto ask = boot.take(*line, now);
    if (!spoke_ || running != boot.running()) {
        since_ = now;
        progress_(boot.running().value_or(""), outcome_.ledger);
    }
    spoke_ = true;
    if (!ask) return false;
    if (ask->role == lead || !target_.act(*ask)) {
        outcome_.notes.add(
            fmt::format("lead: asks to {} '{}', which this run cannot do", name(ask->action), ask->role));
    } else if (ask->action == Action::kill || ask->action == Action::restart) {
        expected_deaths_.push_back(ask->role);
    }
    return false;
}

/// A domain or the whole target is gone. True: so is this boot.
bool Run::lost(Boot& boot, const Report& report)
{
    const auto expected = std::ranges::find(expected_deaths_, report.role);
    if (expected != expected_deaths_.end()) {
        expected_deaths_.erase(expected);
        return false;
    }
    const bool over = report.kind == Report::Kind::over;
    cause_ = over ? fmt::format("{} ended: {}", target_.name(), report.text)
                  : fmt::format("{} ended: {}", report.role, report.text);
    const bool watchdog = report.text.starts_with("watchdog");
    if (over || report.role == lead) {
        boot.break_off(watchdog ? Verdict::wedged : Verdict::crash, printable(cause_));
        return true;
    }
    outcome_.notes.add(printable(cause_));
    // One that shut itself down had its reasons, and what it is missing for the lead will say.
    if (!watchdog && !report.text.starts_with("crash")) return false;
    // Without this domain later cases would be judged in another surrounding: start again behind this one.
    if (!boot.running() && !boot.progressed()) return false;
    boot.break_off(watchdog ? Verdict::wedged : Verdict::crash, printable(cause_));
    return true;
}

void Run::silent(Boot& boot, const std::string& after)
{
    const auto limit = seconds(spoke_ ? limits_.one_case : limits_.first_line);
    cause_ = boot.running() ? fmt::format("no verdict within {:g} s", limit)
             : spoke_       ? fmt::format("the lead said nothing for {:g} s between cases", limit)
                            : fmt::format("the lead said nothing within {:g} s of its start", limit);
    // What hangs with its hypervisor may have begun a case and its word of that is lost.
    if (spoke_ && !boot.running()) {
        passed_over_ = outcome_.ledger.next_open(boot.last().empty() ? after : boot.last());
        outcome_.ledger.raise(passed_over_, Verdict::wedged, cause_ + ", and this case is the next");
    }
    boot.break_off(Verdict::wedged, cause_);
}

std::string Run::why_missing(const Boot& boot) const
{
    if (const auto option = boot.fact("unknown-option"); !option.empty()) {
        return fmt::format(
            "not run: the guest does not know the option '{}'; are image and runner of one build?", option);
    }
    if (boot.ended()) return "the guest ended without a word about it";
    return fmt::format("not run: {}", printable(cause_));
}

} // namespace argo::runner
