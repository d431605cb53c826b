// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_UNREGISTER_RING: the caller takes a ring back. Book: spec/unregister.rst.
#include "argo/unregister.h"
#include "engine/engine.hpp"

namespace argo::engine {

/// Errors in order: ARGO-UNREGISTER-101 to -103. Thread-safe; waits for calls that run.
Result Engine::unregister_ring(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    DomainState& caller = vcpu.domain;
    argo_unregister which;
    if (!memory_of(caller).fetch({arguments[0]}, which)) return Error::efault;
    if (which.reserved != 0) return Error::einval;

    Removed rings;
    {
        const Held changing(caller.registration, host_);
        Ring* const ring = caller.rings.find(which.port, which.partner);
        if (!ring) return Error::enoent;
        caller.rings.remove(*ring);
        rings.add(*ring);
    }
    retire(vcpu, rings);
    return Result::success();
}

/// Ends rings that nobody can find any more. Leaves the call for a moment: what it looked up before is not to
/// be used after. When no call knows the rings, their pages are touched no more. ARGO-UNREGISTER-004.
void Engine::retire(Vcpu& vcpu, Removed& rings) noexcept
{
    if (rings.empty()) return;
    readers_.leave(vcpu);
    next_generation(); // no route leads there
    readers_.wait(host_, Uses::rings);
    readers_.enter(vcpu);
    while (Ring* const ring = rings.take()) {
        const auto [next, tell, owner] = ring->removal;
        const uint16_t binding = ring->binding();
        wake(vcpu, nullptr, *ring, Wake::all);
        Ring::destroy(host_, ring);
        if (tell == 0) continue;
        DomainState* const told = domains_.find(owner);
        if (told && told->instance() == tell) signal(vcpu, *told, binding);
    }
}

} // namespace argo::engine
