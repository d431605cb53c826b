// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// sendv: the message path, from pieces in one domain to a ring in another. Book: spec/sendv.rst.
// Space is in sendv_space.cpp, what goes wrong in sendv_errors.cpp.

#include <cstring>

#include "sendv.hpp"

using namespace argo::suite;

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

CASE(sendv, a_ring_for_the_sender_comes_and_goes, wildcard, "ARGO-SENDV-001", "ARGO-UNREGISTER-002")
{
    // Where a message went before decides nothing.
    auto any = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    require_ok(send(lead(), 9, lead(), 7, "x"));
    expect_eq(any.unread(), footprint(1));

    auto exact = open_ring(lead(), 7, lead());
    require_ok(send(lead(), 9, lead(), 7, "x"));
    expect_eq(exact.unread(), footprint(1));
    expect_eq(any.unread(), footprint(1));

    require_eq(exact.unregister(), 0);
    require_ok(send(lead(), 9, lead(), 7, "x"));
    expect_eq(any.unread(), 2 * footprint(1));
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
    constexpr uint32_t lengths[] = {1, 2, 15, 16, 17, 31, 300, 7, 3, 5, 1, 64};
    constexpr size_t most = std::size(lengths);
    const size_t count = lead().info().max_iov < most ? lead().info().max_iov : most;
    uint32_t first[most + 1] = {};
    for (size_t i = 0; i < count; i++) first[i + 1] = first[i] + lengths[i];
    argo_iov pieces[most];
    for (size_t i = count; i-- > 0;) pieces[i] = piece_of(5, first[i], lengths[i], ARGO_PAGE_SIZE, 4096 - i);

    auto ring = open_loopback();
    expect_eq(sendv(lead(), message_to(1, {pieces, count})), first[count]);
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

CASE(sendv, a_piece_may_lie_in_the_ring, core_loopback, "ARGO-SENDV-010", "ARGO-RING-012")
{
    // An unread message is sent on into the ring where it stands: once as it is, once header and all.
    auto ring = open_loopback();
    require_eq(send_pattern(lead(), 9, lead(), 1, 100, 4), 100);
    const argo_iov payload[] = {{ring.at(sizeof(argo_message)).value, 100, 0}},
                   whole[] = {{ring.at(0).value, 116, 0}};
    expect_eq(sendv(lead(), message_to(1, payload)), 100);
    expect_eq(sendv(lead(), message_to(1, whole)), 116);
    const auto first = ring.receive(), second = ring.receive(), third = ring.receive();
    require(first && second && third);
    expect_eq(ring.find_mismatch(*first, 4), 100u);
    expect_eq(ring.find_mismatch(*second, 4), 100u);
    argo_message copy;
    std::memcpy(&copy, third->bytes, sizeof copy);
    expect_eq(copy.length, 116u);
    expect_eq(copy.source.port, 9u);
    expect_eq(pattern_mismatch(third->bytes + sizeof copy, 100, 4), 100u);
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

CASE(sendv, a_long_message_is_not_cut_into, wildcard, "ARGO-SENDV-020")
{
    // The same with a message that is long on every machine. Its ring has a few pages again and again, so
    // that nobody can read it; but two that were written to one place would both have moved tx_ptr from
    // there.
    const uint32_t length = longest_ring(), large = largest_message() / 2;
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, length, 0, 2);
    const Repeated bytes(peer(), large);
    SendArguments with;
    with.addresses = {{9, Who(peer()).value, 0}, {7, Who(lead()).value, 0}};
    with.pieces = bytes.pieces;
    for (uint32_t round = 0; round < 12; round++) {
        row("round", round);
        const uint32_t before = ring.tx();
        const auto moved = [&] { return (ring.tx() + length - before) % length; };
        uint32_t sent = 0;
        Pending theirs = begin_sendv(peer(), with);
        for (; moved() < large && sent < 20000; sent++) require_eq(send(lead(), 9, lead(), 7, {}), 0);
        expect_eq(theirs.result(), large);
        expect_eq(moved(), footprint(large) + sent * footprint(0));
        ring.drain();
    }
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

CASE(sendv, both_ways_at_once, core_pair, "ARGO-SENDV-019", "ARGO-SENDV-020")
{
    // The peer sends to the lead while the lead sends to the peer: neither call waits for the other one's
    // end, and each message is where it belongs.
    constexpr uint32_t size = 30'000;
    auto here = open_ring(lead(), 7, peer(), ring_length(16)),
         there = open_ring(peer(), 7, lead(), ring_length(16));
    for (uint32_t round = 0; round < 8; round++) {
        row("round", round);
        Pending theirs = begin_send_pattern(peer(), 1, lead(), 7, size, round);
        expect_eq(send_pattern(lead(), 2, peer(), 7, size, 100 + round), size);
        expect_eq(theirs.result(), size);
        const auto mine = here.receive(), yours = there.receive();
        require(mine && yours);
        expect_eq(here.find_mismatch(*mine, round), size);
        expect_eq(there.find_mismatch(*yours, 100 + round), size);
    }
}

CASE(sendv, three_senders_share_a_ring, wildcard, "ARGO-SENDV-020", "ARGO-SENDV-019", "ARGO-SENDV-014")
{
    // Two others send a large message each while the lead sends small ones to the same ring. What stands in
    // the ring in the end is one order of all messages, each whole, each with the name of who sent it.
    constexpr uint32_t length = ring_length(16), large = 20'000;
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, length, binding(1));
    for (uint32_t round = 0; round < 8; round++) {
        row("round", round);
        Pending one = begin_send_pattern(peer(), 1, lead(), 7, large, round, 1);
        Pending two = begin_send_pattern(third(), 2, lead(), 7, large, 50 + round, 2);
        uint32_t sent = 0, small = 0, from_peer = 0, from_third = 0;
        for (; sent < 8; sent++) require_eq(send(lead(), 9, lead(), 7, {}, sent), 0);
        expect_eq(one.result(), large);
        expect_eq(two.result(), large);
        while (const auto message = ring.receive()) {
            if (message->source.domid == Who(lead()).value) {
                expect_eq(message->type, small++);
                continue;
            }
            const bool peers = message->source.domid == Who(peer()).value;
            (peers ? from_peer : from_third)++;
            expect_eq(message->source.port, peers ? 1u : 2u);
            expect_eq(message->size(), large);
            expect_eq(ring.find_mismatch(*message, peers ? round : 50 + round), large);
        }
        expect_eq(small, sent);
        expect_eq(from_peer, 1u);
        expect_eq(from_third, 1u);
    }
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
