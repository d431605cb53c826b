// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// reset: starting over. Book: spec/reset.rst.

#include "stories.hpp"

using namespace argo::suite;

namespace {

int64_t reset(Actor& actor) { return actor.call(ARGO_OP_RESET); }

} // namespace

CASE(reset, every_ring_goes, core_loopback, "ARGO-RESET-001")
{
    auto first = open_loopback(smallest, 1), second = open_loopback(ring_length(2), 2);
    auto third = open_loopback(one_page, 0xffffffff);
    expect_eq(reset(lead()), 0);
    for (const uint32_t port : {1u, 2u, 0xffffffffu}) {
        row("port", port);
        expect_error(send(lead(), 9, lead(), port, {}), ARGO_ECONNREFUSED);
        expect_eq(ask(lead(), lead(), port, 0).flags, 0u);
        expect_error(unregister_ring(lead(), {.port = port, .partner = lead()}), ARGO_ENOENT);
    }
    // Their names are free for rings of any length.
    auto again = open_ring(lead(), 1, lead(), one_page, ARGO_REGISTER_FAIL_EXIST);
    expect_eq(send(lead(), 9, lead(), 1, "new"), 3);
}

CASE(reset, wildcard_rings_go, wildcard, "ARGO-RESET-001")
{
    auto any = open_ring(lead(), 7, ARGO_DOMID_WILDCARD), exact = open_ring(lead(), 7, lead());
    expect_eq(reset(lead()), 0);
    expect_error(send(lead(), 9, lead(), 7, {}), ARGO_ECONNREFUSED);
    expect_error(unregister_ring(lead(), {.port = 7, .partner = ARGO_DOMID_WILDCARD}), ARGO_ENOENT);
    any.forget();
    exact.forget();
}

CASE(reset, rings_for_other_domains_go, core_pair, "ARGO-RESET-001")
{
    auto ring = open_ring(lead(), 7, peer());
    expect_eq(reset(lead()), 0);
    expect_error(send(peer(), 9, lead(), 7, {}), ARGO_ECONNREFUSED);
    ring.forget();
}

CASE(reset, limits_are_whole_again, core_loopback, "ARGO-RESET-001", "ARGO-REGISTER-009")
{
    const uint32_t limit = lead().info().max_rings;
    open_many(0, limit, false);
    expect_eq(reset(lead()), 0);
    const Pages page = open_many(limit, limit, false);
    expect_error(register_ring(lead(), {.port = 0, .partner = lead(), .length = smallest, .pages = page}),
                 ARGO_ENOSPC);
}

CASE(reset, pages_are_whole_again, core_loopback, "ARGO-RESET-001", "ARGO-REGISTER-015")
{
    // More pages than there may be at once, with nothing but resets between them.
    const uint32_t length = longest_ring(), limit = lead().info().max_pages;
    for (uint32_t pages = 0; pages <= limit; pages += ring_pages(length)) {
        row("pages before", pages);
        const Actor::Frame frame(lead());
        auto ring = open_ring(lead(), 1, lead(), length, 0, 2);
        ring.forget();
        require_eq(reset(lead()), 0);
    }
}

CASE(reset, memory_of_rings_is_left_alone, core_loopback, "ARGO-RESET-001", "ARGO-UNREGISTER-003")
{
    // A kernel that was started by another one has its own use for these pages.
    auto ring = open_loopback();
    require_ok(send(lead(), 9, lead(), 1, "old"));
    expect_eq(reset(lead()), 0);
    expect_eq(ring.tx(), footprint(3));
    lead().fill_pattern(ring.base(), ARGO_PAGE_SIZE, 7);
    expect_error(send_pattern(lead(), 9, lead(), 1, 100, 1), ARGO_ECONNREFUSED);
    expect_eq(notify_all(lead()), 0);
    expect_eq(lead().find_mismatch(ring.base(), ARGO_PAGE_SIZE, 7), ARGO_PAGE_SIZE);
}

CASE(reset, bindings_go, interrupt_vector, "ARGO-RESET-002")
{
    needs_bindings(3);
    require_ok(bind(lead(), 1, free_vector));
    expect_eq(reset(lead()), 0);
    // Rings name the same bindings as before, binding 0 by default, and nobody is interrupted.
    auto one = open_loopback(one_page, 1, binding(1)), zero = open_loopback(one_page, 2);
    const uint32_t at_first = lead().events(free_vector), at_zero = lead().events(event_vector);
    require_ok(send(lead(), 9, lead(), 1, {}));
    require_ok(send(lead(), 9, lead(), 2, {}));
    settle(lead());
    expect_eq(lead().events(free_vector), at_first);
    expect_eq(lead().events(event_vector), at_zero);
}

CASE(reset, waiting_at_ones_own_rings_ends, core_loopback, "ARGO-RESET-003", "ARGO-SENDV-110")
{
    // All the waiters that there may be, twice, with a reset between.
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit);
    expect_error(knock(limit), ARGO_EBUSY);
    expect_eq(reset(lead()), 0);
    wait_at_rings(0x2000, limit);
    expect_error(knock(0x2000 + limit), ARGO_EBUSY);
}

CASE(reset, waiting_at_others_rings_ends, interrupt_vector, "ARGO-RESET-003")
{
    // The lead waits for the peer, and starts over: it is not to be told of what it does not know any more.
    auto ring = full_ring(peer(), 1, lead());
    expect_error(send(lead(), 9, peer(), 1, {}), ARGO_EAGAIN);
    require_eq(reset(lead()), 0);
    require_ok(bind(lead(), 0, event_vector));
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    expect_eq(notify_all(peer()), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), before);
}

CASE(reset, a_place_at_a_ring_is_free_again, wildcard, "ARGO-RESET-003", "ARGO-SENDV-110")
{
    // As many domains wait at one ring as may. One of them starts over, and there is a place for another one.
    const uint32_t limit = lead().info().max_ring_waiters;
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    for (uint32_t i = 0; i < limit; i++) {
        row("domain", i);
        require_error(send(crowd(i), 1, lead(), 7, {}), ARGO_EAGAIN);
    }
    expect_error(send(crowd(limit), 1, lead(), 7, {}), ARGO_EBUSY);
    expect_eq(reset(crowd(0)), 0);
    expect_error(send(crowd(limit), 1, lead(), 7, {}), ARGO_EAGAIN);
    expect_error(send(crowd(0), 1, lead(), 7, {}), ARGO_EBUSY); // It had its place, and has it no more.
}

CASE(reset, whoever_waits_is_woken, core_pair, "ARGO-RESET-004")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    auto ring = full_ring(lead(), 1, peer());
    expect_error(send(peer(), 9, lead(), 1, {}), ARGO_EAGAIN);
    const uint32_t before = peer().events(event_vector);
    expect_eq(reset(lead()), 0);
    expect(peer().wait_event(event_vector, before));
    expect_error(send(peer(), 9, lead(), 1, {}), ARGO_ECONNREFUSED);
    ring.forget();
}

CASE(reset, there_need_be_nothing, core_loopback, "ARGO-RESET-005")
{
    expect_eq(reset(lead()), 0);
    expect_eq(reset(lead()), 0);
    auto ring = open_loopback();
    expect_error(send(lead(), 9, lead(), 2, {}), ARGO_ECONNREFUSED);
    expect_eq(reset(lead()), 0);
    expect_eq(reset(lead()), 0);
}

CASE(reset, the_rings_of_others_stay, core_pair, "ARGO-RESET-006")
{
    // The peer has a ring for the lead with a message in it, and one for itself.
    auto ring = open_ring(peer(), 7, lead()), own = open_ring(peer(), 8, peer());
    require_ok(send(lead(), 9, peer(), 7, "before"));
    expect_eq(reset(lead()), 0);
    expect_eq(send(lead(), 9, peer(), 7, "after"), 5);
    expect_eq(send(peer(), 9, peer(), 8, "own"), 3);
    const auto first = ring.receive(), second = ring.receive(), third = own.receive();
    require(first && second && third);
    expect(first->is("before"));
    expect(second->is("after"));
    expect(third->is("own"));
}

CASE(reset, no_message_comes_afterwards, core_pair, "ARGO-RESET-001", "ARGO-SENDV-020")
{
    // The peer starts over while the third sends to it: afterwards the peer's memory is its own.
    constexpr uint32_t length = ring_length(16), size = 50'000;
    const Pages pages = fresh_pages(peer(), length);
    const Gpa data{pages.base.value + sizeof(argo_ring)};
    for (uint32_t round = 0; round < 8; round++) {
        row("round", round);
        peer().store(pages.base, argo_ring{});
        require_ok(register_ring(peer(), {.port = 7, .partner = third(), .length = length, .pages = pages}));
        Pending theirs = begin_send_pattern(third(), 9, peer(), 7, size, round);
        require_eq(reset(peer()), 0);
        const uint32_t tx = peer().load<argo_ring>(pages.base).tx_ptr;
        peer().fill_pattern(data, length, round);
        const int64_t result = theirs.result();
        if (tx == 0)
            expect_error(result, ARGO_ECONNREFUSED);
        else
            expect_eq(result, size);
        expect_eq(peer().find_mismatch(data, length, round), length);
        expect_eq(peer().load<argo_ring>(pages.base).tx_ptr, tx);
    }
}

CASE(reset, the_waiters_of_others_stay, interrupt_vector, "ARGO-RESET-006", "ARGO-RESET-003")
{
    // The peer waits at a ring of its own; the lead starting over is nothing to it.
    auto ring = full_ring(peer(), 1, peer());
    expect_error(send(peer(), 1, peer(), 1, {}), ARGO_EAGAIN);
    const uint32_t before = peer().events(event_vector);
    expect_eq(reset(lead()), 0);
    settle(peer());
    expect_eq(peer().events(event_vector), before);
    ring.drain();
    expect_eq(notify_all(peer()), 0);
    expect(peer().wait_event(event_vector, before));
}

CASE(reset, a_refused_reset_drops_nothing, core_loopback, "ARGO-CALL-107", "ARGO-CALL-005", "ARGO-RESET-005")
{
    auto ring = open_loopback();
    expect_error(lead().call(ARGO_OP_RESET, 1), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_RESET, 0, 0, 0, UINT64_C(1) << 63), ARGO_EINVAL);
    expect_eq(send(lead(), 9, lead(), 1, "still"), 5);
    expect_eq(ring.unread(), footprint(5));
}
