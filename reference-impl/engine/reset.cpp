// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_RESET: the caller starts over. Book: spec/reset.rst.
#include "engine/engine.hpp"

namespace argo::engine {

/// No errors. Thread-safe.
Result Engine::reset(DomainState& caller, const Arguments&) noexcept
{
    drop_everything(caller);
    caller.stale.store(false, std::memory_order_release);
    return Result::success();
}

/// Bindings first, so that the domain does not hear of what it drops itself. ARGO-RESET-001 to -004, -006.
void Engine::drop_everything(DomainState& domain) noexcept
{
    domain.bindings.clear(host_);
    domain.waits.renew(host_, next_number());
    for (uint32_t place = 0; place < domain.rings.places(); ++place) {
        Ring* ring;
        {
            const Held changing(domain.registration, host_);
            ring = domain.rings.take(host_, place);
        }
        if (ring) retire(ring);
    }
}

} // namespace argo::engine
