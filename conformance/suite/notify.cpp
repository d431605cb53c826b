// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// notify: saying that space was made, and asking for space. Book: spec/notify.rst.
// What goes wrong is in notify_errors.cpp.

#include <argo/endpoint.hpp>

#include "notify.hpp"

using namespace argo::suite;

// The wake-up.

CASE(notify, a_waiter_is_woken_when_there_is_space, interrupt_vector, "ARGO-NOTIFY-001", "ARGO-EVENT-004")
{
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before));
}

CASE(notify, every_waiter_is_woken, core_loopback, "ARGO-NOTIFY-001", "ARGO-SENDV-110")
{
    // As many waiters as there may be, all at rings that are emptied. One call, and each of them is gone:
    // there is place for as many others, which one that was left behind would show.
    const uint32_t limit = lead().info().max_waiters;
    if (lead().info().max_rings < 2 * limit) not_supported("max_rings is below twice max_waiters");
    const Pages first = open_many(0, limit, true);
    for (uint32_t port = 0; port < limit; port++) require_error(knock(port), ARGO_EAGAIN);
    open_many(limit, limit, true);
    expect_error(knock(limit), ARGO_EBUSY);

    // The header of all of them.
    lead().store(first.base, argo_ring{footprint(brimful), footprint(brimful), 0, 0, {}});
    expect_eq(notify_all(lead()), 0);
    for (uint32_t port = limit; port < 2 * limit; port++) {
        row("port", port);
        expect_error(knock(port), ARGO_EAGAIN);
    }
}

CASE(notify, waiters_of_several_domains_are_woken, interrupt_vector, "ARGO-NOTIFY-001", "ARGO-EVENT-004")
{
    auto mine = full_ring(lead(), 1, lead()), theirs = full_ring(lead(), 2, peer());
    expect_error(knock(1), ARGO_EAGAIN);
    expect_error(send(peer(), 1, lead(), 2, {}), ARGO_EAGAIN);
    const uint32_t here = lead().events(event_vector), elsewhere = peer().events(event_vector);
    mine.drain();
    theirs.drain();
    expect_eq(notify_all(lead()), 0);
    expect(lead().wait_event(event_vector, here));
    expect(peer().wait_event(event_vector, elsewhere));
}

CASE(notify, waiters_at_one_ring_are_all_woken, wildcard, "ARGO-NOTIFY-001")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 1, lead(), 7, brimful, 1));
    expect_error(send(lead(), 1, lead(), 7, {}), ARGO_EAGAIN);
    expect_error(send(peer(), 1, lead(), 7, {}), ARGO_EAGAIN);
    const uint32_t here = lead().events(event_vector), elsewhere = peer().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, here));
    expect(peer().wait_event(event_vector, elsewhere));
}

CASE(notify, as_many_as_may_wait_are_all_woken, wildcard, "ARGO-NOTIFY-001", "ARGO-EVENT-004",
     "ARGO-SENDV-110")
{
    // The ring has all the waiters that it may have. One notify, and each of them hears of it, in whatever
    // order.
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    const uint32_t limit = lead().info().max_ring_waiters;
    constexpr uint32_t most = 64;
    uint32_t before[most];
    require(limit <= most);
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    for (uint32_t i = 0; i < limit; i++) {
        row("domain", i);
        require_error(send(crowd(i), 1, lead(), 7, {}), ARGO_EAGAIN);
        before[i] = crowd(i).events(event_vector);
    }
    ring.drain();
    expect_eq(ring.notify(), 0);
    for (uint32_t i = 0; i < limit; i++) {
        row("domain", i);
        expect(crowd(i).wait_event(event_vector, before[i]));
    }
}

CASE(notify, each_waiter_of_a_ring_waits_for_its_own_space, wildcard, "ARGO-NOTIFY-001", "ARGO-NOTIFY-002")
{
    // The peer wants much, the lead a little, of one ring. Who has enough is woken, and the other one waits
    // on.
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    constexpr uint32_t length = 160;
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, length, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 7, length - ARGO_RING_OVERHEAD, 1));
    expect_error(send_pattern(peer(), 9, lead(), 7, 64, 1), ARGO_EAGAIN);
    expect_error(send_pattern(lead(), 9, lead(), 7, 16, 1), ARGO_EAGAIN);
    const uint32_t here = lead().events(event_vector), there = peer().events(event_vector);
    leave_free(ring, ARGO_RING_OVERHEAD + 16);
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, here));
    settle(peer());
    expect_eq(peer().events(event_vector), there);
    leave_free(ring, ARGO_RING_OVERHEAD + 64);
    expect_eq(ring.notify(), 0);
    expect(peer().wait_event(event_vector, there));
}

CASE(notify, no_wake_up_is_lost_between_a_refusal_and_space, interrupt_vector, "ARGO-SENDV-111",
     "ARGO-NOTIFY-001", "ARGO-NOTIFY-006")
{
    // The peer sends to a full ring while the lead empties it and says so. Wherever these fall: the message
    // is accepted, or the peer is told to wait, and then it is woken.
    auto ring = open_ring(lead(), 7, peer(), smallest, binding(1));
    for (uint32_t round = 0; round < 40; round++) {
        row("round", round);
        require_eq(send_pattern(peer(), 1, lead(), 7, brimful, round), brimful);
        const uint32_t before = peer().events(event_vector);
        Pending theirs = begin_send_pattern(peer(), 1, lead(), 7, brimful, round);
        dawdle();
        ring.drain();
        require_eq(ring.notify(), 0);
        const int64_t result = theirs.result();
        if (result != brimful) {
            require_error(result, ARGO_EAGAIN);
            require(peer().wait_event(event_vector, before));
        } else {
            expect(result == brimful);
        }
        ring.drain();
        require_eq(ring.notify(), 0);
    }
}

CASE(notify, a_waiter_waits_until_there_is_enough, interrupt_vector, "ARGO-NOTIFY-002", "ARGO-NOTIFY-019")
{
    constexpr uint32_t length = 160;
    auto ring = open_loopback(length, 1, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 1, length - ARGO_RING_OVERHEAD, 1));
    expect_eq(answer(lead(), about(1, 48)).flags, there);
    const uint32_t before = lead().events(event_vector);

    // A slot less than enough wakes nobody ...
    leave_free(ring, ARGO_RING_OVERHEAD + 32);
    expect_eq(ring.notify(), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), before);
    // ... just enough does.
    leave_free(ring, ARGO_RING_OVERHEAD + 48);
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before));
}

CASE(notify, space_elsewhere_wakes_nobody, interrupt_vector, "ARGO-NOTIFY-002")
{
    auto waited = full_ring(lead(), 1, lead()), other = full_ring(lead(), 2, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    other.drain();
    expect_eq(other.notify(), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), before);
}

CASE(notify, nothing_to_do_is_a_success, core_loopback, "ARGO-NOTIFY-003")
{
    expect_eq(notify_all(lead()), 0); // No rings ...
    auto ring = full_ring(lead(), 1, lead());
    expect_eq(notify_all(lead()), 0); // ... no waiters ...
    expect_error(knock(1), ARGO_EAGAIN);
    expect_eq(notify_all(lead()), 0); // ... no space ...
    ring.drain();
    expect_eq(notify_all(lead()), 0); // ... and all there is: it never tells how many it woke.
}

CASE(notify, a_waiter_is_woken_once, interrupt_vector, "ARGO-NOTIFY-004")
{
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0);
    require(lead().wait_event(event_vector, before));

    const uint32_t woken = lead().events(event_vector);
    expect_eq(ring.notify(), 0); // There is space still, but it was told so.
    expect_eq(ring.notify(), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), woken);
}

CASE(notify, a_moved_rx_wakes_nobody, interrupt_vector, "ARGO-NOTIFY-006")
{
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    settle(lead()); // Calls are made meanwhile, but none of them is notify.
    expect_eq(lead().events(event_vector), before);

    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before));
}

CASE(notify, what_others_do_wakes_nobody, wildcard, "ARGO-NOTIFY-006")
{
    // Space is there, and somebody sends into it and somebody asks for it. Who waits hears of it when the
    // owner says so, and not before.
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    auto ring = open_ring(lead(), 1, ARGO_DOMID_WILDCARD, one_page, binding(1));
    require_eq(send_pattern(lead(), 9, lead(), 1, 3000, 1), 3000);
    expect_error(send_pattern(peer(), 9, lead(), 1, 2000, 1), ARGO_EAGAIN);
    const uint32_t before = peer().events(event_vector);
    ring.drain();
    expect_eq(send(lead(), 9, lead(), 1, {}), 0);
    expect((ask(third(), lead(), 1, 0).flags & ARGO_NOTIFY_SUFFICIENT) != 0);
    settle(peer());
    expect_eq(peer().events(event_vector), before);

    expect_eq(ring.notify(), 0);
    expect(peer().wait_event(event_vector, before));
}

CASE(notify, only_the_owners_notify_counts, interrupt_vector, "ARGO-NOTIFY-001", "ARGO-NOTIFY-006")
{
    // The peer waits at the lead's ring. It may call notify as often as it likes: the ring is not its own.
    auto ring = full_ring(lead(), 1, peer());
    expect_error(send(peer(), 1, lead(), 1, {}), ARGO_EAGAIN);
    const uint32_t before = peer().events(event_vector);
    ring.drain();
    expect_eq(notify_all(peer()), 0);
    settle(peer());
    expect_eq(peer().events(event_vector), before);

    expect_eq(notify_all(lead()), 0);
    expect(peer().wait_event(event_vector, before));
}

CASE(notify, the_librarys_receiver_notifies, core_pair, "ARGO-NOTIFY-005")
{
    // An endpoint of the guest library at work: the peer fills its ring
    // until it must wait, the endpoint receives until there is nothing more,
    // and that is all. It has kept its duty when the peer has been woken.
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    const auto found = argo::probe(platform::machine());
    require(found);
    const Gpa memory = lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE);
    argo::Endpoint<platform::Machine> endpoint;
    require(endpoint.open(*found, argo::Port{7}, peer().domid(), platform::pointer(memory, ARGO_PAGE_SIZE),
                          one_page));

    uint32_t sent = 0;
    while (sent < 8 && send_pattern(peer(), 1, lead(), 7, 1000, sent) == 1000) sent++;
    expect_error(send_pattern(peer(), 1, lead(), 7, 1000, sent), ARGO_EAGAIN);
    const uint32_t before = peer().events(event_vector);

    uint8_t buffer[1000];
    uint32_t received = 0;
    for (auto message = endpoint.receive(buffer, sizeof buffer); message; received++) {
        expect_eq(pattern_mismatch(buffer, sizeof buffer, received), sizeof buffer);
        message = endpoint.receive(buffer, sizeof buffer);
    }
    expect_eq(received, sent);
    expect(peer().wait_event(event_vector, before));
    expect_eq(send_pattern(peer(), 1, lead(), 7, 1000, sent), 1000);
    expect(endpoint.close());
}

// The answers.

CASE(notify, an_absent_ring_reads_zero, core_loopback, "ARGO-NOTIFY-010")
{
    auto ring = open_loopback(smallest, 1);
    argo_notify_entry entries[] = {about(2, 0), about(nobody(), 1, 0), about(2, 0xffffffff),
                                   about(nobody(), 1, 16)};
    require_eq(ask_all(lead(), entries), 0);
    for (const auto& entry : entries) {
        row("entry", static_cast<uint32_t>(&entry - entries));
        expect_eq(entry.flags, 0u);
        expect_eq(entry.max_message, 0u);
    }
}

CASE(notify, a_ring_for_another_reads_zero, core_pair, "ARGO-NOTIFY-010", "ARGO-SENDV-003")
{
    auto theirs = open_ring(lead(), 7, peer());
    const auto mine = answer(lead(), about(7, 0)), their = answer(peer(), about(lead(), 7, 0));
    expect_eq(mine.flags, 0u);
    expect_eq(mine.max_message, 0u);
    expect_eq(their.flags, fresh); // To whom it is meant for it is there.
    expect_eq(their.max_message, one_page - ARGO_RING_OVERHEAD);
}

CASE(notify, an_absent_entry_does_not_end_the_batch, core_loopback, "ARGO-NOTIFY-011")
{
    auto first = open_loopback(smallest, 1), last = open_loopback(160, 5);
    argo_notify_entry entries[] = {about(nobody(), 1, 0), about(1, 0),
                                   about(2, 0),           about(ARGO_DOMID_WILDCARD, 1, 0),
                                   about(0xffff, 1, 0),   about(5, 0)};
    require_eq(ask_all(lead(), entries), 0);
    expect_eq(entries[0].flags, 0u);
    expect_eq(entries[1].flags, fresh);
    expect_eq(entries[2].flags, 0u);
    expect_eq(entries[3].flags, 0u);
    expect_eq(entries[4].flags, 0u);
    expect_eq(entries[5].flags, fresh);
    expect_eq(entries[5].max_message, 160 - ARGO_RING_OVERHEAD);
}

CASE(notify, a_ring_that_matches_exists, core_loopback, "ARGO-NOTIFY-012")
{
    // Whatever else is to be said of it.
    auto ring = open_loopback(smallest, 1, binding(1));
    expect((answer(lead(), about(1, 0)).flags & ARGO_NOTIFY_EXISTS) != 0);
    expect((answer(lead(), about(1, brimful + 1)).flags & ARGO_NOTIFY_EXISTS) != 0);
    require_ok(send_pattern(lead(), 9, lead(), 1, brimful, 1));
    expect((answer(lead(), about(1, 0)).flags & ARGO_NOTIFY_EXISTS) != 0);
    require_eq(ring.unregister(), 0);
    expect_eq(answer(lead(), about(1, 0)).flags, 0u);
}

CASE(notify, a_wildcard_ring_is_shared, wildcard, "ARGO-NOTIFY-013", "ARGO-SENDV-001")
{
    auto any = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, 160), exact = open_ring(lead(), 8, lead(), 160);
    expect_eq(answer(lead(), about(7, 0)).flags, fresh | ARGO_NOTIFY_SHARED);
    expect_eq(answer(lead(), about(8, 0)).flags, fresh);
    // Where both are, it is the one that a message would go to.
    auto exact7 = open_ring(lead(), 7, lead(), smallest);
    const auto both = answer(lead(), about(7, 0));
    expect_eq(both.flags, fresh);
    expect_eq(both.max_message, brimful);
}

CASE(notify, empty_means_nothing_unread, core_loopback, "ARGO-NOTIFY-014")
{
    constexpr uint32_t length = 160;
    auto ring = open_loopback(length);
    expect_eq(answer(lead(), about(1, 0)).flags, fresh);
    require_ok(send(lead(), 9, lead(), 1, {})); // A bare header is something.
    expect_eq(answer(lead(), about(1, 0)).flags, roomy);
    ring.drain();
    expect_eq(answer(lead(), about(1, 0)).flags, fresh); // Empty again, elsewhere in the ring.
    require_ok(send(lead(), 9, lead(), 1, "x"));
    require_ok(send(lead(), 9, lead(), 1, "y"));
    require(ring.receive());
    expect_eq(answer(lead(), about(1, 0)).flags, roomy); // One of two is left.
    require(ring.receive());
    expect_eq(answer(lead(), about(1, 0)).flags, fresh);
    ring.set_tx(96); // What the guest writes there is nothing.
    expect_eq(answer(lead(), about(1, 0)).flags, fresh);
}

CASE(notify, max_message_is_what_the_empty_ring_takes, core_loopback, "ARGO-NOTIFY-015", "ARGO-SENDV-030")
{
    for (const uint32_t length : {smallest, smallest + ARGO_SLOT, one_page, ring_length(2)}) {
        row("length", length);
        auto ring = open_loopback(length, 1, binding(1));
        const uint32_t largest = answer(lead(), about(1, 0)).max_message;
        expect_eq(largest, length - ARGO_RING_OVERHEAD);
        expect_eq(send_pattern(lead(), 9, lead(), 1, largest, 1), largest);
        expect_eq(answer(lead(), about(1, 0)).max_message, largest); // Full or empty.
    }
}

CASE(notify, what_can_never_fit_is_emsgsize_alone, core_loopback, "ARGO-NOTIFY-016")
{
    auto ring = open_loopback(160, 1, binding(1));
    constexpr uint32_t largest = 160 - ARGO_RING_OVERHEAD;
    for (const uint32_t space : {largest + 1, largest + 16, 0x80000000u, 0xfffffff0u, 0xffffffffu}) {
        row("space", space);
        expect_eq(answer(lead(), about(1, space)).flags, there | ARGO_NOTIFY_EMPTY | ARGO_NOTIFY_EMSGSIZE);
    }
    expect_eq(answer(lead(), about(1, largest)).flags, fresh); // At the limit it is none.
    require_ok(send_pattern(lead(), 9, lead(), 1, largest, 1));
    expect_eq(answer(lead(), about(1, largest + 1)).flags, there | ARGO_NOTIFY_EMSGSIZE);
}

CASE(notify, who_asks_for_too_much_does_not_wait, core_loopback, "ARGO-NOTIFY-016", "ARGO-NOTIFY-024")
{
    // One place is left for a waiter, and it is left after this question, too.
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit - 1);
    expect_eq(answer(lead(), about(limit - 1, brimful + 1)).flags, there | ARGO_NOTIFY_EMSGSIZE);
    auto ring = full_ring(lead(), 0x1000, lead());
    expect_error(knock(0x1000), ARGO_EAGAIN);
}

CASE(notify, sufficient_is_exact, core_loopback, "ARGO-NOTIFY-017", "ARGO-SENDV-031")
{
    // For each number of free bytes: what just fits, and a byte more. A message of the same size agrees.
    constexpr uint32_t length = 112;
    auto ring = open_loopback(length, 1, binding(1));
    require_ok(send(lead(), 9, lead(), 1, {}));
    for (uint32_t free = 2 * ARGO_SLOT; free < length; free += ARGO_SLOT) {
        row("free bytes", free);
        leave_free(ring, free);
        const uint32_t fits = free - ARGO_RING_OVERHEAD;
        expect_eq(answer(lead(), about(1, fits)).flags, roomy);
        expect_eq(answer(lead(), about(1, fits + 1)).flags, there);
        expect_eq(send_pattern(lead(), 9, lead(), 1, fits, 1), fits);
    }
    row("free bytes", ARGO_SLOT);
    leave_free(ring, ARGO_SLOT);
    expect_eq(answer(lead(), about(1, 0)).flags, there); // Not even a bare header fits.
    expect_error(send(lead(), 9, lead(), 1, {}), ARGO_EAGAIN);
}

CASE(notify, enough_space_ends_the_wait, interrupt_vector, "ARGO-NOTIFY-018")
{
    // The peer owns the ring, so that the lead's question is not at the same time the owner's notify.
    auto ring = full_ring(peer(), 1, lead());
    expect_error(send(lead(), 1, peer(), 1, {}), ARGO_EAGAIN);
    ring.drain();
    const uint32_t before = lead().events(event_vector);
    expect_eq(answer(lead(), about(peer(), 1, brimful)).flags, fresh); // The lead knows it already ...

    expect_eq(notify_all(peer()), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), before); // ... and need not be told.
}

CASE(notify, enough_space_ends_the_wait_at_its_ring_alone, interrupt_vector, "ARGO-NOTIFY-018")
{
    // The lead waits at two rings of the peer. What it hears of one says nothing of the other.
    auto one = full_ring(peer(), 1, lead()), two = full_ring(peer(), 2, lead());
    expect_error(send(lead(), 1, peer(), 1, {}), ARGO_EAGAIN);
    expect_error(send(lead(), 1, peer(), 2, {}), ARGO_EAGAIN);
    one.drain();
    expect_eq(answer(lead(), about(peer(), 1, brimful)).flags, fresh);
    two.drain();
    const uint32_t before = lead().events(event_vector);
    expect_eq(notify_all(peer()), 0);
    expect(lead().wait_event(event_vector, before));
}

CASE(notify, asking_for_space_makes_a_waiter, interrupt_vector, "ARGO-NOTIFY-019", "ARGO-NOTIFY-001")
{
    auto ring = full_ring(lead(), 1, lead());
    // Neither SUFFICIENT nor EBUSY: so a wake-up is owed.
    expect_eq(answer(lead(), about(1, 0)).flags, there);
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before));
}

CASE(notify, no_wake_up_is_lost_between_a_question_and_space, interrupt_vector, "ARGO-NOTIFY-019",
     "ARGO-NOTIFY-017", "ARGO-NOTIFY-001")
{
    // The peer asks whether a message would fit while the lead makes space: it reads SUFFICIENT, or it is
    // woken.
    auto ring = open_ring(lead(), 7, peer(), smallest, binding(1));
    struct
    {
        argo_notify head;
        argo_notify_entry entry;
    } asked = {{1, 0}, about(7, brimful)};
    const Gpa where = peer().alloc(sizeof asked);
    for (uint32_t round = 0; round < 40; round++) {
        row("round", round);
        require_eq(send_pattern(peer(), 1, lead(), 7, brimful, round), brimful);
        const uint32_t before = peer().events(event_vector);
        Turn turn;
        turn.write_to = where;
        turn.write = {&asked, sizeof asked};
        turn.call = true;
        turn.word = ARGO_OPERATION_WORD(ARGO_OP_NOTIFY);
        turn.arguments[0] = where.value;
        Pending theirs(peer(), [&] { peer().begin(turn); });
        dawdle();
        ring.drain();
        require_eq(ring.notify(), 0);
        require_eq(theirs.result(), 0);
        const auto answered = peer().load<decltype(asked)>(where).entry.flags;
        if (answered != fresh) {
            require_eq(answered, there);
            require(peer().wait_event(event_vector, before));
        } else {
            expect(answered == fresh);
        }
    }
}

CASE(notify, requests_of_one_domain_merge, interrupt_vector, "ARGO-NOTIFY-020")
{
    constexpr uint32_t length = 160;
    auto ring = open_loopback(length, 1, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 1, length - ARGO_RING_OVERHEAD, 1));
    // Asked for a little, for much, for a little again; once by sending.
    expect_eq(answer(lead(), about(1, 16)).flags, there);
    expect_eq(answer(lead(), about(1, 64)).flags, there);
    expect_eq(answer(lead(), about(1, 32)).flags, there);
    expect_error(send(lead(), 9, lead(), 1, "x"), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);

    leave_free(ring, ARGO_RING_OVERHEAD + 48);
    expect_eq(ring.notify(), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), before); // Enough for a little, but it is one request by now ...

    leave_free(ring, ARGO_RING_OVERHEAD + 64);
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before)); // ... for much.
    const uint32_t woken = lead().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), woken);
}

CASE(notify, requests_that_merge_count_once, core_loopback, "ARGO-NOTIFY-020", "ARGO-NOTIFY-024")
{
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit - 1);
    auto last = full_ring(lead(), 0x1000, lead()), other = full_ring(lead(), 0x1001, lead());
    for (const uint32_t space : {0u, 16u, 3u}) {
        row("space", space);
        expect_eq(answer(lead(), about(0x1000, space)).flags, there);
    }
    expect_eq(answer(lead(), about(0x1001, 0)).flags, there | ARGO_NOTIFY_EBUSY);
}

CASE(notify, only_the_answers_are_written, core_loopback, "ARGO-NOTIFY-021")
{
    auto ring = open_loopback(smallest, 0x01020304);
    constexpr uint32_t count = 3;
    constexpr size_t size = sizeof(argo_notify) + count * sizeof(argo_notify_entry), margin = 64;
    uint8_t before[size + 2 * margin], after[sizeof before];
    pattern_fill(before, sizeof before, 9);
    const argo_notify head = {count, 0};
    const argo_notify_entry entries[count] = {about(0x01020304, 7), about(nobody(), 5, 9),
                                              about(0x01020304, 0x10000)};
    std::memcpy(before + margin, &head, sizeof head);
    std::memcpy(before + margin + sizeof head, entries, sizeof entries);

    const Gpa where = lead().alloc(sizeof before);
    lead().write(where, before, sizeof before);
    expect_eq(lead().call(ARGO_OP_NOTIFY, where.value + margin), 0);
    lead().read(where, after, sizeof after);

    // Put the questions' own fields back over the answers:
    // then all is as before, in front, between and behind.
    argo_notify_entry answers[count];
    std::memcpy(answers, after + margin + sizeof head, sizeof answers);
    for (uint32_t i = 0; i < count; i++) {
        expect_ne(answers[i].flags, entries[i].flags);
        expect_ne(answers[i].max_message, entries[i].max_message);
        answers[i].flags = entries[i].flags;
        answers[i].max_message = entries[i].max_message;
    }
    std::memcpy(after + margin + sizeof head, answers, sizeof answers);
    expect_eq(std::memcmp(before, after, sizeof before), 0);
}

CASE(notify, an_entry_with_reserved_bits_reads_zero, core_loopback, "ARGO-NOTIFY-022", "ARGO-NOTIFY-011")
{
    auto ring = open_loopback(smallest, 1);
    argo_notify_entry entries[] = {about(1, 0), about(1, 0), about(1, 0), about(1, 0), about(1, 0)};
    entries[0].reserved = 1;
    entries[1].reserved = 0x8000;
    entries[2].ring.reserved = 1;
    entries[3].ring.reserved = 0x8000;
    require_eq(ask_all(lead(), entries), 0);
    for (uint32_t i = 0; i < 4; i++) {
        row("entry", i);
        expect_eq(entries[i].flags, 0u);
        expect_eq(entries[i].max_message, 0u);
    }
    expect_eq(entries[4].flags, fresh); // It costs the others nothing.
}

CASE(notify, an_entry_with_reserved_bits_makes_no_waiter, core_loopback, "ARGO-NOTIFY-022", "ARGO-NOTIFY-024")
{
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit - 1);
    auto question = about(limit - 1, 0);
    question.reserved = 1;
    expect_eq(answer(lead(), question).flags, 0u);
    auto ring = full_ring(lead(), 0x1000, lead());
    expect_error(knock(0x1000), ARGO_EAGAIN); // The last place is free still.
}

CASE(notify, max_notify_entries_are_answered, core_loopback, "ARGO-NOTIFY-023", "ARGO-CALL-006")
{
    // The entries take more than a page. The first, one in the midst and the last are about a ring.
    const uint32_t count = lead().info().max_notify;
    const Gpa where = lead().alloc(sizeof(argo_notify) + count * sizeof(argo_notify_entry));
    const auto at = [&](uint32_t i) {
        return Gpa{where.value + sizeof(argo_notify) + i * sizeof(argo_notify_entry)};
    };
    auto ring = open_loopback(160, 1);
    lead().store(where, argo_notify{count, 0});
    for (const uint32_t i : {0u, count / 2, count - 1}) lead().store(at(i), about(1, 0));

    expect_eq(lead().call(ARGO_OP_NOTIFY, where.value), 0);
    for (const uint32_t i : {0u, count / 2, count - 1}) {
        row("entry", i);
        const auto entry = lead().load<argo_notify_entry>(at(i));
        expect_eq(entry.flags, fresh);
        expect_eq(entry.max_message, 160 - ARGO_RING_OVERHEAD);
    }
}

CASE(notify, at_most_max_waiters, core_loopback, "ARGO-NOTIFY-024", "ARGO-NOTIFY-019")
{
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit - 1);
    auto last = full_ring(lead(), 0x1000, lead()), other = full_ring(lead(), 0x1001, lead());
    expect_eq(answer(lead(), about(0x1000, 0)).flags, there);                     // At the limit ...
    expect_eq(answer(lead(), about(0x1001, 0)).flags, there | ARGO_NOTIFY_EBUSY); // ... above it ...
    expect_eq(answer(lead(), about(0, 0)).flags, there); // ... who waits there already.

    // EBUSY added nobody: when one goes, there is place for one.
    require_ok(unregister_ring(lead(), {.port = 0, .partner = lead()}));
    expect_eq(answer(lead(), about(0x1001, 0)).flags, there);
    expect_eq(answer(lead(), about(limit - 1, 0)).flags, there | ARGO_NOTIFY_EBUSY);
}

CASE(notify, no_questions_are_a_success, core_loopback, "ARGO-NOTIFY-003")
{
    // A head that says zero, which is another thing than no head.
    NotifyArguments with;
    expect_eq(notify(lead(), with), 0);
}

CASE(notify, questions_wake_like_no_questions, interrupt_vector, "ARGO-NOTIFY-001")
{
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    expect_eq(answer(lead(), about(2, 0)).flags, 0u); // A question about something else.
    expect(lead().wait_event(event_vector, before));
}

// Structures.

CASE(notify, the_structure_lies_at_any_address, core_loopback, "ARGO-CALL-006", "ARGO-NOTIFY-012")
{
    auto ring = open_loopback(160, 0x01020304);
    struct
    {
        argo_notify head;
        argo_notify_entry entries[2];
    } asked = {{2, 0}, {about(2, 0), about(0x01020304, 0)}};
    // The end of a page in the head, between head and entries, and at the fields of the second entry.
    for (const uint32_t offset :
         {1u, 4096u - 1u, 4096u - 6u, 4096u - 8u, 4096u - 29u, 4096u - 37u, 4096u - 45u}) {
        row("offset in page", offset);
        const Gpa where = lead().alloc(sizeof asked, ARGO_PAGE_SIZE, offset);
        lead().store(where, asked);
        expect_eq(lead().call(ARGO_OP_NOTIFY, where.value), 0);
        const auto answered = lead().load<decltype(asked)>(where);
        expect_eq(answered.entries[0].flags, 0u);
        expect_eq(answered.entries[1].flags, fresh);
        expect_eq(answered.entries[1].max_message, 160 - ARGO_RING_OVERHEAD);
        expect_eq(answered.entries[1].ring.port, 0x01020304u);
    }
}
