// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Domains come, lose their state, and end. Book: spec/lifecycle.rst.
#include "engine/engine.hpp"

namespace argo::engine {

Domain* Engine::create(uint16_t domid, void* context, const Shape& shape) noexcept
{
    if (!domains_.reserve(host_, domid)) return nullptr;
    auto* const domain = DomainState::create(host_, domid, context, shape, next_number(), limits_.max_rings,
                                             limits_.max_bindings);
    if (domain) {
        enlist(*domain);
        readers_.wait(host_, Uses::domains); // calls that policy answered about who had the domid before
        domains_.show(*domain);
        next_generation(); // what policy said of the domid may have been said of another domain
    } else {
        domains_.release(host_, domid);
    }
    return domain;
}

/// Runs in the place of a call of the domain's, which makes none any more. The domid stays reserved to the
/// end: who gets it next inherits nothing (ARGO-LIFECYCLE-004), because nothing that names it is left but
/// dead waiters.
void Engine::destroy(Domain& ending) noexcept
{
    auto& domain = static_cast<DomainState&>(ending);
    const uint16_t domid = domain.domid();
    Vcpu& vcpu = domain.vcpus().front();

    // From here on it is absent. Who was about to register a ring for it has done so when the wait ends, and
    // nobody who found it uses it any more.
    domains_.hide(domain);
    next_generation();
    readers_.wait(host_, Uses::domains);
    {
        const Inside inside(*this, vcpu);
        drop_everything(vcpu);
        Removed rings;
        for (uint16_t other = 0; other < ARGO_DOMID_FIRST_RESERVED; ++other) {
            if (DomainState* const owner = domains_.find(other)) take_rings_for(*owner, domid, rings);
        }
        retire(vcpu, rings);
    }
    // A ring that another end has taken out meanwhile may still name it as the owner, by instance alone.
    strike_off(domain);
    DomainState::destroy(host_, &domain);
    domains_.release(host_, domid);
}

/// Takes out the rings that nobody can send to any more; their owner will hear of it. ARGO-LIFECYCLE-003.
void Engine::take_rings_for(DomainState& owner, uint16_t partner, Removed& rings) noexcept
{
    const Held changing(owner.registration, host_);
    for (uint32_t place = 0; place < owner.rings.places(); ++place) {
        Ring* const ring = owner.rings.at(place);
        if (!ring || ring->partner != partner) continue;
        owner.rings.remove(*ring);
        rings.add(*ring, &owner);
    }
}

void Engine::restore(Domain& restored) noexcept
{
    auto& domain = static_cast<DomainState&>(restored);
    Vcpu& vcpu = domain.vcpus().front();
    const Inside inside(*this, vcpu);
    domain.stale.store(true, std::memory_order_release);
    next_generation();
    domain.incarnation.store(next_number(), std::memory_order_relaxed);
    drop_everything(vcpu);
}

} // namespace argo::engine
