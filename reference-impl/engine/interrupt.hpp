// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Where an interrupt goes: what a binding's target and value mean. Book: spec/vector.rst.
#pragma once

#include "argo/vector.h"
#include "engine/host.hpp"

namespace argo::engine {

/// An MSI message, as x86 lays it out: what of it names the destination, and what nobody looks at.
struct Message
{
    static constexpr uint64_t address = 0xfee0'0000, destination = 0xff000, everybody = 0xff;
    static constexpr unsigned destination_shift = 12;
    static constexpr uint64_t vector = 0xff, ignored = 0x4100; // assert; lowest priority in place of fixed
};

/// A local APIC and its vector.
struct Destination
{
    uint32_t vcpu; ///< x2APIC ID
    uint8_t vector;
};

/// Of a binding that was made. However it is said, it is an edge.
inline Destination destination(const Interrupt& interrupt) noexcept
{
    const auto vector = static_cast<uint8_t>(interrupt.value & Message::vector);
    if (interrupt.kind != ARGO_BINDING_MSI) return {static_cast<uint32_t>(interrupt.target), vector};
    return {static_cast<uint32_t>((interrupt.target & Message::destination) >> Message::destination_shift),
            vector};
}

} // namespace argo::engine
