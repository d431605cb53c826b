// SPDX-License-Identifier: Apache-2.0 OR MIT
// The mechanisms by which a guest calls Argo here, and where their doorbells are.
// Book: spec/msr.rst, spec/mmio.rst, spec/pio.rst.
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
};
constexpr std::string_view mechanism_names[] = {"msr", "mmio", "pio"};

/// Where a domain's doorbells are.
struct Doorbells
{
    uint32_t msr = 0x40000300;  ///< index
    uint64_t mmio = 0xfe000000; ///< guest-physical address, a multiple of 8
    uint16_t pio = 0x4150;      ///< port, a multiple of 4
};

/// What CPUID tells of them, in the order given.
std::vector<engine::Offer> offers(const std::vector<Mechanism>& mechanisms, const Doorbells& doorbells);

} // namespace argo::kvm
