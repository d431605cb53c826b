// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_VECTOR: how the caller wants to hear of events. Book: spec/vector.rst.
#include "argo/vector.h"
#include "engine/engine.hpp"

namespace argo::engine {

/// Errors in order: ARGO-VECTOR-101 to -104. Thread-safe. An event that is under way while a binding changes
/// may still come by the old one.
Result Engine::vector(DomainState& caller, const Arguments& arguments) noexcept
{
    const auto [index, kind, target, value] = arguments;

    if (index >= limits_.max_bindings) return Error::einval;
    switch (kind) {
    case ARGO_BINDING_NONE:
        if (target != 0 || value != 0) return Error::einval;
        break;
    case ARGO_BINDING_LAPIC:
        if (value < 32 || value > 255) return Error::einval;
        if (target > UINT32_MAX || !host_.has_vcpu(caller, target)) return Error::einval;
        if (!host_.allows({Hook::vector, caller.domid(), 0, 0, 0})) return Error::eacces;
        break;
    default: return Error::einval;
    }
    caller.bindings.set(host_, {.index = static_cast<uint16_t>(index),
                                .kind = static_cast<uint32_t>(kind),
                                .target = target,
                                .value = value});
    return Result::success();
}

} // namespace argo::engine
