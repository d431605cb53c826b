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

/// For a step of another vCPU, which may not ask the platform: let some time pass, each time another one.
class Unsteady
{
  public:
    Unsteady() : state_(static_cast<uint32_t>(random_below(UINT32_MAX))) {}
    void dawdle();

  private:
    uint32_t state_;
};

/// For a loop of rounds in which two vCPUs race. There are thousands; where another domain has to be asked in
/// each, as many as fit into a few seconds, and fifty in any case. A soak has fifty times as many.
class Races
{
  public:
    enum class Kind : uint8_t
    {
        own,   ///< between vCPUs of the lead
        others ///< with another domain
    };
    explicit Races(Kind kind = Kind::own) : kind_(kind) {}
    /// Another round; what fails in it says which it was.
    bool more();

  private:
    const Kind kind_;
    const uint64_t began_ = platform::now();
    uint32_t rounds_ = 0;
};

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
