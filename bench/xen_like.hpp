// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The baseline: an engine with the structure of upstream Xen's Argo, on the calls and structures of major 1.
// One lock that all calls of all domains take (L1), one for each domain (L2) and one for each ring (L3),
// which is held while a message is copied page by page; rings in a hash of 32 buckets; an event for every
// message. Left out is what needs Xen: walks of guest page tables, XSM's tables, the event channel behind the
// event. So it is faster than what it stands for. It registers, sends and notifies; it is no implementation
// of the ABI.
#pragma once

#include "engine/host.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace argo::bench {

/// Readers count themselves in one word, as in Xen: one read-modify-write in, one out.
class ReadWriteLock
{
  public:
    void lock_shared() noexcept;
    void unlock_shared() noexcept { word_.fetch_sub(reader, std::memory_order_release); }
    void lock() noexcept;
    void unlock() noexcept { word_.fetch_sub(writer, std::memory_order_release); }

  private:
    static constexpr uint32_t writer = 1, reader = 2;
    alignas(64) std::atomic<uint32_t> word_{0};
};

class TicketLock
{
  public:
    void lock() noexcept;
    void unlock() noexcept
    {
        serving_.store(serving_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

  private:
    std::atomic<uint16_t> next_{0}, serving_{0};
};

class XenLike
{
  public:
    class Domain;

    explicit XenLike(engine::Host& host) : host_(host) {}
    ~XenLike();
    XenLike(const XenLike&) = delete;
    XenLike& operator=(const XenLike&) = delete;

    /// Null if the domid is taken.
    Domain* create(uint16_t domid, void* context);
    void destroy(Domain&);

    /// register_ring, sendv and notify without entries; the arguments are those of major 1.
    int64_t call(Domain& caller, uint32_t operation, const uint64_t (&arguments)[4]);

  private:
    struct Ring;
    static constexpr uint32_t buckets = 32;
    static constexpr uint32_t max_pieces = 8, max_rings = 128, max_pending = 32;

    std::byte* at(Domain&, uint64_t gpa, engine::Access) const noexcept;
    bool fetch(Domain&, uint64_t gpa, void* to, size_t bytes) const noexcept;
    Domain* find_domain(uint16_t domid) const noexcept;
    static uint32_t hash(uint32_t port, uint16_t partner) noexcept;
    static Ring* find_ring(Domain&, uint32_t port, uint16_t partner) noexcept;

    int64_t register_ring(Domain&, uint64_t ring, uint64_t frames, uint64_t pages);
    int64_t sendv(Domain&, uint64_t addresses, uint64_t pieces, uint64_t count, uint64_t type);
    int64_t insert(Domain& sender, Ring&, uint32_t source_port, uint64_t pieces, uint32_t count,
                   uint32_t type);
    int64_t notify(Domain&);
    void signal(Domain&) noexcept;

    engine::Host& host_;
    ReadWriteLock l1_;
    std::atomic<Domain*> domains_[256] = {}; // chains, by the low bits of the domid
};

} // namespace argo::bench
