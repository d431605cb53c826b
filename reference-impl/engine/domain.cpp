// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the engine keeps for a domain, and the table in which domains are found by domid.
// Book: spec/address.rst, spec/lifecycle.rst.
#include "engine/domain.hpp"

#include <new>

namespace argo::engine {

Reference<Ring> RingTable::match(Host& host, uint32_t port, uint16_t sender) noexcept
{
    const Held held(lock_, host);
    Ring* wildcard = nullptr;
    for (const Entry& entry : entries_.first(end_)) {
        if (!entry.ring || entry.port != port) continue;
        if (entry.partner == sender) return Reference(entry.ring);
        if (entry.partner == ARGO_DOMID_WILDCARD) wildcard = entry.ring;
    }
    return Reference(wildcard);
}

Reference<Ring> RingTable::next(Host& host, uint32_t& place) noexcept
{
    const Held held(lock_, host);
    while (place < end_) {
        if (Ring* const ring = entries_[place++].ring) return Reference(ring);
    }
    return {};
}

Ring* RingTable::find(uint32_t port, uint16_t partner) const noexcept
{
    for (const Entry& entry : entries_.first(end_)) {
        if (entry.ring && entry.port == port && entry.partner == partner) return entry.ring;
    }
    return nullptr;
}

void RingTable::insert(Host& host, Ring& ring) noexcept
{
    const Held held(lock_, host);
    uint32_t place = 0;
    while (entries_[place].ring) ++place;
    entries_[place] = {&ring, ring.port, ring.partner};
    if (place == end_) ++end_;
    ++rings_;
    pages_ += ring_pages(ring.length);
}

void RingTable::remove(Host& host, Ring& ring) noexcept
{
    const Held held(lock_, host);
    for (Entry& entry : entries_.first(end_)) {
        if (entry.ring == &ring) entry = {};
    }
    while (end_ != 0 && !entries_[end_ - 1].ring) --end_;
    --rings_;
    pages_ -= ring_pages(ring.length);
}

Ring* RingTable::take(Host& host, uint32_t place) noexcept
{
    Ring* const ring = entries_[place].ring;
    if (ring) remove(host, *ring);
    return ring;
}

Ring* RingTable::take(Host& host, uint32_t place, uint16_t partner) noexcept
{
    return entries_[place].partner == partner ? take(host, place) : nullptr;
}

DomainState::DomainState(uint16_t domid, void* context, uint64_t instance,
                         std::span<RingTable::Entry> ring_entries, std::span<Interrupt> interrupts,
                         size_t bytes) noexcept
    : Domain(domid, context, instance),
      rings(ring_entries),
      bindings(interrupts),
      waits(instance),
      incarnation(instance),
      bytes_(bytes)
{
}

/// One piece of memory: the state, places for rings, bindings.
DomainState* DomainState::create(Host& host, uint16_t domid, void* context, uint64_t instance,
                                 uint32_t max_rings, uint32_t max_bindings) noexcept
{
    using Entry = RingTable::Entry;
    static_assert(sizeof(DomainState) % alignof(Entry) == 0 && sizeof(Entry) % alignof(Interrupt) == 0);

    const size_t entries_at = sizeof(DomainState);
    const size_t interrupts_at = entries_at + max_rings * sizeof(Entry);
    const size_t bytes = interrupts_at + max_bindings * sizeof(Interrupt);
    auto* const memory = static_cast<std::byte*>(host.allocate(bytes));
    if (!memory) return nullptr;
    const std::span entries(reinterpret_cast<Entry*>(memory + entries_at), max_rings);
    const std::span interrupts(reinterpret_cast<Interrupt*>(memory + interrupts_at), max_bindings);
    return new (memory) DomainState(domid, context, instance, entries, interrupts, bytes);
}

void DomainState::destroy(Host& host, DomainState* domain) noexcept
{
    const size_t bytes = domain->bytes_;
    domain->~DomainState();
    host.release(domain, bytes);
}

/// Null if the domid is reserved for ever, or if none of its block was ever used.
DomainTable::Slot* DomainTable::slot(uint16_t domid) noexcept
{
    if (domid >= ARGO_DOMID_FIRST_RESERVED) return nullptr;
    Block* const block = blocks_[domid / 256].load(std::memory_order_acquire);
    return block ? &block->slots[domid % 256] : nullptr;
}

Reference<DomainState> DomainTable::find(Host& host, uint16_t domid) noexcept
{
    Slot* const slot = this->slot(domid);
    if (!slot) return {};
    const Held held(slot->lock, host);
    return Reference(slot->domain);
}

bool DomainTable::reserve(Host& host, uint16_t domid) noexcept
{
    if (domid >= ARGO_DOMID_FIRST_RESERVED) return false;
    std::atomic<Block*>& place = blocks_[domid / 256];
    if (!place.load(std::memory_order_acquire)) {
        void* const memory = host.allocate(sizeof(Block));
        if (!memory) return false;
        Block* const block = new (memory) Block;
        Block* expected = nullptr;
        if (!place.compare_exchange_strong(expected, block, std::memory_order_acq_rel)) {
            host.release(memory, sizeof(Block)); // somebody else was faster
        }
    }
    Slot& slot = *this->slot(domid);
    const Held held(slot.lock, host);
    return !std::exchange(slot.reserved, true);
}

void DomainTable::release(Host& host, uint16_t domid) noexcept
{
    Slot& slot = *this->slot(domid);
    const Held held(slot.lock, host);
    slot.reserved = false;
}

void DomainTable::show(Host& host, DomainState& domain) noexcept
{
    Slot& slot = *this->slot(domain.domid());
    const Held held(slot.lock, host);
    slot.domain = &domain;
}

void DomainTable::hide(Host& host, DomainState& domain) noexcept
{
    Slot& slot = *this->slot(domain.domid());
    {
        const Held held(slot.lock, host);
        slot.domain = nullptr;
    }
    domain.users.wait_until_none(host);
}

void DomainTable::clear(Host& host) noexcept
{
    for (std::atomic<Block*>& place : blocks_) {
        if (Block* const block = place.exchange(nullptr)) host.release(block, sizeof(Block));
    }
}

} // namespace argo::engine
