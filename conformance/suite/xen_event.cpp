// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// xen: what major 0 tells of, as VIRQ_ARGO: messages, space, and that a ring is gone. See xen.cpp.

#include "xen.hpp"

using namespace argo::suite;

namespace {

void expect_wake_when_the_ring_goes(Actor& owner)
{
    auto ring = filled(owner, 1, lead());
    expect_error(send(lead(), 9, owner, 1, {}), ARGO_EAGAIN);
    const uint32_t before = heard();
    expect_eq(ring.unregister(), 0); // which has raised the event before it returns
    expect(!lead().stays_quiet(upstream_vector, before));
}

} // namespace

CASE(xen, a_message_is_heard, upstream, "ARGO-XEN-001")
{
    // Each one, also in a ring that has some, and one without bytes.
    auto ring = open_loopback();
    for (uint32_t i = 0; i < 5; i++) {
        row("message", i);
        const uint32_t before = heard();
        expect_eq(send_pattern(lead(), 9, lead(), 1, i, i), i);
        expect(lead().wait_event(upstream_vector, before));
        expect_eq(heard(), before + 1);
    }
    expect_eq(ring.unread(), 5 * footprint(1) - footprint(1) + footprint(0));
}

CASE(xen, a_failure_is_not_heard, upstream, "ARGO-XEN-001")
{
    auto full = filled(lead(), 1, lead());
    auto roomy = open_loopback(one_page, 2);
    const uint32_t before = heard();
    expect_error(send(lead(), 9, lead(), 1, {}), ARGO_EAGAIN);
    expect_error(send_pattern(lead(), 9, lead(), 1, brimful + 1, 1), ARGO_EMSGSIZE);
    expect_error(send(lead(), 9, lead(), 3, "x"), ARGO_ECONNREFUSED);
    expect_error(send(lead(), 9, nobody(), 2, "x"), ARGO_ESRCH);
    SendArguments with;
    with.addresses = {{9, nobody().value, 0}, {2, Who(lead()).value, 0}};
    expect_error(sendv(lead(), with), ARGO_EPERM);
    expect_error(unregister_ring(lead(), {.port = 4, .partner = lead()}), ARGO_ENOENT);
    expect_silence_since(before);
}

CASE(xen, who_is_not_bound_hears_nothing, upstream, "ARGO-XEN-001")
{
    // What comes meanwhile is dropped, and not made up for: a driver looks at its rings after it has bound.
    auto ring = open_loopback();
    struct
    {
        uint32_t virq, vcpu, port;
    } bind = {upstream_vector, 0, platform::channel(upstream_vector)};
    constexpr uint64_t event_bind_virq = 1;
    const auto event_op = [](uint64_t operation, void* argument) {
        return platform::machine().xen_hypercall(argo::xen::event_channel_op, operation,
                                                 reinterpret_cast<uintptr_t>(argument), 0, 0, 0);
    };
    const uint32_t port = bind.port, before = heard();
    require_eq(event_op(argo::xen::event_close, &bind.port), 0);
    expect_eq(send(lead(), 9, lead(), 1, "early"), 5);
    require_eq(event_op(event_bind_virq, &bind), 0);
    require_eq(bind.port, port);
    expect_silence_since(before);
    expect_eq(ring.unread(), footprint(5));
    const uint32_t now = heard();
    expect_eq(send(lead(), 9, lead(), 1, "late"), 4);
    expect(lead().wait_event(upstream_vector, now));
}

CASE(xen, space_is_heard_when_the_owner_says_so, upstream, "ARGO-XEN-001")
{
    auto ring = filled(lead(), 1, lead());
    expect_error(send(lead(), 9, lead(), 1, {}), ARGO_EAGAIN);
    uint32_t before = heard();
    ring.drain();
    expect_silence_since(before); // Xen does not look at rx_ptr by itself.
    before = heard();
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(upstream_vector, before));
    before = heard();
    expect_eq(ring.notify(), 0); // Once.
    expect_silence_since(before);
}

CASE(xen, a_question_makes_a_waiter, upstream, "ARGO-XEN-001")
{
    auto ring = filled(lead(), 1, lead());
    expect_eq(ask(lead(), lead(), 1, brimful).flags, ARGO_NOTIFY_EXISTS);
    const uint32_t before = heard();
    ring.drain();
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(upstream_vector, before));
}

CASE(xen, enough_space_ends_the_wait, upstream, "ARGO-XEN-001")
{
    // A question that reads SUFFICIENT takes the waiter away.
    auto ring = filled(lead(), 1, lead());
    expect_error(send(lead(), 9, lead(), 1, {}), ARGO_EAGAIN);
    expect_eq(ask(lead(), lead(), 1, 0).flags, roomy);
    const uint32_t before = heard();
    ring.drain();
    expect_eq(ring.notify(), 0);
    expect_silence_since(before);
}

CASE(xen, a_waiter_waits_for_its_space, upstream, "ARGO-XEN-001")
{
    // Requests of one domain for one ring are one, for the largest.
    auto ring = open_loopback(one_page, 1);
    constexpr uint32_t most = one_page - ARGO_RING_OVERHEAD, half = one_page / 2;
    require_eq(send_pattern(lead(), 9, lead(), 1, most, 1), most);
    expect_eq(ask(lead(), lead(), 1, 16).flags, ARGO_NOTIFY_EXISTS);
    expect_eq(ask(lead(), lead(), 1, half).flags, ARGO_NOTIFY_EXISTS);
    expect_eq(ask(lead(), lead(), 1, 32).flags, ARGO_NOTIFY_EXISTS);
    uint32_t before = heard();
    leave_free(ring, half); // Less than `half` bytes of payload fit.
    expect_eq(ring.notify(), 0);
    expect_silence_since(before);
    before = heard();
    ring.drain();
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(upstream_vector, before));
}

CASE(xen, questions_wake_like_no_questions, upstream, "ARGO-XEN-001")
{
    // Whatever becomes of the questions themselves.
    auto ring = filled(lead(), 1, lead());
    expect_error(send(lead(), 9, lead(), 1, {}), ARGO_EAGAIN);
    ring.drain();
    const uint32_t before = heard();
    expect_error(lead().call(ARGO_OP_NOTIFY, lead().bad_gpa()), ARGO_EFAULT);
    expect(lead().wait_event(upstream_vector, before));
}

CASE(xen, who_waits_at_a_ring_that_goes_is_told, upstream, "ARGO-UNREGISTER-004")
{
    expect_wake_when_the_ring_goes(lead());
}

CASE(xen, a_new_ring_wakes_nobody, upstream, "ARGO-XEN-001")
{
    expect_error(send(lead(), 9, lead(), 1, "x"), ARGO_ECONNREFUSED);
    const uint32_t before = heard();
    auto ring = open_loopback();
    expect_silence_since(before);
}

CASE(xen, a_message_of_another_domain_is_heard, upstream, "ARGO-XEN-001")
{
    auto ring = open_ring(lead(), 1, peer());
    const uint32_t before = heard();
    expect_eq(send(peer(), 9, lead(), 1, "hello"), 5);
    expect(lead().wait_event(upstream_vector, before));
    const auto message = ring.receive();
    require(message);
    expect_eq(message->source.domid, peer().domid());
    expect(message->is("hello"));
}

CASE(xen, a_message_to_another_domain_is_heard_there, upstream, "ARGO-XEN-001")
{
    auto ring = open_ring(peer(), 1, lead());
    const uint32_t here = heard(), there = heard(peer());
    expect_eq(send(lead(), 9, peer(), 1, "hello"), 5);
    expect(peer().wait_event(upstream_vector, there));
    expect_silence_since(here);
}

CASE(xen, another_domain_hears_of_space, upstream, "ARGO-XEN-001")
{
    auto ring = filled(lead(), 1, peer());
    expect_error(send(peer(), 9, lead(), 1, {}), ARGO_EAGAIN);
    uint32_t before = heard(peer());
    ring.drain();
    expect(peer().stays_quiet(upstream_vector, before));
    expect_eq(ring.notify(), 0);
    expect(peer().wait_event(upstream_vector, before));
}

CASE(xen, the_lead_hears_of_space_elsewhere, upstream, "ARGO-XEN-001")
{
    auto ring = filled(peer(), 1, lead());
    expect_error(send(lead(), 9, peer(), 1, {}), ARGO_EAGAIN);
    const uint32_t before = heard();
    ring.drain();
    expect_eq(ring.notify(), 0); // The peer's own.
    expect(lead().wait_event(upstream_vector, before));
}

CASE(xen, who_waits_elsewhere_is_told_when_the_ring_goes, upstream, "ARGO-UNREGISTER-004")
{
    expect_wake_when_the_ring_goes(peer());
}
