// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The engines that are compared, behind one form. A candidate makes domains and takes their calls; each call
// is made as a mechanism with registers makes it. What the engine's interface asks for is here alone.
#pragma once

#include "engine/engine.hpp"
#include "guest.hpp"
#include "xen_like.hpp"

namespace argo::bench {

/// The engine of this project.
class Lean
{
  public:
    static constexpr const char* name = "engine";
    using Domain = engine::Domain;

    explicit Lean(Host& host)
        : engine_(host, engine::Limits{}, engine::Engine::offered_features, {ARGO_IMPLEMENTATION_MODEL, 1})
    {
    }

    /// `vcpus` may call at once.
    Domain* create(uint16_t domid, Guest& guest, uint32_t vcpus)
    {
        return engine_.create(domid, &guest,
                              {.vcpus = vcpus, .window = {0, guest.bytes(), guest.at<std::byte>(0)}});
    }
    void destroy(Domain& domain) { engine_.destroy(domain); }

    /// One call at a time for each vCPU.
    int64_t call(Domain& caller, uint32_t vcpu, uint32_t operation, const uint64_t (&arguments)[4])
    {
        return engine_.call(caller, vcpu, ARGO_OPERATION_WORD(operation), arguments);
    }

    /// Has the domain's events raised. It makes no calls meanwhile.
    void bind(Domain& domain)
    {
        const uint64_t arguments[4] = {0, ARGO_BINDING_LAPIC, 0, 32};
        call(domain, 0, ARGO_OP_VECTOR, arguments);
    }

    engine::Counters counters() const { return engine_.counters(); }

  private:
    engine::Engine engine_;
};

/// The baseline.
class Baseline
{
  public:
    static constexpr const char* name = "xen-like";
    using Domain = XenLike::Domain;

    explicit Baseline(Host& host) : engine_(host) {}

    Domain* create(uint16_t domid, Guest& guest, uint32_t) { return engine_.create(domid, &guest); }
    void destroy(Domain& domain) { engine_.destroy(domain); }

    int64_t call(Domain& caller, uint32_t, uint32_t operation, const uint64_t (&arguments)[4])
    {
        return engine_.call(caller, operation, arguments);
    }

    void bind(Domain&) {} // all events are raised

  private:
    XenLike engine_;
};

} // namespace argo::bench
