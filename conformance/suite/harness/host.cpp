// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Asking the host, and seeing that it acted.
#include "harness/host.hpp"

#include "harness/expect.hpp"
#include "harness/session.hpp"

namespace argo::suite {

namespace {

constexpr uint64_t host_time = 10'000; ///< ms in which a host that helps has done so

RemoteActor& remote(Actor& actor)
{
    // Requests name a role, and these are the roles that one domain has.
    if (&actor == &session->peer) return session->peer;
    if (&actor == &session->third) return session->third;
    error("the host can be asked to kill or start the peer and the third alone");
}

} // namespace

void host_kill(Actor& actor)
{
    host_begin_kill(actor);
    host_finish_kill(actor);
}

void host_begin_kill(Actor& actor)
{
    RemoteActor& victim = remote(actor);
    session->protocol.ask("kill", victim.role());
    victim.forget();
}

void host_finish_kill(Actor& actor)
{
    RemoteActor& victim = remote(actor);
    const uint64_t limit = session->limit(host_time), start = platform::now();
    while (victim.present()) {
        if (platform::now() - start >= limit) {
            victim.expect_back();
            skip("the host did not kill the domain that it was asked to");
        }
        platform::wait(10'000'000);
    }
}

void host_start(Actor& actor)
{
    RemoteActor& newborn = remote(actor);
    session->protocol.ask("start", newborn.role());
    newborn.expect_back();
    newborn.ready();
}

void host_restart(Actor& actor)
{
    host_kill(actor);
    host_start(actor);
}

} // namespace argo::suite
