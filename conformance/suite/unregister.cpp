// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// unregister: taking a ring back. Book: spec/unregister.rst.

#include "precedence.hpp"

using namespace argo::suite;

CASE(unregister, a_removed_ring_is_gone, core_loopback, "ARGO-UNREGISTER-001", "ARGO-UNREGISTER-002")
{
    auto ring = open_loopback();
    require_ok(send(lead(), 9, lead(), 1, "last"));

    expect_eq(ring.unregister(), 0);

    expect_error(send(lead(), 9, lead(), 1, "late"), ARGO_ECONNREFUSED); // As if it had never been ...
    expect_eq(ask(lead(), lead(), 1, 0).flags, 0u);
    expect_error(unregister_ring(lead(), {.port = 1, .partner = lead()}), ARGO_ENOENT);
    // ... so that the name is free for another ring.
    auto next = open_ring(lead(), 1, lead(), smallest, ARGO_REGISTER_FAIL_EXIST);
    expect_eq(send(lead(), 9, lead(), 1, "new"), 3);
}

CASE(unregister, pages_stay_as_they_are, core_loopback, "ARGO-UNREGISTER-003")
{
    // Pages full of a pattern, with messages at the start of it, one of them consumed.
    const Pages pages{lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    lead().fill_pattern(pages.base, ARGO_PAGE_SIZE, 5);
    lead().store(pages.base, argo_ring{0, 0, 0, 1, {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}});
    require_ok(register_ring(lead(), {.port = 1, .partner = lead(), .length = one_page, .pages = pages}));
    Ring ring(lead(), 1, lead(), one_page, pages);
    require_ok(send(lead(), 9, lead(), 1, "first"));
    require_ok(send(lead(), 9, lead(), 1, "second"));
    require(ring.receive());
    const auto header = lead().load<argo_ring>(pages.base);
    const uint32_t used = 2 * footprint(6);

    require_eq(ring.unregister(), 0);

    // The header is as it was, and what was not consumed can be read still ...
    const auto after = lead().load<argo_ring>(pages.base);
    expect_eq(after.rx_ptr, header.rx_ptr);
    expect_eq(after.tx_ptr, header.tx_ptr);
    expect_eq(after.wish, 0u);
    expect_eq(after.position, 1u);
    for (uint32_t i = 0; i < 12; i++) expect_eq(after.reserved[i], i + 2);
    const auto left = ring.receive();
    require(left);
    expect(left->is("second"));
    // ... and nobody was here: not now, and not with a message that comes too late.
    expect_error(send_pattern(lead(), 9, lead(), 1, 200, 6), ARGO_ECONNREFUSED);
    const uint64_t from = sizeof(argo_ring) + used;
    expect_eq(lead().find_mismatch(Gpa{pages.base.value + from}, ARGO_PAGE_SIZE - from, 5, from),
              ARGO_PAGE_SIZE - from);
    expect_eq(ring.tx(), header.tx_ptr);
}

CASE(unregister, no_message_comes_afterwards, core_pair, "ARGO-UNREGISTER-002", "ARGO-UNREGISTER-003",
     "ARGO-SENDV-020")
{
    // The ring is taken back while the peer sends to it the longest message that there is. It was accepted,
    // or it was refused; and when the call has returned, nobody writes to these pages any more.
    const uint32_t length = longest_ring(), size = largest_message();
    constexpr uint32_t few = 2;
    const Pages pages = fresh_pages(lead(), length, few);
    const Gpa second{pages.base.value + ARGO_PAGE_SIZE};
    const Repeated bytes(peer(), size);
    SendArguments with;
    with.addresses = {{9, Who(peer()).value, 0}, {7, Who(lead()).value, 0}};
    with.pieces = bytes.pieces;
    for (uint32_t round = 0; round < 8; round++) {
        row("round", round);
        lead().store(pages.base, argo_ring{});
        require_ok(register_ring(
            lead(), {.port = 7, .partner = peer(), .length = length, .flags = binding(1), .pages = pages}));
        Pending theirs = begin_sendv(peer(), with);
        dawdle();
        require_eq(unregister_ring(lead(), {.port = 7, .partner = peer()}), 0);
        const uint32_t tx = lead().load<argo_ring>(pages.base).tx_ptr;
        lead().fill_pattern(second, ARGO_PAGE_SIZE, round);
        const int64_t result = theirs.result();
        if (tx == 0)
            expect_error(result, ARGO_ECONNREFUSED);
        else
            expect_eq(result, size);
        expect_eq(lead().find_mismatch(second, ARGO_PAGE_SIZE, round), ARGO_PAGE_SIZE);
        expect_eq(lead().load<argo_ring>(pages.base).tx_ptr, tx);
    }
}

CASE(unregister, whoever_waits_is_woken, interrupt_vector, "ARGO-UNREGISTER-004")
{
    // There will never be space in this ring, so the waiter has to hear that it waits in vain.
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    expect_eq(ring.unregister(), 0);
    expect(lead().wait_event(event_vector, before));
}

CASE(unregister, a_waiting_domain_is_woken, interrupt_vector, "ARGO-UNREGISTER-004", "ARGO-EVENT-004")
{
    auto ring = full_ring(lead(), 1, peer());
    expect_error(send(peer(), 1, lead(), 1, {}), ARGO_EAGAIN);
    const uint32_t mine = lead().events(event_vector), theirs = peer().events(event_vector);

    expect_eq(ring.unregister(), 0);

    expect(peer().wait_event(event_vector, theirs));
    settle(lead());
    expect_eq(lead().events(event_vector), mine); // The owner is not the one who waited.
}

CASE(unregister, everybody_who_waits_is_woken, wildcard, "ARGO-UNREGISTER-004")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    auto ring = open_ring(lead(), 1, ARGO_DOMID_WILDCARD, smallest, binding(1));
    require_eq(send_pattern(lead(), 9, lead(), 1, brimful, 1), brimful);
    expect_error(send(peer(), 9, lead(), 1, {}), ARGO_EAGAIN);
    expect_error(send(third(), 9, lead(), 1, {}), ARGO_EAGAIN);
    const uint32_t theirs = peer().events(event_vector), thirds = third().events(event_vector);
    expect_eq(ring.unregister(), 0);
    expect(peer().wait_event(event_vector, theirs));
    expect(third().wait_event(event_vector, thirds));
}

CASE(unregister, nobody_else_is_woken, interrupt_vector, "ARGO-UNREGISTER-005", "ARGO-NOTIFY-002")
{
    // Two full rings and a waiter at one of them. The other ring goes: that is no space for anybody.
    auto waited = full_ring(lead(), 1, lead()), other = full_ring(lead(), 2, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    expect_eq(other.unregister(), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), before);
}

CASE(unregister, waiters_at_the_ring_wait_no_longer, core_loopback, "ARGO-UNREGISTER-004", "ARGO-SENDV-110")
{
    // The caller's own waiters are at their limit. With the
    // ring goes the one that waits there, and so another may.
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit);
    expect_error(knock(limit), ARGO_EBUSY);
    expect_eq(unregister_ring(lead(), {.port = 0, .partner = lead()}), 0);
    expect_error(knock(limit), ARGO_EAGAIN);
}

CASE(unregister, only_this_port_is_meant, core_loopback, "ARGO-UNREGISTER-005")
{
    auto ring = open_loopback(smallest, 0x10007);
    for (const uint32_t port : {0x10006u, 0x10008u, 0x7u, 0x20007u, 0x1000700u}) {
        row("port", port);
        expect_error(unregister_ring(lead(), {.port = port, .partner = lead()}), ARGO_ENOENT);
    }
    expect_ok(send(lead(), 1, lead(), 0x10007, {})); // Nobody took this one for another.
    expect_eq(ring.unregister(), 0);
}

CASE(unregister, only_this_partner_is_meant, core_loopback, "ARGO-UNREGISTER-005", "ARGO-UNREGISTER-103")
{
    auto ring = open_loopback(smallest, 7);
    // The wildcard is the partner of other rings, not a
    // pattern that fits every ring; the others are nobody's.
    for (const uint16_t partner : {uint16_t{ARGO_DOMID_WILDCARD}, nobody().value, uint16_t{0xffff},
                                   static_cast<uint16_t>(Who(lead()).value | 0x8000)}) {
        row("partner", partner);
        expect_error(unregister_ring(lead(), {.port = 7, .partner = partner}), ARGO_ENOENT);
    }
    expect_ok(send(lead(), 1, lead(), 7, {}));
}

CASE(unregister, a_wildcard_ring_is_named_as_one, wildcard, "ARGO-UNREGISTER-005", "ARGO-UNREGISTER-103")
{
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest);
    expect_error(unregister_ring(lead(), {.port = 7, .partner = lead()}), ARGO_ENOENT);
    expect_ok(send(lead(), 1, lead(), 7, {}));
    expect_eq(unregister_ring(lead(), {.port = 7, .partner = ARGO_DOMID_WILDCARD}), 0);
    expect_error(send(lead(), 1, lead(), 7, {}), ARGO_ECONNREFUSED);
    ring.forget();
}

CASE(unregister, a_removed_ring_counts_no_more, core_loopback, "ARGO-UNREGISTER-006", "ARGO-REGISTER-009")
{
    // All that there may be, none, and all again.
    const uint32_t limit = lead().info().max_rings;
    open_many(0, limit, false);
    close_many(0, limit);
    const Pages page = open_many(limit, limit, false);
    expect_error(register_ring(lead(), {.port = 0, .partner = lead(), .length = smallest, .pages = page}),
                 ARGO_ENOSPC);
}

CASE(unregister, its_pages_count_no_more, core_loopback, "ARGO-UNREGISTER-006", "ARGO-REGISTER-015")
{
    // More pages than there may be, a ring after the other: a count that only grows reaches its limit.
    const uint32_t length = longest_ring(), limit = lead().info().max_pages;
    if (limit / ring_pages(length) >= lead().info().max_rings)
        not_supported("max_rings is reached before max_pages");
    for (uint32_t pages = 0; pages <= limit; pages += ring_pages(length)) {
        row("pages before", pages);
        const Actor::Frame frame(lead());
        auto ring = open_ring(lead(), 1, lead(), length, 0, 2);
        require_eq(ring.unregister(), 0);
    }
}

CASE(unregister, the_rings_of_others_are_out_of_reach, core_pair, "ARGO-UNREGISTER-007")
{
    // A ring of the peer for the lead, which the lead tries to take from it under each of its names.
    auto ring = open_ring(peer(), 7, lead());
    expect_error(unregister_ring(lead(), {.port = 7, .partner = lead()}), ARGO_ENOENT);
    expect_error(unregister_ring(lead(), {.port = 7, .partner = peer()}), ARGO_ENOENT);

    expect_eq(send(lead(), 1, peer(), 7, "still"), 5);
    const auto message = ring.receive();
    require(message);
    expect(message->is("still"));
}

CASE(unregister, the_structure_lies_at_any_address, core_loopback, "ARGO-CALL-006", "ARGO-UNREGISTER-001")
{
    const Pages page{lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    for (const uint32_t offset : {1u, 4095u, 4096u - 3u, 4096u - 4u, 4096u - 5u, 4096u - 7u}) {
        row("offset in page", offset);
        require_ok(register_ring(lead(),
                                 {.port = 0x01020304, .partner = lead(), .length = smallest, .pages = page}));
        const Gpa structure = lead().alloc(sizeof(argo_unregister), ARGO_PAGE_SIZE, offset);
        lead().store(structure, argo_unregister{0x01020304, Who(lead()).value, 0});
        expect_eq(lead().call(ARGO_OP_UNREGISTER_RING, structure.value), 0);
    }
}

CASE(unregister, the_structure_must_be_in_memory, core_loopback, "ARGO-UNREGISTER-101", "ARGO-CALL-007")
{
    const uint64_t end = lead().bad_gpa();
    for (const uint64_t where : {end, end - 1, end - sizeof(argo_unregister) + 1, UINT64_C(1) << 52,
                                 UINT64_MAX, UINT64_MAX - sizeof(argo_unregister) + 2}) {
        row("address", where);
        expect_error(lead().call(ARGO_OP_UNREGISTER_RING, where), ARGO_EFAULT);
    }
}

CASE(unregister, a_reserved_field_is_zero, core_loopback, "ARGO-UNREGISTER-102", "ARGO-CALL-005")
{
    auto ring = open_loopback(smallest, 7);
    for (const uint16_t reserved : {uint16_t{1}, uint16_t{0x100}, uint16_t{0x8000}}) {
        row("reserved", reserved);
        expect_error(unregister_ring(lead(), {.port = 7, .partner = lead(), .reserved = reserved}),
                     ARGO_EINVAL);
    }
    expect_ok(send(lead(), 1, lead(), 7, {})); // Refused, so the ring is there.
}

CASE(unregister, there_must_be_a_ring, core_loopback, "ARGO-UNREGISTER-103")
{
    expect_error(unregister_ring(lead(), {.port = 7, .partner = lead()}), ARGO_ENOENT);
    // Whether the partner exists is not the question, and not answered.
    expect_error(unregister_ring(lead(), {.port = 7, .partner = nobody()}), ARGO_ENOENT);
    expect_error(unregister_ring(lead(), {.port = 7, .partner = ARGO_DOMID_WILDCARD}), ARGO_ENOENT);
}

namespace {

constexpr Fault<UnregisterArguments> unregister_faults[] = {
    {"ARGO-UNREGISTER-101", "outside", [](UnregisterArguments& u) { u.structure_gpa = lead().bad_gpa(); }},
    {"ARGO-UNREGISTER-102", "the reserved field", [](UnregisterArguments& u) { u.reserved = 1; }},
    {"ARGO-UNREGISTER-103", "another port", [](UnregisterArguments& u) { u.port = 8; }},
    {"ARGO-UNREGISTER-103", "another partner", [](UnregisterArguments& u) { u.partner = nobody(); }},
};
static_assert(covers(unregister_faults, unregister_ring_errors));

} // namespace

CASE(unregister, of_two_errors_the_first_is_told, core_loopback, "ARGO-CALL-004", "ARGO-UNREGISTER-101",
     "ARGO-UNREGISTER-102", "ARGO-UNREGISTER-103")
{
    auto ring = open_loopback(smallest, 7);
    expect_precedence(
        unregister_faults, unregister_ring_errors,
        [] { return UnregisterArguments{.port = 7, .partner = lead()}; },
        [](UnregisterArguments& u) { return unregister_ring(lead(), u); });
    expect_eq(ring.unregister(), 0); // It was there all the time.
}
