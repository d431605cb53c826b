// SPDX-License-Identifier: Apache-2.0 OR MIT
// Tells a guest that hangs from one that waits. KVM runs HLT by itself, so both are in KVM_RUN and need
// nothing from us; but a kick makes KVM_RUN return, and then a waiting vCPU shows as halted, a looping one as
// runnable.
#pragma once

#include "kvm/vcpu.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace argo::kvm {

using Clock = std::chrono::steady_clock;

/// For one guest. Not thread-safe.
class Watchdog
{
  public:
    /// A vCPU hangs when for so long every look found it running, and no exit came in between.
    Watchdog(std::chrono::seconds limit, Clock::time_point now, size_t vcpus);

    /// How long it is until the next look.
    [[nodiscard]] std::chrono::milliseconds pause(Clock::time_point now) const noexcept;
    /// Looks at each vCPU, if it is time. The end of the guest, when one of them hangs.
    std::optional<End> look(const std::vector<std::unique_ptr<Vcpu>>& vcpus, Clock::time_point now);

  private:
    struct Seen
    {
        uint64_t exits;
        Clock::time_point alive; ///< when the vCPU last showed a sign of life
    };
    const std::chrono::seconds limit_;
    const std::chrono::milliseconds interval_; ///< from one look to the next
    Clock::time_point next_;
    std::vector<Seen> seen_;
};

} // namespace argo::kvm
