// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// sendv: its errors, each alone and then against its neighbours. Book: spec/sendv.rst.

#include "precedence.hpp"
#include "sendv.hpp"

using namespace argo::suite;

CASE(sendv, too_many_pieces, core_loopback, "ARGO-SENDV-101")
{
    // All of them empty, so that nothing is wrong but their
    // number; and numbers of which a part alone would be right.
    auto ring = open_loopback();
    const uint32_t limit = lead().info().max_iov;
    auto with = message_to(1, {});
    with.pieces_gpa = lead().alloc((limit + 1) * sizeof(argo_iov)).value;
    for (const uint64_t count : {uint64_t{limit} + 1, UINT64_C(1) << 16, UINT64_C(1) << 32,
                                 UINT64_C(1) << 32 | 1, UINT64_C(1) << 60, UINT64_C(1) << 63, UINT64_MAX}) {
        row("count", count);
        if (count <= limit) continue;
        with.count = count;
        expect_error(sendv(lead(), with), ARGO_EINVAL);
    }
    with.count = limit;
    expect_eq(sendv(lead(), with), 0);
    expect_eq(ring.tx(), footprint(0));
}

CASE(sendv, a_type_of_more_than_32_bits, core_loopback, "ARGO-SENDV-101")
{
    auto ring = open_loopback();
    auto with = message_to(1, {});
    for (const uint64_t type : {UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX}) {
        row("type", type);
        with.type = type;
        expect_error(sendv(lead(), with), ARGO_EINVAL);
    }
    expect_eq(ring.unread(), 0u);
}

CASE(sendv, the_addresses_must_be_in_memory, core_loopback, "ARGO-SENDV-102", "ARGO-CALL-007")
{
    auto with = message_to(1, {});
    const uint64_t end = lead().bad_gpa();
    for (const uint64_t where : {end, end - 1, end - sizeof(argo_send_addr) + 1, UINT64_C(1) << 52,
                                 UINT64_MAX, UINT64_MAX - sizeof(argo_send_addr) + 2}) {
        row("address", where);
        with.addresses_gpa = where;
        expect_error(sendv(lead(), with), ARGO_EFAULT);
    }
}

CASE(sendv, the_descriptions_must_be_in_memory, core_loopback, "ARGO-SENDV-102", "ARGO-CALL-007")
{
    auto ring = open_loopback();
    auto with = message_to(1, {});
    with.count = 2;
    const uint64_t end = lead().bad_gpa();
    for (const uint64_t where : {end, end - 1, end - sizeof(argo_iov), end - 2 * sizeof(argo_iov) + 1,
                                 UINT64_C(1) << 52, UINT64_MAX - 15, UINT64_MAX - 31}) {
        row("address", where);
        with.pieces_gpa = where;
        expect_error(sendv(lead(), with), ARGO_EFAULT);
    }
    expect_eq(ring.unread(), 0u);
}

CASE(sendv, reserved_fields_are_zero, core_loopback, "ARGO-SENDV-103")
{
    auto ring = open_loopback();
    for (const uint16_t reserved : {uint16_t{1}, uint16_t{0x100}, uint16_t{0x8000}}) {
        row("reserved", reserved);
        auto with = message_to(1, {});
        with.addresses.src.reserved = reserved;
        expect_error(sendv(lead(), with), ARGO_EINVAL);
        with.addresses.src.reserved = 0;
        with.addresses.dst.reserved = reserved;
        expect_error(sendv(lead(), with), ARGO_EINVAL);
    }
    expect_eq(ring.unread(), 0u);
}

CASE(sendv, flags_of_pieces_are_known_ones, core_loopback, "ARGO-SENDV-103")
{
    auto ring = open_loopback();
    const bool list = lead().has(ARGO_FEATURE_LIST);
    for (uint32_t bit = 0; bit < 32; bit++) {
        const uint32_t flag = UINT32_C(1) << bit;
        if (list && (flag & (ARGO_IOV_LIST | ARGO_IOV_OFFSET_MASK)) != 0) continue;
        row("bit", bit);
        // On the only piece, on the last of two, and on an empty one, which is skipped for all but this.
        argo_iov pieces[] = {piece_of(1, 0, 8), piece_of(1, 8, 8)};
        pieces[0].flags = flag;
        expect_error(sendv(lead(), message_to(1, {pieces, 1})), ARGO_EINVAL);
        pieces[0].flags = 0;
        pieces[1].flags = flag;
        expect_error(sendv(lead(), message_to(1, pieces)), ARGO_EINVAL);
        pieces[1].length = 0;
        expect_error(sendv(lead(), message_to(1, pieces)), ARGO_EINVAL);
    }
    expect_eq(ring.unread(), 0u);
}

CASE(sendv, pieces_that_exceed_max_message, core_loopback, "ARGO-SENDV-104", "ARGO-CALL-004")
{
    const uint32_t limit = lead().info().max_message, most = lead().info().max_iov;
    const uint64_t bad = lead().bad_gpa();

    // One piece that is too long; two that are so together only, and of which 32 bits of a sum keep nothing.
    // That they are no memory either is a later error.
    const argo_iov one[] = {{bad, limit + 1, 0}};
    expect_error(sendv(lead(), message_to(1, one)), ARGO_EMSGSIZE);
    const argo_iov huge[] = {{bad, UINT32_MAX, 0}};
    expect_error(sendv(lead(), message_to(1, huge)), ARGO_EMSGSIZE);
    const argo_iov two[] = {{bad, limit, 0}, {bad, 1, 0}};
    expect_error(sendv(lead(), message_to(1, two)), ARGO_EMSGSIZE);
    const argo_iov wrapping[] = {{bad, 0x80000000, 0}, {bad, 0x80000000, 0}};
    expect_error(sendv(lead(), message_to(1, wrapping)), ARGO_EMSGSIZE);
    const argo_iov around[] = {{bad, 0xfffffff0, 0}, {bad, 0x20, 0}};
    expect_error(sendv(lead(), message_to(1, around)), ARGO_EMSGSIZE);

    // As many as there may be, each as long as can be.
    const Gpa list = lead().alloc(most * sizeof(argo_iov));
    for (uint32_t i = 0; i < most; i++)
        lead().store(Gpa{list.value + i * sizeof(argo_iov)}, argo_iov{bad, UINT32_MAX, 0});
    auto with = message_to(1, {});
    with.pieces_gpa = list.value;
    with.count = most;
    expect_error(sendv(lead(), with), ARGO_EMSGSIZE);
}

CASE(sendv, pieces_of_just_max_message, core_loopback, "ARGO-SENDV-104", "ARGO-SENDV-108")
{
    // At the limit the length is no error any more, so the next one shows: nobody listens. One byte more ...
    Repeated bytes(lead(), lead().info().max_message);
    expect_error(sendv(lead(), message_to(1, bytes.pieces)), ARGO_ECONNREFUSED);
    bytes.pieces[0].length++;
    expect_error(sendv(lead(), message_to(1, bytes.pieces)), ARGO_EMSGSIZE);
}

CASE(sendv, pieces_must_be_in_memory, core_loopback, "ARGO-SENDV-105", "ARGO-CALL-007", "ARGO-CALL-005")
{
    auto ring = open_patterned(1, one_page, 8);
    const uint64_t end = lead().bad_gpa();
    for (const uint64_t where : {end, end - 1, end - 63, UINT64_C(1) << 52, UINT64_MAX - 62, UINT64_MAX}) {
        row("address", where);
        const argo_iov piece[] = {{where, 64, 0}};
        expect_error(sendv(lead(), message_to(1, piece)), ARGO_EFAULT);
    }
    expect_eq(ring.tx(), 0u);
    expect_untouched(ring, 8);
}

CASE(sendv, a_bad_piece_leaves_no_hole, core_loopback, "ARGO-SENDV-105", "ARGO-CALL-005", "ARGO-SENDV-033")
{
    // Good pieces before it are not copied either: there is no byte of this message in the ring, and the next
    // one begins where this one would have.
    auto ring = open_patterned(1, one_page, 8);
    const uint64_t end = lead().bad_gpa();
    const argo_iov last[] = {piece_of(1, 0, 32), piece_of(1, 32, 32), {end - 1, 2, 0}};
    expect_error(sendv(lead(), message_to(1, last)), ARGO_EFAULT);
    const argo_iov middle[] = {piece_of(1, 0, 32), {end, 1, 0}, piece_of(1, 32, 32)};
    expect_error(sendv(lead(), message_to(1, middle)), ARGO_EFAULT);
    expect_untouched(ring, 8);

    expect_eq(send(lead(), 9, lead(), 1, "good"), 4);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->position, 0u);
    expect(message->is("good"));
}

CASE(sendv, the_source_is_not_forged, core_pair, "ARGO-SENDV-106")
{
    // In the name of the peer, to a ring that takes messages from the peer only.
    auto ring = open_ring(lead(), 7, peer());
    SendArguments with;
    with.addresses = {{1, Who(peer()).value, 0}, {7, Who(lead()).value, 0}};
    expect_error(sendv(lead(), with), ARGO_EPERM);
    expect_eq(ring.unread(), 0u);
}

CASE(sendv, nobody_is_forged_to_a_ring_for_all, wildcard, "ARGO-SENDV-106", "ARGO-SENDV-014")
{
    // A ring that takes messages from anybody relies on the header alone to know whose they are.
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    SendArguments with;
    with.addresses.dst = {7, Who(lead()).value, 0};
    for (const uint16_t forged : {Who(lead()).value, Who(third()).value, nobody().value, uint16_t{0xffff}}) {
        row("domid", forged);
        with.addresses.src = {1, forged, 0};
        expect_error(sendv(peer(), with), ARGO_EPERM);
    }
    expect_eq(ring.unread(), 0u);
    with.addresses.src = {1, ARGO_DOMID_WILDCARD, 0}; // Who says nothing is named by the hypervisor.
    expect_eq(sendv(peer(), with), 0);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->source.domid, peer().domid());
}

CASE(sendv, the_source_is_not_somebody_absent, core_loopback, "ARGO-SENDV-106")
{
    auto ring = open_loopback();
    auto with = message_to(1, {});
    with.addresses.src.domid = nobody().value;
    expect_error(sendv(lead(), with), ARGO_EPERM);
    expect_eq(ring.unread(), 0u);
}

CASE(sendv, the_destination_is_a_domain, core_loopback, "ARGO-SENDV-107")
{
    expect_error(send(lead(), 9, nobody(), 1, "x"), ARGO_EACCES);
}

CASE(sendv, nobody_listens, core_loopback, "ARGO-SENDV-108")
{
    expect_error(send(lead(), 9, lead(), 10, "hello"), ARGO_ECONNREFUSED);
    auto ring = open_loopback(smallest, 11); // Somebody does, but not there.
    expect_error(send(lead(), 9, lead(), 10, "hello"), ARGO_ECONNREFUSED);
    expect_eq(send(lead(), 9, lead(), 11, "hello"), 5);
}

CASE(sendv, what_can_never_fit_is_told_so, core_loopback, "ARGO-SENDV-109")
{
    // Whether the ring is empty or full makes no difference, and nobody waits for what never comes.
    auto ring = open_loopback(smallest, 1, binding(1));
    for (uint32_t full = 0; full < 2; full++) {
        // From the first byte too many, over what fits if no slot is left
        // free or no header is counted, to what is longer than all data.
        for (const uint32_t size : {brimful + 1, brimful + 15, brimful + 16, brimful + 17, smallest, 1000u}) {
            row("full", full, "size", size);
            expect_error(send_pattern(lead(), 9, lead(), 1, size, 1), ARGO_EMSGSIZE);
        }
        if (full == 0) expect_eq(send_pattern(lead(), 9, lead(), 1, brimful, 1), brimful);
    }
}

CASE(sendv, at_most_max_waiters, core_loopback, "ARGO-SENDV-110", "ARGO-SENDV-111", "ARGO-CALL-004")
{
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit - 1);                 // Below the limit ...
    expect_error(knock(limit - 1), ARGO_EAGAIN); // ... at it ...
    auto ring = full_ring(lead(), 0x1000, lead());
    expect_error(knock(0x1000), ARGO_EBUSY); // ... above it ...
    expect_error(knock(0x1000), ARGO_EBUSY); // ... as often as one likes.
    expect_error(knock(0), ARGO_EAGAIN);     // Who waits already needs no other place.
    // This comes before both.
    expect_error(send_pattern(lead(), 9, lead(), 0x1000, brimful + 1, 1), ARGO_EMSGSIZE);
}

CASE(sendv, who_is_busy_is_not_woken, interrupt_vector, "ARGO-SENDV-110")
{
    wait_at_rings(0, lead().info().max_waiters);
    auto ring = full_ring(lead(), 0x1000, lead());
    expect_error(knock(0x1000), ARGO_EBUSY);
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0); // There is space in this ring, and in no other: no wake-up is owed.
    settle(lead());
    expect_eq(lead().events(event_vector), before);
}

CASE(sendv, at_most_max_ring_waiters, wildcard, "ARGO-SENDV-110", "ARGO-SENDV-111", "ARGO-NOTIFY-019")
{
    // One ring, and more domains that want to send than may wait for it.
    const uint32_t limit = lead().info().max_ring_waiters;
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, smallest);
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    for (uint32_t i = 0; i < limit; i++) {
        row("domain", i);
        require_error(send(crowd(i), 1, lead(), 7, {}), ARGO_EAGAIN);
    }
    expect_error(send(crowd(limit), 1, lead(), 7, {}), ARGO_EBUSY);
    expect_eq(ask(crowd(limit), lead(), 7, 0).flags,
              ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SHARED | ARGO_NOTIFY_EBUSY);
    expect_error(send(crowd(0), 1, lead(), 7, {}), ARGO_EAGAIN); // Has its place already.
    ring.drain();
    expect_eq(ring.notify(), 0); // All are woken; now there is a place for the last one, too.
    require_ok(send_pattern(lead(), 9, lead(), 7, brimful, 1));
    expect_error(send(crowd(limit), 1, lead(), 7, {}), ARGO_EAGAIN);
}

CASE(sendv, a_wake_up_is_owed, interrupt_vector, "ARGO-SENDV-111", "ARGO-NOTIFY-001")
{
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before));
    expect_eq(knock(1), 0); // What was promised is there.
}

namespace {

/// A message that is refused for want of space alone, or for nothing if its port is that of an empty ring;
/// and everything that can be wrong with it.
struct Sent
{
    SendArguments with;
    argo_iov piece;

    /// Ports of the lead: an empty ring; a full one at which it waits; a full one at which it may not; none.
    static constexpr uint32_t empty = 0x1000, waited = 0, busy = 0x1001, nobodys = 0x1002;
};

constexpr Fault<Sent> sendv_faults[] = {
    {"ARGO-SENDV-101", "too many pieces",
     [](Sent& s) { s.with.count = lead().info().max_iov + UINT64_C(1); }},
    {"ARGO-SENDV-101", "a type of 33 bits", [](Sent& s) { s.with.type = UINT64_C(1) << 32; }},
    {"ARGO-SENDV-102", "addresses outside", [](Sent& s) { s.with.addresses_gpa = lead().bad_gpa(); }},
    {"ARGO-SENDV-102", "descriptions outside", [](Sent& s) { s.with.pieces_gpa = lead().bad_gpa(); }},
    {"ARGO-SENDV-103", "source reserved", [](Sent& s) { s.with.addresses.src.reserved = 1; }},
    {"ARGO-SENDV-103", "destination reserved", [](Sent& s) { s.with.addresses.dst.reserved = 1; }},
    {"ARGO-SENDV-103", "an unknown flag", [](Sent& s) { s.piece.flags = 1 << 19; }},
    {"ARGO-SENDV-104", "more than max_message",
     [](Sent& s) { s.piece.length = lead().info().max_message + 1; }},
    {"ARGO-SENDV-105", "a piece outside", [](Sent& s) { s.piece.base = lead().bad_gpa(); }},
    {"ARGO-SENDV-106", "a forged source", [](Sent& s) { s.with.addresses.src.domid = nobody().value; }},
    {"ARGO-SENDV-107", "no such domain", [](Sent& s) { s.with.addresses.dst.domid = nobody().value; }},
    {"ARGO-SENDV-108", "no such ring", [](Sent& s) { s.with.addresses.dst.port = Sent::nobodys; }},
    {"ARGO-SENDV-109", "more than the ring takes", [](Sent& s) { s.piece.length = brimful + 1; }},
    {"ARGO-SENDV-110", "full, and no waiter more", [](Sent& s) { s.with.addresses.dst.port = Sent::busy; }},
    {"ARGO-SENDV-111", "full", [](Sent& s) { s.with.addresses.dst.port = Sent::waited; }},
};
static_assert(covers(sendv_faults, sendv_errors));

} // namespace

CASE(sendv, of_two_errors_the_first_is_told, core_loopback, "ARGO-CALL-004", "ARGO-SENDV-101",
     "ARGO-SENDV-102", "ARGO-SENDV-103", "ARGO-SENDV-104", "ARGO-SENDV-105", "ARGO-SENDV-106",
     "ARGO-SENDV-107", "ARGO-SENDV-108", "ARGO-SENDV-109", "ARGO-SENDV-110", "ARGO-SENDV-111")
{
    auto busy = full_ring(lead(), Sent::busy, lead());
    auto empty = open_loopback(smallest, Sent::empty, binding(1));
    wait_at_rings(Sent::waited, lead().info().max_waiters);
    const argo_iov good = piece_of(1, 0, brimful);
    const auto make = [&] { return Sent{message_to(Sent::empty, {}), good}; };
    const auto call = [](Sent& s) {
        s.with.pieces = {&s.piece, 1};
        return sendv(lead(), s.with);
    };
    expect_precedence(sendv_faults, sendv_errors, make, call);
    Sent right = make();
    expect_eq(call(right), brimful); // None of them has done anything.
    expect_eq(empty.unread(), footprint(brimful));
    expect_eq(busy.unread(), footprint(brimful));
}

CASE(sendv, errors_come_in_their_order, core_loopback, "ARGO-CALL-004", "ARGO-SENDV-101", "ARGO-SENDV-102",
     "ARGO-SENDV-103", "ARGO-SENDV-104", "ARGO-SENDV-105", "ARGO-SENDV-106", "ARGO-SENDV-107",
     "ARGO-SENDV-108", "ARGO-SENDV-109", "ARGO-SENDV-110", "ARGO-SENDV-111")
{
    // A message with everything wrong, for a ring that is full, by a sender who may wait no more. Step by
    // step one thing is put right, and the next error shows.
    const argo_info& info = lead().info();
    if (can_run_out_of_waiters()) wait_at_rings(0, info.max_waiters);
    auto ring = full_ring(lead(), 0x1000, lead());

    argo_iov piece[] = {{lead().bad_gpa(), info.max_message + 1, 2}};
    auto with = message_to(0x1001, piece);
    with.addresses.src = {9, nobody().value, 0};
    with.addresses.dst = {0x1001, nobody().value, 1};
    with.type = UINT64_C(1) << 32;
    with.count = info.max_iov + UINT64_C(1);
    with.addresses_gpa = lead().bad_gpa();
    with.pieces_gpa = lead().bad_gpa();

    expect_error(sendv(lead(), with), ARGO_EINVAL); // The number of pieces ...
    with.count = 1;
    expect_error(sendv(lead(), with), ARGO_EINVAL); // ... the type ...
    with.type = 0;
    expect_error(sendv(lead(), with), ARGO_EFAULT); // ... where the addresses are ...
    with.addresses_gpa = {};
    expect_error(sendv(lead(), with), ARGO_EFAULT); // ... where the pieces are described ...
    with.pieces_gpa = {};
    expect_error(sendv(lead(), with), ARGO_EINVAL); // ... the reserved field ...
    with.addresses.dst.reserved = 0;
    expect_error(sendv(lead(), with), ARGO_EINVAL); // ... the flags ...
    piece[0].flags = 0;
    expect_error(sendv(lead(), with), ARGO_EMSGSIZE); // ... too long for any ring ...
    piece[0].length = brimful + 1;
    expect_error(sendv(lead(), with), ARGO_EFAULT); // ... where the piece is ...
    piece[0].base = piece_of(1, 0, brimful + 1).base;
    expect_error(sendv(lead(), with), ARGO_EPERM); // ... who it is not ...
    with.addresses.src.domid = Who(lead()).value;
    expect_error(sendv(lead(), with), ARGO_EACCES); // ... who is nobody ...
    with.addresses.dst.domid = Who(lead()).value;
    expect_error(sendv(lead(), with), ARGO_ECONNREFUSED); // ... where nobody listens ...
    with.addresses.dst.port = 0x1000;
    expect_error(sendv(lead(), with), ARGO_EMSGSIZE); // ... too long for this ring ...
    piece[0].length = brimful;
    if (can_run_out_of_waiters()) {
        expect_error(sendv(lead(), with), ARGO_EBUSY); // ... no place to wait ...
        require_ok(unregister_ring(lead(), {.port = 0, .partner = lead()}));
    }
    expect_error(sendv(lead(), with), ARGO_EAGAIN); // ... no space ...
    ring.drain();
    expect_eq(sendv(lead(), with), brimful); // ... and nothing is wrong any more.
}
