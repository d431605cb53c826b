// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// policy: who may send where. Book: spec/policy.rst. Rules: policy.toml.
#include "policy.hpp"

using namespace argo::suite;

// By sender and receiver.

CASE(policy, send_from_the_lead_to_the_peer_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(lead(), any_source, peer(), no_send.some());
}

CASE(policy, send_from_the_lead_to_the_peer_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(lead(), any_source, peer(), free_ports.some());
}

CASE(policy, send_from_the_lead_to_itself_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(lead(), any_source, lead(), no_send.some());
}

CASE(policy, send_from_the_lead_to_itself_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(lead(), any_source, lead(), free_ports.some());
}

CASE(policy, send_from_the_lead_to_the_third_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(lead(), any_source, third(), no_send.some());
}

CASE(policy, send_from_the_lead_to_the_third_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(lead(), any_source, third(), free_ports.some());
}

CASE(policy, send_from_the_peer_to_the_lead_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), any_source, lead(), no_send.some());
}

CASE(policy, send_from_the_peer_to_the_lead_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), any_source, lead(), free_ports.some());
}

CASE(policy, send_from_the_third_to_the_lead_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(third(), any_source, lead(), no_send.some());
}

CASE(policy, send_from_the_third_to_the_lead_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(third(), any_source, lead(), free_ports.some());
}

CASE(policy, send_from_the_peer_to_the_third_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), any_source, third(), no_send.some());
}

CASE(policy, send_from_the_peer_to_the_third_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), any_source, third(), free_ports.some());
}

CASE(policy, send_from_the_third_to_the_peer_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(third(), any_source, peer(), no_send.some());
}

CASE(policy, send_from_the_third_to_the_peer_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(third(), any_source, peer(), free_ports.some());
}

// One label may, another may not.

CASE(policy, send_from_the_lead_to_the_peer_is_allowed_where_the_lead_alone_may, policy, "ARGO-POLICY-009")
{
    send_is_allowed(lead(), any_source, peer(), from_lead.some());
}

CASE(policy, send_from_the_lead_to_itself_is_allowed_where_the_lead_alone_may, policy, "ARGO-POLICY-009")
{
    send_is_allowed(lead(), any_source, lead(), from_lead.some());
}

CASE(policy, send_from_the_peer_to_the_lead_is_denied_where_the_lead_alone_may, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), any_source, lead(), from_lead.some());
}

CASE(policy, send_from_the_peer_to_the_third_is_denied_where_the_lead_alone_may, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), any_source, third(), from_lead.some());
}

CASE(policy, send_from_the_third_to_the_peer_is_denied_where_the_lead_alone_may, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(third(), any_source, peer(), from_lead.some());
}

CASE(policy, send_from_the_peer_to_itself_is_denied_where_the_lead_alone_may, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), any_source, peer(), from_lead.some());
}

CASE(policy, send_from_the_third_to_the_lead_is_denied_where_the_third_may_not, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Ring ring = open_ring(lead(), not_third.some(), ARGO_DOMID_WILDCARD);
    expect_denied(send(third(), any_source, lead(), not_third.some(), "kept out"));
    expect_eq(ring.unread(), 0u);
    expect_error(send(third(), any_source, nobody(), not_third.some(), "kept out"), ARGO_EACCES);
}

CASE(policy, send_from_the_third_to_the_peer_is_denied_where_the_third_may_not, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Ring ring = open_ring(peer(), not_third.some(), ARGO_DOMID_WILDCARD);
    expect_denied(send(third(), any_source, peer(), not_third.some(), "kept out"));
    expect_eq(ring.unread(), 0u);
    expect_error(send(third(), any_source, nobody(), not_third.some(), "kept out"), ARGO_EACCES);
}

CASE(policy, send_from_the_peer_to_the_lead_is_allowed_where_the_third_may_not, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), any_source, lead(), not_third.some());
}

CASE(policy, send_from_the_lead_to_the_peer_is_allowed_where_the_peer_alone_receives, policy,
     "ARGO-POLICY-009")
{
    send_is_allowed(lead(), any_source, peer(), to_peer.some());
}

CASE(policy, send_from_the_third_to_the_peer_is_allowed_where_the_peer_alone_receives, policy,
     "ARGO-POLICY-009")
{
    send_is_allowed(third(), any_source, peer(), to_peer.some());
}

CASE(policy, send_from_the_peer_to_itself_is_allowed_where_the_peer_alone_receives, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), any_source, peer(), to_peer.some());
}

CASE(policy, send_from_the_lead_to_the_third_is_denied_where_the_peer_alone_receives, policy,
     "ARGO-SENDV-107", "ARGO-POLICY-003", "ARGO-POLICY-011")
{
    // No ring can be there: denied, and not refused.
    expect_denied(send(lead(), any_source, third(), to_peer.some(), "kept out"));
    expect_error(send(lead(), any_source, nobody(), to_peer.some(), "kept out"), ARGO_EACCES);
}

CASE(policy, send_from_the_peer_to_the_lead_is_denied_where_the_peer_alone_receives, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-003", "ARGO-POLICY-011")
{
    // No ring can be there: denied, and not refused.
    expect_denied(send(peer(), any_source, lead(), to_peer.some(), "kept out"));
    expect_error(send(peer(), any_source, nobody(), to_peer.some(), "kept out"), ARGO_EACCES);
}

CASE(policy, send_from_the_lead_to_itself_is_denied_where_the_peer_alone_receives, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-003", "ARGO-POLICY-011")
{
    // No ring can be there: denied, and not refused.
    expect_denied(send(lead(), any_source, lead(), to_peer.some(), "kept out"));
    expect_error(send(lead(), any_source, nobody(), to_peer.some(), "kept out"), ARGO_EACCES);
}

// By port: the ends of a range, and beside them.

CASE(policy, send_below_a_denied_range_is_allowed, policy, "ARGO-POLICY-009")
{
    // The range below denies wildcard rings alone.
    send_is_allowed(peer(), any_source, lead(), no_send.first - 1);
}

CASE(policy, send_at_the_start_of_a_denied_range_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), any_source, lead(), no_send.first);
}

CASE(policy, send_at_the_end_of_a_denied_range_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), any_source, lead(), no_send.last());
}

CASE(policy, send_above_a_denied_range_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), any_source, lead(), no_send.last() + 1);
}

CASE(policy, send_to_the_lowest_port_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), any_source, lead(), 0);
}

CASE(policy, send_to_the_highest_port_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), any_source, lead(), 0xffffffff);
}

CASE(policy, send_where_nothing_is_allowed_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-003",
     "ARGO-POLICY-011")
{
    expect_denied(send(lead(), any_source, peer(), closed.first, "kept out"));
    expect_denied(send(peer(), any_source, lead(), closed.last(), "kept out"));
    expect_denied(send(third(), any_source, third(), closed.some(), {}));
}

// By source port.

CASE(policy, send_from_below_a_denied_range_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), no_source.first - 1, lead(), free_ports.some());
}

CASE(policy, send_from_the_start_of_a_denied_range_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), no_source.first, lead(), free_ports.some());
}

CASE(policy, send_from_the_end_of_a_denied_range_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(peer(), no_source.last(), lead(), free_ports.some());
}

CASE(policy, send_from_above_a_denied_range_is_allowed, policy, "ARGO-POLICY-009")
{
    send_is_allowed(peer(), no_source.last() + 1, lead(), free_ports.some());
}

CASE(policy, send_from_a_denied_port_to_a_denied_port_is_denied_once, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    send_is_denied(lead(), no_source.some(), peer(), no_send.some());
}

CASE(policy, a_denied_source_port_may_receive, policy, "ARGO-POLICY-009")
{
    send_is_allowed(lead(), any_source, peer(), no_source.some());
}

CASE(policy, send_under_the_wildcard_domid_is_judged_as_the_senders, policy, "ARGO-SENDV-107",
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-003", "ARGO-SENDV-004")
{
    SendArguments with;
    with.addresses = {{any_source, ARGO_DOMID_WILDCARD, 0}, {from_lead.some(), Who(lead()).value, 0}};
    Ring ring = open_ring(lead(), from_lead.some(), peer());
    expect_denied(sendv(peer(), with));
    expect_eq(ring.unread(), 0u);
}

// Rings for anybody.

CASE(policy, send_to_a_wildcard_ring_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-003")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Ring ring = open_ring(lead(), no_send.some(), ARGO_DOMID_WILDCARD);
    for (Actor* sender : {&lead(), &peer(), &third()}) {
        row("sender", Who(*sender).value);
        expect_denied(send(*sender, any_source, lead(), no_send.some(), "kept out"));
    }
    expect_eq(ring.unread(), 0u);
}

CASE(policy, send_to_a_wildcard_ring_is_allowed, policy, "ARGO-POLICY-009")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Ring ring = open_ring(lead(), free_ports.some(), ARGO_DOMID_WILDCARD);
    for (Actor* sender : {&lead(), &peer(), &third()}) {
        row("sender", Who(*sender).value);
        expect_eq(send(*sender, any_source, lead(), free_ports.some(), "let in"), 6);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->source.domid, Who(*sender).value);
    }
}

CASE(policy, a_wildcard_ring_takes_from_those_who_may_send, policy, "ARGO-SENDV-107", "ARGO-POLICY-009",
     "ARGO-POLICY-011")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Ring ring = open_ring(peer(), from_lead.some(), ARGO_DOMID_WILDCARD);
    expect_denied(send(third(), any_source, peer(), from_lead.some(), "kept out"));
    expect_eq(send(lead(), any_source, peer(), from_lead.some(), "let in"), 6);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->source.domid, Who(lead()).value);
    expect_eq(ring.unread(), 0u);
}

// Where the decision stands among the errors.

CASE(policy, arguments_are_checked_before_policy, policy, "ARGO-SENDV-107", "ARGO-CALL-004")
{
    SendArguments with;
    with.addresses = {{any_source, Who(lead()).value, 0}, {no_send.some(), Who(peer()).value, 1}};
    expect_error(sendv(lead(), with), ARGO_EINVAL); // a reserved field
    const argo_iov nowhere[] = {{lead().bad_gpa(), 16, 0}};
    with.addresses.dst.reserved = 0;
    with.pieces = nowhere;
    expect_error(sendv(lead(), with), ARGO_EFAULT);
    with.pieces = {};
    expect_denied(sendv(lead(), with));
}

CASE(policy, a_forged_source_is_told_before_policy, policy, "ARGO-SENDV-106", "ARGO-SENDV-107",
     "ARGO-CALL-004")
{
    SendArguments with;
    with.addresses = {{any_source, Who(third()).value, 0}, {no_send.some(), Who(peer()).value, 0}};
    expect_error(sendv(lead(), with), ARGO_EPERM);
}

CASE(policy, policy_is_asked_before_the_ring_is_measured, policy, "ARGO-SENDV-107", "ARGO-CALL-004",
     "ARGO-POLICY-011")
{
    // Too long for the ring that is there, which only those learn who may send.
    Ring ring = open_ring(peer(), no_send.some(), lead(), smallest);
    expect_denied(send_pattern(lead(), any_source, peer(), no_send.some(), brimful + 1, 1));
    Ring open = open_ring(peer(), free_ports.some(), lead(), smallest);
    expect_error(send_pattern(lead(), any_source, peer(), free_ports.some(), brimful + 1, 1), ARGO_EMSGSIZE);
}

CASE(policy, a_denied_empty_message_is_denied, policy, "ARGO-SENDV-107", "ARGO-POLICY-001", "ARGO-POLICY-002",
     "ARGO-POLICY-003")
{
    Ring ring = open_ring(peer(), no_send.some(), lead());
    expect_denied(send(lead(), any_source, peer(), no_send.some(), {}));
    expect_eq(ring.unread(), 0u);
}

CASE(policy, a_denied_sender_takes_no_place_among_the_waiters, policy, "ARGO-POLICY-001", "ARGO-SENDV-107")
{
    // As many rings as it may wait at, all full, are denied to it; then there is a place left for one that is
    // not.
    const uint32_t rings = lead().info().max_waiters + 1;
    for (uint32_t i = 0; i < rings; i++)
        expect_denied(send(lead(), any_source, peer(), no_send.first + i, {}));
    Ring ring = full_ring(peer(), free_ports.some(), lead());
    expect_error(send(lead(), any_source, peer(), free_ports.some(), {}), ARGO_EAGAIN);
}
