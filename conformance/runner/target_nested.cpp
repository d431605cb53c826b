// SPDX-License-Identifier: Apache-2.0 OR MIT
// kvm-nested.
#include "runner/target_nested.hpp"

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>

#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

constexpr std::chrono::minutes fetching{15}; // packages of 110 MB, once
constexpr std::chrono::minutes booting{2};
constexpr std::chrono::seconds quitting{10}; // for argo-vmm to end its domains

/// The last line of a file that has the word in it; empty: none.
std::string last_line_with(const std::filesystem::path& path, std::string_view word)
{
    std::ifstream file(path);
    std::string found;
    for (std::string line; std::getline(file, line);) {
        if (line.find(word) != std::string::npos) found = line;
    }
    while (!found.empty() && found.back() == '\r') found.pop_back();
    return found;
}

} // namespace

NestedTarget::~NestedTarget()
{
    NestedTarget::stop();
    child_.reset();
}

std::string NestedTarget::surroundings() const
{
    return fmt::format("Linux {}, QEMU {}, SVM emulated", kernel_, qemu_);
}

void NestedTarget::launch(const std::string& topology)
{
    // It may have died meanwhile.
    while (state_ == State::idle && listen(Clock::now() + std::chrono::milliseconds(1))) continue;
    if (state_ == State::idle && child_->descriptor() < 0) state_ = State::off;
    if (state_ == State::off) boot();
    if (state_ != State::idle) return; // interrupted
    require_environment();
    state_ = State::busy;
    child_->tell(fmt::format("run {}\n{}", topology.size() + 1, topology)); // and the end of the line
}

void NestedTarget::boot()
{
    child_ = std::make_unique<Child>(setting_.program, setting_.folder / "stderr.log");
    state_ = State::preparing;
    const auto begun = Clock::now();
    while (state_ != State::idle && !interrupted()) {
        const auto limit = state_ == State::preparing ? Clock::duration(fetching) : Clock::duration(booting);
        const auto scaled = std::chrono::duration_cast<Clock::duration>(limit * setting_.wish.timeout_factor);
        if (listen(std::min(begun + scaled, Clock::now() + std::chrono::milliseconds(200)))) continue;
        if (child_->descriptor() >= 0 && Clock::now() < begun + scaled) continue;
        const auto trouble = child_->descriptor() < 0
                                 ? how_it_ended()
                                 : fmt::format("its machine is not ready after {:.0f} s",
                                               std::chrono::duration<double>(scaled).count());
        child_.reset();
        state_ = State::off;
        throw Unavailable(fmt::format("target {}: {}", name(), trouble));
    }
    if (useless_.empty()) return;
    child_.reset();
    state_ = State::off;
    throw Unavailable(fmt::format("target {}: in {}: {}", name(), surroundings(), useless_));
}

/// Take what comes until the deadline. False: nothing did, or nothing will any more.
bool NestedTarget::listen(Clock::time_point deadline)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd poll{child_->descriptor(), POLLIN, 0};
    if (left <= 0 || ::poll(&poll, 1, static_cast<int>(left)) <= 0) return false;
    child_->read([this](std::string_view line) { hear(line); });
    if (child_->descriptor() >= 0) return true;
    child_->stop(std::chrono::milliseconds(1000));
    return false;
}

bool NestedTarget::hear_mark(std::string_view mark, std::string_view text)
{
    if (mark != "session") return false;
    const auto word = text.substr(0, text.find(' '));
    const std::string rest(text.substr(std::min(word.size() + 1, text.size())));
    if (word == "note") {
        fmt::print(stderr, "argo-conformance: {}: {}\n", name(), printable(rest));
    } else if (word == "kernel") {
        kernel_ = printable(rest);
    } else if (word == "qemu") {
        qemu_ = printable(rest);
        state_ = State::booting;
    } else if (word == "ready") {
        const auto probe = nlohmann::json::parse(rest, nullptr, false);
        const bool usable = probe.is_object() && probe.value("usable", false);
        useless_ = usable ? "" : probe.is_object() ? probe.value("reason", "no reason given") : "no probe";
        setting_.troubles = environment_troubles(probe);
        state_ = State::idle;
    } else if (word == "ended" && state_ == State::busy) {
        state_ = State::idle;
        const auto complaint = last_line_with(setting_.folder / "kernel.log", "argo-vmm: ");
        over(fmt::format("exit code {}{}{}", printable(rest), rest == "0" || complaint.empty() ? "" : ": ",
                         rest == "0" ? "" : printable(complaint)));
    }
    return true;
}

std::string NestedTarget::how_it_ended() const
{
    const auto ending = ending_with_complaint(*child_, setting_.folder / "stderr.log");
    const auto panic = last_line_with(setting_.folder / "kernel.log", "Kernel panic");
    if (!panic.empty()) return fmt::format("{}, {}", ending, printable(panic));
    if (!child_->succeeded()) return ending;
    return fmt::format("its machine went off; see {}", (setting_.folder / "kernel.log").string());
}

void NestedTarget::stop()
{
    if (!child_ || state_ == State::off) return;
    if (state_ == State::busy) {
        child_->tell("quit");
        const auto patience =
            interrupted()
                ? Clock::duration(std::chrono::milliseconds(200))
                : std::chrono::duration_cast<Clock::duration>(quitting * setting_.wish.timeout_factor);
        const auto deadline = Clock::now() + patience;
        while (state_ == State::busy && child_->descriptor() >= 0 && Clock::now() < deadline)
            listen(deadline);
    }
    if (state_ == State::idle && child_->descriptor() >= 0) return;
    // Whatever hangs in there goes with its machine.
    child_.reset();
    state_ = State::off;
}

} // namespace argo::runner
