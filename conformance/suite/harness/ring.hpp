// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A registered ring in the hands of a case, which may do to it what no well-behaved receiver would. Book:
// spec/ring.rst. Nothing here is trusting or clever: what a case reads is what stands in the owner's memory.
#pragma once

#include <optional>
#include <span>

#include "harness/actor.hpp"
#include "harness/calls.hpp"

namespace argo::suite {

/// A message as it stands in a ring.
struct Message
{
    static constexpr size_t capacity = 512;

    uint32_t length; ///< as the header says: header included
    argo_addr source;
    uint32_t type;
    uint32_t position; ///< of the header in the ring's data
    uint8_t bytes[capacity];

    uint32_t size() const { return length - static_cast<uint32_t>(sizeof(argo_message)); }
    /// The payload; only its first `capacity` bytes when it is longer, see Ring::find_mismatch().
    std::span<const uint8_t> payload() const { return {bytes, size() < capacity ? size() : capacity}; }
    /// Whether the whole payload is these bytes; `expected` is `capacity` bytes at most.
    bool is(Bytes expected) const;
};

class Ring
{
  public:
    Ring(Actor& owner, uint32_t port, Who partner, uint32_t length, Pages pages);
    Ring(Ring&& other) noexcept;
    Ring& operator=(Ring&&) = delete;
    ~Ring();

    Actor& owner() const { return *owner_; }
    uint32_t port() const { return port_; }
    Who partner() const { return partner_; }
    uint32_t length() const { return length_; }
    const Pages& pages() const { return pages_; }
    Gpa base() const { return pages_.base; }
    /// Where byte `position` of the data is, 0 to length - 1.
    Gpa at(uint32_t position) const;

    uint32_t rx() const { return pointers().rx; }
    uint32_t tx() const { return pointers().tx; }
    void set_rx(uint32_t);
    void set_tx(uint32_t);
    /// Bytes between the pointers, headers and padding included. A tx_ptr out of range is a FAIL of the case,
    /// and zero.
    uint32_t unread() const { return unread_of(pointers()); }

    /// Read the next message and leave it there; none when the ring is empty. A header that no hypervisor may
    /// write (shorter than itself, longer than what is unread) is a FAIL of the case, and none.
    std::optional<Message> peek() const;
    /// Read it and move rx_ptr behind it. Tells nobody: see notify().
    std::optional<Message> receive();
    /// Move rx_ptr behind all that is unread. The messages are dropped.
    void drain();
    /// Offset of the first byte of this message's payload that differs from the pattern; its size when none
    /// does.
    size_t find_mismatch(const Message&, uint64_t seed) const;
    /// ARGO_OP_NOTIFY without entries, by the owner.
    int64_t notify() { return notify_all(*owner_); }

    /// Read or write bytes of the data, around the end if need be.
    void read(uint32_t position, void* data, size_t size) const;
    void write(uint32_t position, const void* data, size_t size);

    /// ARGO_OP_UNREGISTER_RING now; the destructor then does nothing.
    int64_t unregister();
    /// The ring is gone or somebody else's: the destructor does nothing.
    void forget() { registered_ = false; }

    /// Print the pointers and the unread bytes; where nothing is unread, the bytes read last.
    void describe() const;

  private:
    Ring(const Ring&) = default;

    /// The header's first eight bytes, read at once.
    struct Pointers
    {
        uint32_t rx, tx;
    };
    Pointers pointers() const { return owner_->load<Pointers>(pages_.base); }
    /// Where a receiver begins to read: as the hypervisor takes rx_ptr.
    uint32_t start(const Pointers&) const;
    uint32_t unread_of(const Pointers&) const;

    Actor* owner_;
    uint32_t port_;
    Who partner_;
    uint32_t length_;
    Pages pages_;
    bool registered_ = true;
};

/// Lengths that cases like: one page, and the smallest.
inline constexpr uint32_t one_page = ring_length(1);

/// Register a ring in fresh memory of the owner. Success is required: the case is left otherwise. The ring is
/// unregistered when the Ring goes out of scope. `distinct`: see Pages; zero uses a page for a page.
Ring open_ring(Actor& owner, uint32_t port, Who partner, uint32_t length = one_page, uint64_t flags = 0,
               uint32_t distinct = 0);
/// Print each ring that the case holds and can read now, for whoever looks into a failure.
void describe_rings();

/// A ring of the lead for itself.
Ring open_loopback(uint32_t length = one_page, uint32_t port = 1, uint64_t flags = 0);

} // namespace argo::suite
