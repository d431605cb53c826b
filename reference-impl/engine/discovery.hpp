// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What a guest reads to find Argo: the block of CPUID leaves. Book: spec/discovery.rst.
#pragma once

#include "engine/engine.hpp"

#include <span>

namespace argo::engine {

/// A mechanism that the host offers, and its parameters as the registry defines them.
struct Offer
{
    uint32_t mechanism; ///< ARGO_MECHANISM_*
    uint32_t revision;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

struct CpuidRegisters
{
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

/// A leaf of the block at `base`. The offers stand in the host's order of preference. `leaf` is absolute;
/// leaves outside the block and subleaves behind the last offer are all zeroes. ARGO-DISCOVERY-002 to -007.
CpuidRegisters cpuid_leaf(std::span<const Offer> offers, Identity identity, uint32_t base, uint32_t leaf,
                          uint32_t subleaf) noexcept;

} // namespace argo::engine
