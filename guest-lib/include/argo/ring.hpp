// SPDX-License-Identifier: MIT
//
// Reading a ring: messages come out one at a time, and nothing in the ring is believed. Whoever scribbles
// over it, the reader stays inside the memory that it was given, and every operation ends.
// Book: chapters ring and suppress; ARGO-RING-010, ARGO-RING-011, ARGO-SUPPRESS-004.
#pragma once

#include <argo/memory.hpp>
#include <argo/result.hpp>
#include <argo/types.hpp>

namespace argo {

/// Whether a ring may have that many bytes of data, as far as the guest can tell without max_ring_length
/// (ARGO-REGISTER-105).
constexpr bool ring_length_valid(uint32_t length)
{
    return length >= ARGO_RING_MIN_LENGTH && length % ARGO_SLOT == 0;
}

/// Pages that a ring of `length` data bytes takes, its header included.
constexpr uint32_t ring_pages(uint32_t length)
{
    return static_cast<uint32_t>((length + sizeof(argo_ring) + uint64_t{ARGO_PAGE_SIZE} - 1) /
                                 ARGO_PAGE_SIZE);
}

/// The length of the longest ring in that many pages, one at least and fewer than 2^20.
constexpr uint32_t ring_length(uint32_t pages)
{
    return static_cast<uint32_t>(pages * ARGO_PAGE_SIZE - sizeof(argo_ring));
}

/// What a message says of itself.
struct Message
{
    Address source;    ///< the domain is vouched for by the hypervisor; the port is the sender's own word
    uint32_t type = 0; ///< as given to sendv
    uint32_t size = 0; ///< bytes of payload
};

/// Reads one ring. Keeps its own copy of the read position, so that a scribbled rx_ptr moves nothing, and of
/// the current message's header, so that what was checked is what is used.
///
/// A ring is corrupt when tx_ptr is not a multiple of ARGO_SLOT below the length, or when a message is
/// shorter than its header or reaches beyond tx_ptr. Where the next message begins is then unknown, so the
/// rule for going on is: give up everything up to tx_ptr. resynchronise() does that.
///
/// Not thread-safe: one reader at a time. It never calls the hypervisor: who consumes owes a notify.
class RingReader
{
  public:
    /// Reads nothing: every peek() says closed.
    constexpr RingReader() = default;

    /// Reads the `length` bytes behind the header at `ring`, from its rx_ptr on, which is taken as the
    /// hypervisor takes it: rounded up to a slot, zero if that is outside. A length that no ring has reads
    /// nothing.
    RingReader(argo_ring* ring, uint32_t length)
    {
        if (!ring_length_valid(length)) return;
        ring_ = ring;
        length_ = length;
        const uint32_t rx = load_once(&ring->rx_ptr);
        rx_ = rx <= length - ARGO_SLOT ? round_up(rx) : 0;
    }

    /// The message to be read next; the same one until consume().
    /// Errors: closed (no ring), empty, corrupt (call resynchronise()).
    Result<Message> peek()
    {
        if (held_ != 0) return message_;
        if (ring_ == nullptr) return Error::closed;

        const uint32_t tx = load_acquire(&ring_->tx_ptr);
        if (!possible(tx)) return Error::corrupt;
        if (tx == rx_) return Error::empty;
        const uint32_t filled = unread(tx);

        // A header never wraps: it takes one slot. Each word of it is fetched once.
        const auto* words = reinterpret_cast<const uint32_t*>(data() + rx_);
        uint32_t fetched[sizeof(argo_message) / sizeof(uint32_t)];
        for (uint32_t i = 0; i < sizeof fetched / sizeof *fetched; ++i) fetched[i] = load_once(words + i);
        argo_message header;
        copy(&header, fetched, sizeof header);

        if (header.length < sizeof header || header.length > filled) return Error::corrupt;
        held_ = round_up(header.length); // not beyond filled, which is a multiple of a slot
        message_ = {{Domid{header.source.domid}, Port{header.source.port}},
                    header.type,
                    header.length - uint32_t{sizeof header}};
        return message_;
    }

    /// Copies payload of the message that peek() gave, from `offset` on, `size` bytes at most.
    /// Returns the bytes copied: zero beyond its end, and without a message.
    uint32_t copy_out(void* to, uint32_t size, uint32_t offset = 0) const
    {
        if (held_ == 0 || offset >= message_.size) return 0;
        if (size > message_.size - offset) size = message_.size - offset;
        const uint32_t start = after_rx(uint32_t{sizeof(argo_message)} + offset);
        const uint32_t to_wrap = length_ - start;
        const uint32_t first = size < to_wrap ? size : to_wrap;
        copy(to, data() + start, first);
        copy(static_cast<uint8_t*>(to) + first, data(), size - first);
        return size;
    }

    /// Gives the message that peek() gave back to the senders, after all copies out of it. Returns the bytes
    /// of ring that are free now and were not before; zero without a message.
    uint32_t consume()
    {
        const uint32_t freed = held_;
        if (freed != 0) move_to(after_rx(freed));
        return freed;
    }

    /// After `corrupt`: skips to tx_ptr; everything before it is lost, and the ring is empty. False if tx_ptr
    /// itself is impossible: then only registering the ring again helps, for which rx_ptr is put right.
    bool resynchronise()
    {
        if (ring_ == nullptr) return false;
        const uint32_t tx = load_acquire(&ring_->tx_ptr);
        move_to(possible(tx) ? tx : rx_);
        return possible(tx);
    }

    // Which messages cause an event, in a ring that was registered with ARGO_REGISTER_SUPPRESS: each, until
    // one of these says otherwise. In any other ring all do, and these are right, too.

    /// None: for who looks by itself, and never waits. Events that are under way still come.
    void poll_only() { wish(ARGO_WISH_NONE); }

    /// Each, again.
    void hear_each() { wish(ARGO_WISH_EACH); }

    /// The last step before a wait: asks for an event, then looks once more. True: wait for one, it will
    /// come. False: there is something to read, or no ring; do not wait. It is one event, and only may_wait()
    /// asks for the next, so whoever is awake and reads is not interrupted (but once a lap of the ring).
    ///
    /// With more `bytes` than one the event comes when that many bytes of ring are unread, headers and
    /// padding included; all but a slot at most. Senders may stop before that, so wait with a time limit.
    [[nodiscard]] bool may_wait(uint32_t bytes = 1)
    {
        if (ring_ == nullptr) return false;
        const uint32_t most = length_ - ARGO_SLOT;
        if (bytes == 0) bytes = 1;
        if (bytes > most) bytes = most;
        store_once(&ring_->position, after_rx(bytes - 1));
        wish(ARGO_WISH_PAST);
        full_fence(); // the hypervisor has one between its store of tx_ptr and its look at the wish
        const uint32_t tx = load_acquire(&ring_->tx_ptr);
        return possible(tx) && unread(tx) < bytes;
    }

  private:
    static constexpr uint32_t round_up(uint32_t bytes) { return (bytes + ARGO_SLOT - 1) & ~(ARGO_SLOT - 1); }

    uint8_t* data() const { return reinterpret_cast<uint8_t*>(ring_) + sizeof(argo_ring); }

    bool possible(uint32_t position) const { return position < length_ && position % ARGO_SLOT == 0; }

    /// Bytes from rx_ to there.
    uint32_t unread(uint32_t tx) const { return tx >= rx_ ? tx - rx_ : length_ - rx_ + tx; }

    void wish(uint32_t wish)
    {
        if (ring_ != nullptr) store_once(&ring_->wish, wish);
    }

    /// The position that many bytes after rx_, fewer than the ring has.
    uint32_t after_rx(uint32_t bytes) const
    {
        return bytes < length_ - rx_ ? rx_ + bytes : bytes - (length_ - rx_);
    }

    void move_to(uint32_t position)
    {
        rx_ = position;
        held_ = 0;
        store_release(&ring_->rx_ptr, position);
    }

    argo_ring* ring_ = nullptr;
    uint32_t length_ = 0; ///< bytes of data; a multiple of a slot
    uint32_t rx_ = 0;     ///< below length_, a multiple of a slot
    uint32_t held_ = 0;   ///< bytes of ring that message_ takes; zero: none was peeked
    Message message_{};
};

} // namespace argo
