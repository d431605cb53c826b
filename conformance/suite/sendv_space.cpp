// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// sendv: what fits, and what becomes of who finds no space. Book: spec/sendv.rst.

#include <cstring>

#include "sendv.hpp"

using namespace argo::suite;

CASE(sendv, the_largest_message_of_a_ring_fits, core_loopback, "ARGO-SENDV-030", "ARGO-SENDV-109")
{
    for (const uint32_t length : {smallest, smallest + ARGO_SLOT, 160u, one_page}) {
        auto ring = open_loopback(length, length);
        // At the start of the data and around their end ...
        for (const uint32_t start : {0u, ARGO_SLOT, length - ARGO_SLOT}) {
            row("length", length, "start", start);
            ring.set_rx(start);
            ring.set_tx(start);
            require_ok(register_ring(
                lead(), {.port = length, .partner = lead(), .length = length, .pages = ring.pages()}));
            const uint32_t largest = length - ARGO_RING_OVERHEAD;
            expect_error(send_pattern(lead(), 9, lead(), length, largest + 1, 1), ARGO_EMSGSIZE);
            expect_eq(send_pattern(lead(), 9, lead(), length, largest, 1), largest);
            const auto message = ring.receive(); // ... it arrives as a whole.
            require(message);
            expect_eq(ring.find_mismatch(*message, 1), largest);
        }
    }
}

CASE(sendv, the_largest_message_of_all_fits_the_longest_ring, core_loopback, "ARGO-SENDV-030",
     "ARGO-SENDV-104")
{
    // All its bytes out of a few pages, again and again; into a ring of two pages, again and again.
    const uint32_t length = longest_ring(), largest = largest_message();
    const Repeated bytes(lead(), largest);
    auto ring = open_ring(lead(), 1, lead(), length, 0, 2);
    expect_eq(sendv(lead(), message_to(1, bytes.pieces)), largest);
    expect_eq(ring.tx(), footprint(largest) % length);
}

CASE(sendv, space_is_exact, core_loopback, "ARGO-SENDV-031", "ARGO-SENDV-111", "ARGO-RING-002")
{
    // For each number of free bytes: what just fits, and what
    // is one byte too long. The last slot is never filled.
    constexpr uint32_t length = 112;
    auto ring = open_loopback(length, 1, binding(1));
    expect_ok(send(lead(), 9, lead(), 1, {}));
    for (uint32_t free = 2 * ARGO_SLOT; free < length; free += ARGO_SLOT) {
        row("free bytes", free);
        leave_free(ring, free);
        const uint32_t fits = free - ARGO_RING_OVERHEAD, tx = ring.tx();
        expect_error(send_pattern(lead(), 9, lead(), 1, fits + 1, 1), ARGO_EAGAIN);
        expect_eq(ring.tx(), tx);
        expect_eq(send_pattern(lead(), 9, lead(), 1, fits, 1), fits);
        expect_eq(ring.tx(), (tx + footprint(fits)) % length);
    }
    row("free bytes", ARGO_SLOT);
    leave_free(ring, ARGO_SLOT);
    expect_error(send(lead(), 9, lead(), 1, {}), ARGO_EAGAIN); // Not even a bare header.
}

CASE(sendv, a_refused_sender_waits_once, core_loopback, "ARGO-SENDV-032", "ARGO-SENDV-110")
{
    // All waiters of the caller but one are taken. So the last one can
    // be seen: it is there once, however often the same ring refuses.
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit - 1);
    auto ring = full_ring(lead(), 0x1000, lead()), other = full_ring(lead(), 0x1001, lead());
    expect_error(knock(0x1000), ARGO_EAGAIN);
    expect_error(send(lead(), 9, lead(), 0x1000, "other port"), ARGO_EAGAIN);
    expect_error(knock(0x1000), ARGO_EAGAIN);
    expect_error(knock(0x1001), ARGO_EBUSY);
}

CASE(sendv, a_refused_sender_waits_for_the_largest, interrupt_vector, "ARGO-SENDV-032", "ARGO-NOTIFY-002")
{
    constexpr uint32_t length = 160;
    auto ring = open_loopback(length, 1, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 1, length - ARGO_RING_OVERHEAD, 1));
    // Refused with less, with most, with less again.
    expect_error(send_pattern(lead(), 9, lead(), 1, 16, 1), ARGO_EAGAIN);
    expect_error(send_pattern(lead(), 9, lead(), 1, 61, 1), ARGO_EAGAIN);
    expect_error(send_pattern(lead(), 9, lead(), 1, 20, 1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);

    leave_free(ring, ARGO_RING_OVERHEAD + 48); // Enough for the smaller ones ...
    expect_eq(ring.notify(), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), before);

    leave_free(ring, ARGO_RING_OVERHEAD + 64); // ... enough for the largest.
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before));
    const uint32_t woken = lead().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0); // There was one waiter, and it is gone.
    settle(lead());
    expect_eq(lead().events(event_vector), woken);
}

CASE(sendv, an_accepted_message_leaves_no_waiter, core_loopback, "ARGO-SENDV-032", "ARGO-SENDV-109",
     "ARGO-CALL-005")
{
    // Messages that are accepted or refused for good are nobody's wait:
    // all waiters are still to be had after more of them than that.
    if (!can_run_out_of_waiters())
        not_supported("one domain cannot reach max_waiters: max_rings is too small");
    const uint32_t limit = lead().info().max_waiters;
    auto ring = open_loopback(smallest, 0x1000);
    for (uint32_t i = 0; i <= limit; i++) {
        require_ok(send(lead(), 9, lead(), 0x1000, "x"));
        require_error(send_pattern(lead(), 9, lead(), 0x1000, brimful + 1, 1), ARGO_EMSGSIZE);
        require_error(knock(0x1001), ARGO_ECONNREFUSED);
        ring.drain();
    }
    wait_at_rings(0, limit);
}

CASE(sendv, a_refused_message_leaves_the_ring_alone, core_loopback, "ARGO-SENDV-033", "ARGO-RING-012")
{
    constexpr uint32_t length = 112;
    auto ring = open_loopback(length, 1, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 1, 30, 1));
    require_ok(send_pattern(lead(), 9, lead(), 1, 16, 2));
    uint8_t before[length], after[length];
    ring.read(0, before, length);

    // One byte too long, and much too long.
    expect_error(send_pattern(lead(), 9, lead(), 1, 17, 3), ARGO_EAGAIN);
    expect_error(send_pattern(lead(), 9, lead(), 1, 80, 4), ARGO_EAGAIN);

    ring.read(0, after, length);
    expect_eq(std::memcmp(before, after, length), 0);
    expect_eq(ring.tx(), footprint(30) + footprint(16));
    const auto first = ring.receive(), second = ring.receive();
    require(first && second);
    expect_eq(ring.find_mismatch(*first, 1), 30u);
    expect_eq(ring.find_mismatch(*second, 2), 16u);
}

CASE(sendv, a_refused_message_is_no_event_for_the_receiver, interrupt_vector, "ARGO-SENDV-034",
     "ARGO-EVENT-009")
{
    require_ok(bind(lead(), 1, free_vector));
    const uint32_t none = lead().events(free_vector);
    auto ring = full_ring(lead(), 1, lead());
    require(lead().wait_event(free_vector, none)); // The message that fills it is one ...
    const uint32_t before = lead().events(free_vector);
    expect_error(knock(1), ARGO_EAGAIN);
    settle(lead());
    expect_eq(lead().events(free_vector), before); // ... the one that finds no space is none.
}
