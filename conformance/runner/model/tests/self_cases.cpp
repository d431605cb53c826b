// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Cases about the harness itself. Those whose names begin with `bad` are to get another verdict than PASS;
// which one, and what is said of it, model_test.cpp knows.
#include "harness/platform.hpp"
#include "harness/suite.hpp"

using namespace argo::suite;

CASE(self, expectations_hold, core_loopback, "ARGO-SELF-001")
{
    expect(true);
    expect_eq(-1, int64_t{-1});
    expect_eq(5u, 5);
    expect_ne(uint64_t{0xffffffffffffffff}, -1); // as numbers, not as bits
    expect_eq(lead().domid(), lead().info().domid);
    expect_error(-ARGO_EINVAL, ARGO_EINVAL);
    expect_ok(0);
    require(true);
    require_eq(1, 1);
    require_ok(7);
}

CASE(self, bad_expectation, core_loopback, "ARGO-SELF-001", "ARGO-SELF-002")
{
    expect_eq(1 + 1, 3);
    expect_error(int64_t{-ARGO_EAGAIN}, ARGO_EINVAL);
    row("size", 17u, "count", 2u);
    expect(1 > 2);
    row("the last");
    expect_ne(4u, 4);
}

namespace {

void require_the_impossible() { require_ok(int64_t{-ARGO_ENOSPC}); }

} // namespace

CASE(self, bad_requirement_in_a_helper, core_loopback, "ARGO-SELF-001")
{
    require_the_impossible();
    expect_eq(1, 2); // not reached
}

CASE(self, bad_skip, core_loopback, "ARGO-SELF-001")
{
    skip("for a reason");
}
CASE(self, bad_support, core_loopback, "ARGO-SELF-001")
{
    not_supported_unless(ARGO_FEATURE_ROUTE, "no routes");
}
CASE(self, bad_emptiness, core_loopback, "ARGO-SELF-001")
{
}

CASE(self, bad_failure_then_skip, core_loopback, "ARGO-SELF-001")
{
    expect(false);
    skip("too late");
}

CASE(self, supported_feature_goes_on, wildcard, "ARGO-SELF-001")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "no vectors");
    expect(true);
}

CASE(self, memory_is_zero_and_aligned, core_loopback, "ARGO-SELF-001")
{
    const size_t pages = lead().free_pages();
    expect(pages > 200);
    for (int round = 0; round < 2; round++) {
        {
            const Actor::Frame frame(lead());
            const Gpa odd = lead().alloc(3, 4096, 4094);
            expect_eq(odd.value % 4096, 4094u);
            expect_eq(lead().find_mismatch(lead().alloc(5000), 0, 1), 0u);
            lead().fill_pattern(lead().alloc(5000), 5000, 1);
        }
        const Gpa zeroes = lead().alloc(8192, 64);
        expect_eq(zeroes.value % 64, 0u);
        for (uint64_t at = 0; at < 8192; at += 8)
            require_eq(lead().load<uint64_t>(Gpa{zeroes.value + at}), 0u);
        lead().fill_pattern(zeroes, 8192, 2);
    }
}

CASE(self, memory_is_back_in_the_next_case, core_loopback, "ARGO-SELF-001")
{
    const Gpa all = lead().alloc(lead().free_pages() * 4096, 4096);
    expect_eq(lead().load<uint64_t>(all), 0u);
    expect_eq(lead().free_pages(), 0u);
}

CASE(self, bad_hunger, core_loopback, "ARGO-SELF-001")
{
    lead().alloc(1u << 30);
}
CASE(self, bad_write_beyond_memory, core_loopback, "ARGO-SELF-001")
{
    lead().store(Gpa{lead().bad_gpa()}, 1);
}

CASE(self, bad_randomness, core_loopback, "ARGO-SELF-001")
{
    for (int i = 0; i < 20; i++) require(random_below(3) < 3);
    expect_eq(random(), 0); // what is found depends on the seed
}

CASE(self, bad_other_randomness, core_loopback, "ARGO-SELF-001")
{
    for (int i = 0; i < 20; i++) require(random_below(3) < 3);
    expect_eq(random(), 0); // ... and on the case
}

CASE(self, rings_come_and_go, core_loopback, "ARGO-SELF-001")
{
    {
        auto ring = open_loopback(96, 5);
        expect_eq(send(lead(), 6, lead(), 5, "one", 1), 3);
        expect_eq(send_pattern(lead(), 6, lead(), 5, 13, 8), 13);
        expect_eq(ring.unread(), 64u);
        const auto peeked = ring.peek(), first = ring.receive(), second = ring.receive();
        require(peeked && first && second);
        expect(peeked->is("one") && first->is("one") && !first->is("two"));
        expect_eq(second->position, 32u);
        expect_eq(send_pattern(lead(), 6, lead(), 5, 40, 9), 40); // around the end
        expect_eq(ring.find_mismatch(*ring.peek(), 9), 40u);
        ring.drain();
        expect(!ring.receive());
    }
    expect_error(send(lead(), 6, lead(), 5, "two"), ARGO_ECONNREFUSED);
}

CASE(self, bad_messages_in_two_rings, core_pair, "ARGO-SELF-001")
{
    auto here = open_loopback(96, 5);
    auto there = open_ring(peer(), 6, lead(), 96);
    {
        auto moved = std::move(here);
        expect_ok(send(lead(), 6, lead(), 5, "unread"));
        expect_ok(send(lead(), 6, peer(), 6, "at the peer"));
        expect_eq(moved.unread(), 0u);
        expect_eq(moved.unread(), 1u); // described once is enough
    }
}

CASE(self, bad_luck_without_rings, core_loopback, "ARGO-SELF-001") { expect_eq(1, 2); }

CASE(self, large_rings_fit_into_few_pages, core_loopback, "ARGO-SELF-001")
{
    auto ring = open_ring(lead(), 5, lead(), lead().info().max_ring_length, 0, 3);
    expect_eq(send_pattern(lead(), 1, lead(), 5, 4000, 3), 4000);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->size(), 4000u);
    expect_eq(ring.find_mismatch(*message, 3), 4000u);
    expect_eq(ring.find_mismatch(*message, 4), 0u);
    expect_eq(ring.unread(), 0u);
}

CASE(self, harness_survives_its_own_reset, core_pair, "ARGO-SELF-001")
{
    expect_ok(peer().call(ARGO_OP_RESET));
    expect_ok(lead().call(ARGO_OP_RESET));
    expect_ok(peer().call(ARGO_OP_NOTIFY));
    expect_eq(third().load<uint32_t>(third().alloc(4)), 0u);
}

CASE(self, others_have_memory, core_pair, "ARGO-SELF-001")
{
    constexpr size_t size = 20'000; // more than one exchange takes
    uint8_t bytes[size], back[size];
    pattern_fill(bytes, size, 5);
    for (Actor* actor : {&peer(), &third()}) {
        const Gpa memory = actor->alloc(size, 4096, 1);
        actor->write(memory, bytes, size);
        actor->read(memory, back, size);
        expect_eq(pattern_mismatch(back, size, 5), size);
        expect_eq(actor->find_mismatch(memory, size, 5), size);
        actor->fill_pattern(memory, size, 6, 3);
        expect_eq(actor->find_mismatch(memory, size, 6, 3), size);
        actor->fill_series(memory, 6, 10, 2);
        expect_eq(actor->load<uint64_t>(Gpa{memory.value + 40}), 11u);
    }
}

CASE(self, others_memory_is_zero_again, core_pair, "ARGO-SELF-001")
{
    const Gpa memory = peer().alloc(20'000, 4096, 1);
    uint8_t bytes[20'000];
    peer().read(memory, bytes, sizeof bytes);
    size_t zeroes = 0;
    for (const uint8_t byte : bytes) zeroes += byte == 0;
    expect_eq(zeroes, sizeof bytes);
    {
        const Actor::Frame frame(peer());
        peer().fill_pattern(peer().take(100), 100, 1);
    }
    expect_eq(peer().load<uint64_t>(peer().alloc(8)), 0u);
}

CASE(self, bad_write_beyond_others_memory, core_pair, "ARGO-SELF-001")
{
    peer().store(Gpa{0}, 1);
}

CASE(self, others_call_meanwhile, core_pair, "ARGO-SELF-001")
{
    auto ring = open_ring(lead(), 5, peer());
    Pending pending = begin_send_pattern(peer(), 6, lead(), 5, 1000, 4);
    expect_eq(pending.result(), 1000);
    expect_eq(pending.result(), 1000);
    const auto message = ring.receive();
    require(message);
    expect_eq(ring.find_mismatch(*message, 4), 1000u);
}

CASE(self, bad_question_meanwhile, core_pair, "ARGO-SELF-001")
{
    auto ring = open_ring(lead(), 5, peer());
    Pending pending = begin_send_pattern(peer(), 6, lead(), 5, 1000, 4);
    peer().events(event_vector);
}

CASE(self, events_come_to_whom_they_belong, interrupt_vector, "ARGO-SELF-001")
{
    auto ring = open_ring(peer(), 5, lead());
    const uint32_t here = lead().events(event_vector), there = peer().events(event_vector);
    expect(peer().stays_quiet(event_vector, there));
    expect_eq(send(lead(), 1, peer(), 5, "x"), 1);
    expect(peer().wait_event(event_vector, there));
    expect(lead().stays_quiet(event_vector, here));
}

CASE(self, the_crowd_answers, core_pair, "ARGO-SELF-001")
{
    expect(crowd_size() >= 2);
    for (size_t i = 0; i < crowd_size(); i++)
        expect_eq(crowd(i).domid(), static_cast<uint16_t>(crowd(0).domid()) + i);
    expect_ok(crowd(0).call(ARGO_OP_NOTIFY));
    expect_ok(crowd(1).call(ARGO_OP_NOTIFY));
}

CASE(self, bad_crowd, core_pair, "ARGO-SELF-001")
{
    crowd(crowd_size());
}

CASE(self, host_restarts_a_domain, lifecycle, "ARGO-SELF-001")
{
    const uint64_t before = peer().info().incarnation;
    host_restart(peer());
    expect_ne(peer().info().incarnation, before);
    expect_ok(peer().call(ARGO_OP_NOTIFY));
}

CASE(self, host_kills_a_domain, lifecycle, "ARGO-SELF-001")
{
    auto ring = open_ring(lead(), 5, peer());
    const Who gone = peer();
    host_kill(peer());
    expect_error(send(lead(), 1, gone, 5, {}), ARGO_EACCES);
    expect_error(ring.unregister(), ARGO_ENOENT);
}

CASE(self, killed_domain_is_back_in_the_next_case, core_pair, "ARGO-SELF-001")
{
    expect_ok(peer().call(ARGO_OP_NOTIFY));
}

// The next three in a row: model_test.cpp kills the peer in the first at its `now`, and starts it again
// behind the second.

CASE(self, bad_peer_that_dies, hostile, "ARGO-SELF-001")
{
    expect_ok(peer().call(ARGO_OP_NOTIFY));
    platform::print("now", 3);
    while (true) peer().call(ARGO_OP_NOTIFY);
}

CASE(self, peer_that_is_dead, core_pair, "ARGO-SELF-001")
{
    expect_ok(peer().call(ARGO_OP_NOTIFY));
}

CASE(self, peer_that_came_back, core_pair, "ARGO-SELF-001")
{
    expect_ok(peer().call(ARGO_OP_NOTIFY));
}

CASE(self, bad_endless_wait, hostile, "ARGO-SELF-001")
{
    while (true) platform::wait(1'000'000'000);
}
