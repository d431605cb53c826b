// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// event: hearing of messages and of space. Book: spec/event.rst.
//
// Events coalesce, so a case asks whether one came, never how many. That none came is known when a later one
// has come that was caused after everything else: settle().

#include "stories.hpp"

using namespace argo::suite;

namespace {

constexpr uint8_t first = free_vector, second = free_vector + 1;

/// Bindings 1 and 2 as these two interrupts of the lead.
void bind_two()
{
    needs_bindings(3);
    require_ok(bind(lead(), 1, first));
    require_ok(bind(lead(), 2, second));
}

} // namespace

CASE(event, a_message_is_heard_at_its_rings_binding, interrupt_vector, "ARGO-EVENT-001", "ARGO-VECTOR-001")
{
    bind_two();
    auto one = open_loopback(one_page, 1, binding(1)), two = open_loopback(one_page, 2, binding(2));
    const uint32_t at_first = lead().events(first), at_second = lead().events(second);
    const uint32_t at_zero = lead().events(event_vector);

    require_ok(send(lead(), 9, lead(), 2, "x"));
    expect(lead().wait_event(second, at_second));
    settle(lead());
    expect_eq(lead().events(first), at_first);
    expect_eq(lead().events(event_vector), at_zero);

    const uint32_t so_far = lead().events(second);
    require_ok(send(lead(), 9, lead(), 1, "x"));
    expect(lead().wait_event(first, at_first));
    settle(lead());
    expect_eq(lead().events(second), so_far);
    expect_eq(lead().events(event_vector), at_zero);
}

CASE(event, rings_without_a_wish_are_heard_at_binding_zero, interrupt_vector, "ARGO-EVENT-001")
{
    auto ring = open_loopback();
    const uint32_t before = lead().events(event_vector);
    require_ok(send(lead(), 9, lead(), 1, "x"));
    expect(lead().wait_event(event_vector, before));
}

CASE(event, many_rings_share_a_binding, interrupt_vector, "ARGO-EVENT-001", "ARGO-VECTOR-005")
{
    bind_two();
    auto one = open_loopback(smallest, 1, binding(1)), two = open_loopback(smallest, 2, binding(1));
    for (const uint32_t port : {1u, 2u, 1u}) {
        row("port", port);
        const uint32_t before = lead().events(first);
        require_ok(send(lead(), 9, lead(), port, {}));
        expect(lead().wait_event(first, before));
    }
}

CASE(event, a_message_to_a_ring_with_messages_is_heard, interrupt_vector, "ARGO-EVENT-001")
{
    // Each accepted message, not only the first: the receiver may be between looking and waiting.
    bind_two();
    auto ring = open_loopback(one_page, 1, binding(1));
    for (uint32_t i = 0; i < 5; i++) {
        row("message", i);
        const uint32_t before = lead().events(first);
        require_ok(send(lead(), 9, lead(), 1, "x"));
        expect(lead().wait_event(first, before));
    }
    expect_eq(ring.unread(), 5 * footprint(1));
}

CASE(event, an_empty_message_is_heard, interrupt_vector, "ARGO-EVENT-001", "ARGO-SENDV-012")
{
    bind_two();
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t before = lead().events(first);
    expect_eq(send(lead(), 9, lead(), 1, {}), 0);
    expect(lead().wait_event(first, before));
}

CASE(event, a_message_to_oneself_is_heard, interrupt_vector, "ARGO-EVENT-002")
{
    auto ring = open_loopback(one_page, 1);
    const uint32_t before = lead().events(event_vector);
    require_ok(send(lead(), 9, lead(), 1, "self"));
    expect(lead().wait_event(event_vector, before));
}

CASE(event, a_message_of_another_domain_is_heard, interrupt_vector, "ARGO-EVENT-001")
{
    bind_two();
    auto ring = open_ring(lead(), 1, peer(), one_page, binding(1));
    const uint32_t before = lead().events(first);
    require_ok(send(peer(), 9, lead(), 1, "x"));
    expect(lead().wait_event(first, before));
}

CASE(event, a_message_is_heard_by_its_receiver_alone, interrupt_vector, "ARGO-EVENT-001")
{
    // Both have the same binding made and the same vector: it is the owner of the ring that it is about.
    auto ring = open_ring(peer(), 1, lead());
    const uint32_t here = lead().events(event_vector), there = peer().events(event_vector);
    require_ok(send(lead(), 9, peer(), 1, "x"));
    expect(peer().wait_event(event_vector, there));
    settle(lead());
    expect_eq(lead().events(event_vector), here);
}

CASE(event, what_is_heard_can_be_seen, interrupt_vector, "ARGO-EVENT-003")
{
    // The peer sends the largest messages that there are, which takes a while. The lead looks when it hears
    // of one, and not before: then tx_ptr is behind it.
    bind_two();
    const uint32_t length = longest_ring(), size = largest_message();
    const Repeated bytes(peer(), size);
    SendArguments with;
    with.addresses = {{9, Who(peer()).value, 0}, {1, Who(lead()).value, 0}};
    with.pieces = bytes.pieces;
    auto ring = open_ring(lead(), 1, peer(), length, binding(1), 2);
    for (uint32_t round = 0; round < 4; round++) {
        row("round", round);
        const uint32_t before = lead().events(first), tx = ring.tx();
        Pending sending = begin_sendv(peer(), with);
        require(lead().wait_event(first, before));
        expect_eq(ring.tx(), (tx + footprint(size)) % length);
        require_eq(sending.result(), size);
        ring.drain();
    }
}

CASE(event, what_is_heard_is_whole, interrupt_vector, "ARGO-EVENT-003", "ARGO-SENDV-010")
{
    constexpr uint32_t size = 50'000;
    bind_two();
    auto ring = open_ring(lead(), 1, peer(), ring_length(16), binding(1));
    for (uint32_t round = 0; round < 4; round++) {
        row("round", round);
        const uint32_t before = lead().events(first);
        Pending sending = begin_send_pattern(peer(), 9, lead(), 1, size, round);
        require(lead().wait_event(first, before));
        const auto message = ring.receive();
        require(message);
        expect_eq(ring.find_mismatch(*message, round), size);
        expect_eq(sending.result(), size);
    }
}

CASE(event, space_is_heard_at_binding_zero, interrupt_vector, "ARGO-EVENT-004")
{
    // The ring's messages go to binding 1. That it has space again is for the sender, and comes to binding 0.
    bind_two();
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    settle(lead());
    const uint32_t at_zero = lead().events(event_vector), at_first = lead().events(first);
    ring.drain();
    require_ok(ring.notify());
    expect(lead().wait_event(event_vector, at_zero));
    settle(lead());
    expect_eq(lead().events(first), at_first);
}

CASE(event, a_waiting_guest_is_never_left_halted, interrupt_vector, "ARGO-EVENT-005", "ARGO-EVENT-001")
{
    // The peer sends while the lead looks at its empty ring, decides to halt, and halts: each time the
    // message falls somewhere else between these, and each time it must end the halt. One event that is lost,
    // and the case waits until its time is over.
    bind_two();
    auto ring = open_ring(lead(), 1, peer(), smallest, binding(1));
    for (uint32_t round = 0; round < 50; round++) {
        row("round", round);
        const uint32_t before = lead().events(first);
        Pending sending = begin_send_pattern(peer(), 9, lead(), 1, 8, round);
        for (uint64_t spin = random_below(200); spin != 0 && ring.tx() == ring.rx(); spin--) {
        }
        require(lead().wait_event(first, before));
        require(ring.receive());
        require_eq(sending.result(), 8);
    }
}

CASE(event, nobody_hears_an_event_without_binding, interrupt_vector, "ARGO-EVENT-006")
{
    bind_two();
    require_ok(unbind(lead(), 2));
    auto ring = open_loopback(one_page, 1, binding(2));
    const uint32_t at_zero = lead().events(event_vector), at_first = lead().events(first);
    const uint32_t at_second = lead().events(second);

    // The message is as any other ...
    expect_eq(send(lead(), 9, lead(), 1, "quiet"), 5);
    const auto message = ring.receive();
    require(message);
    expect(message->is("quiet"));
    // ... and its event is nowhere: not at another binding instead ...
    settle(lead());
    expect_eq(lead().events(event_vector), at_zero);
    expect_eq(lead().events(first), at_first);
    // ... and not later, when the binding is made. The next one comes.
    require_ok(bind(lead(), 2, second));
    settle(lead());
    expect_eq(lead().events(second), at_second);
    require_ok(send(lead(), 9, lead(), 1, "loud"));
    expect(lead().wait_event(second, at_second));
}

CASE(event, space_for_a_guest_without_binding_zero_is_dropped, interrupt_vector, "ARGO-EVENT-006",
     "ARGO-EVENT-004")
{
    bind_two();
    require_ok(unbind(lead(), 0));
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    settle(lead());
    const uint32_t at_zero = lead().events(event_vector), at_first = lead().events(first);
    ring.drain();
    expect_eq(ring.notify(), 0); // It was woken, as far as the hypervisor goes ...
    settle(lead());
    expect_eq(lead().events(event_vector), at_zero);
    expect_eq(lead().events(first), at_first);
    require_ok(bind(lead(), 0, event_vector));
    expect_eq(ring.notify(), 0); // ... and is not waiting any more.
    settle(lead());
    expect_eq(lead().events(event_vector), at_zero);
}

CASE(event, who_binds_late_has_to_look, interrupt_vector, "ARGO-EVENT-006", "ARGO-EVENT-007")
{
    // What came before the binding was made is in the ring, and no event tells of it. So a guest that makes a
    // binding looks at its rings afterwards; with the library that is one receive().
    bind_two();
    require_ok(unbind(lead(), 1));
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(send(lead(), 9, lead(), 1, "early"));
    const uint32_t before = lead().events(first);
    require_ok(bind(lead(), 1, first));
    settle(lead());
    expect_eq(lead().events(first), before);
    const auto message = ring.receive();
    require(message);
    expect(message->is("early"));
}

CASE(event, messages_come_to_who_has_no_bindings, interrupt_poll, "ARGO-EVENT-008")
{
    require_eq(lead().call(ARGO_OP_RESET), 0); // The harness's bindings go, too.
    auto ring = open_loopback();
    expect_eq(send(lead(), 9, lead(), 1, "polled"), 6);
    const auto message = ring.receive();
    require(message);
    expect(message->is("polled"));
}

CASE(event, messages_of_others_come_to_who_has_no_bindings, interrupt_poll, "ARGO-EVENT-008")
{
    // There is no way to wait but to look again, and the message is there when the sender says so.
    require_eq(peer().call(ARGO_OP_RESET), 0);
    auto ring = open_ring(peer(), 7, lead());
    for (uint32_t i = 0; i < 5; i++) {
        row("message", i);
        require_eq(send_pattern(lead(), 9, peer(), 7, 100 * i, i), 100 * i);
        const auto message = ring.receive();
        require(message);
        expect_eq(ring.find_mismatch(*message, i), 100 * i);
    }
}

CASE(event, a_failure_is_not_heard, interrupt_vector, "ARGO-EVENT-009", "ARGO-CALL-005")
{
    // A full ring, so that there is somebody to be disturbed,
    // and everything that can go wrong on the way there.
    bind_two();
    auto ring = full_ring(lead(), 1, lead());
    auto roomy = open_loopback(one_page, 2, binding(1));
    settle(lead());
    const uint32_t at_first = lead().events(first), at_zero = lead().events(event_vector);

    expect_error(knock(1), ARGO_EAGAIN);
    expect_error(send_pattern(lead(), 9, lead(), 1, brimful + 1, 1), ARGO_EMSGSIZE);
    expect_error(knock(3), ARGO_ECONNREFUSED);
    expect_error(send(lead(), 9, nobody(), 2, "x"), ARGO_EACCES);
    const argo_iov bad[] = {{lead().bad_gpa(), 8, 0}};
    SendArguments with;
    with.addresses = {{9, Who(lead()).value, 0}, {2, Who(lead()).value, 0}};
    with.pieces = bad;
    expect_error(sendv(lead(), with), ARGO_EFAULT);
    with.pieces = {};
    with.type = UINT64_MAX;
    expect_error(sendv(lead(), with), ARGO_EINVAL);
    with.type = 0;
    with.addresses.src.domid = nobody().value;
    expect_error(sendv(lead(), with), ARGO_EPERM);
    expect_error(register_ring(lead(), {.port = 2, .partner = lead(), .length = smallest}), ARGO_EEXIST);
    expect_error(unregister_ring(lead(), {.port = 2, .partner = nobody()}), ARGO_ENOENT);
    expect_error(lead().call(ARGO_OP_NOTIFY, lead().bad_gpa()), ARGO_EFAULT);
    expect_error(lead().call(ARGO_OP_RESET, 1), ARGO_EINVAL);

    settle(lead());
    expect_eq(lead().events(first), at_first);
    expect_eq(lead().events(event_vector), at_zero);
}

CASE(event, waiters_without_bindings_poll_by_notify, interrupt_poll, "ARGO-EVENT-010", "ARGO-NOTIFY-017")
{
    require_eq(lead().call(ARGO_OP_RESET), 0);
    auto ring = open_loopback(smallest, 1);
    require_ok(send_pattern(lead(), 9, lead(), 1, brimful, 1));
    expect_error(knock(1), ARGO_EAGAIN);
    expect_eq(ask(lead(), lead(), 1, brimful).flags, ARGO_NOTIFY_EXISTS); // Not yet ...
    ring.drain();
    // ... now.
    expect_eq(ask(lead(), lead(), 1, brimful).flags,
              ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_EMPTY | ARGO_NOTIFY_SUFFICIENT);
    expect_eq(send_pattern(lead(), 9, lead(), 1, brimful, 2), brimful);
}

CASE(event, waiters_without_bindings_are_counted_like_others, interrupt_poll, "ARGO-EVENT-010",
     "ARGO-SENDV-110")
{
    // That nobody can be interrupted is no reason to forget, or to keep, a waiter.
    require_eq(lead().call(ARGO_OP_RESET), 0);
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit);
    auto ring = full_ring(lead(), 0x1000, lead());
    expect_error(knock(0x1000), ARGO_EBUSY);
    require_ok(unregister_ring(lead(), {.port = 0, .partner = lead()}));
    expect_error(knock(0x1000), ARGO_EAGAIN);
}
