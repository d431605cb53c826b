// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the engine asks of the world around it.
#include "kvm/host.hpp"

#include "kvm/machine.hpp"

#include <argo/abi.h>

#include <new>

namespace argo::kvm {

namespace {

constexpr uint64_t features = ARGO_FEATURE_WILDCARD | ARGO_FEATURE_VECTOR;
constexpr uint32_t version = 1; // of this implementation; never decreases

Machine& machine(engine::Domain& domain) { return *static_cast<Machine*>(domain.context()); }

} // namespace

Host::Host() : engine_(*this, engine::Limits{}, features, identity()) {}

engine::Identity Host::identity() noexcept { return {ARGO_IMPLEMENTATION_KVM, version}; }

void* Host::page(engine::Domain& domain, uint64_t gfn, engine::Access) noexcept
{
    return machine(domain).memory().page(gfn);
}

// The engine keeps the domain while this runs, and the machine ends its domain before anything else of it
// goes.
void Host::raise(engine::Domain& domain, const engine::Interrupt& interrupt) noexcept
{
    machine(domain).raise(static_cast<unsigned>(interrupt.target), static_cast<uint8_t>(interrupt.value));
}

bool Host::has_vcpu(engine::Domain& domain, uint64_t id) noexcept { return id < machine(domain).vcpus(); }

// This VMM has no policy of its own: whoever writes a topology wants its domains to talk to each other.
bool Host::allows(const engine::PolicyQuestion&) noexcept { return true; }

void* Host::allocate(size_t bytes) noexcept { return ::operator new(bytes, std::nothrow); }

void Host::release(void* memory, size_t) noexcept { ::operator delete(memory); }

void Host::relax() noexcept { std::this_thread::yield(); }

} // namespace argo::kvm
