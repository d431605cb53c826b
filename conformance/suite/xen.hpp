// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the cases of major 0 share: what is heard as VIRQ_ARGO.
#pragma once

#include "notify.hpp"
#include "sendv.hpp"

namespace argo::suite {

/// A ring with one message that leaves no room in it. Nothing is heard by a binding, as major 0 has none.
inline Ring filled(Actor& owner, uint32_t port, Actor& sender)
{
    Ring ring = open_ring(owner, port, sender, smallest);
    require_eq(send_pattern(sender, port, owner, port, brimful, port), brimful);
    return ring;
}

/// What this domain has heard so far.
inline uint32_t heard(Actor& actor = lead()) { return actor.events(upstream_vector); }

/// Nothing was heard since: a message to oneself is, and it is the only one. A domain of one vCPU takes an
/// event before it goes on after the call that caused it, so that two are two.
inline void expect_silence_since(uint32_t before)
{
    constexpr uint32_t port = 0x5e771e;
    const Actor::Frame frame(lead());
    Ring ring = open_ring(lead(), port, lead(), smallest);
    require_ok(send(lead(), port, lead(), port, {}));
    expect(lead().wait_event(upstream_vector, before));
    expect_eq(heard(), before + 1);
}

} // namespace argo::suite
