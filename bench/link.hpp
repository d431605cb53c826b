// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A domain, a ring of it, and a sender's way into that ring: what every benchmark is made of.
#pragma once

#include "candidates.hpp"

#include <cstring>
#include <stdexcept>
#include <string>

namespace argo::bench {

/// Up to 64 KiB the messages go into a ring of 256 KiB, which a cache of the second level holds.
constexpr uint32_t ring_length(uint32_t message)
{
    return (message <= 0x10000 ? 0x40000u : 0x400000u) - uint32_t{sizeof(argo_ring)};
}

/// Bytes of ring that a message of this payload takes.
constexpr uint32_t slot_bytes(uint32_t payload)
{
    return (payload + uint32_t{sizeof(argo_message)} + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT;
}

/// A domain of a candidate, with its memory.
template <class Candidate>
class Party
{
  public:
    Party(Candidate& candidate, uint16_t domid, size_t bytes, uint32_t vcpus = 1)
        : guest(bytes), domid(domid), candidate_(candidate), domain_(candidate.create(domid, guest, vcpus))
    {
        if (!domain_) throw std::runtime_error("no domain " + std::to_string(domid));
    }
    ~Party() { candidate_.destroy(*domain_); }
    Party(const Party&) = delete;
    Party& operator=(const Party&) = delete;

    int64_t call(uint32_t vcpu, uint32_t operation, const uint64_t (&arguments)[4])
    {
        return candidate_.call(*domain_, vcpu, operation, arguments);
    }

    void hear() { candidate_.bind(*domain_); }

    Guest guest;
    const uint16_t domid;

  private:
    Candidate& candidate_;
    typename Candidate::Domain* const domain_;
};

/// A ring of a domain, registered as long as that lives.
class Inbox
{
  public:
    template <class Candidate>
    Inbox(Party<Candidate>& owner, uint32_t port, uint16_t partner, uint32_t length)
        : port(port), length(length)
    {
        const uint64_t pages = (sizeof(argo_ring) + length + page_size - 1) / page_size;
        const uint64_t ring = owner.guest.allocate(pages * page_size, page_size);
        const uint64_t frames = owner.guest.allocate(pages * sizeof(uint64_t));
        for (uint64_t i = 0; i < pages; ++i) {
            owner.guest.template at<uint64_t>(frames)[i] = ring / page_size + i;
        }
        const uint64_t name = owner.guest.allocate(sizeof(argo_register));
        *owner.guest.template at<argo_register>(name) = {port, partner, 0, length};
        const int64_t result =
            owner.call(0, ARGO_OP_REGISTER_RING, {name, frames, pages, ARGO_REGISTER_SUPPRESS});
        if (result < 0) throw std::runtime_error("register_ring: " + std::to_string(result));
        header_ = owner.guest.template at<argo_ring>(ring);
        wish(ARGO_WISH_NONE);
    }

    argo_ring& header() const noexcept { return *header_; }
    std::byte* data() const noexcept { return reinterpret_cast<std::byte*>(header_ + 1); }

    void wish(uint32_t wish) noexcept
    {
        std::atomic_ref(header_->wish).store(wish, std::memory_order_seq_cst);
    }

    /// Consumes all messages unread.
    void discard() noexcept
    {
        const uint32_t tx = std::atomic_ref(header_->tx_ptr).load(std::memory_order_acquire);
        std::atomic_ref(header_->rx_ptr).store(tx, std::memory_order_release);
    }

    const uint32_t port;
    const uint32_t length;

  private:
    argo_ring* header_;
};

/// The receiver as its sender plays it: it discards what is unread when the ring would be full, and takes no
/// time else. With several senders each has its share of the ring.
class Drain
{
  public:
    Drain(Inbox& inbox, uint32_t payload, uint32_t senders = 1)
        : inbox_(inbox), slot_(slot_bytes(payload)), share_((inbox.length - ARGO_SLOT) / senders)
    {
        inbox.discard();
    }

    /// Before each message, or so many.
    void make_room(uint32_t messages = 1) noexcept
    {
        if (left_ < messages * slot_) discard();
        left_ -= messages * slot_;
    }

    void discard() noexcept
    {
        inbox_.discard();
        left_ = share_;
    }

  private:
    Inbox& inbox_;
    const uint32_t slot_;
    const uint32_t share_;
    uint32_t left_ = 0;
};

/// A message of a domain that can be sent again and again: the call's arguments and the payload, in its
/// memory.
template <class Candidate>
class Outbox
{
  public:
    /// The payload starts `offset` bytes behind a page's start and is split into that many pieces.
    Outbox(Party<Candidate>& sender, uint32_t vcpu, uint16_t domid, uint32_t port, uint32_t payload,
           uint32_t pieces = 1, uint32_t offset = 0)
        : payload(payload), sender_(sender), vcpu_(vcpu)
    {
        Guest& guest = sender.guest;
        const uint64_t start = guest.allocate(page_size + payload, page_size) + offset;
        const uint64_t addresses = guest.allocate(sizeof(argo_send_addr));
        const uint64_t list = guest.allocate(pieces * sizeof(argo_iov));
        std::memset(guest.at(start), 0x5a, payload);
        *guest.at<argo_send_addr>(addresses) = {.src = {.port = port, .domid = sender.domid, .reserved = 0},
                                                .dst = {.port = port, .domid = domid, .reserved = 0}};
        for (uint32_t i = 0, done = 0; i < pieces; ++i) {
            const uint32_t piece = (payload - done) / (pieces - i);
            guest.at<argo_iov>(list)[i] = {start + done, piece, 0};
            done += piece;
        }
        const uint64_t arguments[4] = {addresses, list, pieces, 1};
        std::memcpy(arguments_, arguments, sizeof arguments_);
        source = guest.at(start);
    }

    int64_t send() noexcept { return sender_.call(vcpu_, ARGO_OP_SENDV, arguments_); }

    /// The same message so many times by one call, from then on by send_batch().
    void prepare_batch(uint32_t messages)
    {
        Guest& guest = sender_.guest;
        const uint64_t entries = guest.allocate(messages * sizeof(argo_batch_entry));
        batch_ = guest.at<argo_batch_entry>(entries);
        for (uint32_t i = 0; i < messages; ++i) {
            batch_[i] = {.addresses = *guest.at<argo_send_addr>(arguments_[0]),
                         .iovs = arguments_[1],
                         .count = static_cast<uint32_t>(arguments_[2]),
                         .type = static_cast<uint32_t>(arguments_[3]),
                         .result = -1,
                         .reserved = 0};
        }
        batch_arguments_[0] = entries;
        batch_arguments_[1] = messages;
    }

    /// Whether all were sent: the last one's result tells.
    bool send_batch() noexcept
    {
        const auto messages = static_cast<int64_t>(batch_arguments_[1]);
        return sender_.call(vcpu_, ARGO_OP_SEND_BATCH, batch_arguments_) == messages &&
               batch_[messages - 1].result == payload;
    }

    const uint32_t payload;
    std::byte* source;

  private:
    Party<Candidate>& sender_;
    const uint32_t vcpu_;
    uint64_t arguments_[4];
    uint64_t batch_arguments_[4] = {};
    argo_batch_entry* batch_ = nullptr;
};

} // namespace argo::bench
