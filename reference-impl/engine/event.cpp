// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Events: telling a domain that a message came, or that space is there; and keeping who waits for space.
// Coalescing is the host's. Book: spec/event.rst, and for the waiters spec/sendv.rst and spec/notify.rst.
#include "engine/engine.hpp"

namespace argo::engine {
namespace {

constexpr uint16_t space_binding = 0; // ARGO-EVENT-004
constexpr uint32_t wake_batch = 16;

Waiter* find_waiter(Ring& ring, const DomainState& sender) noexcept
{
    for (Waiter& waiter : ring.waiters()) {
        if (waiter.account == sender.waits.number()) return &waiter;
    }
    return nullptr;
}

} // namespace

/// An event at a binding, dropped if the binding is not made (ARGO-EVENT-006). No lock is held.
void Engine::signal(Vcpu& vcpu, DomainState& domain, uint16_t binding) noexcept
{
    const Interrupt interrupt = domain.bindings.get(host_, binding);
    if (interrupt.kind == ARGO_BINDING_NONE) return;
    host_.raise(domain, interrupt);
    vcpu.tallies.events.add();
}

/// Bytes that are free in a ring, for a message of this payload. If that does not fit, the owner's next
/// notify looks at this ring; and since the owner may have made space and called it before it could know, the
/// answer is from after that. The ring's lock is held.
uint32_t Engine::free_bytes(DomainState& owner, Ring& ring, uint32_t payload) noexcept
{
    const uint32_t free = ring.free_bytes();
    if (Ring::fits(payload, free) || ring.waiting != 0) return free;
    owner.rings.set_waited(ring);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return ring.free_bytes();
}

/// Makes the sender wait for room for this payload, or for a larger one if it does already (ARGO-SENDV-032,
/// ARGO-NOTIFY-020). False if the ring or the sender has its full number of waiters. The ring's lock is held.
bool Engine::wait_for_space(DomainState& sender, Ring& ring, uint32_t payload) noexcept
{
    if (Waiter* const waiter = find_waiter(ring, sender)) {
        if (waiter->space < payload) waiter->space = payload;
        return true;
    }
    Waiter* const place = free_place(ring);
    if (!place) return false;
    const uint64_t account = sender.waits.charge(host_, limits_.max_waiters);
    if (account == 0) return false;
    if (place->account == 0) ++ring.waiting;
    *place = {.account = account, .space = payload, .domid = sender.domid()};
    return true;
}

/// ARGO-NOTIFY-018. The ring's lock is held.
void Engine::stop_waiting(DomainState& sender, Ring& ring) noexcept
{
    if (ring.waiting == 0) return;
    Waiter* const waiter = find_waiter(ring, sender);
    if (!waiter) return;
    sender.waits.settle(host_, waiter->account);
    *waiter = {};
    --ring.waiting;
}

/// Room for one waiter more, if need be that of a dead one; null if all are alive. The ring's lock is held.
Waiter* Engine::free_place(Ring& ring) noexcept
{
    for (Waiter& waiter : ring.waiters()) {
        if (waiter.account == 0) return &waiter;
    }
    for (Waiter& waiter : ring.waiters()) {
        const DomainState* const domain = domains_.find(waiter.domid);
        if (!domain || domain->waits.number() != waiter.account) return &waiter;
    }
    return nullptr;
}

/// Ends a waiter: the domain that is to be woken, or none if the waiter is dead.
DomainState* Engine::settle(const Waiter& waiter) noexcept
{
    DomainState* const domain = domains_.find(waiter.domid);
    return domain && domain->waits.settle(host_, waiter.account) ? domain : nullptr;
}

/// Wakes waiters of a ring: all, when it is out of its owner's table, or those whose space is there. They are
/// told in batches, between which the ring is not locked. Each place is visited once, so this ends however
/// fast others queue again.
void Engine::wake(Vcpu& vcpu, DomainState* owner, Ring& ring, Wake whom) noexcept
{
    const std::span<Waiter> waiters = ring.waiters();
    for (size_t next = 0; next < waiters.size();) {
        DomainState* woken[wake_batch];
        uint32_t count = 0;
        {
            const Held held(ring.lock, host_);
            const uint32_t free = whom == Wake::all ? 0 : ring.free_bytes();
            for (; next < waiters.size() && count < wake_batch && ring.waiting != 0; ++next) {
                Waiter& waiter = waiters[next];
                if (waiter.account == 0) continue;
                if (whom == Wake::satisfied && !Ring::fits(waiter.space, free)) continue;
                if ((woken[count] = settle(waiter))) ++count;
                waiter = {};
                --ring.waiting;
            }
            if (ring.waiting == 0) {
                if (owner) owner->rings.set_not_waited(ring);
                next = waiters.size();
            }
        }
        vcpu.tallies.wakeups.add(count);
        for (uint32_t i = 0; i < count; ++i) signal(vcpu, *woken[i], space_binding);
    }
}

} // namespace argo::engine
