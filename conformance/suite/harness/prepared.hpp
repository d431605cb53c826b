// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A send that was prepared once and is made again and again, and a ring that is emptied by its pointers: what
// the ABI costs, without a library.
#pragma once

#include <argo/mechanism.hpp>
#include <argo/ring.hpp>

#include "harness/local.hpp"

namespace argo::suite {

class PreparedSend
{
  public:
    /// Of one piece of `size` bytes, which are in `page` with everything else: 512 at most.
    PreparedSend(const LocalActor& from, void* page, uint32_t port, Domid to, uint32_t size)
        : mechanism_(from.hypervisor().mechanism()), page_(static_cast<CallPage*>(page))
    {
        struct Letter
        {
            argo_send_addr addresses;
            argo_iov piece;
            uint8_t bytes[512];
        };
        auto& letter = *reinterpret_cast<Letter*>(page_->arguments);
        const auto address = [&](const void* here) {
            return takes_linear(mechanism_.id) ? reinterpret_cast<uintptr_t>(here)
                                               : platform::machine().gpa(here).value;
        };
        letter.addresses = {{port, static_cast<uint16_t>(from.domid()), 0},
                            {port, static_cast<uint16_t>(to), 0}};
        letter.piece = {address(letter.bytes), size, 0};
        page_->frame = {ARGO_OPERATION_WORD(ARGO_OP_SENDV),
                        0,
                        {address(&letter.addresses), address(&letter.piece), 1, 0},
                        0,
                        {}};
        frame_ = platform::machine().gpa(&page_->frame);
    }

    int64_t operator()() const
    {
        auto& machine = platform::machine();
        const argo_frame& frame = page_->frame;
        if (passes_registers(mechanism_.id))
            return call_in_registers(machine, mechanism_,
                                     {frame.op, {frame.arg[0], frame.arg[1], frame.arg[2], frame.arg[3]}});
        ring_doorbell(machine, mechanism_, frame_);
        return *static_cast<const volatile int64_t*>(&frame.result);
    }

  private:
    Mechanism mechanism_;
    CallPage* page_;
    Gpa frame_{};
};

/// Halt until there is something in this ring of the caller's, and throw it away.
inline void await_and_drain(argo_ring* ring)
{
    uint32_t tx;
    while ((tx = __atomic_load_n(&ring->tx_ptr, __ATOMIC_ACQUIRE)) == ring->rx_ptr)
        platform::wait(platform::forever);
    __atomic_store_n(&ring->rx_ptr, tx, __ATOMIC_RELEASE);
}

} // namespace argo::suite
