// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// lifecycle: domains that end, and domains that have their number afterwards. Book: spec/lifecycle.rst.
//
// The host ends and starts domains as it is asked to; where it does not, these cases are skipped. A domain
// that a case has ended is there again for the next one.

#include "stories.hpp"

using namespace argo::suite;

namespace {

constexpr uint8_t first = free_vector;

/// Ring of the lead, at binding 1, which is made.
Ring heard_ring(uint32_t port, Who partner, uint32_t length = one_page)
{
    needs_bindings(2);
    require_ok(bind(lead(), 1, first));
    return open_ring(lead(), port, partner, length, binding(1));
}

} // namespace

CASE(lifecycle, the_rings_of_an_ended_domain_are_gone, lifecycle, "ARGO-LIFECYCLE-001", "ARGO-ADDRESS-003")
{
    Actor& dying = peer();
    auto ring = open_ring(dying, 7, lead()), own = open_ring(dying, 8, dying);
    require_ok(send(lead(), 9, dying, 7, "x"));
    host_kill(dying);
    ring.forget();
    own.forget();

    // Now it is no domain, and answered like one that never was ...
    const Who gone = dying;
    for (const uint32_t port : {7u, 8u, 9u}) {
        row("port", port);
        expect_error(send(lead(), 9, gone, port, "x"), ARGO_EACCES);
        expect_eq(ask(lead(), gone, port, 0).flags, 0u);
        expect_eq(ask(lead(), gone, port, 0).max_message, 0u);
    }
    expect_error(register_ring(lead(), {.port = 1, .partner = gone, .length = smallest}), ARGO_EACCES);
    // ... until another one has its number.
    host_start(dying);
    expect_error(send(lead(), 9, dying, 7, "x"), ARGO_ECONNREFUSED);
    expect_eq(ask(lead(), dying, 7, 0).flags, 0u);
}

CASE(lifecycle, wildcard_rings_of_an_ended_domain_are_gone, lifecycle, "ARGO-LIFECYCLE-001",
     "ARGO-LIFECYCLE-004")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Actor& dying = peer();
    auto ring = open_ring(dying, 7, ARGO_DOMID_WILDCARD);
    require_ok(send(lead(), 9, dying, 7, "x"));
    ring.forget();
    host_restart(dying);
    expect_error(send(lead(), 9, dying, 7, "x"), ARGO_ECONNREFUSED);
    // The name is free for the domain that has the number now.
    auto next = open_ring(dying, 7, ARGO_DOMID_WILDCARD, smallest, ARGO_REGISTER_FAIL_EXIST);
    expect_eq(send(lead(), 9, dying, 7, "x"), 1);
}

CASE(lifecycle, who_waits_for_an_ended_domain_is_woken, lifecycle, "ARGO-LIFECYCLE-002", "ARGO-EVENT-004")
{
    // The ring is full and will never be emptied: whoever waits for it has to hear that.
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    Actor& dying = peer();
    auto ring = full_ring(dying, 7, lead());
    expect_error(send(lead(), 9, dying, 7, {}), ARGO_EAGAIN);
    ring.forget();
    const uint32_t before = lead().events(event_vector);
    host_kill(dying);
    expect(lead().wait_event(event_vector, before));
    expect_error(send(lead(), 9, dying, 7, {}), ARGO_EACCES);
}

CASE(lifecycle, everybody_who_waits_for_an_ended_domain_is_woken, lifecycle, "ARGO-LIFECYCLE-002")
{
    not_supported_unless(ARGO_FEATURE_VECTOR | ARGO_FEATURE_WILDCARD,
                         "feature VECTOR or WILDCARD is not offered");
    Actor& dying = peer();
    auto ring = open_ring(dying, 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 9, dying, 7, brimful, 1));
    expect_error(send(lead(), 9, dying, 7, {}), ARGO_EAGAIN);
    expect_error(send(third(), 9, dying, 7, {}), ARGO_EAGAIN);
    ring.forget();
    const uint32_t here = lead().events(event_vector), there = third().events(event_vector);
    host_kill(dying);
    expect(lead().wait_event(event_vector, here));
    expect(third().wait_event(event_vector, there));
}

CASE(lifecycle, waiters_at_an_ended_domain_count_no_more, lifecycle, "ARGO-LIFECYCLE-002", "ARGO-SENDV-110")
{
    // The lead waits at as many rings as it may, one of them the peer's.
    Actor& dying = peer();
    const uint32_t limit = lead().info().max_waiters;
    auto ring = full_ring(dying, 7, lead());
    wait_at_rings(0, limit - 1);
    expect_error(send(lead(), 9, dying, 7, {}), ARGO_EAGAIN);
    expect_error(knock(limit - 1), ARGO_EBUSY);
    ring.forget();
    host_kill(dying);
    expect_error(knock(limit - 1), ARGO_EAGAIN);
}

CASE(lifecycle, a_ring_for_an_ended_domain_is_removed, lifecycle, "ARGO-LIFECYCLE-003")
{
    Actor& dying = peer();
    auto ring = open_ring(lead(), 7, dying);
    require_ok(send(dying, 9, lead(), 7, "last"));
    host_restart(dying); // When there is a new one, the end of the old one is over.

    // What it has sent is still there to be read; the ring is not.
    const auto message = ring.receive();
    require(message);
    expect(message->is("last"));
    expect_error(ring.unregister(), ARGO_ENOENT);
}

CASE(lifecycle, the_owner_hears_that_a_ring_was_removed, lifecycle, "ARGO-LIFECYCLE-003", "ARGO-EVENT-001")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    Actor& dying = peer();
    auto ring = heard_ring(7, dying);
    const uint32_t before = lead().events(first);
    host_kill(dying);
    expect(lead().wait_event(first, before)); // At the binding that the ring named.
    ring.forget();
}

CASE(lifecycle, a_removed_ring_counts_no_more, lifecycle, "ARGO-LIFECYCLE-003", "ARGO-REGISTER-009")
{
    // As many rings as there may be, two of them for the peer. With the peer go these two, and no others.
    Actor& dying = peer();
    const uint32_t limit = lead().info().max_rings;
    auto one = open_ring(lead(), 0x1000, dying, smallest), two = open_ring(lead(), 0x1001, dying, smallest);
    // The harness has one of its own for the peer, as soon as they speak, which goes, too, and comes back.
    (void)dying.load<uint32_t>(dying.alloc(sizeof(uint32_t)));
    const Pages page = open_many(0, limit - 3, false);
    const auto enter = [&](uint32_t port) {
        return register_ring(lead(), {.port = port, .partner = lead(), .length = smallest, .pages = page});
    };
    expect_error(enter(limit), ARGO_ENOSPC);
    host_restart(dying);
    one.forget();
    two.forget();
    expect_eq(enter(limit), 0);
    expect_eq(enter(limit + 1), 0);
    expect_error(enter(limit + 2), ARGO_ENOSPC);
    expect_ok(knock(0));
    expect_ok(knock(limit - 4));
}

CASE(lifecycle, rings_for_others_stay, lifecycle, "ARGO-LIFECYCLE-003", "ARGO-RING-012")
{
    Actor& dying = peer();
    auto mine = open_ring(lead(), 7, lead()), theirs = open_ring(lead(), 7, third());
    auto between = open_ring(third(), 7, lead());
    require_ok(send(lead(), 9, lead(), 7, "mine"));
    require_ok(send(third(), 9, lead(), 7, "theirs"));
    auto gone = open_ring(lead(), 7, dying); // One for the peer beside them, on the same port.
    host_kill(dying);
    gone.forget();
    require_ok(send(third(), 9, lead(), 7, "more"));
    expect_eq(send(lead(), 9, third(), 7, "still"), 5);
    const auto a = mine.receive(), b = theirs.receive(), c = theirs.receive();
    require(a && b && c);
    expect(a->is("mine"));
    expect(b->is("theirs"));
    expect(c->is("more"));
}

CASE(lifecycle, a_wildcard_ring_outlives_its_senders, lifecycle, "ARGO-LIFECYCLE-003", "ARGO-RING-012")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Actor& dying = peer();
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    require_ok(send(dying, 9, lead(), 7, "before"));
    host_restart(dying);
    require_ok(send(dying, 9, lead(), 7, "after"));
    const auto before = ring.receive(), after = ring.receive();
    require(before && after);
    expect(before->is("before"));
    expect(after->is("after"));
    expect_eq(ring.unregister(), 0);
}

CASE(lifecycle, a_new_domain_is_no_partner_of_old_rings, lifecycle, "ARGO-LIFECYCLE-004",
     "ARGO-LIFECYCLE-003")
{
    // The lead's ring was for the peer that was. The one that is cannot send to it.
    Actor& dying = peer();
    auto ring = open_ring(lead(), 7, dying);
    host_restart(dying);
    expect_error(send(dying, 9, lead(), 7, "x"), ARGO_ECONNREFUSED);
    expect_error(unregister_ring(lead(), {.port = 7, .partner = dying}), ARGO_ENOENT);
    ring.forget();
    auto next = open_ring(lead(), 7, dying, smallest, ARGO_REGISTER_FAIL_EXIST);
    expect_eq(send(dying, 9, lead(), 7, "x"), 1);
}

CASE(lifecycle, a_new_domain_waits_for_nothing, lifecycle, "ARGO-LIFECYCLE-004", "ARGO-NOTIFY-002")
{
    // The peer waited at a wildcard ring of the lead, which is there still. Space there is nothing to its
    // successor, who hears of its own affairs only.
    not_supported_unless(ARGO_FEATURE_VECTOR | ARGO_FEATURE_WILDCARD,
                         "feature VECTOR or WILDCARD is not offered");
    Actor& dying = peer();
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    expect_error(send(dying, 9, lead(), 7, {}), ARGO_EAGAIN);
    host_restart(dying);
    const uint32_t before = dying.events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0);
    settle(dying);
    expect_eq(dying.events(event_vector), before);
}

CASE(lifecycle, an_ended_waiter_keeps_nobody_from_being_woken, lifecycle, "ARGO-LIFECYCLE-004",
     "ARGO-NOTIFY-001")
{
    not_supported_unless(ARGO_FEATURE_VECTOR | ARGO_FEATURE_WILDCARD,
                         "feature VECTOR or WILDCARD is not offered");
    Actor& dying = peer();
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    expect_error(send(dying, 9, lead(), 7, {}), ARGO_EAGAIN);
    expect_error(send(third(), 9, lead(), 7, {}), ARGO_EAGAIN);
    host_kill(dying);
    const uint32_t before = third().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0);
    expect(third().wait_event(event_vector, before));
}

CASE(lifecycle, the_place_of_an_ended_waiter_is_free, lifecycle, "ARGO-LIFECYCLE-004", "ARGO-SENDV-110")
{
    // As many domains wait at one ring as may, the peer among them. It ends, and another one may wait.
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Actor& dying = peer();
    const uint32_t limit = lead().info().max_ring_waiters;
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    require_error(send(dying, 9, lead(), 7, {}), ARGO_EAGAIN);
    for (uint32_t i = 0; i + 1 < limit; i++) {
        row("domain", i);
        require_error(send(crowd(i), 1, lead(), 7, {}), ARGO_EAGAIN);
    }
    expect_error(send(crowd(limit - 1), 1, lead(), 7, {}), ARGO_EBUSY);
    host_kill(dying);
    expect_error(send(crowd(limit - 1), 1, lead(), 7, {}), ARGO_EAGAIN);
    expect_error(send(crowd(limit), 1, lead(), 7, {}), ARGO_EBUSY); // One place, not more.
}

CASE(lifecycle, a_new_domain_has_no_bindings_of_the_old, lifecycle, "ARGO-LIFECYCLE-004", "ARGO-EVENT-006")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    Actor& dying = peer();
    needs_bindings(2);
    require_ok(bind(dying, 1, first));
    host_restart(dying);
    // Its rings name the binding that the old one had made, and nobody is interrupted.
    auto ring = open_ring(dying, 7, lead(), smallest, binding(1));
    const uint32_t before = dying.events(first);
    require_ok(send(lead(), 9, dying, 7, {}));
    settle(dying);
    expect_eq(dying.events(first), before);
}

CASE(lifecycle, a_new_domain_has_all_of_its_limits, lifecycle, "ARGO-LIFECYCLE-004", "ARGO-REGISTER-009")
{
    // The old one had all the rings that it may have, the harness's own included. So may the new one.
    Actor& dying = peer();
    const auto fill = [&] {
        const uint32_t limit = dying.info().max_rings;
        const Pages page{dying.alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
        int64_t result = 0;
        uint32_t rings = 0;
        for (; result == 0 && rings <= limit; rings++)
            result =
                register_ring(dying, {.port = rings, .partner = dying, .length = smallest, .pages = page});
        expect_error(result, ARGO_ENOSPC);
        return rings;
    };
    const uint32_t before = fill();
    host_restart(dying);
    expect_eq(fill(), before);
}

CASE(lifecycle, a_domain_with_rings_for_itself_ends_cleanly, lifecycle, "ARGO-LIFECYCLE-001",
     "ARGO-ADDRESS-004")
{
    // Owner, partner, sender and waiter are one domain, and it ends. Whoever cleans up meets it in each of
    // these parts; what is observed is that everything else goes on.
    Actor& dying = peer();
    auto ring = full_ring(dying, 7, dying), empty = open_ring(dying, 8, dying);
    expect_error(send(dying, 9, dying, 7, {}), ARGO_EAGAIN);
    ring.forget();
    empty.forget();
    auto mine = open_ring(lead(), 7, lead());
    host_kill(dying);
    expect_eq(send(lead(), 9, lead(), 7, "alive"), 5);
    host_start(dying);
    auto next = open_ring(dying, 7, dying, smallest, ARGO_REGISTER_FAIL_EXIST);
    expect_eq(send(dying, 9, dying, 7, {}), 0);
    expect_eq(next.unread(), footprint(0));
}

CASE(lifecycle, two_that_are_partners_of_each_other_end, lifecycle, "ARGO-LIFECYCLE-001",
     "ARGO-LIFECYCLE-003")
{
    // Peer and third have rings for each other and wait at each other's. One ends, then the other one.
    Actor& dying = peer();
    Actor& other = third();
    auto a = full_ring(dying, 7, other), b = full_ring(other, 7, dying);
    expect_error(send(other, 9, dying, 7, {}), ARGO_EAGAIN);
    expect_error(send(dying, 9, other, 7, {}), ARGO_EAGAIN);
    a.forget();
    b.forget();
    host_kill(dying);
    expect_error(send(other, 9, dying, 7, {}), ARGO_EACCES);
    host_kill(other);
    host_start(dying);
    host_start(other);
    for (Actor* each : {&dying, &other})
        expect_error(unregister_ring(*each, {.port = 7, .partner = each == &dying ? other : dying}),
                     ARGO_ENOENT);
    expect_error(send(dying, 9, other, 7, {}), ARGO_ECONNREFUSED);
    expect_error(send(other, 9, dying, 7, {}), ARGO_ECONNREFUSED);
}

CASE(lifecycle, a_receiver_ends_while_it_is_sent_to, lifecycle, "ARGO-LIFECYCLE-001", "ARGO-CALL-005")
{
    // The lead sends and sends. At some point the peer is gone, in the midst of a call as like as not; from
    // then on it is gone for good, and nothing of the lead has suffered.
    Actor& dying = peer();
    auto ring = open_ring(dying, 7, lead(), ring_length(16)), mine = open_loopback(one_page, 7, binding(1));
    const Gpa bytes = lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE);
    const argo_iov piece[] = {{bytes.value, 4000, 0}};
    SendArguments with;
    with.addresses = {{9, Who(lead()).value, 0}, {7, Who(dying).value, 0}};
    with.pieces = piece;
    ring.forget();
    host_begin_kill(dying);
    int64_t result = 0;
    for (uint32_t i = 0; i < 100'000 && (result >= 0 || result == -int64_t{ARGO_EAGAIN}); i++)
        result = sendv(lead(), with);
    host_finish_kill(dying);
    // A host that takes its time may let all of them come first.
    if (result < 0 && result != -int64_t{ARGO_EAGAIN}) expect_error(result, ARGO_EACCES);
    for (uint32_t i = 0; i < 10; i++) expect_error(sendv(lead(), with), ARGO_EACCES);
    host_start(dying);
    expect_error(sendv(lead(), with), ARGO_ECONNREFUSED);
    expect_eq(send(lead(), 9, lead(), 7, "alive"), 5);
    expect_eq(mine.unread(), footprint(5));
}

CASE(lifecycle, a_sender_ends_while_it_sends, lifecycle, "ARGO-SENDV-020", "ARGO-LIFECYCLE-004")
{
    // A large message is under way when its sender ends: it is in the ring as a whole, or not at all.
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Actor& dying = peer();
    constexpr uint32_t size = 40'000;
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, ring_length(16), binding(1));
    for (uint32_t round = 0; round < 3; round++) {
        row("round", round);
        Pending theirs = begin_send_pattern(dying, 9, lead(), 7, size, round);
        host_begin_kill(dying);
        theirs.abandon();
        host_finish_kill(dying);
        if (const auto message = ring.receive()) {
            expect_eq(message->size(), size);
            expect_eq(ring.find_mismatch(*message, round), size);
        }
        expect_eq(ring.unread(), 0u);
        host_start(dying);
        require_eq(send(dying, 9, lead(), 7, "next"), 4);
        const auto next = ring.receive();
        require(next);
        expect(next->is("next"));
    }
}

CASE(lifecycle, a_waiter_at_a_wildcard_ring_ends, lifecycle, "ARGO-LIFECYCLE-004", "ARGO-NOTIFY-001")
{
    // Who waits at a ring for any sender stands in two lists: the ring's, and its own domain's. It ends as it
    // waits.
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Actor& dying = peer();
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    require_error(send(dying, 9, lead(), 7, {}), ARGO_EAGAIN);
    require_error(send(lead(), 9, lead(), 7, {}), ARGO_EAGAIN);
    host_kill(dying);

    ring.drain();
    expect_eq(ring.notify(), 0);
    expect_eq(ask(lead(), lead(), 7, brimful).flags,
              ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SHARED | ARGO_NOTIFY_EMPTY | ARGO_NOTIFY_SUFFICIENT);
    host_start(dying);
    expect_eq(send(dying, 9, lead(), 7, {}), 0);
}

CASE(lifecycle, a_waiter_ends_while_it_is_woken, lifecycle, "ARGO-LIFECYCLE-004", "ARGO-NOTIFY-001")
{
    // The lead makes space again and again while the domain that waits for it ends.
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Actor& dying = peer();
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    expect_error(send(dying, 9, lead(), 7, {}), ARGO_EAGAIN);
    const Who gone = dying;
    host_begin_kill(dying);
    // As long as it is there it has no such ring.
    const auto is_gone = [&] { return send(lead(), 9, gone, 7, {}) != -int64_t{ARGO_ECONNREFUSED}; };
    for (uint32_t i = 0; i < 100'000 && !is_gone(); i++) {
        ring.drain();
        require_eq(ring.notify(), 0);
        require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    }
    host_finish_kill(dying);
    ring.drain();
    expect_eq(ring.notify(), 0);
    host_start(dying);
    expect_eq(send(dying, 9, lead(), 7, {}), 0);
}
