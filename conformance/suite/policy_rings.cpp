// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// policy: who may own a ring, for whom. Book: spec/policy.rst. Rules: policy.toml.
#include "policy.hpp"

using namespace argo::suite;

// By owner and partner.

CASE(policy, a_ring_of_the_lead_for_the_peer_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), no_register.some(), peer());
}

CASE(policy, a_ring_of_the_lead_for_the_peer_is_allowed, policy, "ARGO-POLICY-009")
{
    register_is_allowed(lead(), free_ports.some(), peer());
}

CASE(policy, a_ring_of_the_lead_for_itself_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), no_register.some(), lead());
}

CASE(policy, a_ring_of_the_lead_for_itself_is_allowed, policy, "ARGO-POLICY-009")
{
    register_is_allowed(lead(), free_ports.some(), lead());
}

CASE(policy, a_ring_of_the_lead_for_the_third_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), no_register.some(), third());
}

CASE(policy, a_ring_of_the_lead_for_the_third_is_allowed, policy, "ARGO-POLICY-009")
{
    register_is_allowed(lead(), free_ports.some(), third());
}

CASE(policy, a_ring_of_the_peer_for_the_lead_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(peer(), no_register.some(), lead());
}

CASE(policy, a_ring_of_the_peer_for_the_lead_is_allowed, policy, "ARGO-POLICY-009")
{
    register_is_allowed(peer(), free_ports.some(), lead());
}

CASE(policy, a_ring_of_the_third_for_the_lead_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(third(), no_register.some(), lead());
}

CASE(policy, a_ring_of_the_third_for_the_lead_is_allowed, policy, "ARGO-POLICY-009")
{
    register_is_allowed(third(), free_ports.some(), lead());
}

CASE(policy, a_ring_of_the_lead_for_anybody_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_denied(lead(), no_register.some(), ARGO_DOMID_WILDCARD);
}

CASE(policy, a_ring_of_the_lead_for_anybody_is_allowed, policy, "ARGO-POLICY-009")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_allowed(lead(), free_ports.some(), ARGO_DOMID_WILDCARD);
}

CASE(policy, a_ring_of_the_peer_for_anybody_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_denied(peer(), no_register.some(), ARGO_DOMID_WILDCARD);
}

CASE(policy, a_ring_of_the_peer_for_anybody_is_allowed, policy, "ARGO-POLICY-009")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_allowed(peer(), free_ports.some(), ARGO_DOMID_WILDCARD);
}

// Accepting a partner, and anybody.

CASE(policy, a_ring_of_the_lead_for_the_peer_is_denied_where_no_partner_is_accepted, policy,
     "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), no_accept.some(), peer());
}

CASE(policy, a_ring_of_the_lead_for_itself_is_denied_where_no_partner_is_accepted, policy,
     "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), no_accept.some(), lead());
}

CASE(policy, a_ring_of_the_peer_for_the_third_is_denied_where_no_partner_is_accepted, policy,
     "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(peer(), no_accept.some(), third());
}

CASE(policy, a_ring_of_the_third_for_the_lead_is_denied_where_no_partner_is_accepted, policy,
     "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(third(), no_accept.some(), lead());
}

CASE(policy, a_ring_for_anybody_is_allowed_where_no_partner_is_accepted, policy, "ARGO-POLICY-009")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_allowed(lead(), no_accept.some(), ARGO_DOMID_WILDCARD);
}

CASE(policy, a_ring_of_the_lead_for_anybody_is_denied_where_nobody_may_have_one, policy, "ARGO-REGISTER-108",
     "ARGO-POLICY-001")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_denied(lead(), no_wildcard.some(), ARGO_DOMID_WILDCARD);
}

CASE(policy, a_ring_of_the_peer_for_anybody_is_denied_where_nobody_may_have_one, policy, "ARGO-REGISTER-108",
     "ARGO-POLICY-001")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_denied(peer(), no_wildcard.some(), ARGO_DOMID_WILDCARD);
}

CASE(policy, a_ring_of_the_third_for_anybody_is_denied_where_nobody_may_have_one, policy, "ARGO-REGISTER-108",
     "ARGO-POLICY-001")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_denied(third(), no_wildcard.some(), ARGO_DOMID_WILDCARD);
}

CASE(policy, a_ring_for_the_peer_is_allowed_where_none_is_for_anybody, policy, "ARGO-POLICY-009")
{
    register_is_allowed(lead(), no_wildcard.some(), peer());
}

CASE(policy, a_ring_of_the_lead_for_the_third_is_denied_where_the_third_may_not, policy, "ARGO-REGISTER-108",
     "ARGO-POLICY-001")
{
    register_is_denied(lead(), not_third.some(), third());
}

CASE(policy, a_ring_of_the_peer_for_the_third_is_denied_where_the_third_may_not, policy, "ARGO-REGISTER-108",
     "ARGO-POLICY-001")
{
    register_is_denied(peer(), not_third.some(), third());
}

CASE(policy, a_ring_of_the_third_for_itself_is_denied_where_the_third_may_not, policy, "ARGO-REGISTER-108",
     "ARGO-POLICY-001")
{
    register_is_denied(third(), not_third.some(), third());
}

CASE(policy, a_ring_of_the_lead_for_the_peer_is_allowed_where_the_third_may_not, policy, "ARGO-POLICY-009")
{
    register_is_allowed(lead(), not_third.some(), peer());
}

CASE(policy, a_ring_of_the_third_for_the_lead_is_allowed_where_the_third_may_not, policy, "ARGO-POLICY-009")
{
    register_is_allowed(third(), not_third.some(), lead());
}

CASE(policy, a_ring_of_the_peer_for_the_lead_is_allowed_where_the_peer_alone_receives, policy,
     "ARGO-POLICY-009")
{
    register_is_allowed(peer(), to_peer.some(), lead());
}

CASE(policy, a_ring_of_the_peer_for_the_third_is_allowed_where_the_peer_alone_receives, policy,
     "ARGO-POLICY-009")
{
    register_is_allowed(peer(), to_peer.some(), third());
}

CASE(policy, a_ring_of_the_lead_for_the_peer_is_denied_where_the_peer_alone_receives, policy,
     "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), to_peer.some(), peer());
}

CASE(policy, a_ring_of_the_third_for_the_peer_is_denied_where_the_peer_alone_receives, policy,
     "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(third(), to_peer.some(), peer());
}

// By port.

CASE(policy, a_ring_at_the_start_of_a_denied_range_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), no_register.first, peer());
}

CASE(policy, a_ring_at_the_end_of_a_denied_range_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), no_register.last(), peer());
}

CASE(policy, a_ring_below_a_denied_range_is_allowed, policy, "ARGO-POLICY-009")
{
    // The closed range begins behind the free one.
    register_is_allowed(lead(), closed.first - 1, peer());
}

CASE(policy, a_ring_above_a_denied_range_is_allowed, policy, "ARGO-POLICY-009")
{
    // The next range denies partners, and takes anybody.
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_allowed(lead(), no_register.last() + 1, ARGO_DOMID_WILDCARD);
}

CASE(policy, a_ring_where_nothing_is_allowed_is_denied, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    register_is_denied(lead(), closed.first, peer());
    register_is_denied(peer(), closed.last(), peer());
}

// What a denied registration leaves, and what it tells.

CASE(policy, a_denied_partner_is_answered_like_an_absent_one, policy, "ARGO-REGISTER-108", "ARGO-POLICY-003")
{
    expect_denied(register_ring(lead(), ring_for(not_third.some(), third())));
    expect_error(register_ring(lead(), ring_for(not_third.some(), nobody())), ARGO_EACCES);
    expect_error(register_ring(lead(), ring_for(free_ports.some(), nobody())), ARGO_EACCES);
}

CASE(policy, arguments_of_a_registration_are_checked_before_policy, policy, "ARGO-REGISTER-108",
     "ARGO-CALL-004")
{
    auto with = ring_for(closed.some(), peer());
    with.reserved = 1;
    expect_error(register_ring(lead(), with), ARGO_EINVAL);
    with.reserved = 0;
    with.frames_gpa = lead().bad_gpa();
    expect_error(register_ring(lead(), with), ARGO_EFAULT);
}

CASE(policy, policy_is_asked_before_frames_are_looked_up, policy, "ARGO-REGISTER-108", "ARGO-CALL-004")
{
    auto with = ring_for(closed.some(), peer());
    const uint64_t frames[] = {lead().bad_gpa() / ARGO_PAGE_SIZE};
    with.frames = frames;
    expect_denied(register_ring(lead(), with));
    with.port = free_ports.some();
    expect_error(register_ring(lead(), with), ARGO_EFAULT);
}

CASE(policy, denied_registrations_count_for_nothing, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    const uint32_t some = 24;
    for (uint32_t i = 0; i < some; i++)
        expect_denied(register_ring(lead(), ring_for(closed.first + i, peer())));
    // Every place is still free; the harness has one ring for each domain that the case has used.
    const uint32_t left = lead().info().max_rings - 2;
    open_many(0x1000, left, false);
    close_many(0x1000, left);
}

CASE(policy, a_denied_registration_does_not_touch_its_memory, policy, "ARGO-REGISTER-108", "ARGO-POLICY-001")
{
    const Pages page{lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    lead().fill_pattern(page.base, ARGO_PAGE_SIZE, 5);
    auto with = ring_for(closed.some(), peer());
    with.pages = page;
    expect_denied(register_ring(lead(), with));
    expect_eq(lead().find_mismatch(page.base, ARGO_PAGE_SIZE, 5), size_t{ARGO_PAGE_SIZE});
}

CASE(policy, nobody_is_asked_when_a_ring_is_taken_back, policy, "ARGO-POLICY-010")
{
    expect_error(unregister_ring(lead(), {.port = closed.some(), .partner = peer()}), ARGO_ENOENT);
    expect_error(unregister_ring(third(), {.port = not_third.some(), .partner = third()}), ARGO_ENOENT);
}
