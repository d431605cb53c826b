// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// policy: another one is put in force while domains run. Book: spec/policy.rst. Rules: policy.toml, and its
// booleans.
#include "policy.hpp"

using namespace argo::suite;

namespace {

/// Whether messages to this port are allowed by now.
bool opened(uint32_t port)
{
    const int64_t result = send(lead(), any_source, lead(), port, {});
    if (result == -ARGO_EACCES) count_denial();
    return result != -ARGO_EACCES;
}

bool is_open() { return opened(opening.last()); }
bool is_still() { return opened(stilled.last()); }

/// The domain may not use Argo any more; or these rules are in force, and it still may.
bool is_mute()
{
    argo_info ignored{};
    const int64_t result = query(lead(), ignored);
    if (result != -ARGO_EACCES) return opened(muted.last());
    count_denial();
    return true;
}

// The policy's booleans: each is set by asking the host for the rules in which it is, and off again after the
// case.
constexpr HostPolicy open{"open", is_open}, mute{"mute", is_mute}, still{"still", is_still};

} // namespace

// A port is opened and closed again.

CASE(policy, a_send_is_decided_by_the_policy_in_force, policy, "ARGO-POLICY-007", "ARGO-SENDV-107")
{
    expect_denied(send(lead(), any_source, peer(), opening.some(), "early"));
    host_policy(open);
    send_is_allowed(lead(), any_source, peer(), opening.some());
    host_policy_off();
    expect_denied(send(lead(), any_source, peer(), opening.some(), "late"));
}

CASE(policy, a_send_of_another_domain_is_decided_by_the_policy_in_force, policy, "ARGO-POLICY-007",
     "ARGO-SENDV-107")
{
    expect_denied(send(third(), any_source, peer(), opening.some(), "early"));
    host_policy(open);
    send_is_allowed(third(), any_source, peer(), opening.some());
    host_policy_off();
    expect_denied(send(third(), any_source, peer(), opening.some(), "late"));
}

CASE(policy, a_ring_outlives_the_leave_to_send_to_it, policy, "ARGO-POLICY-007", "ARGO-SENDV-107",
     "ARGO-POLICY-001")
{
    host_policy(open);
    Ring ring = open_ring(peer(), opening.some(), lead());
    require_eq(send(lead(), any_source, peer(), opening.some(), "one"), 3);
    host_policy_off();
    expect_denied(send(lead(), any_source, peer(), opening.some(), "two"));
    const auto message = ring.receive();
    require(message);
    expect(message->is("one"));
    expect_eq(ring.unread(), 0u);
    expect_ok(ring.unregister());
}

CASE(policy, a_registration_is_decided_by_the_policy_in_force, policy, "ARGO-REGISTER-108", "ARGO-POLICY-009")
{
    register_is_denied(peer(), opening.some(), lead());
    host_policy(open);
    register_is_allowed(peer(), opening.some(), lead());
    host_policy_off();
    register_is_denied(peer(), opening.some(), lead());
}

CASE(policy, a_wildcard_registration_is_decided_by_the_policy_in_force, policy, "ARGO-REGISTER-108",
     "ARGO-POLICY-009")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered");
    register_is_denied(lead(), opening.some(), ARGO_DOMID_WILDCARD);
    host_policy(open);
    register_is_allowed(lead(), opening.some(), ARGO_DOMID_WILDCARD);
    host_policy_off();
    register_is_denied(lead(), opening.some(), ARGO_DOMID_WILDCARD);
}

CASE(policy, a_denied_registration_leaves_the_ring_that_is_there, policy, "ARGO-REGISTER-108",
     "ARGO-POLICY-001")
{
    host_policy(open);
    Ring ring = open_ring(lead(), opening.some(), peer());
    require_eq(send(peer(), any_source, lead(), opening.some(), "one"), 3);
    host_policy_off();
    expect_denied(register_ring(lead(), {.port = opening.some(), .partner = peer(), .length = one_page}));
    auto exclusive = ring_for(opening.some(), peer());
    exclusive.flags = ARGO_REGISTER_FAIL_EXIST;
    expect_denied(register_ring(lead(), exclusive)); // before EEXIST
    host_policy(open);
    require_eq(send(peer(), any_source, lead(), opening.some(), "two"), 3);
    const auto first = ring.receive(), second = ring.receive();
    require(first && second);
    expect(first->is("one"));
    expect(second->is("two"));
}

CASE(policy, a_ring_can_be_taken_back_when_it_could_not_be_made, policy, "ARGO-POLICY-010")
{
    host_policy(open);
    Ring ring = open_ring(lead(), opening.some(), peer());
    host_policy_off();
    expect_ok(ring.unregister());
}

CASE(policy, a_question_is_decided_by_the_policy_in_force, policy, "ARGO-POLICY-004", "ARGO-POLICY-009")
{
    expect_nothing_told(ask_denied(lead(), peer(), opening.some(), 16));
    host_policy(open);
    notify_is_allowed(lead(), peer(), opening.some());
    host_policy_off();
    expect_nothing_told(ask_denied(lead(), peer(), opening.some(), 16));
}

CASE(policy, who_waits_when_the_policy_closes_is_woken_and_denied, policy, "ARGO-POLICY-007",
     "ARGO-POLICY-001", "ARGO-POLICY-009")
{
    // The wake-up was owed before; what may be sent now is another question.
    host_policy(open);
    Ring ring = full_ring(peer(), opening.some(), lead());
    expect_error(send(lead(), any_source, peer(), opening.some(), {}), ARGO_EAGAIN);
    host_policy_off();
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    require_ok(ring.notify());
    expect(lead().wait_event(event_vector, before));
    expect_denied(send(lead(), any_source, peer(), opening.some(), {}));
}

CASE(policy, what_no_policy_allows_passes_at_no_time, policy, "ARGO-POLICY-007", "ARGO-SENDV-107")
{
    // Between one policy and the next there is never none. Each denial is a record, which a host has to write
    // while it loads the policy: so it is given more and more time.
    constexpr uint64_t at_once = 20'000'000, first_pause = 1'000'000, longest_pause = 64'000'000;
    Ring ring = open_ring(peer(), no_send.some(), lead());
    host_begin_policy(open);
    const uint64_t began = platform::now();
    for (uint64_t pause = first_pause; !is_open();) {
        for (int i = 0; i < 8; i++)
            expect_denied(send(lead(), any_source, peer(), no_send.some(), "kept out"));
        if (platform::now() - began < at_once) continue;
        platform::wait(pause);
        if (pause < longest_pause) pause *= 2;
    }
    host_policy_off();
    expect_eq(ring.unread(), 0u);
}

CASE(policy, what_every_policy_allows_passes_at_any_time, policy, "ARGO-POLICY-007", "ARGO-POLICY-009")
{
    Ring ring = open_ring(lead(), free_ports.some(), lead());
    host_begin_policy(open);
    while (!is_open()) {
        for (int i = 0; i < 8; i++) {
            expect_eq(send(lead(), any_source, lead(), free_ports.some(), "let in"), 6);
            ring.drain();
        }
    }
    host_policy_off();
}

// A domain that may not bind events to interrupts.

CASE(policy, a_binding_is_denied, policy, "ARGO-VECTOR-104", "ARGO-POLICY-001")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    needs_bindings(2);
    require_ok(bind(lead(), 1, heard));
    Ring ring = open_ring(lead(), 7, lead(), one_page, binding(1));
    host_policy(still);
    expect_denied(bind(lead(), 1, heard + 1));
    // The binding is as it was.
    const uint32_t before = lead().events(heard), other = lead().events(heard + 1);
    require_ok(send(lead(), any_source, lead(), 7, {}));
    expect(lead().wait_event(heard, before));
    expect_eq(lead().events(heard + 1), other);
}

CASE(policy, a_message_is_denied_like_any_binding, policy, "ARGO-VECTOR-104", "ARGO-POLICY-001")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    needs_bindings(2);
    const auto by_message = [](uint64_t data) {
        return lead().call(ARGO_OP_VECTOR, 1, ARGO_BINDING_MSI, 0xfee00000 | lead().vcpu() << 12, data);
    };
    // A kind that is not offered is no matter of policy.
    const bool offered = by_message(heard) == 0;
    require_ok(bind(lead(), 1, heard));
    Ring ring = open_ring(lead(), 7, lead(), one_page, binding(1));
    host_policy(still);
    if (offered)
        expect_denied(by_message(heard + 1));
    else
        expect_error(by_message(heard + 1), ARGO_EINVAL);
    expect_error(by_message(31), ARGO_EINVAL); // before policy is asked
    const uint32_t before = lead().events(heard), other = lead().events(heard + 1);
    require_ok(send(lead(), any_source, lead(), 7, {}));
    expect(lead().wait_event(heard, before));
    expect_eq(lead().events(heard + 1), other);
}

CASE(policy, a_binding_of_another_label_is_allowed, policy, "ARGO-POLICY-009")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    needs_bindings(2);
    host_policy(still);
    expect_ok(bind(peer(), 1, heard));
}

CASE(policy, a_binding_can_be_dropped_when_it_could_not_be_made, policy, "ARGO-POLICY-010")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    needs_bindings(2);
    require_ok(bind(lead(), 1, heard));
    host_policy(still);
    expect_ok(unbind(lead(), 1));
    expect_denied(bind(lead(), 1, heard));
}

CASE(policy, a_binding_is_allowed_again, policy, "ARGO-VECTOR-104", "ARGO-POLICY-009")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    needs_bindings(2);
    host_policy(still);
    expect_denied(bind(lead(), 1, heard));
    host_policy_off();
    expect_ok(bind(lead(), 1, heard));
}

CASE(policy, arguments_of_a_binding_are_checked_before_policy, policy, "ARGO-VECTOR-104", "ARGO-CALL-004")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    host_policy(still);
    expect_error(lead().call(ARGO_OP_VECTOR, 0, ARGO_BINDING_LAPIC, lead().vcpu(), 31), ARGO_EINVAL);
    expect_error(
        lead().call(ARGO_OP_VECTOR, lead().info().max_bindings, ARGO_BINDING_LAPIC, lead().vcpu(), heard),
        ARGO_EINVAL);
}

// A domain that may not use Argo.

CASE(policy, query_is_denied_to_a_domain_without_leave, policy, "ARGO-CALL-104")
{
    host_policy(mute);
    expect_denied(lead().call(ARGO_OP_QUERY));
}

CASE(policy, register_ring_is_denied_to_a_domain_without_leave, policy, "ARGO-CALL-104")
{
    host_policy(mute);
    expect_denied(register_ring(lead(), ring_for(free_ports.some(), lead())));
}

CASE(policy, unregister_ring_is_denied_to_a_domain_without_leave, policy, "ARGO-CALL-104")
{
    host_policy(mute);
    expect_denied(unregister_ring(lead(), {.port = free_ports.some(), .partner = lead()}));
}

CASE(policy, sendv_is_denied_to_a_domain_without_leave, policy, "ARGO-CALL-104")
{
    host_policy(mute);
    expect_denied(send(lead(), any_source, lead(), free_ports.some(), "kept out"));
}

CASE(policy, notify_is_denied_to_a_domain_without_leave, policy, "ARGO-CALL-104")
{
    host_policy(mute);
    expect_denied(notify_all(lead()));
}

CASE(policy, vector_is_denied_to_a_domain_without_leave, policy, "ARGO-CALL-104")
{
    host_policy(mute);
    expect_denied(unbind(lead(), 1));
}

CASE(policy, reset_is_denied_to_a_domain_without_leave, policy, "ARGO-CALL-104")
{
    host_policy(mute);
    expect_denied(lead().call(ARGO_OP_RESET));
}

CASE(policy, an_unknown_operation_is_denied_to_a_domain_without_leave, policy, "ARGO-CALL-104")
{
    host_policy(mute);
    expect_denied(lead().call(0x7777));
}

CASE(policy, the_word_is_checked_before_leave, policy, "ARGO-CALL-104", "ARGO-CALL-004")
{
    host_policy(mute);
    expect_error(lead().call_word(ARGO_OPERATION_WORD(ARGO_OP_QUERY) | 1u << 24), ARGO_EINVAL);
    expect_error(lead().call_word(ARGO_OP_QUERY | 2u << 16), ARGO_EOPNOTSUPP);
}

CASE(policy, rings_outlive_the_leave_of_their_owner, policy, "ARGO-CALL-104", "ARGO-POLICY-001")
{
    Ring ring = open_ring(lead(), free_ports.some(), lead());
    require_eq(send(lead(), any_source, lead(), free_ports.some(), "one"), 3);
    host_policy(mute);
    expect_denied(lead().call(ARGO_OP_RESET));
    expect_denied(unregister_ring(lead(), {.port = free_ports.some(), .partner = lead()}));
    host_policy_off();
    require_eq(send(lead(), any_source, lead(), free_ports.some(), "two"), 3);
    const auto first = ring.receive(), second = ring.receive();
    require(first && second);
    expect(first->is("one"));
    expect(second->is("two"));
}

CASE(policy, leave_comes_back, policy, "ARGO-CALL-104", "ARGO-POLICY-009")
{
    host_policy(mute);
    expect_denied(lead().call(ARGO_OP_QUERY));
    host_policy_off();
    argo_info info{};
    expect_ok(query(lead(), info, 1));
    expect_eq(info.domid, Who(lead()).value);
}
