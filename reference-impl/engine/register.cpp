// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_REGISTER_RING: memory of the caller becomes a ring, or replaces the memory of one.
// Book: spec/register.rst.
#include "argo/register.h"
#include "engine/engine.hpp"

namespace argo::engine {

/// The engine's own copy of what the caller wants.
struct Engine::Registration
{
    argo_register ring;
    Gpa frames;
    uint32_t count;
    EventChoice events;
    bool fail_exist;
};

/// Thread-safe; holds the caller's registration lock while it looks the frames up. The partner was there when
/// the call began or later: if it ends, its end waits for this call, and then finds the ring.
Result Engine::register_ring(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    DomainState& caller = vcpu.domain;
    Registration wanted;
    if (const Error error = fetch_registration(caller, arguments, wanted); failed(error)) return error;
    if (const Error error = admit(caller, wanted); failed(error)) return error;
    Ring* ring;
    if (const Error error = install(caller, wanted, ring); failed(error)) return error;
    wake(vcpu, &caller, *ring, Wake::satisfied); // ARGO-REGISTER-014
    return Result::success();
}

/// Errors in order: ARGO-REGISTER-101 to -106.
Error Engine::fetch_registration(DomainState& caller, const Arguments& arguments,
                                 Registration& wanted) noexcept
{
    const auto [address, frames, count, flags] = arguments;
    const GuestMemory memory = memory_of(caller);
    argo_register& ring = wanted.ring;

    if (count > ring_pages(limits_.max_ring_length)) return Error::einval;

    uint64_t known = ARGO_REGISTER_FAIL_EXIST;
    if ((features_ & ARGO_FEATURE_VECTOR) != 0) known |= ARGO_REGISTER_BINDING_MASK;
    if ((features_ & ARGO_FEATURE_SUPPRESS) != 0) known |= ARGO_REGISTER_SUPPRESS;
    const uint64_t binding = (flags & ARGO_REGISTER_BINDING_MASK) >> ARGO_REGISTER_BINDING_SHIFT;
    if ((flags & ~known) != 0) return Error::einval;
    if (binding != 0 && binding >= limits_.max_bindings) return Error::einval;

    if (!memory.fetch({address}, ring)) return Error::efault;
    if (!memory.accessible({frames}, count * sizeof(uint64_t), Access::read)) return Error::efault;

    if (ring.reserved != 0) return Error::einval;
    if (ring.length < ARGO_RING_MIN_LENGTH || ring.length > limits_.max_ring_length ||
        ring.length % ARGO_SLOT != 0) {
        return Error::einval;
    }
    if (count != ring_pages(ring.length)) return Error::einval;

    wanted.frames = {frames};
    wanted.count = static_cast<uint32_t>(count);
    wanted.events = {.binding = static_cast<uint16_t>(binding),
                     .suppress = (flags & ARGO_REGISTER_SUPPRESS) != 0};
    wanted.fail_exist = (flags & ARGO_REGISTER_FAIL_EXIST) != 0;
    return Error::none;
}

/// Errors in order: ARGO-REGISTER-107, -108. Policy decides before the partner is looked up.
Error Engine::admit(DomainState& caller, const Registration& wanted) noexcept
{
    const uint16_t other = wanted.ring.partner;
    const bool wildcard = other == ARGO_DOMID_WILDCARD;
    const auto allowed = [&](Hook hook) {
        return host_.allows({hook, caller.domid(), wanted.ring.port, other, 0});
    };

    if (wildcard && (features_ & ARGO_FEATURE_WILDCARD) == 0) return Error::eperm;
    if (!allowed(Hook::register_ring)) return Error::eacces;
    if (!allowed(wildcard ? Hook::wildcard : Hook::accept)) return Error::eacces;
    if (wildcard) return Error::none;
    return domains_.find(other) ? Error::none : Error::eacces;
}

/// Errors in order: ARGO-REGISTER-109 to -112. All that can fail comes before the first change, so that a
/// ring that exists outlives a failure (ARGO-REGISTER-006).
Error Engine::install(DomainState& caller, const Registration& wanted, Ring*& ring) noexcept
{
    const auto& [port, partner, reserved, length] = wanted.ring;
    PageList pages; // in the end those that the ring no longer has; freed when nothing is locked
    const Held changing(caller.registration, host_);

    Ring* const old = caller.rings.find(port, partner);
    if (old && (wanted.fail_exist || old->length != length)) return Error::eexist;
    // The same length takes the same pages, so the limits do not concern a ring that exists.
    // ARGO-REGISTER-007, -008.
    if (!old && caller.rings.rings() >= limits_.max_rings) return Error::enospc;
    if (!old && wanted.count > limits_.max_pages - caller.rings.pages()) return Error::enospc;
    const Error error = pages.fill(host_, caller, wanted.frames, wanted.count);
    if (failed(error)) return error;

    if (old) {
        ring = old;
        const Held held(old->lock, host_);
        old->replace(host_, pages, wanted.events);
        return Error::none;
    }
    ring = Ring::create(host_, port, partner, length, wanted.events, pages, limits_.max_ring_waiters);
    if (!ring) return Error::enomem;
    caller.rings.insert(*ring);
    next_generation(); // it may be before another one now
    return Error::none;
}

} // namespace argo::engine
