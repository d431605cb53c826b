// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The harness's own ring, one page, for the messages of one other domain; and sending to that domain. Both
// ends of wire.hpp are one of these. The case before may have broken anything, so nothing is taken for
// granted here.
#pragma once

#include <argo/ring.hpp>

#include <span>

#include "harness/local.hpp"
#include "harness/wire.hpp"

namespace argo::suite {

class Mailbox
{
  public:
    /// Memory that a mailbox needs: the ring, and a page to send from.
    static constexpr size_t bytes = 2 * ARGO_PAGE_SIZE;

    /// `memory`: `bytes` of page-aligned memory of `self`, for as long as the mailbox lives.
    Mailbox(const LocalActor& self, uint8_t* memory) : self_(&self), memory_(memory) {}

    /// Register the ring for this partner, and begin with an empty one; where it is open for another one,
    /// that ends.
    Result<void> open(Domid partner);
    /// Open for this partner, and no reset has come since.
    bool is_open(Domid partner) const { return open_ && partner == partner_ && resets_ == self_->resets(); }
    /// Register again if the ring is gone, as after the partner's death. EEXIST: it was there.
    Result<void> ensure();

    /// Send `head` and `data` as one message to the partner's mailbox.
    Result<uint32_t> send(const void* head, size_t head_size, Bytes data);
    /// Take the oldest message from the partner's mailbox; what anybody else may have put there is dropped.
    /// Its size; zero when there is none.
    size_t receive(std::span<uint8_t> to);

  private:
    static constexpr uint32_t length = ring_length(1);

    const LocalActor* self_;
    uint8_t* memory_;
    RingReader reader_{};
    Domid partner_{};
    bool open_ = false;
    uint32_t resets_ = 0;
};

/// Halt for as long as is wise while a message is awaited: events may be lost, or not be offered at all.
void await_mail(const LocalActor&, uint64_t idle = 0);

} // namespace argo::suite
