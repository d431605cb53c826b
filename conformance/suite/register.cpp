// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// register: offering memory to senders, and offering it anew. Book: spec/register.rst.
// What goes wrong is in register_errors.cpp.

#include <cstddef>

#include "register.hpp"

using namespace argo::suite;

CASE(register, a_registered_ring_takes_messages, core_loopback, "ARGO-REGISTER-001")
{
    expect_error(try_send(1), ARGO_ECONNREFUSED);
    const Pages pages = pages_with({});
    expect_eq(register_ring(lead(), loopback(1, one_page, pages)), 0);
    expect_eq(try_send(1), 0);
    expect_eq(lead().load<argo_ring>(pages.base).tx_ptr, footprint(0));
}

CASE(register, data_stay_as_they_are, core_loopback, "ARGO-REGISTER-002")
{
    // A receiver that was restarted wants to find the messages that it had not read.
    const Pages pages = pages_with({});
    const Gpa data{pages.base.value + sizeof(argo_ring)};
    lead().fill_pattern(data, one_page, 77);
    require_ok(register_ring(lead(), loopback(1, one_page, pages)));
    expect_eq(lead().find_mismatch(data, one_page, 77), one_page);

    // The same when the ring exists already.
    require_ok(register_ring(lead(), loopback(1, one_page, pages)));
    expect_eq(lead().find_mismatch(data, one_page, 77), one_page);
}

namespace {

/// What becomes of a header at registration.
struct Adoption
{
    uint32_t rx, tx, adopted;
};

/// Register a ring of `length` with this header; then tx_ptr is as expected, for the owner and for the
/// hypervisor.
void expect_adoption(uint32_t length, Adoption row_)
{
    row("tx_ptr", row_.tx, "rx_ptr", row_.rx);
    const Pages pages = pages_with({row_.rx, row_.tx, 0, 0, {}});
    require_ok(register_ring(lead(), loopback(1, length, pages)));
    Ring ring(lead(), 1, lead(), length, pages);
    expect_eq(ring.tx(), row_.adopted);
    expect_eq(ring.rx(), row_.rx); // The receiver's own pointer is never corrected.

    ring.set_rx(row_.adopted); // Whatever it was, there is space now.
    require_ok(send(lead(), 9, lead(), 1, "here"));
    const auto message = ring.receive();
    require(message);
    expect_eq(message->position, row_.adopted);
    expect(message->is("here"));
}

} // namespace

CASE(register, a_possible_tx_is_adopted, core_loopback, "ARGO-REGISTER-003")
{
    constexpr uint32_t length = 160;
    expect_adoption(length, {.rx = 0, .tx = 0, .adopted = 0});
    expect_adoption(length, {.rx = 0, .tx = 16, .adopted = 16});
    expect_adoption(length, {.rx = 16, .tx = 96, .adopted = 96});
    expect_adoption(length, {.rx = 96, .tx = 16, .adopted = 16});                  // Messages around the end.
    expect_adoption(length, {.rx = 0, .tx = length - 16, .adopted = length - 16}); // The last slot.
    expect_adoption(length, {.rx = 0xdeadbeef, .tx = 48, .adopted = 48});          // Whatever rx_ptr is.
}

CASE(register, an_impossible_tx_becomes_rx, core_loopback, "ARGO-REGISTER-004")
{
    constexpr uint32_t length = 160;
    expect_adoption(length, {.rx = 0, .tx = 1, .adopted = 0});
    expect_adoption(length, {.rx = 32, .tx = 40, .adopted = 32});     // No slot ...
    expect_adoption(length, {.rx = 32, .tx = length, .adopted = 32}); // ... or none of this ring ...
    expect_adoption(length, {.rx = 32, .tx = length + 16, .adopted = 32});
    expect_adoption(length, {.rx = 32, .tx = 0xfffffff0, .adopted = 32});
    expect_adoption(length, {.rx = 33, .tx = 0xffffffff, .adopted = 48}); // ... and rx_ptr rounded up ...
    expect_adoption(length, {.rx = 31, .tx = length, .adopted = 32});
    expect_adoption(length, {.rx = length - 16, .tx = length, .adopted = length - 16});
}

CASE(register, an_impossible_tx_and_rx_become_zero, core_loopback, "ARGO-REGISTER-004", "ARGO-RING-006")
{
    constexpr uint32_t length = 160;
    expect_adoption(length, {.rx = length - 15, .tx = length, .adopted = 0}); // Rounded up to the length ...
    expect_adoption(length, {.rx = length, .tx = 8, .adopted = 0});
    expect_adoption(length, {.rx = length + 1, .tx = 8, .adopted = 0});
    expect_adoption(length, {.rx = 0x80000000, .tx = length, .adopted = 0});
    expect_adoption(length, {.rx = 0xfffffff0, .tx = length, .adopted = 0});
    // ... or to 2^32, which is zero, too.
    expect_adoption(length, {.rx = 0xfffffff1, .tx = length, .adopted = 0});
    expect_adoption(length, {.rx = 0xffffffff, .tx = length, .adopted = 0});
}

CASE(register, again_means_other_pages, core_loopback, "ARGO-REGISTER-005")
{
    const Pages before = pages_with({}), after = pages_with({});
    require_ok(register_ring(lead(), loopback(1, one_page, before)));
    require_ok(try_send(1));
    expect_eq(register_ring(lead(), loopback(1, one_page, after)), 0);

    // From here on messages come to the new pages, from the beginning of what these say ...
    require_ok(send(lead(), 9, lead(), 1, "new"));
    Ring ring(lead(), 1, lead(), one_page, after);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->position, 0u);
    expect(message->is("new"));
    // ... and the old ones, which may be anything by now, are left alone.
    expect_eq(lead().load<argo_ring>(before.base).tx_ptr, footprint(0));
    expect_eq(lead().load<argo_message>(Gpa{before.base.value + sizeof(argo_ring) + footprint(0)}).length,
              0u);
}

CASE(register, again_adopts_tx_anew, core_loopback, "ARGO-REGISTER-003", "ARGO-REGISTER-005")
{
    // The same pages: a receiver that lost its place rewinds or skips by registering.
    const Pages pages = pages_with({});
    require_ok(register_ring(lead(), loopback(1, 160, pages)));
    require_ok(try_send(1));
    Ring ring(lead(), 1, lead(), 160, pages);
    expect_eq(ring.tx(), footprint(0));

    ring.set_rx(64);
    ring.set_tx(64);
    require_ok(register_ring(lead(), loopback(1, 160, pages)));
    require_ok(try_send(1));
    expect_eq(ring.tx(), 64 + footprint(0));
}

namespace {

/// A ring that fails to be registered again is the ring that it was: same pages, same place in them, same
/// messages.
void expect_survival(const RegisterArguments& again, uint32_t error, const char* how)
{
    row(how);
    auto ring = open_loopback(one_page, again.port);
    require_ok(send(lead(), 9, lead(), again.port, "before"));

    expect_eq(register_ring(lead(), again), -static_cast<int64_t>(error));

    require_ok(send(lead(), 9, lead(), again.port, "after"));
    const auto first = ring.receive(), second = ring.receive();
    require(first && second);
    expect(first->is("before"));
    expect(second->is("after"));
}

} // namespace

CASE(register, a_failure_leaves_the_ring_that_exists, core_loopback, "ARGO-REGISTER-006", "ARGO-CALL-005")
{
    const uint64_t bad[] = {lead().bad_gpa() / ARGO_PAGE_SIZE};
    auto again = loopback(1, one_page, pages_with({}));

    expect_survival({.port = 1, .partner = lead(), .length = one_page, .frames = bad}, ARGO_EFAULT,
                    "bad frame");
    again.flags = ARGO_REGISTER_FAIL_EXIST;
    expect_survival(again, ARGO_EEXIST, "FAIL_EXIST");
    again.flags = 0;
    again.length = one_page - ARGO_SLOT;
    expect_survival(again, ARGO_EEXIST, "another length");
    again.length = one_page;
    again.reserved = 1;
    expect_survival(again, ARGO_EINVAL, "reserved field");
    again.reserved = 0;
    again.count = 2;
    expect_survival(again, ARGO_EINVAL, "too many frames");
}

CASE(register, a_failure_at_the_last_frame_takes_no_page, core_loopback, "ARGO-REGISTER-006", "ARGO-CALL-005",
     "ARGO-REGISTER-111")
{
    // All frames but the last are good, so a hypervisor that
    // replaces them one by one has begun before it fails.
    constexpr uint32_t length = ring_length(3);
    auto ring = open_loopback(length);
    const Pages fresh = pages_with({48, 0xdead, 0, 0, {}}, 2);
    const uint64_t frames[] = {frame_of(fresh.base), frame_of(fresh.base) + 1,
                               lead().bad_gpa() / ARGO_PAGE_SIZE};
    expect_error(register_ring(lead(), {.port = 1, .partner = lead(), .length = length, .frames = frames}),
                 ARGO_EFAULT);

    // The header of the pages that were refused is not corrected ...
    expect_eq(lead().load<argo_ring>(fresh.base).tx_ptr, 0xdeadu);
    // ... and a message over all three pages of the ring arrives where it should.
    require_eq(send_pattern(lead(), 9, lead(), 1, 9000, 3), 9000);
    const auto message = ring.receive();
    require(message);
    expect_eq(ring.find_mismatch(*message, 3), 9000u);
}

CASE(register, again_does_not_count_again, core_loopback, "ARGO-REGISTER-007", "ARGO-REGISTER-009")
{
    // As often as there may be rings, and once more ...
    const uint32_t limit = lead().info().max_rings;
    const Pages page = pages_with({});
    for (uint32_t i = 0; i <= limit; i++) require_ok(register_ring(lead(), loopback(0, smallest, page)));
    // ... and it is one ring still: all the others find their place.
    open_many(1, limit - 1, false);
    expect_error(register_ring(lead(), loopback(limit, smallest, page)), ARGO_ENOSPC);
}

CASE(register, exactly_max_rings_can_be, core_loopback, "ARGO-REGISTER-009", "ARGO-REGISTER-110")
{
    const uint32_t limit = lead().info().max_rings;
    const Pages page = open_many(0, limit, false);
    expect_error(register_ring(lead(), loopback(limit, smallest, page)), ARGO_ENOSPC);
    expect_error(try_send(limit), ARGO_ECONNREFUSED); // It is not there ...
    expect_ok(try_send(0));                           // ... and the others are, from the first
    expect_ok(try_send(limit - 1));                   // ... to the last.
}

CASE(register, the_rings_of_others_do_not_count, core_pair, "ARGO-REGISTER-009", "ARGO-LIMIT-001")
{
    // The lead takes what it can get, to the last ring; the peer has not lost a single one by that.
    auto first = open_ring(peer(), 1, peer(), smallest);
    const Pages page = pages_with({});
    int64_t result = 0;
    for (uint32_t port = 0; result == 0 && port <= lead().info().max_rings; port++)
        result = register_ring(lead(), loopback(port, smallest, page));
    expect_error(result, ARGO_ENOSPC);
    auto second = open_ring(peer(), 2, peer(), smallest);
    expect_eq(send(peer(), 1, peer(), 2, "x"), 1);
}

CASE(register, again_works_at_max_rings, core_loopback, "ARGO-REGISTER-008")
{
    const uint32_t limit = lead().info().max_rings;
    open_many(0, limit, false);
    const Pages after = pages_with({});
    expect_eq(register_ring(lead(), loopback(limit / 2, smallest, after)), 0);
    require_ok(try_send(limit / 2));
    expect_eq(lead().load<argo_ring>(after.base).tx_ptr, footprint(0));
}

CASE(register, partners_make_rings_different, core_pair, "ARGO-REGISTER-010", "ARGO-UNREGISTER-005")
{
    // One port of the lead, a ring for itself and a ring for the peer.
    auto mine = open_ring(lead(), 7, lead());
    auto theirs = open_ring(lead(), 7, peer());
    expect_eq(send(lead(), 1, lead(), 7, "mine"), 4);
    expect_eq(send(peer(), 1, lead(), 7, "theirs"), 6);

    const auto first = mine.receive(), second = theirs.receive();
    require(first && second);
    expect(first->is("mine"));
    expect(second->is("theirs"));

    // One goes, the other stays.
    expect_eq(mine.unregister(), 0);
    expect_error(send(lead(), 1, lead(), 7, {}), ARGO_ECONNREFUSED);
    expect_eq(send(peer(), 1, lead(), 7, {}), 0);
}

CASE(register, the_wildcard_is_a_partner_of_its_own, wildcard, "ARGO-REGISTER-010", "ARGO-UNREGISTER-005")
{
    auto exact = open_ring(lead(), 7, lead());
    auto any = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    expect_eq(exact.unregister(), 0);
    expect_eq(try_send(7), 0); // The wildcard ring takes it, being another ring.
    expect_eq(any.unread(), footprint(0));
    expect_eq(any.unregister(), 0);
    expect_error(try_send(7), ARGO_ECONNREFUSED);
}

CASE(register, one_port_has_a_ring_for_each, wildcard, "ARGO-REGISTER-010", "ARGO-SENDV-001",
     "ARGO-SENDV-003")
{
    // For oneself, for another domain, and for all others: everybody's message is in the ring that is meant
    // for it.
    auto mine = open_ring(lead(), 7, lead()), all = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    auto theirs = open_ring(lead(), 7, peer());
    require_ok(send(third(), 1, lead(), 7, "third"));
    require_ok(send(peer(), 1, lead(), 7, "peer"));
    require_ok(send(lead(), 1, lead(), 7, "lead"));
    const auto a = mine.receive(), b = theirs.receive(), c = all.receive();
    require(a && b && c);
    expect(a->is("lead"));
    expect(b->is("peer"));
    expect(c->is("third"));
    expect_eq(mine.unread() + theirs.unread() + all.unread(), 0u);
}

CASE(register, again_takes_the_binding_of_the_new_call, interrupt_vector, "ARGO-REGISTER-016",
     "ARGO-EVENT-001")
{
    needs_bindings(3);
    constexpr uint8_t first = free_vector, second = free_vector + 1;
    require_ok(bind(lead(), 1, first));
    require_ok(bind(lead(), 2, second));
    auto ring = open_loopback(one_page, 1, binding(1));
    const auto again = [&](uint64_t flags) {
        return register_ring(lead(), loopback(1, one_page, ring.pages(), flags));
    };
    uint32_t before = lead().events(second);
    require_ok(again(binding(2)));
    require_ok(try_send(1));
    expect(lead().wait_event(second, before));
    settle(lead());
    // A failure changes nothing; then back, and the other one hears nothing any more.
    before = lead().events(first);
    expect_error(again(binding(1) | ARGO_REGISTER_FAIL_EXIST), ARGO_EEXIST);
    const uint32_t at_second = lead().events(second);
    require_ok(try_send(1));
    expect(lead().wait_event(second, at_second));
    settle(lead());
    expect_eq(lead().events(first), before);
    const uint32_t so_far = lead().events(second);
    require_ok(again(binding(1)));
    require_ok(try_send(1));
    expect(lead().wait_event(first, before));
    settle(lead());
    expect_eq(lead().events(second), so_far);
}

CASE(register, again_while_a_message_comes, core_pair, "ARGO-REGISTER-005", "ARGO-SENDV-020")
{
    // The pages are exchanged while the peer's message is copied. It is whole, in the old pages or in the new
    // ones; when the call has returned, the old ones are left alone.
    constexpr uint32_t length = ring_length(16), size = 50'000;
    const Pages a = fresh_pages(lead(), length), b = fresh_pages(lead(), length);
    for (uint32_t round = 0; round < 24; round++) {
        row("round", round);
        const Pages before = round % 2 == 0 ? a : b, after = round % 2 == 0 ? b : a;
        const auto enter = [&](const Pages& pages) {
            lead().store(pages.base, argo_ring{});
            return register_ring(lead(), {.port = 7, .partner = peer(), .length = length, .pages = pages});
        };
        require_ok(enter(before));
        Pending theirs = begin_send_pattern(peer(), 9, lead(), 7, size, round);
        dawdle();
        require_ok(enter(after));
        const bool there = lead().load<argo_ring>(before.base).tx_ptr != 0;
        require_eq(theirs.result(), size);
        Ring old(lead(), 7, peer(), length, before), now(lead(), 7, peer(), length, after);
        const auto early = old.receive(), late = now.receive();
        expect_eq(static_cast<bool>(early), there);
        expect_ne(static_cast<bool>(early), static_cast<bool>(late));
        if (early) expect_eq(old.find_mismatch(*early, round), size);
        if (late) expect_eq(now.find_mismatch(*late, round), size);
        old.forget();
    }
}

CASE(register, a_frame_may_be_listed_twice, core_loopback, "ARGO-REGISTER-011")
{
    // Three pages of which the last two are one: silly, but harmful to nobody else.
    auto ring = open_ring(lead(), 1, lead(), ring_length(3), 0, 2);
    require_eq(ring.pages().distinct, 2u);
    // The first message ends a little behind the start of the second page. The
    // second one ends a little behind the start of the third, which is where
    // the first one has its end: it is that one that suffers, and nothing else.
    require_ok(send_pattern(lead(), 9, lead(), 1, 4080, 1));
    require_ok(send_pattern(lead(), 9, lead(), 1, 4060, 2));
    const auto first = ring.receive(), second = ring.receive();
    require(first && second);
    expect_eq(ring.find_mismatch(*first, 1), 4032 - sizeof(argo_message));
    expect_eq(second->size(), 4060u);
    expect_eq(ring.find_mismatch(*second, 2), 4060u);
}

CASE(register, rings_may_share_a_page, core_loopback, "ARGO-REGISTER-011")
{
    const Pages page = pages_with({});
    expect_eq(register_ring(lead(), loopback(1, one_page, page)), 0);
    expect_eq(register_ring(lead(), loopback(2, one_page, page)), 0);
    // Each has its own place in the page, as the hypervisor's copy of tx_ptr is the truth.
    require_ok(try_send(1));
    require_ok(try_send(1));
    require_ok(try_send(2));
    expect_eq(lead().load<argo_ring>(page.base).tx_ptr, footprint(0));
}

CASE(register, every_length_in_one_page_can_be, core_loopback, "ARGO-REGISTER-012")
{
    const Pages page = pages_with({});
    for (uint32_t length = ARGO_RING_MIN_LENGTH; length <= one_page; length += ARGO_SLOT) {
        row("length", length);
        require_eq(register_ring(lead(), loopback(length, length, page)), 0);
        expect_eq(ask(lead(), lead(), length, 0).max_message, length - ARGO_RING_OVERHEAD);
        require_ok(unregister_ring(lead(), {.port = length, .partner = lead()}));
    }
}

CASE(register, lengths_around_pages_up_to_the_longest_can_be, core_loopback, "ARGO-REGISTER-012")
{
    const uint32_t longest = longest_ring();
    // A page more begins one slot after the page before is used up.
    for (const uint32_t length : {ring_length(1) + ARGO_SLOT, ring_length(2), ring_length(2) + ARGO_SLOT,
                                  ring_length(16), longest - ARGO_SLOT, longest}) {
        row("length", length);
        auto ring = open_ring(lead(), 1, lead(), length, 0, 2);
        expect_eq(try_send(1), 0);
        expect_eq(ring.tx(), footprint(0));
        expect_eq(ask(lead(), lead(), 1, 0).max_message, length - ARGO_RING_OVERHEAD);
    }
}

CASE(register, a_wildcard_ring_takes_any_sender, wildcard, "ARGO-REGISTER-013")
{
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    expect_eq(send(lead(), 1, lead(), 7, "mine"), 4);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->source.domid, lead().domid());
    expect(message->is("mine"));
}

CASE(register, a_wildcard_ring_takes_other_domains, wildcard, "ARGO-REGISTER-013", "ARGO-SENDV-014")
{
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD);
    expect_eq(send(peer(), 1, lead(), 7, "theirs"), 6);
    expect_eq(send(lead(), 1, lead(), 7, "mine"), 4);
    const auto first = ring.receive(), second = ring.receive();
    require(first && second);
    expect_eq(first->source.domid, peer().domid()); // Who it was is what the header is for.
    expect(first->is("theirs"));
    expect_eq(second->source.domid, lead().domid());
    expect(second->is("mine"));
}

CASE(register, waiters_are_kept_as_long_as_they_must_wait, core_loopback, "ARGO-REGISTER-014",
     "ARGO-SENDV-110")
{
    // Waiters are counted, and so they can be seen without any event: the limit is reached ...
    const uint32_t limit = lead().info().max_waiters;
    wait_at_rings(0, limit);
    expect_error(knock(limit), ARGO_EBUSY);

    // ... and stays so when a ring is registered again that is as full as before ...
    require_ok(register_ring(lead(), loopback(0, smallest, pages_with({0, footprint(brimful), 0, 0, {}}))));
    expect_error(knock(limit), ARGO_EBUSY);

    // ... but not when its new pages are empty: that waiter has what it waited for.
    require_ok(register_ring(lead(), loopback(0, smallest, pages_with({}))));
    expect_error(knock(limit), ARGO_EAGAIN);
}

CASE(register, waiters_are_woken_by_new_space, interrupt_vector, "ARGO-REGISTER-014")
{
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);

    // Again, and nothing is gained: nobody is woken ...
    require_ok(register_ring(lead(), loopback(1, smallest, ring.pages(), binding(1))));
    settle(lead());
    expect_eq(lead().events(event_vector), before);

    // ... again with the message consumed: that is space, and registration looks at it without being told.
    ring.drain();
    require_ok(register_ring(lead(), loopback(1, smallest, ring.pages(), binding(1))));
    expect(lead().wait_event(event_vector, before));
}

CASE(register, a_failure_keeps_the_waiters, interrupt_vector, "ARGO-REGISTER-006")
{
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);

    // There is space in the ring, but the call fails: it wakes nobody, and it forgets nobody.
    ring.drain();
    const uint64_t bad[] = {lead().bad_gpa() / ARGO_PAGE_SIZE};
    expect_error(register_ring(lead(), {.port = 1, .partner = lead(), .length = smallest, .frames = bad}),
                 ARGO_EFAULT);
    expect_error(register_ring(lead(), loopback(1, smallest, ring.pages(), ARGO_REGISTER_FAIL_EXIST)),
                 ARGO_EEXIST);
    settle(lead());
    expect_eq(lead().events(event_vector), before);

    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before));
}

CASE(register, again_changes_the_binding, interrupt_vector, "ARGO-REGISTER-005", "ARGO-EVENT-001")
{
    needs_bindings(2);
    require_ok(bind(lead(), 1, free_vector));
    require_ok(bind(lead(), 2, free_vector + 1));
    auto ring = open_loopback(smallest, 1, binding(1));
    require_ok(register_ring(lead(), loopback(1, smallest, ring.pages(), binding(2))));

    const uint32_t first = lead().events(free_vector), second = lead().events(free_vector + 1);
    require_ok(try_send(1));
    expect(lead().wait_event(free_vector + 1, second));
    settle(lead());
    expect_eq(lead().events(free_vector), first);
}

namespace {

/// Register rings over and over the same few pages until `pages` pages are in use. Ports used, from zero on.
uint32_t take_pages(uint32_t pages)
{
    const uint32_t longest = ring_pages(longest_ring());
    if ((pages + longest - 1) / longest >= lead().info().max_rings)
        not_supported("max_rings is reached before max_pages");
    const Pages shared{lead().alloc(2 * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE), 2};
    uint32_t port = 0;
    for (; pages != 0; port++) {
        const uint32_t now = pages < longest ? pages : longest;
        const uint32_t length = now == longest ? longest_ring() : ring_length(now);
        if (port == lead().info().max_rings - 1) not_supported("max_rings is reached before max_pages");
        require_ok(register_ring(lead(), loopback(port, length, shared)));
        pages -= now;
    }
    return port;
}

} // namespace

CASE(register, pages_count_as_often_as_they_are_listed, core_loopback, "ARGO-REGISTER-015",
     "ARGO-REGISTER-110")
{
    // All of max_pages, and they are two pages of memory, listed again and again. Not one more can be used,
    // whether it is a page of its own or one of these two ...
    const uint32_t next = take_pages(lead().info().max_pages);
    const Pages other = pages_with({});
    expect_error(register_ring(lead(), loopback(next, smallest, other)), ARGO_ENOSPC);
    expect_error(try_send(next), ARGO_ECONNREFUSED);

    // ... until a ring is gone, and its pages with it.
    require_ok(unregister_ring(lead(), {.port = next - 1, .partner = lead()}));
    expect_eq(register_ring(lead(), loopback(next, smallest, other)), 0);
}

CASE(register, one_page_short_of_max_pages_is_no_page_too_many, core_loopback, "ARGO-REGISTER-015",
     "ARGO-REGISTER-110")
{
    const uint32_t next = take_pages(lead().info().max_pages - 1);
    const Pages two{lead().alloc(2 * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    expect_error(register_ring(lead(), loopback(next, ring_length(2), two)), ARGO_ENOSPC);
    expect_eq(register_ring(lead(), loopback(next, ring_length(1), two)), 0);
}

CASE(register, again_does_not_count_pages_again, core_loopback, "ARGO-REGISTER-015", "ARGO-REGISTER-008")
{
    const uint32_t next = take_pages(lead().info().max_pages - 1);
    const Pages page = pages_with({});
    require_ok(register_ring(lead(), loopback(next, smallest, page)));
    // Max_pages are in use, and this one may be exchanged for
    // another as often as one likes: the old one is given back.
    expect_eq(register_ring(lead(), loopback(next, smallest, pages_with({}))), 0);
    expect_eq(register_ring(lead(), loopback(next, smallest, page)), 0);
    expect_error(register_ring(lead(), loopback(next + 1, smallest, page)), ARGO_ENOSPC);
}

CASE(register, a_failure_takes_nothing, core_loopback, "ARGO-CALL-005", "ARGO-REGISTER-009",
     "ARGO-REGISTER-111")
{
    // Failures at the last step, more of them than there may be
    // rings; then there are exactly max_rings still to have.
    const uint32_t limit = lead().info().max_rings;
    const uint64_t bad[] = {lead().bad_gpa() / ARGO_PAGE_SIZE};
    for (uint32_t port = 0; port <= limit; port++)
        require_error(
            register_ring(lead(), {.port = port, .partner = lead(), .length = smallest, .frames = bad}),
            ARGO_EFAULT);
    const Pages page = open_many(0, limit, false);
    expect_error(register_ring(lead(), loopback(limit, smallest, page)), ARGO_ENOSPC);
}

CASE(register, structures_lie_at_any_address, core_loopback, "ARGO-CALL-006", "ARGO-REGISTER-001")
{
    const Pages pages = pages_with({}, 2);
    const uint64_t frames[] = {frame_of(pages.base), frame_of(pages.base) + 1};
    // Odd addresses, and a page's end at each place where a field can be cut.
    for (const uint32_t offset : {1u, 4095u, 4096u - 4u, 4096u - 5u, 4096u - 6u, 4096u - 8u, 4096u - 11u}) {
        row("offset in page", offset);
        const Gpa structure = lead().alloc(sizeof(argo_register), ARGO_PAGE_SIZE, offset);
        const Gpa list = lead().alloc(sizeof frames, ARGO_PAGE_SIZE, offset);
        lead().store(structure, argo_register{offset, Who(lead()).value, 0, ring_length(2)});
        lead().write(list, frames, sizeof frames);
        lead().store(pages.base, argo_ring{});
        expect_eq(lead().call(ARGO_OP_REGISTER_RING, structure.value, list.value, 2), 0);
        require_ok(send_pattern(lead(), 1, lead(), offset, 5000, offset)); // It has both its pages.
        require_ok(unregister_ring(lead(), {.port = offset, .partner = lead()}));
    }
}
