// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_UNREGISTER_RING: the caller takes a ring back. Book: spec/unregister.rst.
#include "argo/unregister.h"
#include "engine/engine.hpp"

namespace argo::engine {

/// Errors in order: ARGO-UNREGISTER-101 to -103. Thread-safe; waits for calls that use the ring.
Result Engine::unregister_ring(DomainState& caller, const Arguments& arguments) noexcept
{
    argo_unregister which;
    if (!memory_of(caller).fetch({arguments[0]}, which)) return Error::efault;
    if (which.reserved != 0) return Error::einval;

    Ring* ring;
    {
        const Held changing(caller.registration, host_);
        ring = caller.rings.find(which.port, which.partner);
        if (!ring) return Error::enoent;
        caller.rings.remove(host_, *ring);
    }
    retire(ring);
    return Result::success();
}

/// Ends a ring that nobody can find any more. From here on its pages are not touched. ARGO-UNREGISTER-004.
void Engine::retire(Ring* ring) noexcept
{
    ring->users.wait_until_none(host_);
    wake(*ring, Wake::all);
    Ring::destroy(host_, ring);
}

} // namespace argo::engine
