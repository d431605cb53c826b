// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The baseline: an engine with the structure of upstream Xen's Argo. What is slow in it is meant.
#include "xen_like.hpp"

#include "argo/abi.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace argo::bench {
namespace {

/// Vcpus are threads here: who waits long gives way, lest it waits for one that does not run.
class Spin
{
  public:
    void wait() noexcept
    {
        if (++turns_ % 256 == 0) {
            std::this_thread::yield();
        } else {
            __builtin_ia32_pause();
        }
    }

  private:
    uint32_t turns_ = 0;
};

} // namespace

void ReadWriteLock::lock_shared() noexcept
{
    for (Spin spin; (word_.fetch_add(reader, std::memory_order_acquire) & writer) != 0;) {
        word_.fetch_sub(reader, std::memory_order_relaxed);
        while ((word_.load(std::memory_order_relaxed) & writer) != 0) spin.wait();
    }
}

void ReadWriteLock::lock() noexcept
{
    Spin spin;
    for (uint32_t free = 0; !word_.compare_exchange_weak(free, writer, std::memory_order_acquire); free = 0) {
        spin.wait();
    }
}

void TicketLock::lock() noexcept
{
    const uint16_t ticket = next_.fetch_add(1, std::memory_order_relaxed);
    for (Spin spin; serving_.load(std::memory_order_acquire) != ticket;) spin.wait();
}

struct XenLike::Ring
{
    uint32_t port;
    uint16_t partner;
    uint32_t length;
    TicketLock l3;
    uint32_t tx = 0;
    std::vector<std::byte*> pages;
    std::vector<uint16_t> pending; // domids
    std::unique_ptr<Ring> next;    // in the bucket
};

class XenLike::Domain final : public engine::Domain
{
  public:
    Domain(uint16_t domid, void* context) : engine::Domain(domid, context, 0, {}) {}

    Domain* next = nullptr; // in the chain
    ReadWriteLock l2;
    std::unique_ptr<Ring> rings[buckets];
    uint32_t ring_count = 0;
};

namespace {

constexpr uint32_t slots(uint32_t bytes) { return (bytes + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT; }

constexpr int64_t error(int64_t number) { return -number; }

} // namespace

XenLike::~XenLike()
{
    for (auto& chain : domains_) {
        while (Domain* const domain = chain) destroy(*domain);
    }
}

XenLike::Domain* XenLike::create(uint16_t domid, void* context)
{
    const std::lock_guard held(l1_);
    if (find_domain(domid)) return nullptr;
    auto* const domain = new Domain(domid, context);
    auto& chain = domains_[domid % 256];
    domain->next = chain;
    chain = domain;
    return domain;
}

void XenLike::destroy(Domain& domain)
{
    const std::lock_guard held(l1_);
    auto& chain = domains_[domain.domid() % 256];
    if (chain == &domain) {
        chain = domain.next;
    } else {
        Domain* before = chain;
        while (before->next != &domain) before = before->next;
        before->next = domain.next;
    }
    delete &domain;
}

int64_t XenLike::call(Domain& caller, uint32_t operation, const uint64_t (&arguments)[4])
{
    if (!host_.allows({engine::Hook::enable, caller.domid(), 0, 0, 0})) return error(ARGO_EACCES);
    const auto [first, second, third, fourth] = arguments;
    switch (operation) {
    case ARGO_OP_REGISTER_RING: return register_ring(caller, first, second, third);
    case ARGO_OP_SENDV: return sendv(caller, first, second, third, fourth);
    case ARGO_OP_NOTIFY: return notify(caller);
    default: return error(ARGO_EOPNOTSUPP);
    }
}

std::byte* XenLike::at(Domain& domain, uint64_t gpa, engine::Access access) const noexcept
{
    void* const page = host_.page(domain, gpa / ARGO_PAGE_SIZE, access);
    return page ? static_cast<std::byte*>(page) + gpa % ARGO_PAGE_SIZE : nullptr;
}

bool XenLike::fetch(Domain& domain, uint64_t gpa, void* to, size_t bytes) const noexcept
{
    for (auto* next = static_cast<std::byte*>(to); bytes != 0;) {
        const size_t chunk = std::min<size_t>(bytes, ARGO_PAGE_SIZE - gpa % ARGO_PAGE_SIZE);
        const std::byte* const from = at(domain, gpa, engine::Access::read);
        if (!from) return false;
        std::memcpy(next, from, chunk);
        next += chunk, gpa += chunk, bytes -= chunk;
    }
    return true;
}

XenLike::Domain* XenLike::find_domain(uint16_t domid) const noexcept
{
    Domain* domain = domains_[domid % 256].load(std::memory_order_acquire);
    while (domain && domain->domid() != domid) domain = domain->next;
    return domain;
}

/// Bernstein's hash over the bytes of the ring's name.
uint32_t XenLike::hash(uint32_t port, uint16_t partner) noexcept
{
    uint32_t value = 5381;
    for (unsigned shift = 0; shift < 32; shift += 8) value = value * 33 + (port >> shift & 0xff);
    for (unsigned shift = 0; shift < 16; shift += 8) value = value * 33 + (partner >> shift & 0xffu);
    return value % buckets;
}

XenLike::Ring* XenLike::find_ring(Domain& domain, uint32_t port, uint16_t partner) noexcept
{
    for (Ring* ring = domain.rings[hash(port, partner)].get(); ring; ring = ring->next.get()) {
        if (ring->port == port && ring->partner == partner) return ring;
    }
    return nullptr;
}

int64_t XenLike::register_ring(Domain& owner, uint64_t address, uint64_t frames, uint64_t pages)
{
    argo_register name;
    if (!fetch(owner, address, &name, sizeof name)) return error(ARGO_EFAULT);
    if (name.length < ARGO_RING_MIN_LENGTH || name.length % ARGO_SLOT != 0 ||
        pages != (sizeof(argo_ring) + name.length + ARGO_PAGE_SIZE - 1) / ARGO_PAGE_SIZE) {
        return error(ARGO_EINVAL);
    }
    auto ring = std::make_unique<Ring>();
    ring->port = name.port;
    ring->partner = name.partner;
    ring->length = name.length;
    for (uint64_t i = 0; i < pages; ++i) {
        uint64_t gfn;
        if (!fetch(owner, frames + i * sizeof gfn, &gfn, sizeof gfn)) return error(ARGO_EFAULT);
        void* const page = host_.page(owner, gfn, engine::Access::write);
        if (!page) return error(ARGO_EFAULT);
        ring->pages.push_back(static_cast<std::byte*>(page));
    }

    const std::shared_lock l1(l1_);
    const std::lock_guard l2(owner.l2);
    if (owner.ring_count == max_rings) return error(ARGO_ENOSPC);
    if (find_ring(owner, name.port, name.partner)) return error(ARGO_EEXIST);
    auto& bucket = owner.rings[hash(name.port, name.partner)];
    ring->next = std::move(bucket);
    bucket = std::move(ring);
    ++owner.ring_count;
    return 0;
}

int64_t XenLike::sendv(Domain& caller, uint64_t addresses, uint64_t pieces, uint64_t count, uint64_t type)
{
    argo_send_addr address;
    if (count > max_pieces || type > UINT32_MAX) return error(ARGO_EINVAL);
    if (!fetch(caller, addresses, &address, sizeof address)) return error(ARGO_EFAULT);
    if (address.src.reserved != 0 || address.dst.reserved != 0) return error(ARGO_EINVAL);
    if (!host_.allows(
            {engine::Hook::send, caller.domid(), address.src.port, address.dst.domid, address.dst.port})) {
        return error(ARGO_EACCES);
    }

    Domain* const owner = find_domain(address.dst.domid);
    if (!owner) return error(ARGO_EACCES);
    const std::shared_lock l1(l1_);
    int64_t sent;
    {
        const std::shared_lock l2(owner->l2);
        Ring* ring = find_ring(*owner, address.dst.port, caller.domid());
        if (!ring) ring = find_ring(*owner, address.dst.port, ARGO_DOMID_WILDCARD);
        if (!ring) return error(ARGO_ECONNREFUSED);
        const std::lock_guard l3(ring->l3);
        sent = insert(caller, *ring, address.src.port, pieces, static_cast<uint32_t>(count),
                      static_cast<uint32_t>(type));
        if (sent == error(ARGO_EAGAIN)) {
            auto& pending = ring->pending;
            if (std::find(pending.begin(), pending.end(), caller.domid()) == pending.end()) {
                if (pending.size() == max_pending) return error(ARGO_EBUSY);
                pending.push_back(caller.domid());
            }
        }
    }
    if (sent >= 0) signal(*owner);
    return sent;
}

/// With L3 held, under which the pieces are fetched, counted and copied.
int64_t XenLike::insert(Domain& sender, Ring& ring, uint32_t source_port, uint64_t address, uint32_t count,
                        uint32_t type)
{
    argo_iov pieces[max_pieces];
    if (!fetch(sender, address, pieces, count * sizeof *pieces)) return error(ARGO_EFAULT);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; ++i) {
        if (pieces[i].flags != 0) return error(ARGO_EINVAL);
        bytes += pieces[i].length;
    }
    if (bytes > ring.length - ARGO_RING_OVERHEAD) return error(ARGO_EMSGSIZE);

    auto& header = *reinterpret_cast<argo_ring*>(ring.pages[0]);
    uint32_t rx = slots(std::atomic_ref(header.rx_ptr).load(std::memory_order_acquire));
    if (rx >= ring.length) rx = 0;
    const uint32_t free = rx > ring.tx ? rx - ring.tx : ring.length - ring.tx + rx;
    if (free < ARGO_RING_OVERHEAD || bytes > free - ARGO_RING_OVERHEAD) return error(ARGO_EAGAIN);

    uint32_t position = ring.tx;
    const auto write = [&](const std::byte* from, size_t left) {
        while (left != 0) {
            const uint64_t offset = sizeof(argo_ring) + position;
            const size_t chunk =
                std::min<size_t>({left, ARGO_PAGE_SIZE - offset % ARGO_PAGE_SIZE, ring.length - position});
            std::memcpy(ring.pages[offset / ARGO_PAGE_SIZE] + offset % ARGO_PAGE_SIZE, from, chunk);
            from += chunk, left -= chunk;
            position += static_cast<uint32_t>(chunk);
            if (position == ring.length) position = 0;
        }
    };
    const argo_message message = {.length = static_cast<uint32_t>(sizeof message + bytes),
                                  .source = {.port = source_port, .domid = sender.domid(), .reserved = 0},
                                  .type = type};
    write(reinterpret_cast<const std::byte*>(&message), sizeof message);
    for (uint32_t i = 0; i < count; ++i) {
        uint64_t gpa = pieces[i].base;
        for (size_t left = pieces[i].length; left != 0;) {
            const size_t chunk = std::min<size_t>(left, ARGO_PAGE_SIZE - gpa % ARGO_PAGE_SIZE);
            const std::byte* const from = at(sender, gpa, engine::Access::read);
            if (!from) return error(ARGO_EFAULT);
            write(from, chunk);
            gpa += chunk, left -= chunk;
        }
    }
    ring.tx = slots(position) % ring.length;
    std::atomic_ref(header.tx_ptr).store(ring.tx, std::memory_order_release);
    return static_cast<int64_t>(bytes);
}

/// Visits all rings of the caller, and signals all who wait there.
int64_t XenLike::notify(Domain& caller)
{
    std::vector<uint16_t> woken;
    const std::shared_lock l1(l1_);
    {
        const std::shared_lock l2(caller.l2);
        for (const auto& bucket : caller.rings) {
            for (Ring* ring = bucket.get(); ring; ring = ring->next.get()) {
                const std::lock_guard l3(ring->l3);
                woken.insert(woken.end(), ring->pending.begin(), ring->pending.end());
                ring->pending.clear();
            }
        }
    }
    for (const uint16_t domid : woken) {
        if (Domain* const domain = find_domain(domid)) signal(*domain);
    }
    return 0;
}

void XenLike::signal(Domain& domain) noexcept { host_.raise(domain, {}); }

} // namespace argo::bench
