// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A ring: its pointers, its space, and insertion into pages that need not be adjacent. Book: spec/ring.rst.
#include "engine/ring.hpp"

#include <new>

namespace argo::engine {
namespace {

/// Bytes of a Ring and its places for waiters, which stand behind it.
constexpr size_t ring_bytes(uint32_t max_waiters) noexcept
{
    return sizeof(Ring) + max_waiters * sizeof(Waiter);
}

static_assert(sizeof(Ring) % alignof(Waiter) == 0);
static_assert(ARGO_PAGE_SIZE % ARGO_SLOT == 0 && sizeof(argo_ring) % ARGO_SLOT == 0 &&
                  sizeof(argo_message) == ARGO_SLOT,
              "a message's header lies on one page and does not wrap");

} // namespace

PageList::~PageList()
{
    if (pages_) host_->release(pages_, count_ * sizeof *pages_);
}

Error PageList::fill(Host& host, Domain& owner, Gpa frames, uint32_t count) noexcept
{
    const GuestMemory memory(host, owner);
    host_ = &host;
    count_ = count;
    pages_ = static_cast<std::byte**>(host.allocate(count * sizeof *pages_));

    // A bad frame stands before a lack of memory, so the frames are looked at in any case.
    for (uint32_t i = 0; i < count; ++i) {
        uint64_t gfn;
        if (!memory.fetch(frames + i * sizeof gfn, gfn)) return Error::efault;
        if (gfn > UINT64_MAX / ARGO_PAGE_SIZE) return Error::efault;
        std::byte* const page = memory.at({gfn * ARGO_PAGE_SIZE}, Access::write);
        if (!page) return Error::efault;
        if (pages_) pages_[i] = page;
    }
    return pages_ ? Error::none : Error::enomem;
}

bool PageList::adjacent() const noexcept
{
    for (uint32_t i = 1; i < count_; ++i) {
        if (pages_[i] != pages_[0] + uint64_t{i} * ARGO_PAGE_SIZE) return false;
    }
    return true;
}

Ring::Ring(uint32_t ring_port, uint16_t ring_partner, uint32_t ring_length, Waiter* waiters,
           uint32_t max_waiters) noexcept
    : port(ring_port),
      partner(ring_partner),
      length(ring_length),
      max_waiters_(max_waiters),
      waiters_(waiters)
{
    for (Waiter& waiter : this->waiters()) waiter = {};
}

Ring* Ring::create(Host& host, uint32_t port, uint16_t partner, uint32_t length, EventChoice events,
                   PageList& pages, uint32_t max_waiters) noexcept
{
    void* const memory = host.allocate(ring_bytes(max_waiters));
    if (!memory) return nullptr;
    auto* const waiters = reinterpret_cast<Waiter*>(static_cast<std::byte*>(memory) + sizeof(Ring));
    auto* const ring = new (memory) Ring(port, partner, length, waiters, max_waiters);
    ring->replace(host, pages, events);
    return ring;
}

void Ring::destroy(Host& host, Ring* ring) noexcept
{
    const size_t bytes = ring_bytes(ring->max_waiters_);
    ring->~Ring();
    host.release(ring, bytes);
}

void Ring::replace(Host& host, PageList& pages, EventChoice events) noexcept
{
    wait_until_settled(host);
    pages_.swap(pages);
    first_page_ = pages_[0];
    const bool adjacent = pages_.adjacent();
    data_ = adjacent ? first_page_ + sizeof(argo_ring) : nullptr;
    straight_ = adjacent ? length : 0;
    events_ = events;
    adopt_header();
}

/// The tx_ptr that a registration finds goes on if it can; else the ring starts out empty.
/// ARGO-REGISTER-003, -004.
void Ring::adopt_header() noexcept
{
    uint32_t tx = shared(header().tx_ptr).load(std::memory_order_relaxed);
    if (tx >= length || tx % ARGO_SLOT != 0) {
        tx = load_rx();
        shared(header().tx_ptr).store(tx, std::memory_order_release);
    }
    given_ = tx;
    published_.store(tx, std::memory_order_release);
}

Ring::Place Ring::give_place(uint32_t payload) noexcept
{
    const uint32_t end = given_ + static_cast<uint32_t>(sizeof(argo_message)) + round_up_to_slot(payload);
    const Place place{given_, end < length ? end : end - length};
    given_ = place.end;
    return place;
}

/// Release: who sees tx_ptr sees the message before it. ARGO-RING-008. What the engine itself remembers comes
/// last: then the place is free for whoever waits until it is settled.
Ring::Published Ring::publish(Host& host, const Place& place) noexcept
{
    while (published_.load(std::memory_order_acquire) != place.begin) host.relax();
    shared(header().tx_ptr).store(place.end, std::memory_order_release);
    const Published result{.wanted = wants_event(place), .binding = events_.binding};
    published_.store(place.end, std::memory_order_release);
    return result;
}

/// Where the next byte of a message goes.
class Ring::Writer
{
  public:
    Writer(const Ring& ring, uint32_t position) noexcept : ring_(ring), position_(position) {}

    std::byte* at() const noexcept
    {
        if (ring_.data_) return ring_.data_ + position_;
        const uint64_t offset = sizeof(argo_ring) + position_;
        return ring_.pages_[static_cast<uint32_t>(offset / ARGO_PAGE_SIZE)] + offset % ARGO_PAGE_SIZE;
    }

    /// How many of these bytes are adjacent from here: to the end of the data, or of the page.
    size_t adjacent(size_t bytes) const noexcept
    {
        const size_t data = ring_.length - position_;
        if (bytes > data) bytes = data;
        return ring_.data_ ? bytes : GuestMemory::within_page({sizeof(argo_ring) + position_}, bytes);
    }

    /// No more than to the end of the data.
    void advance(size_t bytes) noexcept
    {
        position_ += static_cast<uint32_t>(bytes);
        if (position_ == ring_.length) position_ = 0;
    }

    /// One copy, from the sender's memory to the receiver's. They may be the same.
    void put(const std::byte* from, size_t bytes) noexcept
    {
        while (bytes != 0) {
            const size_t chunk = adjacent(bytes);
            __builtin_memmove(at(), from, chunk);
            advance(chunk);
            from += chunk;
            bytes -= chunk;
        }
    }

  private:
    const Ring& ring_;
    uint32_t position_;
};

uint64_t Ring::fill(const Place& place, const argo_message& message, const GuestMemory& sender,
                    std::span<const argo_iov> pieces) noexcept
{
    Writer writer(*this, place.begin);
    __builtin_memcpy(writer.at(), &message, sizeof message);
    writer.advance(sizeof message);

    uint64_t copied = 0;
    for (const argo_iov& piece : pieces) {
        Gpa from{piece.base};
        if (const std::byte* const source = sender.in_window(from, piece.length)) {
            writer.put(source, piece.length);
            copied += piece.length;
            continue;
        }
        for (size_t left = piece.length; left != 0;) {
            const size_t chunk = GuestMemory::within_page(from, left);
            const std::byte* const source = sender.at(from, Access::read);
            if (!source) return copied;
            writer.put(source, chunk);
            copied += chunk;
            from = from + chunk;
            left -= chunk;
        }
    }
    return copied;
}

} // namespace argo::engine
