// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What differs between the machines that the image wakes up on: a PC, real or not, and a guest of Xen, PVH or
// PV. Decided once, right after the entry.
#pragma once

#include <argo/machine.hpp>

#include <cstdint>
#include <string_view>

namespace argo::guest {

class Surroundings
{
  public:
    /// For the report.
    virtual const char* name() const = 0;
    /// Print a line, without its '\n', wherever somebody may listen.
    virtual void print(std::string_view line) = 0;
    /// Tell whoever watches that this domain is done, and halt.
    [[noreturn]] virtual void shut_down(bool in_order) = 0;
    /// Let another vCPU, which is down, run vcpu_main() once. False: there is no such vCPU.
    virtual bool start_vcpu(uint32_t number) = 0;
    /// On that vCPU: let interrupts come to it, or not. They stay disabled.
    virtual void take_interrupts(uint32_t number, bool on) = 0;
    /// On that vCPU: halt until it has taken one, which may have come before.
    virtual void halt(uint32_t number) = 0;
    /// Interrupt it.
    virtual void wake(uint32_t number) = 0;
    /// See platform::renew().
    virtual void renew(std::string_view) {}
    /// CPUID as the hypervisor wants it to be seen.
    virtual CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf) = 0;
    /// ns since some moment.
    virtual uint64_t now() = 0;
    /// Halt until an interrupt comes, or one came since the last wait, or about `ns` have passed.
    virtual void wait(uint64_t ns) = 0;
    /// A page of the image by the number that the hypervisor has for it.
    virtual uint64_t frame(uint64_t page) const = 0;
    /// What a binding has for a target that means this vCPU.
    virtual uint64_t vcpu(uint32_t number) = 0;
    /// How often this interrupt was taken, by whichever way.
    virtual uint32_t events(uint8_t vector, uint32_t vcpu) = 0;
    /// See platform::has_local_apic() and what follows there.
    virtual bool has_local_apic() const { return true; }
    virtual uint32_t channel(uint64_t, uint32_t) { return 0; }
    virtual void hold_channel(uint32_t, bool) {}
    virtual void give_up_channel(uint64_t) {}

  protected:
    ~Surroundings() = default;
};

Surroundings& surroundings();

/// From here on. Before the first time a PC is assumed.
void set_surroundings(Surroundings&);

} // namespace argo::guest
