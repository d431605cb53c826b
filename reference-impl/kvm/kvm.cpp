// SPDX-License-Identifier: Apache-2.0 OR MIT
// /dev/kvm with types.
#include "kvm/kvm.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <atomic>
#include <new>

namespace argo::kvm {

namespace {

/// Where KVM on Intel may keep pages of its own: below the firmware's place at the end of 4 GiB.
constexpr uint64_t identity_map_address = 0xfffbc000;
constexpr unsigned long tss_address = 0xfffbd000;

/// What nothing runs without.
struct Capability
{
    unsigned number;
    const char* name;
    const char* since; ///< the Linux that brought it
};
constexpr Capability needed_capabilities[] = {
    {KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP", "2.6.20"},
    {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "2.6.25"},
    {KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", "2.6.26"},
    {KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE", "2.6.26"},
    {KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI", "3.5"},
    {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "4.12"},
    {KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR", "5.10"},
    {KVM_CAP_X86_MSR_FILTER, "KVM_CAP_X86_MSR_FILTER", "5.10"},
};

/// An ioctl that has no reason to fail. `what` says what it was to do.
template <class Argument>
int control(const FileDescriptor& fd, unsigned long request, Argument argument, const char* what)
{
    const int result = ::ioctl(fd.get(), request, argument);
    if (result < 0) fail(Exit::failure, "KVM did not {}: {}", what, std::strerror(errno));
    return result;
}

kvm_cpuid2& head(std::vector<std::byte>& table)
{
    return *std::launder(reinterpret_cast<kvm_cpuid2*>(table.data()));
}

/// A kvm_cpuid2 with room for `capacity` entries behind it.
std::vector<std::byte> cpuid_table(size_t capacity)
{
    std::vector<std::byte> table(sizeof(kvm_cpuid2) + capacity * sizeof(kvm_cpuid_entry2));
    new (table.data()) kvm_cpuid2;
    head(table).nent = static_cast<uint32_t>(capacity);
    return table;
}

/// KVM makes local APICs alone, and keeps no pins for an I/O APIC of user space.
void split_interrupt_controllers(const System& system, const FileDescriptor& vm)
{
    kvm_enable_cap split{};
    split.cap = KVM_CAP_SPLIT_IRQCHIP;
    if (system.extension(KVM_CAP_SPLIT_IRQCHIP) > 0 && ::ioctl(vm.get(), KVM_ENABLE_CAP, &split) == 0) return;
    fail(Exit::unavailable, "irqchip = \"split\" needs KVM_CAP_SPLIT_IRQCHIP, which this host's KVM lacks "
                            "(it came with Linux 4.4)");
}

} // namespace

System::System(const std::string& device) : device_(::open(device.c_str(), O_RDWR | O_CLOEXEC))
{
    if (!device_) {
        switch (errno) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
            fail(
                Exit::unavailable,
                "{}: no such device; load kvm_intel or kvm_amd, and see that the firmware (or the hypervisor "
                "below) lets this host virtualize",
                device);
        case EACCES:
        case EPERM: fail(Exit::unavailable, "{}: permission denied; add yourself to group kvm", device);
        default: fail(Exit::unavailable, "{}: {}", device, std::strerror(errno));
        }
    }
    const int version = ::ioctl(device_.get(), KVM_GET_API_VERSION, 0);
    if (version < 0) fail(Exit::unavailable, "{}: not a KVM device; the usual one is /dev/kvm", device);
    if (version != KVM_API_VERSION) {
        fail(Exit::unavailable, "{}: KVM speaks version {} of its interface, this program speaks {}", device,
             version, KVM_API_VERSION);
    }
    for (const auto& [number, name, since] : needed_capabilities) {
        if (extension(number) > 0) continue;
        fail(Exit::unavailable, "{}: KVM lacks {}, which came with Linux {}; update the host's kernel",
             device, name, since);
    }
}

int System::extension(unsigned capability) const noexcept
{
    const int value = ::ioctl(device_.get(), KVM_CHECK_EXTENSION, static_cast<unsigned long>(capability));
    return value < 0 ? 0 : value;
}

bool System::hands_out_hypercalls() const noexcept
{
    return (extension(KVM_CAP_XEN_HVM) & KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL) != 0;
}

Cpuid System::supported_cpuid() const
{
    constexpr size_t more_than_there_are = 256;
    auto table = cpuid_table(more_than_there_are);
    control(device_, KVM_GET_SUPPORTED_CPUID, table.data(), "tell the CPUID that it supports");
    const auto& told = head(table);
    Cpuid cpuid(told.entries, told.entries + told.nent);

    // KVM counts only what the processor brings. The deadline timer is its own, in the local APIC that it
    // emulates.
    constexpr uint32_t tsc_deadline = 1 << 24;
    if (extension(KVM_CAP_TSC_DEADLINE_TIMER) > 0) {
        for (auto& entry : cpuid) {
            if (entry.function == 1) entry.ecx |= tsc_deadline;
        }
    }
    return cpuid;
}

size_t System::run_size() const
{
    return static_cast<size_t>(
        control(device_, KVM_GET_VCPU_MMAP_SIZE, 0, "tell the size of a vCPU's shared page"));
}

FileDescriptor System::create_vm() const
{
    return FileDescriptor(control(device_, KVM_CREATE_VM, 0, "create a VM"));
}

Vm::Vm(const System& system, Irqchip irqchip) : vm_(system.create_vm())
{
    control(vm_, KVM_SET_IDENTITY_MAP_ADDR, &identity_map_address, "place its identity map");
    control(vm_, KVM_SET_TSS_ADDR, tss_address, "place its task state segment");
    if (irqchip == Irqchip::kernel) {
        control(vm_, KVM_CREATE_IRQCHIP, 0, "create the interrupt controllers");
    } else {
        split_interrupt_controllers(system, vm_);
    }

    // KVM would otherwise rewrite a hypercall instruction of the other vendor in the guest's code. A guest
    // that probes gets #UD instead, and its code stays its own.
    if (system.extension(KVM_CAP_DISABLE_QUIRKS2) & KVM_X86_QUIRK_FIX_HYPERCALL_INSN) {
        kvm_enable_cap quirks{};
        quirks.cap = KVM_CAP_DISABLE_QUIRKS2;
        quirks.args[0] = KVM_X86_QUIRK_FIX_HYPERCALL_INSN;
        control(vm_, KVM_ENABLE_CAP, &quirks, "leave hypercall instructions alone");
    }
}

void Vm::set_memory(std::span<std::byte> memory)
{
    kvm_userspace_memory_region region{};
    region.memory_size = memory.size();
    region.userspace_addr = reinterpret_cast<uintptr_t>(memory.data());
    control(vm_, KVM_SET_USER_MEMORY_REGION, &region, "take the guest's memory");
}

void Vm::exit_on_msrs(std::span<const uint32_t> indices)
{
    kvm_enable_cap exits{};
    exits.cap = KVM_CAP_X86_USER_SPACE_MSR;
    exits.args[0] = KVM_MSR_EXIT_REASON_FILTER;
    control(vm_, KVM_ENABLE_CAP, &exits, "hand MSRs to user space");

    uint8_t denied = 0; // One bit an MSR; zero denies, and denied accesses exit.
    kvm_msr_filter filter{};
    filter.flags = KVM_MSR_FILTER_DEFAULT_ALLOW;
    for (size_t i = 0; i < indices.size(); ++i) {
        filter.ranges[i] = {.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
                            .nmsrs = 1,
                            .base = indices[i],
                            .bitmap = &denied};
    }
    control(vm_, KVM_X86_SET_MSR_FILTER, &filter, "filter MSRs");
}

void Vm::exit_on_hypercalls()
{
    kvm_xen_hvm_config config{};
    config.flags = KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL;
    config.msr = hypercall_msr;
    control(vm_, KVM_XEN_HVM_CONFIG, &config, "hand hypercalls to user space");
}

FileDescriptor Vm::create_vcpu(unsigned id) const
{
    return FileDescriptor(
        control(vm_, KVM_CREATE_VCPU, static_cast<unsigned long>(id), "create another vCPU"));
}

bool Vm::signal_msi(uint32_t apic_id, uint8_t vector) const noexcept
{
    kvm_msi message{};
    message.address_lo = 0xfee00000 | apic_id << 12; // fixed delivery, physical destination, edge
    message.data = vector;
    return ::ioctl(vm_.get(), KVM_SIGNAL_MSI, &message) > 0;
}

VcpuDevice::VcpuDevice(const System& system, const Vm& vm, unsigned id)
    : vcpu_(vm.create_vcpu(id)), run_(system.run_size(), vcpu_.get(), MAP_SHARED, "a vCPU's shared page")
{
}

void VcpuDevice::set_cpuid(const Cpuid& cpuid)
{
    auto table = cpuid_table(cpuid.size());
    std::memcpy(table.data() + sizeof(kvm_cpuid2), cpuid.data(), cpuid.size() * sizeof(cpuid[0]));
    control(vcpu_, KVM_SET_CPUID2, table.data(), "take the guest's CPUID");
}

kvm_regs VcpuDevice::registers() const
{
    kvm_regs registers{};
    control(vcpu_, KVM_GET_REGS, &registers, "tell a vCPU's registers");
    return registers;
}

void VcpuDevice::set_registers(const kvm_regs& registers)
{
    control(vcpu_, KVM_SET_REGS, &registers, "set a vCPU's registers");
}

kvm_sregs VcpuDevice::special_registers() const
{
    kvm_sregs registers{};
    control(vcpu_, KVM_GET_SREGS, &registers, "tell a vCPU's special registers");
    return registers;
}

void VcpuDevice::set_special_registers(const kvm_sregs& registers)
{
    control(vcpu_, KVM_SET_SREGS, &registers, "set a vCPU's special registers");
}

void VcpuDevice::start_in_x2apic()
{
    constexpr uint64_t x2apic = 0x400; // of the MSR that is the APIC's base
    auto special = special_registers();
    special.apic_base |= x2apic;
    if (::ioctl(vcpu_.get(), KVM_SET_SREGS, &special) == 0 && (special_registers().apic_base & x2apic))
        return;
    fail(Exit::unavailable, "apic = \"x2apic\": this host's KVM starts no local APIC in that mode");
}

bool VcpuDevice::idle() const
{
    kvm_mp_state state{};
    control(vcpu_, KVM_GET_MP_STATE, &state, "tell whether a vCPU is halted");
    return state.mp_state != KVM_MP_STATE_RUNNABLE;
}

int VcpuDevice::run() noexcept { return ::ioctl(vcpu_.get(), KVM_RUN, 0) < 0 ? errno : 0; }

kvm_run& VcpuDevice::state() const noexcept { return *reinterpret_cast<kvm_run*>(run_.bytes().data()); }

void VcpuDevice::kick() noexcept { std::atomic_ref(state().immediate_exit).store(1); }

void VcpuDevice::absorb_kick() noexcept { std::atomic_ref(state().immediate_exit).store(0); }

} // namespace argo::kvm
