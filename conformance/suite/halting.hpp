// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A receiver that halts, on a vCPU of its own, and a sender that races with it: one event that is lost, and
// the receiver sleeps on with a message in its ring.
#pragma once

#include "harness/vcpu.hpp"
#include "stories.hpp"

namespace argo::suite {

/// It looks, and halts when there is nothing, sooner or later.
class HaltingReceiver
{
  public:
    explicit HaltingReceiver(const Ring& ring)
        : ring_(static_cast<argo_ring*>(platform::pointer(ring.base(), sizeof(argo_ring))))
    {
    }
    /// False: it halts now.
    bool step()
    {
        const uint32_t tx = __atomic_load_n(&ring_->tx_ptr, __ATOMIC_ACQUIRE);
        if (ring_->rx_ptr == tx) {
            random_.dawdle();
            return false;
        }
        __atomic_store_n(&ring_->rx_ptr, tx, __ATOMIC_RELEASE);
        __atomic_add_fetch(&received_, 1, __ATOMIC_RELEASE);
        return true;
    }
    /// How often there was something.
    uint32_t received() const { return __atomic_load_n(&received_, __ATOMIC_ACQUIRE); }

  private:
    argo_ring* ring_;
    uint32_t received_ = 0;
    Unsteady random_;
};

/// One vCPU sends to another one, which looks, finds nothing, and halts: each time the message falls
/// somewhere else between these. `bind(vcpu)` makes the ring's binding.
template <class Receiver, class Bind>
void race_to_the_halt(Ring& ring, const Bind& bind)
{
    static Receiver receiver(ring); // It is used until the harness stops the vCPU.
    receiver = Receiver(ring);
    Vcpu vcpu(
        1, [](void* it) { return static_cast<Receiver*>(it)->step(); }, &receiver);
    require_eq(bind(vcpu), 0);
    for (Races rounds; rounds.more();) {
        const uint32_t before = receiver.received();
        require_ok(send(lead(), 9, lead(), ring.port(), {}));
        require(comes_true([&] { return receiver.received() != before; }));
    }
}

} // namespace argo::suite
