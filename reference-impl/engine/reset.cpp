// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_RESET: the caller starts over. Book: spec/reset.rst.
#include "engine/engine.hpp"

namespace argo::engine {

/// No errors. Thread-safe; waits for calls that run.
Result Engine::reset(Vcpu& vcpu, const Arguments&) noexcept
{
    drop_everything(vcpu);
    vcpu.domain.stale.store(false, std::memory_order_release);
    return Result::success();
}

/// Bindings first, so that the domain does not hear of what it drops itself. ARGO-RESET-001 to -004, -006.
void Engine::drop_everything(Vcpu& vcpu) noexcept
{
    DomainState& domain = vcpu.domain;
    domain.bindings.clear(host_);
    domain.waits.renew(host_, next_number());
    Removed rings;
    {
        const Held changing(domain.registration, host_);
        for (uint32_t place = 0; place < domain.rings.places(); ++place) {
            Ring* const ring = domain.rings.at(place);
            if (!ring) continue;
            domain.rings.remove(*ring);
            rings.add(*ring);
        }
    }
    retire(vcpu, rings);
}

} // namespace argo::engine
