// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Another vCPU of the lead, which does nothing but take interrupts, or one short thing behind each.
#pragma once

#include "harness/actor.hpp"
#include "harness/platform.hpp"

namespace argo::suite {

/// Time that passes: first at once, for what takes no time, and then by halts.
class Patience
{
  public:
    Patience();
    /// False: it is over.
    bool lasts();

  private:
    uint64_t from_;
};

/// For what another vCPU does, without an interrupt that this one would take. False: the case's time for a
/// wait is over.
template <class Condition>
bool comes_true(const Condition& condition)
{
    for (Patience patience; !condition();)
        if (!patience.lasts()) return condition();
    return true;
}

/// A counter of time, for a step of another vCPU, which may not ask the platform. About 10^9 a second, and the
/// same at all vCPUs or not.
inline uint64_t ticks()
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    uint64_t value;
    asm volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
#endif
}

/// How many rounds a case has in which two vCPUs race.
uint32_t races();

class Vcpu
{
  public:
    /// One that halts. The case is left with SKIP where domains have fewer vCPUs.
    explicit Vcpu(uint32_t number);
    /// One that does `step(argument)` until it returns false, and again behind each interrupt.
    Vcpu(uint32_t number, bool (*step)(void*), void* argument);
    ~Vcpu() { down(); }
    Vcpu(const Vcpu&) = delete;

    /// The harness takes it down after each case.
    void down();
    void up();

    /// What a binding has as its target.
    uint64_t target() const { return platform::vcpu(number_); }
    uint32_t events(uint8_t vector) const { return platform::events(vector, number_); }
    /// Wait until there were more events than that. False: the case's time for a wait is over.
    bool wait_event(uint8_t vector, uint32_t before) const
    {
        return comes_true([&] { return events(vector) != before; });
    }

  private:
    uint32_t number_;
    bool (*step_)(void*);
    void* argument_;
};

} // namespace argo::suite
