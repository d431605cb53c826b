// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// fuzz: every domain makes random calls at once (harness/fuzz.hpp). Afterwards the hypervisor lives, memory
// that was not lent is as it was, nothing has leaked, and everybody talks to everybody. These cases run where
// their profile is named. Book: spec/call.rst, spec/security.rst.

#include "harness/fuzzing.hpp"
#include "stories.hpp"

using namespace argo::suite;

namespace {

/// A message, its event, a refusal for lack of space, and the wake-up: from one domain to another.
void expect_conversation(Actor& from, Actor& to)
{
    constexpr uint32_t port = 7, size = 300;
    const Actor::Frame memory(from), room(to);
    {
        auto ring = open_ring(to, port, from, one_page);
        const uint32_t before = to.events(event_vector);
        require_eq(send_pattern(from, 9, to, port, size, 5, 77), size);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->source.domid, from.domid());
        expect_eq(message->type, 77u);
        expect_eq(ring.find_mismatch(*message, 5), size);
        if (to.has(ARGO_FEATURE_VECTOR)) expect(to.wait_event(event_vector, before));
    }
    auto full = full_ring(to, port, from);
    const uint32_t before = from.events(event_vector);
    expect_error(send(from, 9, to, port, {}), ARGO_EAGAIN);
    full.drain();
    expect_ok(notify_all(to));
    if (from.has(ARGO_FEATURE_VECTOR)) expect(from.wait_event(event_vector, before));
    expect_eq(send(from, 9, to, port, {}), 0);
}

} // namespace

CASE(fuzz, random_calls_of_all_domains, fuzz, "ARGO-CALL-002", "ARGO-CALL-003")
{
    Fuzzing fuzzing(2);
    while (fuzzing.more()) {
        fuzzing.begin();
        fuzzing.play();
        expect_conversation(lead(), lead());
        expect_conversation(lead(), peer());
        expect_conversation(peer(), lead());
        expect_conversation(third(), peer());
    }
    fuzzing.expect_room();
    fuzzing.tell();
}

CASE(fuzz, domains_die_amid_random_calls, fuzz, "ARGO-CALL-002", "ARGO-CALL-003")
{
    Fuzzing fuzzing(2);
    while (fuzzing.more()) {
        Actor& victim = third();
        fuzzing.begin();
        host_begin_kill(victim);
        fuzzing.lost(victim);
        fuzzing.play();
        host_finish_kill(victim);
        host_start(victim);
        expect_conversation(lead(), third());
        expect_conversation(third(), peer());
    }
    fuzzing.expect_room();
    fuzzing.tell();
}
