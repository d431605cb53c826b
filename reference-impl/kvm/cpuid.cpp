// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a guest sees through CPUID.
#include "kvm/cpuid.hpp"

#include <argo/abi.h>
#include <asm/kvm_para.h>

#include <algorithm>
#include <bit>

namespace argo::kvm {

namespace {

constexpr uint32_t kvm_base = KVM_CPUID_SIGNATURE;

constexpr uint32_t bit(unsigned number) { return uint32_t{1} << number; }

bool is_hypervisor_leaf(const kvm_cpuid_entry2& entry) { return entry.function >> 28 == 4; }
bool is_topology_leaf(const kvm_cpuid_entry2& entry)
{
    return entry.function == 0xb || entry.function == 0x1f;
}

kvm_cpuid_entry2 leaf(uint32_t function, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
    kvm_cpuid_entry2 entry{};
    entry.function = function;
    entry.eax = eax;
    entry.ebx = ebx;
    entry.ecx = ecx;
    entry.edx = edx;
    return entry;
}

kvm_cpuid_entry2 subleaf(uint32_t function, uint32_t index, uint32_t eax, uint32_t ebx, uint32_t ecx,
                         uint32_t edx)
{
    auto entry = leaf(function, eax, ebx, ecx, edx);
    entry.index = index;
    entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
    return entry;
}

/// Leaf 0xb: `count` cores of one thread each, in one package; APIC IDs count from 0.
void append_topology(Cpuid& cpuid, unsigned id, unsigned count)
{
    constexpr uint32_t threads = 1 << 8;
    constexpr uint32_t cores = 2 << 8;
    cpuid.push_back(subleaf(0xb, 0, 0, 1, threads | 0, id));
    cpuid.push_back(subleaf(0xb, 1, static_cast<uint32_t>(std::bit_width(count - 1)), count, cores | 1, id));
    cpuid.push_back(subleaf(0xb, 2, 0, 0, 2, id));
}

void append_argo(Cpuid& cpuid, std::span<const engine::Offer> offers, engine::Identity identity)
{
    const auto registers = [&](uint32_t offset, uint32_t index) {
        return engine::cpuid_leaf(offers, identity, argo_cpuid_base, argo_cpuid_base + offset, index);
    };
    for (const uint32_t offset : {ARGO_CPUID_LEAF_BASE, ARGO_CPUID_LEAF_REVISION}) {
        const auto [eax, ebx, ecx, edx] = registers(offset, 0);
        cpuid.push_back(leaf(argo_cpuid_base + offset, eax, ebx, ecx, edx));
    }
    for (uint32_t index = 0; index <= offers.size(); ++index) { // one more: the end of the list
        const auto [eax, ebx, ecx, edx] = registers(ARGO_CPUID_LEAF_MECHANISMS, index);
        cpuid.push_back(subleaf(argo_cpuid_base + ARGO_CPUID_LEAF_MECHANISMS, index, eax, ebx, ecx, edx));
    }
}

/// KVM's features that a guest uses by a hypercall of KVM's.
void remove_hypercalls(Cpuid& cpuid)
{
    constexpr uint32_t theirs = bit(KVM_FEATURE_PV_UNHALT) | bit(KVM_FEATURE_PV_SEND_IPI) |
                                bit(KVM_FEATURE_PV_SCHED_YIELD) | bit(KVM_FEATURE_HC_MAP_GPA_RANGE);
    for (auto& entry : cpuid) {
        if (entry.function == KVM_CPUID_FEATURES) entry.eax &= ~theirs;
    }
}

} // namespace

Instruction hypercall_instruction(const Cpuid& supported)
{
    constexpr uint32_t amd = 0x68747541, hygon = 0x6f677948; // EBX of "AuthenticAMD" and "HygonGenuine"
    const auto vendor = std::ranges::find(supported, 0u, &kvm_cpuid_entry2::function);
    const bool svm = vendor != supported.end() && (vendor->ebx == amd || vendor->ebx == hygon);
    return svm ? Instruction::vmmcall : Instruction::vmcall;
}

Cpuid guest_cpuid(const Cpuid& supported, unsigned id, unsigned count, std::span<const engine::Offer> offers,
                  engine::Identity identity)
{
    Cpuid cpuid = supported;
    std::erase_if(cpuid, is_topology_leaf);
    std::erase_if(cpuid, [](const auto& entry) {
        return is_hypervisor_leaf(entry) && entry.function != kvm_base &&
               entry.function != KVM_CPUID_FEATURES;
    });
    for (auto& entry : cpuid) {
        switch (entry.function) {
        case 0: entry.eax = std::max(entry.eax, uint32_t{0xb}); break;
        case 1:
            entry.ebx = (entry.ebx & 0xffff) | count << 16 | id << 24;
            entry.ecx |= bit(21) | bit(31); // x2APIC; under a hypervisor
            if (count > 1) entry.edx |= bit(28);
            break;
        case 0x8000001e: entry.eax = id; break;
        default: break;
        }
    }
    // Where hypercalls are ours, nobody else's are there.
    if (std::ranges::find(offers, ARGO_MECHANISM_VMCALL, &engine::Offer::mechanism) != offers.end())
        remove_hypercalls(cpuid);
    append_topology(cpuid, id, count);
    if (!offers.empty()) append_argo(cpuid, offers, identity);
    return cpuid;
}

} // namespace argo::kvm
