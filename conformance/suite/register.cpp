// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// register: offering memory to senders, and offering it anew. Book: spec/register.rst.

#include <cstddef>

#include "stories.hpp"

using namespace argo::suite;

namespace {

/// Zeroed pages of the lead with this header.
Pages pages_with(const argo_ring& header, uint32_t count = 1)
{
    const Pages pages{lead().alloc(count * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    lead().store(pages.base, header);
    return pages;
}

/// A ring of the lead for itself in these pages.
RegisterArguments loopback(uint32_t port, uint32_t length, Pages pages, uint64_t flags = 0)
{
    return {.port = port, .partner = lead(), .length = length, .flags = flags, .pages = pages};
}

/// Whether a ring is there is what a sender says.
int64_t try_send(uint32_t port) { return send(lead(), 1, lead(), port, {}); }

} // namespace

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
    const Pages pages = pages_with({row_.rx, row_.tx, {}});
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

CASE(register, an_impossible_tx_and_rx_become_zero, core_loopback, "ARGO-REGISTER-004")
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
    const Pages fresh = pages_with({48, 0xdead, {}}, 2);
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
    require_ok(register_ring(lead(), loopback(0, smallest, pages_with({0, footprint(brimful), {}}))));
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

// The errors, each alone and then against its neighbours.

CASE(register, more_frames_than_any_ring_needs, core_loopback, "ARGO-REGISTER-101", "ARGO-CALL-004")
{
    const uint32_t most = ring_pages(lead().info().max_ring_length);
    auto with = loopback(1, one_page, pages_with({}));
    // The count is looked at before memory is, or else the hypervisor would read what no ring can use ...
    with.structure_gpa = lead().bad_gpa();
    for (const uint64_t count : {uint64_t{most} + 1, UINT64_C(1) << 32 | 1, UINT64_C(1) << 61, UINT64_MAX}) {
        row("count", count);
        with.count = count;
        expect_error(register_ring(lead(), with), ARGO_EINVAL);
    }
    // ... and this one would be read.
    with.count = most;
    expect_error(register_ring(lead(), with), ARGO_EFAULT);
}

CASE(register, unknown_flags_are_refused, core_loopback, "ARGO-REGISTER-102")
{
    const Pages page = pages_with({});
    for (uint32_t bit = 2; bit < 64; bit++) {
        if (bit >= ARGO_REGISTER_BINDING_SHIFT && bit < 32) continue; // The binding, see below.
        row("bit", bit);
        expect_error(register_ring(lead(), loopback(1, smallest, page, UINT64_C(1) << bit)), ARGO_EINVAL);
    }
    expect_error(try_send(1), ARGO_ECONNREFUSED);
}

CASE(register, flags_of_absent_features_are_refused, core_loopback, "ARGO-REGISTER-102")
{
    const Pages page = pages_with({});
    if (lead().has(ARGO_FEATURE_SUPPRESS) && lead().has(ARGO_FEATURE_VECTOR))
        not_supported("all features with flags are offered");
    if (!lead().has(ARGO_FEATURE_SUPPRESS))
        expect_error(register_ring(lead(), loopback(1, smallest, page, ARGO_REGISTER_SUPPRESS)), ARGO_EINVAL);
    if (!lead().has(ARGO_FEATURE_VECTOR))
        expect_error(
            register_ring(lead(), loopback(1, smallest, page, UINT64_C(1) << ARGO_REGISTER_BINDING_SHIFT)),
            ARGO_EINVAL);
}

CASE(register, bindings_end_at_the_limit, core_loopback, "ARGO-REGISTER-102")
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    const uint64_t limit = lead().info().max_bindings;
    const Pages page = pages_with({});
    expect_eq(register_ring(lead(), loopback(1, smallest, page, (limit - 1) << ARGO_REGISTER_BINDING_SHIFT)),
              0);
    for (const uint64_t index : {limit, limit + 1, UINT64_C(0x8000), UINT64_C(0xffff)}) {
        row("binding", index);
        if (index > 0xffff) continue;
        expect_error(register_ring(lead(), loopback(2, smallest, page, index << ARGO_REGISTER_BINDING_SHIFT)),
                     ARGO_EINVAL);
    }
}

CASE(register, the_structure_must_be_in_memory, core_loopback, "ARGO-REGISTER-103", "ARGO-CALL-007")
{
    auto with = loopback(1, one_page, pages_with({}));
    const uint64_t end = lead().bad_gpa();
    for (const uint64_t where : {end, end - 1, end - sizeof(argo_register) + 1, UINT64_C(1) << 52, UINT64_MAX,
                                 UINT64_MAX - sizeof(argo_register) + 2}) {
        row("address", where);
        with.structure_gpa = where;
        expect_error(register_ring(lead(), with), ARGO_EFAULT);
    }
    expect_error(try_send(1), ARGO_ECONNREFUSED);
}

CASE(register, the_frame_list_must_be_in_memory, core_loopback, "ARGO-REGISTER-103", "ARGO-CALL-007")
{
    auto with = loopback(1, ring_length(2), pages_with({}, 2));
    const uint64_t end = lead().bad_gpa();
    for (const uint64_t where :
         {end, end - 1, end - 8, end - 15, UINT64_C(1) << 52, UINT64_MAX - 7, UINT64_MAX - 15}) {
        row("address", where);
        with.frames_gpa = where;
        expect_error(register_ring(lead(), with), ARGO_EFAULT);
    }
    expect_error(try_send(1), ARGO_ECONNREFUSED);
}

CASE(register, a_reserved_field_is_zero, core_loopback, "ARGO-REGISTER-104")
{
    auto with = loopback(1, one_page, pages_with({}));
    for (const uint16_t reserved : {uint16_t{1}, uint16_t{0x100}, uint16_t{0x8000}, uint16_t{0xffff}}) {
        row("reserved", reserved);
        with.reserved = reserved;
        expect_error(register_ring(lead(), with), ARGO_EINVAL);
    }
    expect_error(try_send(1), ARGO_ECONNREFUSED);
}

CASE(register, impossible_lengths_are_refused, core_loopback, "ARGO-REGISTER-105")
{
    const Pages page = pages_with({}, 2);
    for (const uint32_t length : {0u, 1u, 16u, 32u, 47u, 49u, 56u, 63u, 72u, 4031u, 4033u}) {
        row("length", length);
        expect_error(register_ring(lead(), loopback(1, length, page)), ARGO_EINVAL);
    }
    expect_error(try_send(1), ARGO_ECONNREFUSED);
}

CASE(register, lengths_above_the_limit_are_refused, core_loopback, "ARGO-REGISTER-105")
{
    const uint32_t limit = lead().info().max_ring_length;
    const uint32_t above = limit / ARGO_SLOT * ARGO_SLOT + ARGO_SLOT;
    const Pages pages = {lead().alloc(2 * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE), 2};
    // With as many frames as they would take, and for those near 2^32 with what is left after an overflow.
    for (const uint32_t length :
         {above, above + ring_length(2), 0x80000000u, 0xfffffff0u, 0xffffffc0u, 0xffffffd0u}) {
        row("length", length);
        auto with = loopback(1, length, pages);
        expect_error(register_ring(lead(), with), ARGO_EINVAL);
        with.count = 1;
        expect_error(register_ring(lead(), with), ARGO_EINVAL);
        with.count = 0;
        expect_error(register_ring(lead(), with), ARGO_EINVAL);
    }
    expect_error(try_send(1), ARGO_ECONNREFUSED);
}

CASE(register, the_count_is_that_of_the_length, core_loopback, "ARGO-REGISTER-106")
{
    const Pages pages = pages_with({}, 4);
    const uint64_t frames[] = {frame_of(pages.base), frame_of(pages.base) + 1, frame_of(pages.base) + 2,
                               frame_of(pages.base) + 3};
    // The header counts: one slot more than fits beside it takes a page more.
    struct
    {
        uint32_t length, count;
    } const table[] = {{smallest, 1},
                       {ring_length(1), 1},
                       {ring_length(1) + ARGO_SLOT, 2},
                       {ring_length(2), 2},
                       {ring_length(2) + ARGO_SLOT, 3}};
    for (const auto& [length, right] : table) {
        for (uint32_t count = 0; count <= 4; count++) {
            row("length", length, "count", count);
            RegisterArguments with = {.port = 1, .partner = lead(), .length = length, .frames = frames};
            with.count = count;
            const int64_t result = register_ring(lead(), with);
            if (count == right) {
                expect_eq(result, 0);
                require_ok(unregister_ring(lead(), {.port = 1, .partner = lead()}));
            } else {
                expect_error(result, ARGO_EINVAL);
            }
        }
    }
}

CASE(register, the_wildcard_needs_its_feature, core_loopback, "ARGO-REGISTER-107")
{
    if (lead().has(ARGO_FEATURE_WILDCARD))
        not_supported("feature WILDCARD is offered, so the wildcard is not refused");
    expect_error(register_ring(lead(), {.port = 1, .partner = ARGO_DOMID_WILDCARD, .length = smallest}),
                 ARGO_EPERM);
}

CASE(register, the_partner_is_a_domain, core_loopback, "ARGO-REGISTER-108")
{
    expect_error(register_ring(lead(), {.port = 1, .partner = nobody(), .length = smallest}), ARGO_EACCES);
    expect_error(unregister_ring(lead(), {.port = 1, .partner = nobody()}), ARGO_ENOENT);
}

CASE(register, an_existing_ring_can_be_meant_to_fail, core_loopback, "ARGO-REGISTER-109")
{
    const Pages page = pages_with({});
    // The first of its name is not refused by the flag ...
    expect_eq(register_ring(lead(), loopback(1, smallest, page, ARGO_REGISTER_FAIL_EXIST)), 0);
    // ... the second is, with the flag or with another length, longer or shorter.
    expect_error(register_ring(lead(), loopback(1, smallest, page, ARGO_REGISTER_FAIL_EXIST)), ARGO_EEXIST);
    expect_error(register_ring(lead(), loopback(1, smallest + ARGO_SLOT, page)), ARGO_EEXIST);
    expect_eq(register_ring(lead(), loopback(2, smallest + ARGO_SLOT, page)), 0);
    expect_error(register_ring(lead(), loopback(2, smallest, page)), ARGO_EEXIST);
    // Gone is gone.
    require_ok(unregister_ring(lead(), {.port = 1, .partner = lead()}));
    expect_eq(register_ring(lead(), loopback(1, smallest + ARGO_SLOT, page, ARGO_REGISTER_FAIL_EXIST)), 0);
}

CASE(register, a_frame_is_memory_of_the_caller, core_loopback, "ARGO-REGISTER-111", "ARGO-CALL-005")
{
    const uint64_t good = frame_of(pages_with({}).base), end = lead().bad_gpa() / ARGO_PAGE_SIZE;
    // Beyond memory; numbers that wrap around onto good memory when they are made addresses; the largest.
    for (const uint64_t frame : {end, end + 1, UINT64_C(1) << 40, good | UINT64_C(1) << 52,
                                 good | UINT64_C(1) << 63, good | UINT64_C(1) << 32, UINT64_MAX}) {
        row("frame", frame);
        const uint64_t frames[] = {frame};
        expect_error(
            register_ring(lead(), {.port = 1, .partner = lead(), .length = smallest, .frames = frames}),
            ARGO_EFAULT);
        expect_error(try_send(1), ARGO_ECONNREFUSED);
    }
}

CASE(register, every_frame_of_the_list_is_looked_at, core_loopback, "ARGO-REGISTER-111", "ARGO-CALL-005")
{
    const uint64_t good = frame_of(pages_with({}, 3).base), bad = lead().bad_gpa() / ARGO_PAGE_SIZE;
    for (uint32_t which = 0; which < 3; which++) {
        row("bad frame at", which);
        uint64_t frames[] = {good, good + 1, good + 2};
        frames[which] = bad;
        expect_error(
            register_ring(lead(), {.port = 1, .partner = lead(), .length = ring_length(3), .frames = frames}),
            ARGO_EFAULT);
    }
    expect_error(try_send(1), ARGO_ECONNREFUSED);
}

CASE(register, errors_come_in_their_order, core_loopback, "ARGO-CALL-004", "ARGO-REGISTER-101",
     "ARGO-REGISTER-103", "ARGO-REGISTER-105", "ARGO-REGISTER-108", "ARGO-REGISTER-109", "ARGO-REGISTER-110",
     "ARGO-REGISTER-111")
{
    // A call with everything wrong. Step by step one thing is put right, and the next error shows.
    const uint32_t limit = lead().info().max_rings;
    const Pages page = open_many(0, limit, false);
    const uint64_t frames[] = {lead().bad_gpa() / ARGO_PAGE_SIZE};

    RegisterArguments with = {.port = 0, .partner = nobody(), .reserved = 1, .length = 47, .frames = frames};
    with.flags = UINT64_C(1) << 63;
    with.count = UINT64_MAX;
    with.structure_gpa = lead().bad_gpa();
    with.frames_gpa = lead().bad_gpa();
    expect_error(register_ring(lead(), with), ARGO_EINVAL); // The count ...
    with.count = 2;
    expect_error(register_ring(lead(), with), ARGO_EINVAL); // ... the flags ...
    with.flags = ARGO_REGISTER_FAIL_EXIST;
    expect_error(register_ring(lead(), with), ARGO_EFAULT); // ... the structure's place ...
    with.structure_gpa = {};
    expect_error(register_ring(lead(), with), ARGO_EFAULT); // ... the list's ...
    with.frames_gpa = {};
    expect_error(register_ring(lead(), with), ARGO_EINVAL); // ... the reserved field ...
    with.reserved = 0;
    expect_error(register_ring(lead(), with), ARGO_EINVAL); // ... the length ...
    with.length = smallest;
    // ... the count again, now as one of this length ...
    expect_error(register_ring(lead(), with), ARGO_EINVAL);
    with.count = 1;
    expect_error(register_ring(lead(), with), ARGO_EACCES); // ... who is nobody ...
    with.partner = lead();
    expect_error(register_ring(lead(), with), ARGO_EEXIST); // ... what is there already ...
    with.port = limit;
    expect_error(register_ring(lead(), with), ARGO_ENOSPC); // ... what is too much ...
    require_ok(unregister_ring(lead(), {.port = 1, .partner = lead()}));
    expect_error(register_ring(lead(), with), ARGO_EFAULT); // ... the frame ...
    with.frames = {};
    with.pages = page;
    expect_eq(register_ring(lead(), with), 0); // ... and nothing is wrong any more.
}

CASE(register, another_length_is_told_before_a_bad_frame, core_loopback, "ARGO-CALL-004", "ARGO-REGISTER-109")
{
    auto ring = open_loopback(smallest, 1);
    const uint64_t bad[] = {lead().bad_gpa() / ARGO_PAGE_SIZE};
    expect_error(
        register_ring(lead(), {.port = 1, .partner = lead(), .length = smallest + ARGO_SLOT, .frames = bad}),
        ARGO_EEXIST);
    expect_error(register_ring(lead(), {.port = 1, .partner = lead(), .length = smallest, .frames = bad}),
                 ARGO_EFAULT);
}
