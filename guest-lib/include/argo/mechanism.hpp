// SPDX-License-Identifier: MIT
//
// How a call reaches the hypervisor: mechanisms that pass the address of a frame, mechanisms that pass
// registers, and one call by one of them. Book: chapters discovery and call.
#pragma once

#include <argo/error.hpp>
#include <argo/machine.hpp>
#include <argo/memory.hpp>

namespace argo {

/// A mechanism as the hypervisor lists it, in CPUID or in a firmware table.
struct Mechanism
{
    uint16_t id = 0;                    ///< ARGO_MECHANISM_*, or one from the future
    uint16_t revision = 0;              ///< of the mechanism; this library knows 1 of each
    uint32_t ebx = 0, ecx = 0, edx = 0; ///< parameters, their meaning given by id and revision
};

/// A mechanism's name in lower case, as in the registry; "unknown" for one from the future. Never null.
constexpr const char* mechanism_name(uint16_t id)
{
    switch (id) {
    case ARGO_MECHANISM_MSR: return "msr";
    case ARGO_MECHANISM_MMIO: return "mmio";
    case ARGO_MECHANISM_PIO: return "pio";
    case ARGO_MECHANISM_VMCALL: return "vmcall";
    case ARGO_MECHANISM_CPUID: return "cpuid";
    case ARGO_MECHANISM_XEN: return "xen";
    case ARGO_MECHANISM_SMCCC: return "smccc";
    default: return "unknown";
    }
}

/// Whether a mechanism passes registers, and no frame.
constexpr bool passes_registers(uint16_t id)
{
    return id == ARGO_MECHANISM_VMCALL || id == ARGO_MECHANISM_CPUID || id == ARGO_MECHANISM_XEN;
}

/// Whether the addresses of its calls are linear ones of the caller, and not guest-physical.
constexpr bool takes_linear(uint16_t id) { return id == ARGO_MECHANISM_XEN; }

/// Whether a call can be made by this mechanism on such a machine: its ID and revision are known, its
/// parameters are possible. Touches nothing.
template <Machine M>
constexpr bool usable(const Mechanism& mechanism)
{
    if (mechanism.revision != 1) return false;
    switch (mechanism.id) {
    case ARGO_MECHANISM_XEN: return XenMachine<M>;
    case ARGO_MECHANISM_MSR: return X86Machine<M>;
    case ARGO_MECHANISM_MMIO: return mechanism.ebx % 8 == 0;
    case ARGO_MECHANISM_PIO: return X86Machine<M> && mechanism.ebx <= 0xffff;
    case ARGO_MECHANISM_VMCALL: return VmcallMachine<M> && (mechanism.ecx == 1 || mechanism.ecx == 2);
    case ARGO_MECHANISM_CPUID: return CpuidCallMachine<M>;
    default: return false;
    }
}

/// Rings the doorbell of a usable mechanism with a frame's address, a multiple of ARGO_FRAME_ALIGN. One that
/// passes registers has none.
/// Returns false if that is known to have reached nobody: #GP, or an address that the doorbell cannot express
/// (doorbells of 32 bits reach frames below 256 GiB).
template <Machine M>
bool ring_doorbell(M& machine, const Mechanism& mechanism, Gpa frame)
{
    const uint64_t number = frame.value / ARGO_FRAME_ALIGN;
    const auto number32 = static_cast<uint32_t>(number);
    const Gpa doorbell{mechanism.ebx | uint64_t{mechanism.ecx} << 32};

    switch (mechanism.id) {
    case ARGO_MECHANISM_MSR:
        if constexpr (X86Machine<M>) return machine.wrmsr(mechanism.ebx, frame.value);
        return false;
    case ARGO_MECHANISM_MMIO:
        if constexpr (sizeof(void*) >= 8) {
            machine.store64(doorbell, frame.value);
        } else {
            if (number != number32) return false;
            machine.store32(doorbell, number32);
        }
        return true;
    case ARGO_MECHANISM_PIO:
        if (number != number32) return false;
        if constexpr (X86Machine<M>) {
            machine.out32(static_cast<uint16_t>(mechanism.ebx), number32);
            return true;
        }
        return false;
    default: return false;
    }
}

/// One call by a usable mechanism that passes registers. Returns the result as the hypervisor left it, or
/// `unanswered` where the processor does not know the instruction.
template <Machine M>
int64_t call_in_registers(M& machine, const Mechanism& mechanism, const RegisterCall& call)
{
    int64_t result = unanswered;
    compiler_fence();
    if constexpr (VmcallMachine<M>) {
        const bool vmcall = mechanism.id == ARGO_MECHANISM_VMCALL;
        if (vmcall && !machine.vmcall(mechanism.ecx, mechanism.ebx, call, result)) result = unanswered;
    }
    if constexpr (CpuidCallMachine<M>) {
        if (mechanism.id == ARGO_MECHANISM_CPUID) result = machine.cpuid_call(mechanism.ebx, call);
    }
    if constexpr (XenMachine<M>) {
        if (mechanism.id == ARGO_MECHANISM_XEN)
            result = machine.xen_hypercall(mechanism.ebx, call.word, call.arg[0], call.arg[1], call.arg[2],
                                           call.arg[3]);
        // Of a result of major 0 only 32 bits can be relied on: see annex-xen.
        if (mechanism.id == ARGO_MECHANISM_XEN && (call.word >> 16 & 0xff) == 0)
            result = static_cast<int32_t>(result);
    }
    compiler_fence();
    return result;
}

/// One call with a borrowed page: fills the frame, rings, and returns the result as the hypervisor wrote it:
/// zero or more on success, else a negated Error. Besides, -efault if the doorbell refused the frame's
/// address, and `unanswered` if nobody wrote a result. The page's `arguments` are the caller's, and its frame
/// is not used where the mechanism passes registers.
template <Machine M>
int64_t call_by(M& machine, const Mechanism& mechanism, CallPage& page, uint32_t word, uint64_t a0 = 0,
                uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0)
{
    if (passes_registers(mechanism.id))
        return call_in_registers(machine, mechanism, {word, {a0, a1, a2, a3}});
    page.frame = argo_frame{};
    page.frame.op = word;
    page.frame.arg[0] = a0;
    page.frame.arg[1] = a1;
    page.frame.arg[2] = a2;
    page.frame.arg[3] = a3;
    page.frame.result = unanswered;
    compiler_fence();
    const bool rung = ring_doorbell(machine, mechanism, machine.gpa(&page.frame));
    compiler_fence();
    if (!rung) return -static_cast<int64_t>(Error::efault);
    return page.frame.result;
}

} // namespace argo
