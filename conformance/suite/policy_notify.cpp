// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// policy: who may ask about a ring. Book: spec/policy.rst. Rules: policy.toml.
#include "policy.hpp"

using namespace argo::suite;

// By who asks, and whom about.

CASE(policy, a_question_of_the_lead_about_the_peer_is_denied, policy, "ARGO-POLICY-001", "ARGO-POLICY-002",
     "ARGO-POLICY-004")
{
    notify_is_denied(lead(), peer(), no_notify.some());
}

CASE(policy, a_question_of_the_lead_about_the_peer_is_allowed, policy, "ARGO-POLICY-009")
{
    notify_is_allowed(lead(), peer(), free_ports.some());
}

CASE(policy, a_question_of_the_lead_about_itself_is_denied, policy, "ARGO-POLICY-001", "ARGO-POLICY-002",
     "ARGO-POLICY-004")
{
    notify_is_denied(lead(), lead(), no_notify.some());
}

CASE(policy, a_question_of_the_lead_about_itself_is_allowed, policy, "ARGO-POLICY-009")
{
    notify_is_allowed(lead(), lead(), free_ports.some());
}

CASE(policy, a_question_of_the_lead_about_the_third_is_denied, policy, "ARGO-POLICY-001", "ARGO-POLICY-002",
     "ARGO-POLICY-004")
{
    notify_is_denied(lead(), third(), no_notify.some());
}

CASE(policy, a_question_of_the_lead_about_the_third_is_allowed, policy, "ARGO-POLICY-009")
{
    notify_is_allowed(lead(), third(), free_ports.some());
}

CASE(policy, a_question_of_the_peer_about_the_lead_is_denied, policy, "ARGO-POLICY-001", "ARGO-POLICY-002",
     "ARGO-POLICY-004")
{
    notify_is_denied(peer(), lead(), no_notify.some());
}

CASE(policy, a_question_of_the_peer_about_the_lead_is_allowed, policy, "ARGO-POLICY-009")
{
    notify_is_allowed(peer(), lead(), free_ports.some());
}

CASE(policy, a_question_of_the_third_about_the_lead_is_denied, policy, "ARGO-POLICY-001", "ARGO-POLICY-002",
     "ARGO-POLICY-004")
{
    notify_is_denied(third(), lead(), no_notify.some());
}

CASE(policy, a_question_of_the_third_about_the_lead_is_allowed, policy, "ARGO-POLICY-009")
{
    notify_is_allowed(third(), lead(), free_ports.some());
}

CASE(policy, a_question_of_the_third_about_the_peer_is_denied, policy, "ARGO-POLICY-001", "ARGO-POLICY-002",
     "ARGO-POLICY-004")
{
    notify_is_denied(third(), peer(), no_notify.some());
}

CASE(policy, a_question_of_the_third_about_the_peer_is_allowed, policy, "ARGO-POLICY-009")
{
    notify_is_allowed(third(), peer(), free_ports.some());
}

CASE(policy, a_question_of_the_lead_about_the_peer_is_allowed_where_the_lead_alone_may, policy,
     "ARGO-POLICY-009")
{
    notify_is_allowed(lead(), peer(), from_lead.some());
}

CASE(policy, a_question_of_the_peer_about_the_lead_is_denied_where_the_lead_alone_may, policy,
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-004")
{
    notify_is_denied(peer(), lead(), from_lead.some());
}

CASE(policy, a_question_of_the_third_about_the_peer_is_denied_where_the_lead_alone_may, policy,
     "ARGO-POLICY-001", "ARGO-POLICY-002", "ARGO-POLICY-004")
{
    notify_is_denied(third(), peer(), from_lead.some());
}

CASE(policy, a_question_of_the_third_about_the_peer_is_allowed_where_the_peer_alone_receives, policy,
     "ARGO-POLICY-009")
{
    notify_is_allowed(third(), peer(), to_peer.some());
}

CASE(policy, a_question_of_the_third_is_denied_where_it_may_not, policy, "ARGO-POLICY-004", "ARGO-POLICY-011")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Ring ring = open_ring(lead(), not_third.some(), ARGO_DOMID_WILDCARD);
    expect_nothing_told(ask_denied(third(), lead(), not_third.some(), 16));
    expect_eq(ask(peer(), lead(), not_third.some(), 16).flags & ARGO_NOTIFY_EXISTS,
              uint32_t{ARGO_NOTIFY_EXISTS});
}

// By port.

CASE(policy, a_question_below_a_denied_range_is_allowed, policy, "ARGO-POLICY-009")
{
    // The range below denies messages, not questions.
    notify_is_allowed(lead(), peer(), no_notify.first - 1);
}

CASE(policy, a_question_at_the_start_of_a_denied_range_is_denied, policy, "ARGO-POLICY-001",
     "ARGO-POLICY-002", "ARGO-POLICY-004")
{
    notify_is_denied(lead(), peer(), no_notify.first);
}

CASE(policy, a_question_at_the_end_of_a_denied_range_is_denied, policy, "ARGO-POLICY-001", "ARGO-POLICY-002",
     "ARGO-POLICY-004")
{
    notify_is_denied(lead(), peer(), no_notify.last());
}

CASE(policy, a_question_above_a_denied_range_is_allowed, policy, "ARGO-POLICY-009")
{
    // The next range denies messages from its ports.
    notify_is_allowed(lead(), peer(), no_notify.last() + 1);
}

CASE(policy, a_question_outside_of_all_ranges_is_allowed, policy, "ARGO-POLICY-009")
{
    notify_is_allowed(lead(), peer(), 7);
    notify_is_allowed(lead(), peer(), 0x50001000);
}

// Rings for anybody, and several questions at once.

CASE(policy, a_question_about_a_wildcard_ring_is_denied, policy, "ARGO-POLICY-004")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    Ring ring = open_ring(peer(), no_notify.some(), ARGO_DOMID_WILDCARD);
    expect_nothing_told(ask_denied(lead(), peer(), no_notify.some(), 16));
    expect_nothing_told(ask_denied(third(), peer(), no_notify.some(), 16));
}

CASE(policy, a_denied_entry_leaves_the_others_alone, policy, "ARGO-POLICY-004", "ARGO-POLICY-009")
{
    Ring hidden = open_ring(peer(), no_notify.some(), lead()),
         told = open_ring(peer(), free_ports.some(), lead());
    argo_notify_entry entries[] = {
        {{free_ports.some(), Who(peer()).value, 0}, 0xffff, 0, 16, ~0u},
        {{no_notify.some(), Who(peer()).value, 0}, 0xffff, 0, 16, ~0u},
        {{free_ports.some(), nobody().value, 0}, 0xffff, 0, 16, ~0u},
        {{free_ports.some(), Who(peer()).value, 0}, 0xffff, 0, 16, ~0u},
    };
    NotifyArguments with;
    with.entries = entries;
    require_ok(notify(lead(), with));
    count_denial();
    for (const uint32_t good : {0u, 3u}) {
        row("entry", good);
        expect_eq(entries[good].flags & ARGO_NOTIFY_EXISTS, uint32_t{ARGO_NOTIFY_EXISTS});
        expect_eq(entries[good].max_message, told.length() - ARGO_RING_OVERHEAD);
    }
    for (const uint32_t bad : {1u, 2u}) {
        row("entry", bad);
        expect_nothing_told(entries[bad]);
    }
}

CASE(policy, who_may_send_need_not_be_allowed_to_ask, policy, "ARGO-POLICY-004", "ARGO-POLICY-009")
{
    Ring ring = open_ring(peer(), no_notify.some(), lead());
    expect_eq(send(lead(), any_source, peer(), no_notify.some(), "let in"), 6);
    expect_nothing_told(ask_denied(lead(), peer(), no_notify.some(), 16));
}

CASE(policy, who_may_ask_need_not_be_allowed_to_send, policy, "ARGO-SENDV-107", "ARGO-POLICY-009")
{
    Ring ring = open_ring(peer(), no_send.some(), lead());
    expect_eq(ask(lead(), peer(), no_send.some(), 16).flags & ARGO_NOTIFY_EXISTS,
              uint32_t{ARGO_NOTIFY_EXISTS});
    expect_denied(send(lead(), any_source, peer(), no_send.some(), "kept out"));
}
