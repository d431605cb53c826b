// SPDX-License-Identifier: Apache-2.0 OR MIT
// /dev/kvm with types: the system, a VM, a vCPU. One function an ioctl, in the order in which a VMM needs
// them; Documentation/virt/kvm/api.rst of Linux says what each does. Every function throws Failure unless it
// is noexcept.
#pragma once

#include "kvm/resource.hpp"

// In C++ the empty structure inside this macro takes a byte, which changes the layout of every structure that
// uses it, and with its size the number of the ioctl that takes it.
#include <linux/stddef.h>
#undef __DECLARE_FLEX_ARRAY
#define __DECLARE_FLEX_ARRAY(type, name) type name[]
#include <linux/kvm.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace argo::kvm {

static_assert(sizeof(kvm_cpuid2) == 8 && sizeof(kvm_irq_routing) == 8 && sizeof(kvm_msrs) == 8);

using Cpuid = std::vector<kvm_cpuid_entry2>;

/// Where a VM's interrupt controllers are. The local APICs are KVM's own either way.
enum class Irqchip : uint8_t
{
    kernel, ///< all in KVM: a PIC and an I/O APIC, too
    split   ///< the others in user space; here there are none, as nothing here would be connected to them
};
constexpr std::string_view irqchip_names[] = {"kernel", "split"};

/// /dev/kvm itself. Immutable once made; thread-safe.
class System
{
  public:
    /// Opens the device and checks that it has everything that is needed. Throws Failure(Exit::unavailable).
    explicit System(const std::string& device);

    /// What KVM_CHECK_EXTENSION says: zero when absent.
    [[nodiscard]] int extension(unsigned capability) const noexcept;
    /// Whether KVM can hand hypercalls to us, all of them: its Xen-style exit.
    [[nodiscard]] bool hands_out_hypercalls() const noexcept;
    /// What KVM can show a guest through CPUID.
    [[nodiscard]] Cpuid supported_cpuid() const;
    /// Bytes of the structure that a vCPU shares with us.
    [[nodiscard]] size_t run_size() const;
    [[nodiscard]] FileDescriptor create_vm() const;

  private:
    FileDescriptor device_;
};

/// One VM. Thread-safe after set-up.
class Vm
{
  public:
    /// Throws Failure(Exit::unavailable) where KVM has no such interrupt controllers.
    Vm(const System& system, Irqchip irqchip);

    /// Makes `memory` the guest's memory from address 0 on. It must outlive the VM.
    void set_memory(std::span<std::byte> memory);
    /// Accesses to these MSRs, and to no others, come to us. Once.
    void exit_on_msrs(std::span<const uint32_t> indices);
    /// Hypercalls come to us. KVM knows them by an MSR, which it takes from the guest unless it exits.
    void exit_on_hypercalls();
    static constexpr uint32_t hypercall_msr = 0x40000200;
    [[nodiscard]] FileDescriptor create_vcpu(unsigned id) const;
    /// Raises an edge interrupt at the local APIC with this ID. False when it took nothing: it is switched
    /// off.
    bool signal_msi(uint32_t apic_id, uint8_t vector) const noexcept;

  private:
    FileDescriptor vm_;
};

/// One vCPU. For the thread that runs it, but for kick().
class VcpuDevice
{
  public:
    VcpuDevice(const System& system, const Vm& vm, unsigned id);

    void set_cpuid(const Cpuid& cpuid);
    [[nodiscard]] kvm_regs registers() const;
    void set_registers(const kvm_regs& registers);
    [[nodiscard]] kvm_sregs special_registers() const;
    void set_special_registers(const kvm_sregs& registers);
    /// After set_cpuid. Throws Failure(Exit::unavailable) where KVM cannot.
    void start_in_x2apic();
    /// True when the vCPU waits: halted, or not started yet.
    [[nodiscard]] bool idle() const;

    /// Runs the guest until it needs us; then state() says why. Returns 0, or errno: EINTR after a kick,
    /// EAGAIN when a vCPU that was not started yet has heard of something.
    int run() noexcept;
    [[nodiscard]] kvm_run& state() const noexcept;

    /// Makes run() return, now or as soon as it is called, until absorb_kick(). Another thread must also send
    /// a signal to this one. Any thread.
    void kick() noexcept;
    void absorb_kick() noexcept;

  private:
    FileDescriptor vcpu_;
    Mapping run_;
};

} // namespace argo::kvm
