// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A ring: its pointers, its space, and insertion into pages that need not be adjacent. Book: spec/ring.rst.
//
// The engine's own tx_ptr and length are the truth; of what the guest can write, only rx_ptr and, where it
// asked for that, its wish and position are read, and taken within bounds. A guest that lies about them harms
// its own messages only.
#pragma once

#include "argo/ring.h"
#include "argo/sendv.h"
#include "engine/guest_memory.hpp"
#include "engine/lock.hpp"
#include "engine/result.hpp"
#include "engine/waiters.hpp"

#include <span>

namespace argo::engine {

/// Pages that header and data of a ring of this length take.
constexpr uint32_t ring_pages(uint32_t length) noexcept
{
    return static_cast<uint32_t>((sizeof(argo_ring) + length + ARGO_PAGE_SIZE - 1) / ARGO_PAGE_SIZE);
}

/// Host addresses of a ring's pages, in the ring's order.
class PageList
{
  public:
    PageList() noexcept = default;
    PageList(const PageList&) = delete;
    PageList& operator=(const PageList&) = delete;
    ~PageList();

    void swap(PageList& other) noexcept
    {
        std::swap(host_, other.host_);
        std::swap(pages_, other.pages_);
        std::swap(count_, other.count_);
    }

    /// Fills an empty list from an array of gfns in the owner's memory, each read once.
    /// Errors: EFAULT (a frame is not writable memory of the owner), ENOMEM.
    Error fill(Host& host, Domain& owner, Gpa frames, uint32_t count) noexcept;

    std::byte* operator[](uint32_t index) const noexcept { return pages_[index]; }

  private:
    Host* host_ = nullptr;
    std::byte** pages_ = nullptr;
    uint32_t count_ = 0;
};

/// What a registration says about a ring's events.
struct EventChoice
{
    uint16_t binding; ///< where they go
    bool suppress;    ///< the header says which: spec/suppress.rst
};

/// One ring of one domain. Owner, port and partner name it and never change, nor does the length. Everything
/// else is guarded by its lock.
class Ring
{
  public:
    /// Takes over the pages and adopts the header that is on them. Null if the host lacks memory.
    static Ring* create(Host&, uint32_t port, uint16_t partner, uint32_t length, EventChoice events,
                        PageList& pages, uint32_t max_waiters) noexcept;

    /// The ring has no users any more, and cannot get any.
    static void destroy(Host&, Ring*) noexcept;

    const uint32_t port;
    const uint16_t partner;
    const uint32_t length;

    Users users;
    Lock lock;

    // What follows is called with the lock held.

    /// Swaps the pages for others, adopts the header that is on those, and changes what it says of events.
    void replace(PageList& pages, EventChoice events) noexcept;

    /// Bytes that no unread message covers. Reads rx_ptr, once: use what it returned, do not ask twice.
    uint32_t free_bytes() const noexcept;

    /// Whether a message of this payload fits when so many bytes are free. ARGO-SENDV-031.
    static bool fits(uint32_t payload, uint32_t free) noexcept
    {
        return free >= ARGO_RING_OVERHEAD && payload <= free - ARGO_RING_OVERHEAD;
    }

    /// The largest payload that the ring can ever take.
    uint32_t largest_payload() const noexcept { return length - ARGO_RING_OVERHEAD; }

    /// Writes a message and publishes it. It fits. Adds to `copied` each payload byte as it is copied. False
    /// if memory of the sender went away meanwhile: then nothing was published. `wanted`: whether the owner
    /// wants an event for it.
    bool insert(const argo_message& header, const GuestMemory& sender, std::span<const argo_iov> pieces,
                uint64_t& copied, bool& wanted) noexcept;

    uint16_t binding() const noexcept { return events_.binding; }

    /// Room for waiters; the free places have account 0.
    std::span<Waiter> waiters() noexcept { return {waiters_, max_waiters_}; }

  private:
    class Writer;

    Ring(uint32_t port, uint16_t partner, uint32_t length, Waiter* waiters, uint32_t max_waiters) noexcept;
    ~Ring() = default;

    argo_ring& header() const noexcept { return *reinterpret_cast<argo_ring*>(pages_[0]); }
    uint32_t load_rx() const noexcept;
    void publish_tx(uint32_t tx) noexcept;
    void adopt_header() noexcept;
    bool wants_event(uint32_t before) const noexcept;

    PageList pages_;
    uint32_t tx_ = 0;
    EventChoice events_{};
    const uint32_t max_waiters_;
    Waiter* const waiters_;
};

} // namespace argo::engine
