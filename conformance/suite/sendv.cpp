// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// sendv: the message path, from pieces in one domain to a ring in another. Book: spec/sendv.rst.

#include <cstring>

#include "stories.hpp"

using namespace argo::suite;

namespace {

/// From the lead's port 9 to a port of the lead.
argo_send_addr to_self(uint32_t port)
{
    const uint16_t self = Who(lead()).value;
    return {{9, self, 0}, {port, self, 0}};
}

SendArguments message_to(uint32_t port, std::span<const argo_iov> pieces)
{
    SendArguments with;
    with.addresses = to_self(port);
    with.pieces = pieces;
    return with;
}

/// A piece of the lead's memory with a part of a pattern.
argo_iov piece_of(uint64_t seed, uint32_t first, uint32_t length, size_t align = 16, size_t offset = 0)
{
    const Gpa where = lead().alloc(length, align, offset);
    lead().fill_pattern(where, length, seed, first);
    return {where.value, length, 0};
}

/// A ring of the lead for itself whose data are a pattern, so that every byte written to it shows.
Ring open_patterned(uint32_t port, uint32_t length, uint64_t seed)
{
    Ring ring = open_ring(lead(), port, lead(), length, binding(1));
    lead().fill_pattern(ring.at(0), length, seed);
    return ring;
}
void expect_untouched(const Ring& ring, uint64_t seed)
{
    expect_eq(lead().find_mismatch(ring.at(0), ring.length(), seed), ring.length());
}

} // namespace

// Which ring.

CASE(sendv, the_ring_for_the_sender_comes_first, wildcard, "ARGO-SENDV-001")
{
    // Both orders of registration, since neither age nor place in a table decides.
    auto any = open_ring(lead(), 7, ARGO_DOMID_WILDCARD), exact = open_ring(lead(), 7, lead());
    expect_eq(send(lead(), 9, lead(), 7, "x"), 1);
    expect_eq(exact.unread(), footprint(1));
    expect_eq(any.unread(), 0u);

    auto exact8 = open_ring(lead(), 8, lead()), any8 = open_ring(lead(), 8, ARGO_DOMID_WILDCARD);
    expect_eq(send(lead(), 9, lead(), 8, "x"), 1);
    expect_eq(exact8.unread(), footprint(1));
    expect_eq(any8.unread(), 0u);
}

CASE(sendv, others_get_the_wildcard_ring, wildcard, "ARGO-SENDV-001", "ARGO-SENDV-003")
{
    auto exact = open_ring(lead(), 7, lead()), any = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    expect_eq(send(peer(), 9, lead(), 7, "x"), 1);
    expect_eq(exact.unread(), 0u);
    expect_eq(any.unread(), footprint(1));
}

CASE(sendv, a_full_ring_is_not_made_good_by_another, wildcard, "ARGO-SENDV-002")
{
    auto any = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    auto exact = full_ring(lead(), 7, lead());
    expect_error(knock(7), ARGO_EAGAIN);
    expect_eq(any.unread(), 0u);
}

CASE(sendv, a_small_ring_is_not_made_good_by_another, wildcard, "ARGO-SENDV-002", "ARGO-SENDV-109")
{
    auto any = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    auto exact = open_ring(lead(), 7, lead(), smallest);
    expect_error(send_pattern(lead(), 9, lead(), 7, brimful + 1, 1), ARGO_EMSGSIZE);
    expect_eq(any.unread(), 0u);
}

CASE(sendv, a_ring_for_another_takes_nothing, core_pair, "ARGO-SENDV-003", "ARGO-SENDV-108")
{
    auto theirs = open_ring(lead(), 7, peer()), mine = open_ring(lead(), 8, lead());
    expect_error(send(lead(), 9, lead(), 7, "x"), ARGO_ECONNREFUSED);
    expect_error(send(peer(), 9, lead(), 8, "x"), ARGO_ECONNREFUSED);
    expect_eq(theirs.unread(), 0u);
    expect_eq(mine.unread(), 0u);
    // Each does take what is meant for it.
    expect_eq(send(peer(), 9, lead(), 7, "x"), 1);
    expect_eq(send(lead(), 9, lead(), 8, "x"), 1);
}

CASE(sendv, the_wildcard_as_source_is_the_caller, core_loopback, "ARGO-SENDV-004", "ARGO-SENDV-014")
{
    auto ring = open_loopback();
    auto with = message_to(1, {});
    with.addresses.src.domid = ARGO_DOMID_WILDCARD;
    expect_eq(sendv(lead(), with), 0);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->source.domid, lead().domid()); // The receiver never sees the wildcard ...
    expect_eq(message->source.port, 9u);              // ... and the port is as given.
}

CASE(sendv, a_source_port_needs_no_ring, core_loopback, "ARGO-SENDV-005")
{
    if (lead().has(ARGO_FEATURE_PORT_POLICY)) not_supported("feature PORT_POLICY is offered");
    auto ring = open_loopback(one_page, 1);
    // No ring at all, and the destination's own port.
    for (const uint32_t port : {0u, 1u, 2u, 0xffffffffu}) {
        row("source port", port);
        expect_eq(send(lead(), port, lead(), 1, "x"), 1);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->source.port, port);
    }
}

// The message.

CASE(sendv, pieces_follow_each_other_without_gaps, core_loopback, "ARGO-SENDV-010", "ARGO-SENDV-011")
{
    // Lengths around a slot, pieces over the ends of pages,
    // later pieces at lower addresses: together one pattern.
    constexpr uint32_t lengths[] = {1, 2, 3, 5, 15, 16, 17, 31, 300, 1, 64, 7};
    constexpr size_t count = std::size(lengths);
    uint32_t first[count + 1] = {};
    for (size_t i = 0; i < count; i++) first[i + 1] = first[i] + lengths[i];
    argo_iov pieces[count];
    for (size_t i = count; i-- > 0;) pieces[i] = piece_of(5, first[i], lengths[i], ARGO_PAGE_SIZE, 4096 - i);

    auto ring = open_loopback();
    expect_eq(sendv(lead(), message_to(1, pieces)), first[count]);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->size(), first[count]);
    expect_eq(ring.find_mismatch(*message, 5), first[count]);
}

CASE(sendv, the_result_is_the_payload, core_loopback, "ARGO-SENDV-011", "ARGO-SENDV-016")
{
    auto ring = open_loopback();
    for (const uint32_t size : {0u, 1u, 15u, 16u, 17u, 255u, 1000u, one_page - ARGO_RING_OVERHEAD}) {
        row("size", size);
        // Neither header nor padding count here ...
        expect_eq(send_pattern(lead(), 9, lead(), 1, size, size), size);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->length, size + sizeof(argo_message)); // ... the header, but no padding, there.
        expect_eq(ring.find_mismatch(*message, size), size);
    }
}

CASE(sendv, a_message_of_no_pieces_is_a_bare_header, core_loopback, "ARGO-SENDV-012", "ARGO-SENDV-016")
{
    auto ring = open_loopback();
    auto with = message_to(1, {});
    with.type = 77;
    with.pieces_gpa = lead().bad_gpa(); // Of none there is nothing to look at.
    expect_eq(sendv(lead(), with), 0);

    const auto message = ring.receive();
    require(message);
    expect_eq(message->length, sizeof(argo_message));
    expect_eq(message->type, 77u);
    expect_eq(message->source.domid, lead().domid());
    expect_eq(ring.tx(), footprint(0));
}

CASE(sendv, a_message_of_empty_pieces_is_a_bare_header, core_loopback, "ARGO-SENDV-012", "ARGO-SENDV-013")
{
    auto ring = open_loopback();
    const argo_iov pieces[3] = {{lead().bad_gpa(), 0, 0}, {0, 0, 0}, {UINT64_MAX, 0, 0}};
    expect_eq(sendv(lead(), message_to(1, pieces)), 0);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->length, sizeof(argo_message));
}

CASE(sendv, empty_pieces_are_skipped, core_loopback, "ARGO-SENDV-013", "ARGO-SENDV-010")
{
    // First, in the midst, and last; each with a base that must not be looked at.
    const argo_iov pieces[] = {{lead().bad_gpa(), 0, 0}, piece_of(3, 0, 10), {UINT64_MAX, 0, 0},
                               {lead().bad_gpa(), 0, 0}, piece_of(3, 10, 9), {UINT64_C(1) << 63, 0, 0}};
    auto ring = open_loopback();
    expect_eq(sendv(lead(), message_to(1, pieces)), 19);
    const auto message = ring.receive();
    require(message);
    expect_eq(ring.find_mismatch(*message, 3), 19u);
}

CASE(sendv, the_header_says_whose_it_is, core_loopback, "ARGO-SENDV-014", "ARGO-SENDV-016")
{
    // The ring is full of ones, so a field that is not written cannot look like zero.
    auto ring = open_loopback();
    uint8_t ones[64];
    std::memset(ones, 0xff, sizeof ones);
    ring.write(0, ones, sizeof ones);

    expect_eq(send(lead(), 0xa1b2c3d4, lead(), 1, "seventeen bytes!!"), 17);
    argo_message header;
    ring.read(0, &header, sizeof header);
    expect_eq(header.length, sizeof(argo_message) + 17u);
    expect_eq(header.source.port, 0xa1b2c3d4u);
    expect_eq(header.source.domid, lead().domid());
    expect_eq(header.source.reserved, 0u);
}

CASE(sendv, the_header_says_which_domain_it_was, core_pair, "ARGO-SENDV-014")
{
    auto from_peer = open_ring(lead(), 7, peer()), to_peer = open_ring(peer(), 7, lead());
    expect_ok(send(peer(), 1, lead(), 7, {}));
    expect_ok(send(lead(), 2, peer(), 7, {}));
    const auto theirs = from_peer.receive(), mine = to_peer.receive();
    require(theirs && mine);
    expect_eq(theirs->source.domid, peer().domid());
    expect_eq(theirs->source.port, 1u);
    expect_eq(mine->source.domid, lead().domid());
    expect_eq(mine->source.port, 2u);
}

CASE(sendv, the_type_is_opaque, core_loopback, "ARGO-SENDV-015")
{
    auto ring = open_loopback();
    for (const uint32_t type : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xa5c3f00du, 0xffffffffu}) {
        row("type", type);
        expect_eq(send(lead(), 9, lead(), 1, {}, type), 0);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->type, type);
    }
}

CASE(sendv, max_iov_pieces_are_accepted, core_loopback, "ARGO-SENDV-017", "ARGO-SENDV-010")
{
    // A byte each. They overlap nowhere and touch everywhere, so one missed or taken twice is a mismatch.
    const uint32_t count = lead().info().max_iov;
    const Gpa list = lead().alloc(count * sizeof(argo_iov));
    const argo_iov bytes = piece_of(11, 0, count);
    for (uint32_t i = 0; i < count; i++)
        lead().store(Gpa{list.value + i * sizeof(argo_iov)}, argo_iov{bytes.base + i, 1, 0});
    auto with = message_to(1, {});
    with.pieces_gpa = list.value;
    with.count = count;

    auto ring = open_ring(lead(), 1, lead(), ring_length(ring_pages(slots_up(count) + 64)));
    expect_eq(sendv(lead(), with), count);
    const auto message = ring.receive();
    require(message);
    expect_eq(ring.find_mismatch(*message, 11), count);
}

CASE(sendv, pieces_may_overlap, core_loopback, "ARGO-SENDV-018", "ARGO-SENDV-010")
{
    const Gpa text = lead().alloc(16);
    lead().write(text, "abcdefgh", 8);
    const argo_iov pieces[] = {
        {text.value, 4, 0}, {text.value + 2, 4, 0}, {text.value, 4, 0}, {text.value, 8, 0}};
    auto ring = open_loopback();
    expect_eq(sendv(lead(), message_to(1, pieces)), 20);
    const auto message = ring.receive();
    require(message);
    expect(message->is("abcdcdefabcdabcdefgh"));
}

CASE(sendv, messages_stand_in_the_order_of_the_calls, core_pair, "ARGO-SENDV-019")
{
    // Sizes that make the ring wrap; the type counts. The receiver looks while the sender goes on.
    auto ring = open_ring(lead(), 7, peer(), 160);
    for (uint32_t i = 0; i < 12; i += 3) {
        require_eq(send_pattern(peer(), 1, lead(), 7, 1 + i, i, i), 1 + i);
        require_eq(send_pattern(peer(), 1, lead(), 7, 0, i, i + 1), 0);
        require_eq(send_pattern(peer(), 1, lead(), 7, 40, i, i + 2), 40);
        for (uint32_t type = i; type < i + 3; type++) {
            const auto message = ring.receive();
            require(message);
            expect_eq(message->type, type);
            expect_eq(ring.find_mismatch(*message, i), message->size());
        }
    }
}

CASE(sendv, messages_of_several_senders_are_whole, wildcard, "ARGO-SENDV-020", "ARGO-SENDV-019")
{
    // The peer sends a message that takes a while to copy. Until it is there, the lead sends small ones and
    // takes out what it finds. They may stand in any order, but none is lost, doubled or torn, and the small
    // ones keep theirs. Whether the two senders meet is a matter of luck, so it is tried often.
    constexpr uint32_t length = ring_length(16), large = length / 2;
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, length);
    for (uint32_t round = 0; round < 24; round++) {
        row("round", round);
        uint32_t sent = 0, small = 0, whole = 0;
        const auto take_out = [&] {
            while (const auto message = ring.receive()) {
                if (message->source.domid == Who(lead()).value) {
                    expect_eq(message->type, small++);
                    expect_eq(message->size(), 0u);
                } else {
                    expect_eq(message->size(), large);
                    expect_eq(ring.find_mismatch(*message, round), large);
                    whole++;
                }
            }
        };
        Pending theirs = begin_send_pattern(peer(), 9, lead(), 7, large, round);
        for (; whole == 0 && sent < 5000; sent++) {
            require_eq(send(lead(), 9, lead(), 7, {}, sent), 0);
            take_out();
        }
        expect_eq(theirs.result(), large);
        take_out();
        expect_eq(whole, 1u);
        expect_eq(small, sent);
    }
}

// Space.

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

// Structures.

CASE(sendv, structures_lie_at_any_address, core_loopback, "ARGO-CALL-006", "ARGO-SENDV-010")
{
    auto ring = open_loopback();
    for (const uint32_t offset : {1u, 4095u, 4096u - 5u, 4096u - 8u, 4096u - 15u, 4096u - 20u, 4096u - 31u}) {
        row("offset in page", offset);
        const Gpa addresses = lead().alloc(sizeof(argo_send_addr), ARGO_PAGE_SIZE, offset % ARGO_PAGE_SIZE);
        const Gpa list = lead().alloc(2 * sizeof(argo_iov), ARGO_PAGE_SIZE, offset);
        const argo_iov pieces[] = {piece_of(offset, 0, 100, ARGO_PAGE_SIZE, offset),
                                   piece_of(offset, 100, 100, ARGO_PAGE_SIZE, offset)};
        lead().store(addresses, to_self(1));
        lead().write(list, pieces, sizeof pieces);
        expect_eq(lead().call(ARGO_OP_SENDV, addresses.value, list.value, 2, 0), 200);
        const auto message = ring.receive();
        require(message);
        expect_eq(ring.find_mismatch(*message, offset), 200u);
    }
}

// The errors, each alone and then against its neighbours.

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

CASE(sendv, message_arrives_in_another_domain, core_pair, "ARGO-SENDV-010", "ARGO-SENDV-011")
{
    auto ring = open_ring(peer(), 7, lead());
    const uint32_t before = peer().events(event_vector);

    expect_eq(send(lead(), 9, peer(), 7, "hello", 42), 5);
    if (lead().has(ARGO_FEATURE_VECTOR)) expect(peer().wait_event(event_vector, before));

    const auto message = ring.receive();
    require(message);
    expect(message->is("hello"));
    expect_eq(message->type, 42u);
    expect_eq(message->source.domid, lead().domid());
    expect_eq(message->source.port, 9u);
    expect_eq(ring.unread(), 0u);
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
