// SPDX-License-Identifier: Apache-2.0 OR MIT
// The mechanisms by which a guest calls Argo here, and where their doorbells are.
// Book: spec/msr.rst, spec/mmio.rst, spec/pio.rst, spec/vmcall.rst.
#pragma once

#include "engine/discovery.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace argo::kvm {

enum class Mechanism : uint8_t
{
    msr,
    mmio,
    pio,
    vmcall, ///< where KVM hands hypercalls to us
};
constexpr std::string_view mechanism_names[] = {"msr", "mmio", "pio", "vmcall"};

/// A hypercall instruction, as the registry numbers them.
enum class Instruction : uint8_t
{
    vmcall = 1,
    vmmcall = 2,
};

/// Where a domain's doorbells are.
struct Doorbells
{
    uint32_t msr = 0x40000300;    ///< index
    uint64_t mmio = 0xfe000000;   ///< guest-physical address, a multiple of 8
    uint16_t pio = 0x4150;        ///< port, a multiple of 4
    uint32_t vmcall = 0x4172676f; ///< hypercall number: "Argo"
};

/// What CPUID tells of them, in the order given.
std::vector<engine::Offer> offers(const std::vector<Mechanism>& mechanisms, const Doorbells& doorbells,
                                  Instruction instruction);

} // namespace argo::kvm
