// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The block of CPUID leaves. Book: spec/discovery.rst.
#include "engine/discovery.hpp"

#include "argo/discovery.h"

namespace argo::engine {

CpuidRegisters cpuid_leaf(std::span<const Offer> offers, Identity identity, uint32_t base, uint32_t leaf,
                          uint32_t subleaf) noexcept
{
    constexpr uint32_t last = ARGO_CPUID_LEAF_MECHANISMS;

    switch (leaf - base) {
    case ARGO_CPUID_LEAF_BASE:
        return {base + last, ARGO_CPUID_SIGNATURE_EBX, ARGO_CPUID_SIGNATURE_ECX, ARGO_CPUID_SIGNATURE_EDX};
    case ARGO_CPUID_LEAF_REVISION:
        return {ARGO_ABI_MAJOR | ARGO_ABI_MAJOR << 8 | ARGO_ABI_MINOR << 16, identity.implementation,
                identity.version, 0};
    case ARGO_CPUID_LEAF_MECHANISMS: {
        if (subleaf >= offers.size()) return {};
        const Offer& offer = offers[subleaf];
        return {offer.mechanism | offer.revision << 16, offer.ebx, offer.ecx, offer.edx};
    }
    default: return {};
    }
}

} // namespace argo::engine
