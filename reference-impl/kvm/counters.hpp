// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a run cost: exits by reason, calls by mechanism, events, console output. One set a domain, over all
// its starts.
#pragma once

#include "kvm/doorbell.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace argo::kvm {

/// Why KVM came back to us. A kick is none of them: it is our doing, not the guest's.
enum class Reason : uint8_t
{
    io,
    mmio,
    wrmsr,
    rdmsr,
    hypercall,
    shutdown,
    internal_error,
    fail_entry,
    other,
};
constexpr std::string_view reason_names[] = {"io",       "mmio",           "wrmsr",      "rdmsr", "hypercall",
                                             "shutdown", "internal_error", "fail_entry", "other"};

/// A number that several threads add to.
class Counter
{
  public:
    void add(uint64_t amount = 1) noexcept { value_.fetch_add(amount, std::memory_order_relaxed); }
    [[nodiscard]] uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<uint64_t> value_{0};
};

struct Counters
{
    Counter starts;
    std::array<Counter, std::size(reason_names)> exits;
    std::array<Counter, std::size(mechanism_names)> calls; ///< that reached the engine
    Counter no_frame; ///< a doorbell rung with an address where no frame is
    Counter events;   ///< interrupts that the engine asked for
    Counter held;     ///< of them, those that found the local APIC switched off

    Counter& operator[](Reason reason) noexcept { return exits[static_cast<size_t>(reason)]; }
    Counter& operator[](Mechanism mechanism) noexcept { return calls[static_cast<size_t>(mechanism)]; }
};

} // namespace argo::kvm
