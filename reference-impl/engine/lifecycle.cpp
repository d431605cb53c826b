// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Domains come, lose their state, and end. Book: spec/lifecycle.rst.
#include "engine/engine.hpp"

namespace argo::engine {

Domain* Engine::create(uint16_t domid, void* context) noexcept
{
    if (!domains_.reserve(host_, domid)) return nullptr;
    auto* const domain =
        DomainState::create(host_, domid, context, next_number(), limits_.max_rings, limits_.max_bindings);
    if (domain) {
        domains_.show(host_, *domain);
    } else {
        domains_.release(host_, domid);
    }
    return domain;
}

/// The domid stays reserved to the end: who gets it next inherits nothing (ARGO-LIFECYCLE-004), because
/// nothing that names it is left but dead waiters.
void Engine::destroy(Domain& ending) noexcept
{
    auto& domain = static_cast<DomainState&>(ending);
    const uint16_t domid = domain.domid();

    // From here on it is absent. Who was about to register a ring for it has done so when this returns.
    domains_.hide(host_, domain);
    drop_everything(domain);
    for (uint16_t other = 0; other < ARGO_DOMID_FIRST_RESERVED; ++other) {
        if (const DomainRef owner = domains_.find(host_, other)) remove_rings_for(*owner, domid);
    }
    DomainState::destroy(host_, &domain);
    domains_.release(host_, domid);
}

/// Removes the rings that nobody can send to any more, and tells their owner. ARGO-LIFECYCLE-003.
void Engine::remove_rings_for(DomainState& owner, uint16_t partner) noexcept
{
    for (uint32_t place = 0; place < owner.rings.places(); ++place) {
        Ring* ring;
        {
            const Held changing(owner.registration, host_);
            ring = owner.rings.take(host_, place, partner);
        }
        if (!ring) continue;
        const uint16_t binding = ring->binding(); // which nobody changes any more
        retire(ring);
        signal(owner, binding);
    }
}

void Engine::restore(Domain& restored) noexcept
{
    auto& domain = static_cast<DomainState&>(restored);
    domain.stale.store(true, std::memory_order_release);
    domain.incarnation.store(next_number(), std::memory_order_relaxed);
    drop_everything(domain);
}

} // namespace argo::engine
