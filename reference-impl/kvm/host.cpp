// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the engine asks of the world around it.
#include "kvm/host.hpp"

#include "engine/interrupt.hpp"
#include "kvm/machine.hpp"

#include <argo/abi.h>

#include <new>

namespace argo::kvm {

namespace {

constexpr uint64_t features =
    ARGO_FEATURE_WILDCARD | ARGO_FEATURE_VECTOR | ARGO_FEATURE_SUPPRESS | ARGO_FEATURE_BATCH;
constexpr uint32_t version = 1; // of this implementation; never decreases

Machine& machine(engine::Domain& domain) { return *static_cast<Machine*>(domain.context()); }

} // namespace

Host::Host(uint32_t audit_rate, std::function<void(const std::string&)> audit)
    : audit_(audit_rate, std::move(audit)),
      monitor_(
          [](void* log, const engine::Denial& denial) noexcept { static_cast<AuditLog*>(log)->add(denial); },
          &audit_),
      engine_(*this, engine::Limits{}, features, identity())
{
}

void Host::set_policy(std::unique_ptr<PolicyFile> policy)
{
    monitor_.install(policy ? &policy->labelled() : nullptr);
    engine_.settle();
    policy_ = std::move(policy);
}

void Host::label(uint16_t domid, const std::string& label)
{
    if (policy_) policy_->labelled().assign(domid, label.c_str());
}

void Host::unlabel(uint16_t domid) noexcept
{
    if (policy_) policy_->labelled().remove(domid);
}

bool Host::may_use_argo(uint16_t domid) noexcept
{
    return monitor_.allows({engine::Hook::enable, domid, 0, 0, 0});
}

engine::Identity Host::identity() noexcept { return {ARGO_IMPLEMENTATION_KVM, version}; }

void* Host::page(engine::Domain& domain, uint64_t gfn, engine::Access) noexcept
{
    return machine(domain).memory().page(gfn);
}

// The engine keeps the domain while this runs, and the machine ends its domain before anything else of it
// goes.
void Host::raise(engine::Domain& domain, const engine::Interrupt& interrupt) noexcept
{
    const auto [vcpu, vector] = engine::destination(interrupt);
    machine(domain).raise(vcpu, vector);
}

bool Host::has_vcpu(engine::Domain& domain, uint64_t id) noexcept { return id < machine(domain).vcpus(); }

bool Host::allows(const engine::PolicyQuestion& question) noexcept { return monitor_.allows(question); }

void* Host::allocate(size_t bytes) noexcept
{
    return ::operator new (bytes, std::align_val_t{engine::cache_line}, std::nothrow);
}

void Host::release(void* memory, size_t) noexcept
{
    ::operator delete (memory, std::align_val_t{engine::cache_line});
}

void Host::relax() noexcept { std::this_thread::yield(); }

} // namespace argo::kvm
