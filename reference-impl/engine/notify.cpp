// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_NOTIFY: the caller has made space, and asks for space. Book: spec/notify.rst.
#include "argo/notify.h"
#include "engine/engine.hpp"

namespace argo::engine {

/// Thread-safe; holds the lock of one ring at a time.
Result Engine::notify(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    DomainState& caller = vcpu.domain;
    const Gpa head{arguments[0]};
    uint32_t count = 0;
    if (head.value != 0) {
        if (const Error error = check_entries(caller, head, count); failed(error)) return error;
    }

    wake_senders(vcpu);
    Gpa entry = head + sizeof(argo_notify);
    for (; count != 0; --count, entry = entry + sizeof(argo_notify_entry)) answer(caller, entry);
    return Result::success();
}

/// Errors in order: ARGO-NOTIFY-101 to -103.
Error Engine::check_entries(DomainState& caller, Gpa head, uint32_t& count) noexcept
{
    const GuestMemory memory = memory_of(caller);
    argo_notify request;
    if (!memory.fetch(head, request)) return Error::efault;
    if (request.count > limits_.max_notify || request.reserved != 0) return Error::einval;
    const uint64_t bytes = uint64_t{request.count} * sizeof(argo_notify_entry);
    if (!memory.accessible(head + sizeof request, bytes, Access::write)) return Error::efault;
    count = request.count;
    return Error::none;
}

/// Wakes who waits for space that is there now, at each ring of the domain at which somebody waits.
/// ARGO-NOTIFY-001, -002.
void Engine::wake_senders(Vcpu& vcpu) noexcept
{
    DomainState& owner = vcpu.domain;
    std::atomic_thread_fence(std::memory_order_seq_cst); // rx_ptr first, then who waits: free_bytes
    uint32_t place = 0;
    while (Ring* const ring = owner.rings.next_waited(place)) wake(vcpu, &owner, *ring, Wake::satisfied);
}

/// Reads an entry once, and writes nothing but what changed in it (ARGO-NOTIFY-021).
void Engine::answer(DomainState& caller, Gpa entry) noexcept
{
    const GuestMemory memory = memory_of(caller);
    argo_notify_entry copy;
    if (!memory.fetch(entry, copy)) return; // was memory a moment ago; the host took it away
    ask(caller, copy);
    memory.store(entry + offsetof(argo_notify_entry, flags), copy.flags);
    memory.store(entry + offsetof(argo_notify_entry, max_message), copy.max_message);
}

/// Answers one question. A ring that is absent, denied or asked about wrongly reads zeroes.
/// ARGO-NOTIFY-010 to -020, -022, -024.
void Engine::ask(DomainState& caller, argo_notify_entry& entry) noexcept
{
    const argo_addr& address = entry.ring;
    entry.flags = 0;
    entry.max_message = 0;

    if (address.reserved != 0 || entry.reserved != 0) return;
    if (!host_.allows({Hook::notify, caller.domid(), 0, address.domid, address.port})) return;
    DomainState* const owner = domains_.find(address.domid);
    if (!owner) return;
    Ring* const ring = owner->rings.match(address.port, caller.domid());
    if (!ring) return;

    const auto set = [&](uint32_t flag) { entry.flags = static_cast<uint16_t>(entry.flags | flag); };
    const Held held(ring->lock, host_);
    const uint32_t free = free_bytes(*owner, *ring, entry.space_required);
    entry.max_message = ring->largest_payload();

    set(ARGO_NOTIFY_EXISTS);
    if (ring->partner == ARGO_DOMID_WILDCARD) set(ARGO_NOTIFY_SHARED);
    if (free == ring->length) set(ARGO_NOTIFY_EMPTY);

    if (entry.space_required > entry.max_message || entry.space_required > limits_.max_message) {
        set(ARGO_NOTIFY_EMSGSIZE);
    } else if (Ring::fits(entry.space_required, free)) {
        set(ARGO_NOTIFY_SUFFICIENT);
        stop_waiting(caller, *ring);
    } else if (!wait_for_space(caller, *ring, entry.space_required)) {
        set(ARGO_NOTIFY_EBUSY);
    }
}

} // namespace argo::engine
