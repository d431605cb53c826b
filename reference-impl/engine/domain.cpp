// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the engine keeps for a domain, and the table in which domains are found by domid.
// Book: spec/address.rst, spec/lifecycle.rst.
#include "engine/domain.hpp"

#include <bit>
#include <new>
#include <utility>

namespace argo::engine {

RingTable::RingTable(std::span<Link> chains, std::span<Link> places, std::span<Word> waited) noexcept
    : chains_(chains),
      places_(places),
      waited_(waited),
      shift_(64 - static_cast<uint32_t>(std::countr_zero(chains.size())))
{
    for (Link& link : chains_) new (&link) Link(nullptr);
    for (Link& link : places_) new (&link) Link(nullptr);
    for (Word& word : waited_) new (&word) Word(0);
}

Ring* RingTable::next_waited(uint32_t& place) const noexcept
{
    while (place < places_.size()) {
        const uint64_t left = waited_[place / word_bits].load(std::memory_order_relaxed) >> place % word_bits;
        if (left == 0) {
            place = (place / word_bits + 1) * word_bits;
            continue;
        }
        place += static_cast<uint32_t>(std::countr_zero(left));
        if (Ring* const ring = places_[place++].load(std::memory_order_acquire)) return ring;
    }
    return nullptr;
}

void RingTable::insert(Ring& ring) noexcept
{
    uint32_t place = 0;
    while (at(place)) ++place;
    ring.links.place = place;
    Link& head = chain(ring.port, ring.partner);
    ring.links.next.store(head.load(std::memory_order_relaxed), std::memory_order_relaxed);
    head.store(&ring, std::memory_order_release);
    places_[place].store(&ring, std::memory_order_release);
    ++rings_;
    pages_ += ring_pages(ring.length);
}

void RingTable::remove(Ring& ring) noexcept
{
    Link* link = &chain(ring.port, ring.partner);
    while (Ring* const other = link->load(std::memory_order_relaxed)) {
        if (other == &ring) break;
        link = &other->links.next;
    }
    link->store(ring.links.next.load(std::memory_order_relaxed), std::memory_order_release);
    places_[ring.links.place].store(nullptr, std::memory_order_release);
    --rings_;
    pages_ -= ring_pages(ring.length);
}

/// One piece of memory, and where in it everything is.
struct DomainState::Layout
{
    Layout(void* memory, uint32_t vcpu_count, uint32_t max_rings, uint32_t max_bindings) noexcept
        : start(reinterpret_cast<uintptr_t>(memory)),
          vcpus(take<Vcpu>(vcpu_count)),
          interrupts(take<Interrupt>(max_bindings)),
          chains(take<RingTable::Link>(std::bit_ceil(2 * (max_rings ? max_rings : 1)))),
          places(take<RingTable::Link>(max_rings)),
          waited(take<RingTable::Word>((max_rings + RingTable::word_bits - 1) / RingTable::word_bits))
    {
    }

    template <class T>
    std::span<T> take(size_t count) noexcept
    {
        bytes = (bytes + alignof(T) - 1) / alignof(T) * alignof(T);
        const std::span<T> taken(reinterpret_cast<T*>(start + bytes), count);
        bytes += count * sizeof(T);
        return taken;
    }

    const uintptr_t start; // null, too: only bytes is of interest then
    size_t bytes = sizeof(DomainState);
    const std::span<Vcpu> vcpus;
    const std::span<Interrupt> interrupts;
    const std::span<RingTable::Link> chains, places;
    const std::span<RingTable::Word> waited;
};

DomainState::DomainState(uint16_t domid, void* context, const Shape& shape, uint64_t instance,
                         const Layout& layout) noexcept
    : Domain(domid, context, instance, shape.window),
      rings(layout.chains, layout.places, layout.waited),
      bindings(layout.interrupts),
      waits(instance),
      incarnation(instance),
      vcpus_(layout.vcpus),
      bytes_(layout.bytes)
{
    for (Vcpu& vcpu : vcpus_) new (&vcpu) Vcpu(*this, shape.window, domid);
}

DomainState* DomainState::create(Host& host, uint16_t domid, void* context, const Shape& shape,
                                 uint64_t instance, uint32_t max_rings, uint32_t max_bindings) noexcept
{
    const size_t bytes = Layout(nullptr, shape.vcpus, max_rings, max_bindings).bytes;
    void* const memory = host.allocate(bytes);
    if (!memory) return nullptr;
    return new (memory)
        DomainState(domid, context, shape, instance, Layout(memory, shape.vcpus, max_rings, max_bindings));
}

void DomainState::destroy(Host& host, DomainState* domain) noexcept
{
    const size_t bytes = domain->bytes_;
    domain->~DomainState();
    host.release(domain, bytes);
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

void DomainTable::show(DomainState& domain) noexcept
{
    slot(domain.domid())->domain.store(&domain, std::memory_order_release);
}

void DomainTable::hide(DomainState& domain) noexcept
{
    slot(domain.domid())->domain.store(nullptr, std::memory_order_release);
}

void DomainTable::clear(Host& host) noexcept
{
    for (std::atomic<Block*>& place : blocks_) {
        if (Block* const block = place.exchange(nullptr)) host.release(block, sizeof(Block));
    }
}

} // namespace argo::engine
