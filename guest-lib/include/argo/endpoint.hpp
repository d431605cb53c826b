// SPDX-License-Identifier: MIT
//
// A port of this domain, with its ring: open, receive, send, close. It keeps the rule that receivers forget:
// consuming makes space, but senders that wait for it are woken only by the receiver's notify.
// Book: chapters register, ring, notify, suppress; ARGO-NOTIFY-005, ARGO-SUPPRESS-004.
//
// When to notify. A receiver cannot see who waits, and a sender may wait whenever the ring was not empty. So
// each consumed message leaves a debt, and one notify pays for all of them, at the latest when it matters:
//   - receive() finds the ring empty: pays, then says so. A ring that was empty at a notify has no waiters,
//     since whatever can fit at all fits an empty ring.
//   - half of the ring was freed since the last one: pays, so that a busy ring which is never found empty
//     lets its senders go on while the other half is read.
//   - the ring was corrupt, and its contents were given up: pays at once.
//   - flush(): pays now. Call it before you leave the ring alone with messages in it.
// So `while (auto message = endpoint.receive(...))` is complete: the error that ends the loop has paid.
//
// When to wait. With feature SUPPRESS a receiver hears of what it waits for and of nothing else:
//     for (;;) {
//         while (auto message = endpoint.receive(...)) ...
//         if (endpoint.may_wait()) halt until the next interrupt, as `sti; hlt` does: one that came is not
//         lost
//     }
// Without the feature each message causes an event, and the loop is right all the same.
#pragma once

#include <argo/hypervisor.hpp>
#include <argo/ring.hpp>

namespace argo {

/// A message that was taken out of the ring.
struct Received : Message
{
    uint32_t copied = 0; ///< bytes in the caller's buffer: fewer than `size` if the buffer was too small
};

/// One port with its ring. Owns the registration, not the memory.
///
/// Thread-safety: one thread at a time may open, receive, flush and close; send may run beside them and
/// beside itself, as far as the Machine allows, while the endpoint stays open.
template <Machine M>
class Endpoint
{
  public:
    constexpr Endpoint() = default;
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    /// Closes. Where that may fail, call close() yourself: the memory must not be reused after a failure.
    ~Endpoint() { (void)close(); }

    /// Registers a ring of `length` data bytes at `memory` for messages from `partner` (or any_domain) to
    /// `port`. `memory` is page-aligned and virtually contiguous, ring_pages(length) pages, and belongs to
    /// the endpoint and the hypervisor until close(). It is initialised here. Its messages raise events at
    /// binding `binding`. The Hypervisor must outlive the endpoint.
    /// Errors: EEXIST by the library (this endpoint is open), then those of Hypervisor::register_ring, EEXIST
    /// if a ring with this port and partner is registered already.
    Result<void> open(const Hypervisor<M>& hypervisor, Port port, Domid partner, void* memory,
                      uint32_t length, uint16_t binding = 0)
    {
        if (hypervisor_ != nullptr) return Error::eexist;
        auto* ring = static_cast<argo_ring*>(memory);
        *ring = argo_ring{};
        const auto done = hypervisor.register_ring(port, partner, ring, length,
                                                   flags_of(hypervisor, binding) | ARGO_REGISTER_FAIL_EXIST);
        if (!done) return done;

        hypervisor_ = &hypervisor;
        port_ = port;
        partner_ = partner;
        ring_ = ring;
        length_ = length;
        binding_ = binding;
        freed_ = 0;
        reader_ = RingReader(ring, length);
        return {};
    }
    /// Not with a temporary Hypervisor, which would be gone when it is needed.
    Result<void> open(const Hypervisor<M>&&, Port, Domid, void*, uint32_t, uint16_t = 0) = delete;

    /// Registers the ring again, where it was and as it was, unread messages included: after a resume, or
    /// after ESTALE, when the Hypervisor object was probed anew and reset. Also wakes the senders for which
    /// there is space. A failure leaves things as they were.
    /// Errors: closed by the library, then those of register_ring.
    Result<void> reopen()
    {
        if (hypervisor_ == nullptr) return Error::closed;
        const auto done =
            hypervisor_->register_ring(port_, partner_, ring_, length_, flags_of(*hypervisor_, binding_));
        if (done) freed_ = 0;
        return done;
    }

    /// What comes next, without taking it: to find a buffer that is large enough. Errors: those of receive().
    Result<Message> peek()
    {
        const auto message = reader_.peek();
        if (message) return message;
        if (message.error() == Error::corrupt) return recover();
        if (const auto paid = flush(); !paid) return paid.error();
        return message;
    }

    /// Takes the next message, and copies its payload, `capacity` bytes at most. A longer one is cut, not
    /// kept, or else it would block the ring for ever; `copied` below `size` shows it, and peek() avoids it.
    /// Errors: closed; empty; corrupt: messages were lost, and what comes next can be received; from the
    /// notify or the registration that was due: theirs, and it is tried again at the next call. Every error
    /// means that nothing is there now: leave the loop, and come back with the next event.
    Result<Received> receive(void* buffer, uint32_t capacity)
    {
        const auto message = peek();
        if (!message) return message.error();
        Received received{*message, reader_.copy_out(buffer, capacity)};
        freed_ += reader_.consume();
        if (freed_ >= length_ / 2) (void)flush(); // on failure the debt stays, and an empty ring reports it
        return received;
    }

    /// Sends one buffer from this port. Returns the payload bytes. Errors: closed by the library, then those
    /// of Hypervisor::sendv. After EAGAIN an event at binding 0 says when to try again; after EBUSY poll.
    Result<uint32_t> send(Address destination, const void* data, size_t size, uint32_t type = 0) const
    {
        const Piece piece[] = {{data, size}};
        return sendv(destination, piece, type);
    }

    /// The same, for a message in pieces.
    Result<uint32_t> sendv(Address destination, Span<const Piece> pieces, uint32_t type = 0) const
    {
        if (hypervisor_ == nullptr) return Error::closed;
        return hypervisor_->sendv(port_, destination, pieces, type);
    }

    /// Sends many messages from this port by few calls. What became of each is in its `sent`; closed, by the
    /// library, of all. Returns how many were accepted. See Hypervisor::send_batch.
    uint32_t send_batch(Span<Outgoing> messages) const
    {
        if (hypervisor_ != nullptr) return hypervisor_->send_batch(port_, messages);
        for (Outgoing& message : messages) message.sent = Error::closed;
        return 0;
    }

    /// Notifies if messages were consumed since the last time, else does nothing.
    /// Errors: those of every call; the debt stays.
    Result<void> flush()
    {
        if (freed_ == 0) return {};
        const auto done = hypervisor_->notify();
        if (done) freed_ = 0;
        return done;
    }

    /// No events for messages any more: for who looks by itself. may_wait() asks for one again.
    void poll_only() { reader_.poll_only(); }

    /// Whether to wait for an event now: asks for one, and looks once more. False: call receive(), since
    /// there is something, or a notify failed that is due. `bytes`: see RingReader::may_wait().
    [[nodiscard]] bool may_wait(uint32_t bytes = 1) { return flush() && reader_.may_wait(bytes); }

    /// Takes the ring back; waiting senders are woken. After success, which includes ENOENT and ESTALE since
    /// the ring is gone then, the memory is the caller's again; after a failure it still is the hypervisor's.
    /// Closing what is closed succeeds. Errors: those of unregister_ring.
    Result<void> close()
    {
        if (hypervisor_ == nullptr) return {};
        const auto done = hypervisor_->unregister_ring(port_, partner_);
        if (!done && done.error() != Error::enoent && done.error() != Error::estale) return done;
        hypervisor_ = nullptr;
        reader_ = RingReader();
        freed_ = 0;
        return {};
    }

    bool is_open() const { return hypervisor_ != nullptr; }

  private:
    static uint64_t flags_of(const Hypervisor<M>& hypervisor, uint16_t binding)
    {
        return uint64_t{binding} << ARGO_REGISTER_BINDING_SHIFT |
               (hypervisor.has(ARGO_FEATURE_SUPPRESS) ? ARGO_REGISTER_SUPPRESS : 0);
    }

    /// Gives up what cannot be read. Returns corrupt, or why that did not work.
    Error recover()
    {
        freed_ += length_;
        const bool readable = reader_.resynchronise();
        const auto done = readable ? flush() : reopen(); // reopen makes the hypervisor write a new tx_ptr
        return done ? Error::corrupt : done.error();
    }

    const Hypervisor<M>* hypervisor_ = nullptr; ///< null: closed
    Port port_{};
    Domid partner_{};
    argo_ring* ring_ = nullptr;
    uint32_t length_ = 0;
    uint16_t binding_ = 0;
    uint64_t freed_ = 0; ///< bytes given back since the last notify: the debt
    RingReader reader_;
};

} // namespace argo
