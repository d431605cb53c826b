// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The guest's side of rings in the engine's tests: a receiver, and functions that send, ask and notify.
#pragma once

#include "world.hpp"

namespace argo::engine::test {

struct ReceivedMessage
{
    uint32_t length;
    argo_addr source;
    uint32_t type;
    Bytes payload;
};

/// Memory for a ring, and the receiver that reads it. Its pages are in falling order, so never adjacent; but
/// in a world of windows they are.
class RingClient
{
  public:
    RingClient(World& world, Guest& owner, uint32_t port, uint16_t partner, uint32_t length)
        : world_(&world), owner_(&owner), port(port), partner(partner), length(length)
    {
        for (uint32_t i = 0; i < ring_pages(length); ++i)
            gfns.insert(world.windows ? gfns.end() : gfns.begin(), owner.allocate_page());
    }

    /// Registers the ring with the pages that `gfns` lists.
    int64_t register_ring(uint64_t flags = 0)
    {
        const uint64_t ring = owner_->place(argo_register{port, partner, 0, length});
        const uint64_t frames = owner_->allocate(gfns.size() * sizeof(uint64_t));
        owner_->write(frames, gfns.data(), gfns.size() * sizeof(uint64_t));
        return world_->call(*owner_, ARGO_OP_REGISTER_RING, ring, frames, gfns.size(), flags);
    }

    int64_t unregister_ring()
    {
        const uint64_t ring = owner_->place(argo_unregister{port, partner, 0});
        return world_->call(*owner_, ARGO_OP_UNREGISTER_RING, ring);
    }

    std::atomic_ref<uint32_t> rx() { return owner_->shared(header()); }
    std::atomic_ref<uint32_t> tx() { return owner_->shared(header() + offsetof(argo_ring, tx_ptr)); }

    uint64_t header() const { return gfns[0] * page_size; }

    /// Guest-physical address of a byte of the data.
    uint64_t at(uint32_t position) const
    {
        const uint64_t offset = sizeof(argo_ring) + position;
        return gfns.at(offset / page_size) * page_size + offset % page_size;
    }

    /// Bytes of the data from a position on, wrapping at the length.
    Bytes data(uint32_t position, uint32_t size)
    {
        Bytes bytes(size);
        for (uint8_t& byte : bytes) {
            byte = owner_->load<uint8_t>(at(position));
            position = (position + 1) % length;
        }
        return bytes;
    }

    void fill(uint8_t value)
    {
        for (uint32_t i = 0; i < length; ++i) owner_->store(at(i), value);
    }

    bool empty() { return rx().load(std::memory_order_relaxed) == tx().load(std::memory_order_acquire); }

    /// The oldest message, which stays.
    std::optional<ReceivedMessage> peek()
    {
        if (empty()) return {};
        const uint32_t position = rx().load(std::memory_order_relaxed);
        const Bytes bytes = data(position, sizeof(argo_message));
        argo_message message;
        std::memcpy(&message, bytes.data(), sizeof message);
        if (message.length < sizeof message || message.length > length) {
            throw std::runtime_error("no message where one should be");
        }
        return ReceivedMessage{message.length, message.source, message.type,
                               data((position + 16) % length, message.length - 16)};
    }

    /// The oldest message, consumed. The senders do not hear of it.
    std::optional<ReceivedMessage> receive()
    {
        auto message = peek();
        if (message) {
            const uint32_t position = rx().load(std::memory_order_relaxed);
            rx().store((position + (message->length + 15) / 16 * 16) % length, std::memory_order_release);
        }
        return message;
    }

    void discard_all() { rx().store(tx().load(std::memory_order_acquire), std::memory_order_release); }

    int64_t notify() { return world_->call(*owner_, ARGO_OP_NOTIFY); }

  private:
    World* world_;
    Guest* owner_;

  public:
    const uint32_t port;
    const uint16_t partner;
    const uint32_t length;
    std::vector<uint64_t> gfns;
};

inline RingClient open(World& world, Guest& owner, uint32_t port, uint16_t partner, uint32_t length,
                       uint64_t flags = 0)
{
    RingClient ring(world, owner, port, partner, length);
    EXPECT_EQ(ring.register_ring(flags), 0);
    return ring;
}

inline uint64_t binding_flag(uint64_t index) { return index << ARGO_REGISTER_BINDING_SHIFT; }

/// A sender with memory of its own for what sendv and notify take, so that it can send as often as it likes.
class Sender
{
  public:
    Sender(World& world, Guest& guest, uint32_t most = 4096)
        : world_(world), guest_(guest), arguments_(guest.allocate(256)), payload_(guest.allocate(most))
    {
    }

    /// One message of one piece from `port`.
    int64_t send(uint16_t domid, uint32_t port, const Bytes& payload, uint32_t type = 0)
    {
        guest_.write(payload_, payload.data(), payload.size());
        return send_placed(domid, port, static_cast<uint32_t>(payload.size()), type);
    }

    /// The same for payload that is in place already.
    int64_t send_placed(uint16_t domid, uint32_t port, uint32_t size, uint32_t type = 0)
    {
        guest_.store(arguments_, argo_send_addr{{this->port, guest_.domid(), 0}, {port, domid, 0}});
        guest_.store(arguments_ + 16, argo_iov{payload_, size, 0});
        return world_.call(guest_, ARGO_OP_SENDV, arguments_, arguments_ + 16, 1, type);
    }

    /// Asks for space in one ring.
    argo_notify_entry ask(uint16_t domid, uint32_t port, uint32_t space)
    {
        guest_.store(arguments_, argo_notify{1, 0});
        guest_.store(arguments_ + 8, argo_notify_entry{{port, domid, 0}, 0xffff, 0, space, 0xffffffff});
        EXPECT_EQ(world_.call(guest_, ARGO_OP_NOTIFY, arguments_), 0);
        return guest_.load<argo_notify_entry>(arguments_ + 8);
    }

    uint32_t port = 4711;

  private:
    World& world_;
    Guest& guest_;
    uint64_t arguments_;
    uint64_t payload_;
};

} // namespace argo::engine::test
