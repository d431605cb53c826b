// SPDX-License-Identifier: MIT
//
// Finding Argo on x86. CPUID tells whether there is a block that says so, and by which mechanisms; each is
// then believed only when query has answered through it. Book: chapter discovery.
//
// On a machine without such a block nothing is executed but CPUID. Where there is one, the doorbells that it
// names are rung, once each, with a query, which changes nothing.
#pragma once

#include <argo/hypervisor.hpp>

namespace argo {

/// What the prober would rather have.
struct Preference
{
    /// Use only this one (ARGO_MECHANISM_*), and ring no other's doorbell. Zero: the hypervisor's own order.
    uint16_t mechanism = 0;
    /// The first candidate's nonce; the others count on from it. Any value will do, a fresh one is best.
    uint64_t nonce = 0x6f677241'6f677241;
};

/// One entry of the hypervisor's list.
struct Candidate
{
    Mechanism mechanism{};
    bool tried = false;        ///< false: not usable here, or not preferred; its doorbell was not rung
    Error error = Error::none; ///< if tried: none, or why query did not work

    bool confirmed() const { return tried && error == Error::none; }
};

/// What was found, for the log; meaningful up to where the search ended.
struct Discovery
{
    /// As many entries of the list as are read; a list without end ends here.
    static constexpr uint32_t max_candidates = 16;

    bool hypervisor = false;     ///< CPUID.1:ECX[31]
    uint32_t base = 0;           ///< base leaf of Argo's block; zero: none
    uint8_t lowest_major = 0;    ///< range of majors
    uint8_t highest_major = 0;   ///<
    uint16_t minor = 0;          ///< of the highest major
    uint32_t implementation = 0; ///< ARGO_IMPLEMENTATION_*
    uint32_t implementation_version = 0;
    uint32_t count = 0; ///< candidates, in the hypervisor's order
    Candidate candidates[max_candidates];
};

namespace detail {

/// Xen without a block of Argo's: its hypercall is the one candidate there is. Xen's own block is the first
/// one, or the second behind Hyper-V's.
template <class M>
bool find_xen(M& machine, Discovery& found)
{
    if constexpr (XenMachine<M>) {
        constexpr uint32_t bases[] = {ARGO_CPUID_FIRST, ARGO_CPUID_FIRST + ARGO_CPUID_STEP};
        for (const uint32_t base : bases) {
            const CpuidRegisters head = machine.cpuid(base, 0);
            if (head.ebx == xen::signature_ebx && head.ecx == xen::signature_ecx &&
                head.edx == xen::signature_edx) {
                const uint32_t msr = machine.cpuid(base + xen::leaf_hypercalls, 0).ebx;
                found.candidates[found.count++].mechanism = {ARGO_MECHANISM_XEN, 1, xen::argo_op, msr, 0};
                return true;
            }
        }
    }
    return false;
}

/// Fills everything of a Discovery that CPUID tells. Errors: absent, incompatible.
template <X86Machine M>
Result<void> read_block(M& machine, Discovery& found)
{
    constexpr uint32_t feature_leaf = 1, hypervisor_bit = uint32_t{1} << 31;
    found.hypervisor = (machine.cpuid(feature_leaf, 0).ecx & hypervisor_bit) != 0;
    if (!found.hypervisor) return Error::absent;

    for (uint32_t base = ARGO_CPUID_FIRST; base <= ARGO_CPUID_LAST && found.base == 0;
         base += ARGO_CPUID_STEP) {
        const CpuidRegisters head = machine.cpuid(base + ARGO_CPUID_LEAF_BASE, 0);
        if (head.ebx == ARGO_CPUID_SIGNATURE_EBX && head.ecx == ARGO_CPUID_SIGNATURE_ECX &&
            head.edx == ARGO_CPUID_SIGNATURE_EDX && head.eax >= base + ARGO_CPUID_LEAF_MECHANISMS)
            found.base = base;
    }
    if (found.base == 0 && find_xen(machine, found)) return {};
    if (found.base == 0) return Error::absent;

    const CpuidRegisters revision = machine.cpuid(found.base + ARGO_CPUID_LEAF_REVISION, 0);
    found.lowest_major = static_cast<uint8_t>(revision.eax);
    found.highest_major = static_cast<uint8_t>(revision.eax >> 8);
    found.minor = static_cast<uint16_t>(revision.eax >> 16);
    found.implementation = revision.ebx;
    found.implementation_version = revision.ecx;
    if (ARGO_ABI_MAJOR < found.lowest_major || ARGO_ABI_MAJOR > found.highest_major)
        return Error::incompatible;

    while (found.count < Discovery::max_candidates) {
        const CpuidRegisters entry = machine.cpuid(found.base + ARGO_CPUID_LEAF_MECHANISMS, found.count);
        if (entry.eax == 0) break;
        found.candidates[found.count++].mechanism = {static_cast<uint16_t>(entry.eax),
                                                     static_cast<uint16_t>(entry.eax >> 16), entry.ebx,
                                                     entry.ecx, entry.edx};
    }
    return {};
}

} // namespace detail

/// Finds Argo and the first mechanism that works, in the hypervisor's order or as preferred. `report`, if
/// given, receives what was found on the way, each candidate with its outcome, also on failure. A guest of a
/// Xen without major 1 gets Xen's own interface: major() is zero then.
///
/// Entries with an unknown ID, an unknown revision or impossible parameters are skipped (ARGO-DISCOVERY-009).
/// Errors, in order: absent (no hypervisor, or no block of Argo's), incompatible (major 1 not in its range,
/// or no mechanism that is usable here and preferred), else that of the first mechanism tried: EFAULT (#GP,
/// or the call page beyond its reach), no_answer (result not written), bad_answer (nonce not echoed), or the
/// hypervisor's.
/// Thread-safety: the Machine's. Takes about 1 KiB of stack; a few hundred CPUIDs when there is no block.
template <X86Machine M>
Result<Hypervisor<M>> probe(M& machine, Preference preference = {}, Discovery* report = nullptr)
{
    Discovery local;
    Discovery& found = report != nullptr ? *report : local;
    found = Discovery{};
    if (const auto block = detail::read_block(machine, found); !block) return block.error();

    Result<Hypervisor<M>> chosen = Error::incompatible;
    bool any_tried = false;
    for (uint32_t i = 0; i < found.count; ++i) {
        Candidate& candidate = found.candidates[i];
        if (preference.mechanism != 0 && candidate.mechanism.id != preference.mechanism) continue;
        if (!usable<M>(candidate.mechanism)) continue;

        const auto attempt = Hypervisor<M>::confirm(machine, candidate.mechanism, preference.nonce + i);
        candidate.tried = true;
        candidate.error = attempt.error();
        if (!any_tried || (!chosen && attempt)) chosen = attempt;
        any_tried = true;
    }
    return chosen;
}

} // namespace argo
