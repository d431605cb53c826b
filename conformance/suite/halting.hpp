// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A receiver that halts, on a vCPU of its own, and a sender that races with it: one event that is lost, and
// the receiver sleeps on with a message in its ring.
#pragma once

#include "harness/vcpu.hpp"
#include "stories.hpp"

namespace argo::suite {

/// It looks, and halts when there is nothing, sooner or later.
struct Receiver
{
    argo_ring* ring;
    uint32_t received; ///< times that there was something
    Unsteady random;
};

inline bool receive_all(void* argument)
{
    auto& receiver = *static_cast<Receiver*>(argument);
    const uint32_t tx = __atomic_load_n(&receiver.ring->tx_ptr, __ATOMIC_ACQUIRE);
    if (receiver.ring->rx_ptr == tx) {
        receiver.random.dawdle();
        return false;
    }
    __atomic_store_n(&receiver.ring->rx_ptr, tx, __ATOMIC_RELEASE);
    __atomic_add_fetch(&receiver.received, 1, __ATOMIC_RELEASE);
    return true;
}

/// One vCPU sends to another one, which looks, finds nothing, and halts: each time the message falls
/// somewhere else between these. `bind(vcpu)` makes the ring's binding.
template <class Bind>
void race_to_the_halt(Ring& ring, const Bind& bind)
{
    static Receiver receiver; // It is used until the harness stops the vCPU.
    receiver = {static_cast<argo_ring*>(platform::pointer(ring.base(), sizeof(argo_ring))), 0, Unsteady()};
    Vcpu vcpu(1, receive_all, &receiver);
    require_eq(bind(vcpu), 0);
    for (Races rounds; rounds.more();) {
        const uint32_t before = __atomic_load_n(&receiver.received, __ATOMIC_ACQUIRE);
        require_ok(send(lead(), 9, lead(), ring.port(), {}));
        require(comes_true([&] { return __atomic_load_n(&receiver.received, __ATOMIC_ACQUIRE) != before; }));
    }
}

} // namespace argo::suite
