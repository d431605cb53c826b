// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A ring: its pointers, its space, and insertion into pages that need not be adjacent. Book: spec/ring.rst.
//
// A message gets its place under the ring's lock, is copied there, and is published when its turn comes, in
// the order of places. So who sends to one ring copies at the same time as others, and the receiver sees
// whole messages, one after another. A place is never given back once the next one is given: what cannot be
// copied for certain is copied with the lock held, and alone.
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

constexpr uint32_t round_up_to_slot(uint32_t bytes) noexcept
{
    return (bytes + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT;
}

/// A word of a ring's header, which the guest may write.
inline std::atomic_ref<uint32_t> shared(uint32_t& word) noexcept { return std::atomic_ref<uint32_t>(word); }

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

    /// Whether they are adjacent in the host.
    bool adjacent() const noexcept;

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

/// One ring of one domain. Owner, port and partner name it and never change, nor does the length.
class alignas(cache_line) Ring
{
  public:
    /// Takes over the pages and adopts the header that is on them. Null if the host lacks memory.
    static Ring* create(Host&, uint32_t port, uint16_t partner, uint32_t length, EventChoice events,
                        PageList& pages, uint32_t max_waiters) noexcept;

    /// Nobody uses the ring any more, nor can.
    static void destroy(Host&, Ring*) noexcept;

    const uint32_t port;
    const uint16_t partner;
    const uint32_t length;

    /// For the table that the ring is in.
    struct Links
    {
        std::atomic<Ring*> next{nullptr}; ///< in its chain; who has found the ring may go on from here
        uint32_t place = 0;
    } links;

    /// For who takes it out of the table: the next of those taken out, and whom its end concerns.
    struct Removal
    {
        Ring* next = nullptr;
        uint64_t tell = 0; ///< the instance of the owner, if it is to hear of it
        uint16_t owner = 0;
    } removal;

    Lock lock;

    /// The largest payload that the ring can ever take.
    uint32_t largest_payload() const noexcept { return length - ARGO_RING_OVERHEAD; }

    /// Whether a message of this payload fits when so many bytes are free. ARGO-SENDV-031.
    static bool fits(uint32_t payload, uint32_t free) noexcept
    {
        return uint64_t{payload} + ARGO_RING_OVERHEAD <= free;
    }

    /// Where a message stands: from its header to the slot behind it.
    struct Place
    {
        uint32_t begin, end;
    };

    /// What became of a message.
    struct Published
    {
        bool wanted; ///< the owner wants an event for it
        uint16_t binding;
    };

    // What follows is called with the lock held.

    /// Swaps the pages for others, adopts the header that is on those, and changes what it says of events.
    /// Waits until no place is being filled.
    void replace(Host&, PageList& pages, EventChoice events) noexcept;

    /// Bytes that no unread message covers, nor a place that is given. Reads rx_ptr, once: use what it
    /// returned, do not ask twice.
    /// A receiver that says that it has read what is not published gets no place given twice: what is
    /// given and not published stays below the length.
    uint32_t free_bytes() const noexcept
    {
        const uint32_t published = published_.load(std::memory_order_acquire);
        const uint32_t filling = (given_ < published ? length : 0) + given_ - published;
        const uint32_t free = free_from(given_);
        return free < length - filling ? free : length - filling;
    }

    /// The place of a message that fits.
    Place give_place(uint32_t payload) noexcept;

    /// Takes the last place back, if nothing was published there.
    void take_back(const Place& place) noexcept { given_ = place.begin; }

    /// Whether every message that has a place is published, but for this one.
    bool only(const Place& place) const noexcept
    {
        return published_.load(std::memory_order_acquire) == place.begin;
    }

    /// Whether every message that has a place is published.
    bool settled() const noexcept { return published_.load(std::memory_order_acquire) == given_; }
    void wait_until_settled(Host& host) const noexcept
    {
        while (!settled()) host.relax();
    }

    /// The binding of a ring that nobody can look up any more, or whose lock is held.
    uint16_t binding() const noexcept { return events_.binding; }

    /// Room for waiters; the free places have account 0.
    std::span<Waiter> waiters() noexcept { return {waiters_, max_waiters_}; }
    uint32_t waiting = 0; ///< how many places are not free

    /// A short message in one piece, all at once, if it goes in without further ado: the pages are adjacent,
    /// the message does not wrap, every other one is published, and there is space. Else false, and nothing
    /// happened.
    bool insert(const uint64_t (&header)[2], const std::byte* payload, uint32_t bytes, Published&) noexcept;

    // What follows is called by who has a place, with the lock or without.

    /// Copies a message to its place. Returns the bytes of payload that were copied: fewer than there are if
    /// memory of the sender went away meanwhile.
    uint64_t fill(const Place&, const argo_message& header, const GuestMemory& sender,
                  std::span<const argo_iov> pieces) noexcept;

    /// Waits for its turn and lets the receiver see it. The caller has the place no more, and the ring's
    /// pages may be replaced.
    Published publish(Host&, const Place&) noexcept;

  private:
    class Writer;

    Ring(uint32_t port, uint16_t partner, uint32_t length, Waiter* waiters, uint32_t max_waiters) noexcept;
    ~Ring() = default;

    argo_ring& header() const noexcept { return *reinterpret_cast<argo_ring*>(first_page_); }
    uint32_t load_rx() const noexcept;
    void adopt_header() noexcept;
    uint32_t free_from(uint32_t given) const noexcept;
    bool wants_event(const Place&) const noexcept;
    bool wishes(const Place&) const noexcept;

    uint32_t given_ = 0;                 // where the next place begins
    std::atomic<uint32_t> published_{0}; // tx_ptr; places from here to given_ are being filled
    EventChoice events_{};
    std::byte* first_page_ = nullptr;
    std::byte* data_ = nullptr; // none if the pages are not adjacent
    uint32_t straight_ = 0;     // a message that ends before this needs no care; 0 if they are not
    PageList pages_;
    const uint32_t max_waiters_;
    Waiter* const waiters_;
};

/// rx_ptr as the engine takes it: a multiple of ARGO_SLOT below the length. ARGO-RING-005, -006. Acquire: the
/// receiver is done with what stood before it when that is overwritten. ARGO-RING-009.
inline uint32_t Ring::load_rx() const noexcept
{
    const uint32_t rx = round_up_to_slot(shared(header().rx_ptr).load(std::memory_order_acquire));
    return rx < length ? rx : 0; // the largest ones were rounded to zero already
}

[[gnu::always_inline]] inline uint32_t Ring::free_from(uint32_t given) const noexcept
{
    const uint32_t rx = load_rx();
    return (rx > given ? 0 : length) + rx - given;
}

/// Whether the owner wants an event for the message at this place, which is published. Wish and position are
/// loaded once each, and only after tx_ptr is there for a receiver that has stored them and is about to look
/// a last time: it has a fence, too. ARGO-SUPPRESS-003.
inline bool Ring::wants_event(const Place& place) const noexcept
{
    if (!events_.suppress) return true; // ARGO-SUPPRESS-008
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return wishes(place);
}

[[gnu::always_inline]] inline bool Ring::wishes(const Place& place) const noexcept
{
    const uint32_t wish = shared(header().wish).load(std::memory_order_relaxed);
    if (wish == ARGO_WISH_NONE) return false;
    const uint32_t position = shared(header().position).load(std::memory_order_relaxed);
    if (wish != ARGO_WISH_PAST || position >= length) return true; // ARGO-SUPPRESS-005, -006
    if (place.begin < place.end) return place.begin <= position && position < place.end;
    return place.begin <= position || position < place.end;
}

[[gnu::always_inline]] inline bool Ring::insert(const uint64_t (&message)[2], const std::byte* payload,
                                                uint32_t bytes, Published& published) noexcept
{
    const uint32_t begin = given_;
    const uint32_t end = begin + static_cast<uint32_t>(sizeof message) + round_up_to_slot(bytes);
    if (end >= straight_ || published_.load(std::memory_order_acquire) != begin) return false;
    if (!fits(bytes, free_from(begin))) return false;

    std::byte* const at = data_ + begin;
    __builtin_memcpy(at, &message[0], sizeof message[0]);
    __builtin_memcpy(at + sizeof message[0], &message[1], sizeof message[1]);
    __builtin_memmove(at + sizeof message, payload, bytes);
    given_ = end;
    argo_ring& shared_header = header();
    shared(shared_header.tx_ptr).store(end, std::memory_order_release);
    published.wanted = true;
    if (events_.suppress) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        published.wanted = wishes({begin, end});
    }
    published.binding = events_.binding;
    published_.store(end, std::memory_order_release);
    return true;
}

} // namespace argo::engine
