// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_VECTOR: how the caller wants to hear of events. Book: spec/vector.rst.
#include "argo/vector.h"
#include "engine/engine.hpp"
#include "engine/interrupt.hpp"

namespace argo::engine {
namespace {

/// ARGO-VECTOR-103, but for the vCPU.
bool in_range(const Interrupt& message) noexcept
{
    if ((message.target & ~Message::destination) != Message::address) return false;
    if ((message.value & ~Message::ignored) > 0xff) return false;
    const auto [vcpu, vector] = destination(message);
    return vcpu != Message::everybody && vector >= 32;
}

} // namespace

/// Errors in order: ARGO-VECTOR-101 to -104. Thread-safe. An event that is under way while a binding changes
/// may still come by the old one.
Result Engine::vector(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    DomainState& caller = vcpu.domain;
    const auto [index, kind, target, value] = arguments;
    const Interrupt binding{.index = static_cast<uint16_t>(index),
                            .kind = static_cast<uint32_t>(kind),
                            .target = target,
                            .value = value};

    if (index >= limits_.max_bindings) return Error::einval;
    switch (kind) {
    case ARGO_BINDING_NONE:
        if (target != 0 || value != 0) return Error::einval;
        break;
    case ARGO_BINDING_LAPIC:
        if (!host_.offers(caller, ARGO_BINDING_LAPIC)) return Error::einval;
        if (value < 32 || value > 255) return Error::einval;
        if (target > UINT32_MAX || !host_.has_vcpu(caller, target)) return Error::einval;
        break;
    case ARGO_BINDING_MSI:
        if (!host_.offers(caller, ARGO_BINDING_MSI)) return Error::einval;
        if (!in_range(binding) || !host_.has_vcpu(caller, destination(binding).vcpu)) return Error::einval;
        break;
    default: return Error::einval;
    }
    const bool made = kind != ARGO_BINDING_NONE;
    if (made && !host_.allows({Hook::vector, caller.domid(), 0, 0, 0})) return Error::eacces;
    caller.bindings.set(host_, binding);
    return Result::success();
}

} // namespace argo::engine
