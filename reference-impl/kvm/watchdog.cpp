// SPDX-License-Identifier: Apache-2.0 OR MIT
// Tells a guest that hangs from one that waits.
#include "kvm/watchdog.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace argo::kvm {

using namespace std::chrono_literals;

Watchdog::Watchdog(std::chrono::seconds limit, Clock::time_point now, size_t vcpus)
    : limit_(limit),
      interval_(std::min(250ms, std::chrono::milliseconds(limit) / 4)),
      next_(now),
      seen_(vcpus, Seen{0, now})
{
}

std::chrono::milliseconds Watchdog::pause(Clock::time_point now) const noexcept
{
    return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(next_ - now));
}

std::optional<End> Watchdog::look(const std::vector<std::unique_ptr<Vcpu>>& vcpus, Clock::time_point now)
{
    if (now < next_) return std::nullopt;
    next_ = now + interval_;
    for (size_t i = 0; i < vcpus.size(); ++i) {
        const auto pulse = vcpus[i]->pulse();
        auto& [exits, alive] = seen_[i];

        // One that has not answered yet is with us, not in the guest.
        const bool answered = pulse.answered == pulse.asked;
        if (pulse.asked == 0 || !answered || pulse.idle || pulse.exits != exits) {
            exits = pulse.exits;
            alive = now;
        } else if (now - alive >= limit_) {
            return End{End::Kind::watchdog,
                       fmt::format("vCPU {} has run for {} s without an exit or a halt, RIP {:#x}", i,
                                   limit_.count(), pulse.rip)};
        }
        if (answered) vcpus[i]->ask();
    }
    return std::nullopt;
}

} // namespace argo::kvm
