// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// xen: major 0, as Xen's own interface has it. Book: spec/xen.rst and, for what is expected here,
// spec/annex-xen.rst. Every call of these cases is one of major 0. They run on upstream Xen and, with the
// same verdicts, on a Xen that offers major 1 beside it. What major 0 tells of is in xen_event.cpp.

#include <tuple>

#include "xen.hpp"

using namespace argo::suite;

namespace {

constexpr uint32_t max_pages = 4096, max_iov = 8, max_notify = 256, max_waiters = 32;
constexpr uint32_t declared_length = 0x1000000, longest_length = 0xffffc0, max_message = 0xffffe0;
constexpr uint16_t domid_self = 0x7ff0;

} // namespace

CASE(xen, the_library_takes_refusal_for_the_absence_of_major_1, upstream, "ARGO-XEN-003")
{
    // What a guest makes of it: a word of major 1 is an unknown command to Xen's own interface.
    const auto& machine_says = [](uint64_t word) {
        return static_cast<int32_t>(platform::machine().xen_hypercall(argo::xen::argo_op, word, 0, 0, 0, 0));
    };
    if (machine_says(ARGO_OPERATION_WORD(ARGO_OP_QUERY)) != -ARGO_EOPNOTSUPP)
        not_supported("this Xen has major 1");
    const auto found = argo::probe(platform::machine());
    require(found);
    expect_eq(found->major(), 0);
    expect_eq(found->self(), lead().domid());
    expect(found->notify());
}

CASE(xen, major_1_reads_linear_addresses, core_loopback, "ARGO-XEN-002")
{
    const argo::Mechanism mechanism = offered(ARGO_MECHANISM_XEN);
    const auto xen = argo::Hypervisor<platform::Machine>::confirm(platform::machine(), mechanism, 1);
    require(xen);
    require_eq(xen->major(), ARGO_ABI_MAJOR);
    // Wherever a structure stands: within a page, and where one ends. What is no memory is none.
    auto ring = open_loopback();
    for (const size_t offset : {size_t{0}, size_t{ARGO_PAGE_SIZE} - 4}) {
        row("offset", offset);
        const Gpa place =
            lead().alloc(sizeof(argo_notify) + sizeof(argo_notify_entry), ARGO_PAGE_SIZE, offset);
        lead().store(place, argo_notify{1, 0});
        lead().store(Gpa{place.value + sizeof(argo_notify)}, about(lead(), 1, 0));
        expect_eq(xen->call(ARGO_OP_NOTIFY, place.value), 0);
        const auto answer = lead().load<argo_notify_entry>(Gpa{place.value + sizeof(argo_notify)});
        expect_eq(answer.flags, fresh);
    }
    for (const uint64_t address :
         {lead().bad_gpa(), UINT64_C(0x0000800000000000), UINT64_C(0x0010000000100000)}) {
        row("address", address);
        expect_error(xen->call(ARGO_OP_NOTIFY, address), ARGO_EFAULT);
        expect_error(xen->call(ARGO_OP_UNREGISTER_RING, address), ARGO_EFAULT);
    }
}

CASE(xen, commands_that_are_none, upstream, "ARGO-XEN-001")
{
    for (const uint32_t command : {0u, 5u, 6u, 0x10u, 0x11u, 0x1fu, 0x20u, 0x24u, 0x28u, 0x7fffu, 0xffffu}) {
        row("command", command);
        expect_error(lead().call(command), ARGO_EOPNOTSUPP);
    }
}

CASE(xen, the_last_two_arguments_have_32_bits, upstream, "ARGO-XEN-001")
{
    // Before anything else, and whatever the command.
    for (const uint32_t command : {0u, 1u, 2u, 3u, 4u, 5u}) {
        row("command", command);
        expect_error(lead().call(command, 0, 0, UINT64_C(1) << 32, 0), ARGO_EINVAL);
        expect_error(lead().call(command, 0, 0, 0, UINT64_C(1) << 32), ARGO_EINVAL);
        expect_error(lead().call(command, 0, 0, UINT64_MAX, UINT64_MAX), ARGO_EINVAL);
    }
}

CASE(xen, an_error_of_sendv_is_negative, upstream, "ARGO-CALL-003")
{
    // The whole register, which everything else here takes the lower half of.
    const Gpa addresses = lead().alloc(sizeof(argo_send_addr));
    lead().store(addresses, argo_send_addr{{9, Who(lead()).value, 0}, {1, Who(lead()).value, 0}});
    const int64_t result =
        platform::machine().xen_hypercall(argo::xen::argo_op, ARGO_OP_SENDV, addresses.value, 0, 0, 0);
    expect_error(result, ARGO_ECONNREFUSED);
}

CASE(xen, arguments_that_are_not_used_are_zero, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback();
    const Gpa structure = lead().alloc(ARGO_PAGE_SIZE);
    lead().store(structure, argo_unregister{1, Who(lead()).value, 0});
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, structure.value, 1, 0, 0), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, structure.value, 0, 1, 0), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, structure.value, 0, 0, 1), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_NOTIFY, 0, 1, 0, 0), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_NOTIFY, 0, 0, 1, 0), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_NOTIFY, 0, 0, 0, 1), ARGO_EINVAL);
    // Before the structure is looked at.
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, lead().bad_gpa(), 0, 0, 1), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_NOTIFY, lead().bad_gpa(), 0, 0, 1), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, lead().bad_gpa()), ARGO_EFAULT);
    expect_error(lead().call(ARGO_OP_NOTIFY, lead().bad_gpa()), ARGO_EFAULT);
}

CASE(xen, structures_of_registration_are_packed, upstream, "ARGO-XEN-001")
{
    // By their bytes, not by any header: port, partner, padding, length; then port, partner, padding.
    const Gpa page = lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE);
    const Gpa list = lead().alloc(8), structure = lead().alloc(12);
    lead().store(list, frame_of(page));
    const uint16_t self = Who(lead()).value;
    const uint8_t low = static_cast<uint8_t>(self), high = static_cast<uint8_t>(self >> 8);
    const uint8_t registration[12] = {0x78, 0x56, 0x34, 0x12, low, high, 0, 0, 0xc0, 0x0f, 0, 0};
    lead().write(structure, registration, sizeof registration);
    require_eq(lead().call(ARGO_OP_REGISTER_RING, structure.value, list.value, 1, 0), 0);
    expect_eq(send(lead(), 9, lead(), 0x12345678, "there"), 5);
    expect_eq(lead().call(ARGO_OP_UNREGISTER_RING, structure.value), 0);
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, structure.value), ARGO_ENOENT);
}

CASE(xen, a_message_is_packed, upstream, "ARGO-XEN-001")
{
    // What sendv reads, and what it leaves in the ring: length, source port, source domid, padding, type,
    // bytes.
    auto ring = open_loopback(one_page, 0x0a0b0c0d);
    const uint16_t self = Who(lead()).value;
    const uint8_t low = static_cast<uint8_t>(self), high = static_cast<uint8_t>(self >> 8);
    const uint8_t addresses[16] = {4, 3, 2, 1, low, high, 0, 0, 0x0d, 0x0c, 0x0b, 0x0a, low, high, 0, 0};
    const Gpa place = lead().alloc(16), payload = lead().alloc(16), piece = lead().alloc(16);
    lead().write(place, addresses, sizeof addresses);
    lead().write(payload, "abcde", 5);
    lead().store(piece, payload.value);
    lead().store(Gpa{piece.value + 8}, uint32_t{5});
    require_eq(lead().call(ARGO_OP_SENDV, place.value, piece.value, 1, 0x87654321), 5);

    uint8_t found[21];
    ring.read(0, found, sizeof found);
    const uint8_t expected[21] = {21, 0,    0,    0,    4,    3,   2,   1,   low, high, 0,
                                  0,  0x21, 0x43, 0x65, 0x87, 'a', 'b', 'c', 'd', 'e'};
    for (size_t i = 0; i < sizeof found; i++) {
        row("byte", i);
        expect_eq(found[i], expected[i]);
    }
    expect_eq(ring.tx(), 32u);
}

CASE(xen, every_type_arrives, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback();
    for (const uint32_t type : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
        row("type", type);
        require_ok(send(lead(), 9, lead(), 1, "x", type));
        const auto message = ring.receive();
        require(message);
        expect_eq(message->type, type);
    }
}

CASE(xen, lengths_of_rings, upstream, "ARGO-XEN-001")
{
    for (const uint32_t length : {0u, 16u, 32u, 47u, 49u, 56u, 63u, longest_length + 16, declared_length,
                                  declared_length + 16, 0xfffffff0u}) {
        row("length", length);
        expect_error(register_ring(lead(), {.port = 1, .partner = lead(), .length = length, .count = 1}),
                     ARGO_EINVAL);
    }
    for (const uint32_t length : {48u, 64u, one_page}) {
        row("length", length);
        auto ring = open_loopback(length);
        const uint32_t most = length - ARGO_RING_OVERHEAD;
        expect_error(send_pattern(lead(), 9, lead(), 1, most + 1, 1), ARGO_EMSGSIZE);
        expect_eq(send_pattern(lead(), 9, lead(), 1, most, 1), most);
    }
}

CASE(xen, the_longest_ring_is_shorter_than_declared, upstream, "ARGO-XEN-001")
{
    // 16 MiB are declared, and 4096 frames may be given; the header takes some of these. Two pages are all
    // there is of this ring: one for the header, and one again and again.
    const Gpa pages = lead().alloc(2 * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE), structure = lead().alloc(16),
              list = lead().alloc(max_pages * sizeof(uint64_t));
    lead().store(list, frame_of(pages));
    lead().fill_series(Gpa{list.value + 8}, max_pages - 1, frame_of(pages) + 1, 1);
    for (const auto& [length, count, result] :
         {std::tuple{longest_length, max_pages, 0}, std::tuple{longest_length + 16, max_pages, -ARGO_EINVAL},
          std::tuple{declared_length, max_pages, -ARGO_EINVAL},
          std::tuple{declared_length, max_pages + 1, -ARGO_EINVAL}}) {
        row("length", length, "frames", count);
        lead().store(structure, argo_register{1, Who(lead()).value, 0, length});
        expect_eq(lead().call(ARGO_OP_REGISTER_RING, structure.value, list.value, count, 0), result);
        if (result == 0) expect_eq(ask(lead(), lead(), 1, 0).max_message, length - ARGO_RING_OVERHEAD);
        if (result == 0) expect_eq(unregister_ring(lead(), {.port = 1, .partner = lead()}), 0);
    }
}

CASE(xen, frames_are_as_many_as_the_length_says, upstream, "ARGO-XEN-001")
{
    for (const uint64_t count :
         {UINT64_C(0), UINT64_C(2), UINT64_C(4096), UINT64_C(4097), UINT64_C(0xffffffff)}) {
        row("frames", count);
        expect_error(
            register_ring(lead(), {.port = 1, .partner = lead(), .length = one_page, .count = count}),
            ARGO_EINVAL);
    }
    // One byte more of header and data than fit the page.
    expect_error(register_ring(lead(), {.port = 1, .partner = lead(), .length = one_page + 16, .count = 1}),
                 ARGO_EINVAL);
}

CASE(xen, flags_and_paddings_of_registration_are_zero, upstream, "ARGO-XEN-001")
{
    for (uint32_t bit = 1; bit < 32; bit++) {
        row("flag", bit);
        expect_error(
            register_ring(lead(),
                          {.port = 1, .partner = lead(), .length = smallest, .flags = UINT64_C(1) << bit}),
            ARGO_EINVAL);
    }
    for (const uint16_t padding : {uint16_t{1}, uint16_t{0x8000}}) {
        row("padding", padding);
        expect_error(
            register_ring(lead(), {.port = 1, .partner = lead(), .reserved = padding, .length = smallest}),
            ARGO_EINVAL);
        auto ring = open_loopback();
        expect_error(unregister_ring(lead(), {.port = 1, .partner = lead(), .reserved = padding}),
                     ARGO_EINVAL);
    }
}

CASE(xen, a_ring_that_exists, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback(one_page);
    RegisterArguments again{
        .port = 1, .partner = lead(), .length = one_page, .flags = ARGO_REGISTER_FAIL_EXIST};
    expect_error(register_ring(lead(), again), ARGO_EEXIST);
    again.length = smallest; // Resized it cannot be, with the flag and without.
    expect_error(register_ring(lead(), again), ARGO_EEXIST);
    again.flags = 0;
    expect_error(register_ring(lead(), again), ARGO_EEXIST);
    expect_eq(send(lead(), 9, lead(), 1, "x"), 1); // It is what it was.
}

CASE(xen, domains_that_are_none, upstream, "ARGO-XEN-001")
{
    // ESRCH, whatever policy says, and also for the number by which other hypercalls mean their caller.
    for (const uint16_t domid : {nobody().value, domid_self, uint16_t{0x7ff1}, uint16_t{0x7ff2},
                                 uint16_t{0x7ff3}, uint16_t{0x7ff5}, uint16_t{0x7fff}, uint16_t{0xffff}}) {
        row("domid", domid);
        expect_error(register_ring(lead(), {.port = 1, .partner = domid, .length = smallest}), ARGO_ESRCH);
        expect_error(send(lead(), 9, domid, 1, "x"), ARGO_ESRCH);
        // notify does not tell them from domains without such a ring.
        expect_eq(ask(lead(), domid, 1, 0).flags, 0);
    }
    expect_error(send(lead(), 9, ARGO_DOMID_WILDCARD, 1, "x"), ARGO_ESRCH);
}

CASE(xen, who_may_be_a_source, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback();
    SendArguments with;
    with.addresses = {{0xdeadbeef, ARGO_DOMID_WILDCARD, 0}, {1, Who(lead()).value, 0}};
    require_eq(sendv(lead(), with), 0); // The wildcard is whoever calls ...
    const auto message = ring.receive();
    require(message);
    expect_eq(message->source.domid, lead().domid());
    expect_eq(message->source.port, 0xdeadbeef); // ... and the port is what it says, with no ring there.
    for (const uint16_t domid : {domid_self, nobody().value, uint16_t{0}, uint16_t{0x7fff}}) {
        row("domid", domid);
        with.addresses.src.domid = domid;
        expect_error(sendv(lead(), with), ARGO_EPERM);
    }
}

CASE(xen, paddings_of_sendv_are_zero, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback();
    SendArguments with;
    with.addresses = {{9, Who(lead()).value, 1}, {1, Who(lead()).value, 0}};
    expect_error(sendv(lead(), with), ARGO_EINVAL);
    with.addresses.src.reserved = 0;
    with.addresses.dst.reserved = 1;
    expect_error(sendv(lead(), with), ARGO_EINVAL);
    const Gpa bytes = lead().alloc(16);
    const argo_iov piece[] = {{bytes.value, 8, 1}};
    expect_error(sendv(lead(), message_to(1, piece)), ARGO_EINVAL);
    expect_eq(ring.unread(), 0u);
}

CASE(xen, eight_pieces_and_no_more, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback();
    const Gpa bytes = lead().alloc(64);
    lead().write(bytes, "0123456789", 10);
    argo_iov pieces[max_iov + 1];
    for (uint32_t i = 0; i < max_iov + 1; i++) pieces[i] = {bytes.value + i, i == 3 ? 0u : 1u, 0};
    expect_eq(sendv(lead(), message_to(1, {pieces, max_iov})), 7); // Side by side, and an empty one is none.
    const auto message = ring.receive();
    require(message);
    expect(message->is("0124567"));
    expect_error(sendv(lead(), message_to(1, {pieces, max_iov + 1})), ARGO_EINVAL);
}

CASE(xen, pieces_are_weighed_after_the_ring_is_found, upstream, "ARGO-XEN-001")
{
    const Gpa bytes = lead().alloc(16);
    const argo_iov padded[] = {{bytes.value, 8, 1}}, one[] = {{bytes.value, max_message + 1, 0}},
                   two[] = {{bytes.value, max_message, 0}, {bytes.value, 1, 0}};
    expect_error(sendv(lead(), message_to(1, padded)), ARGO_ECONNREFUSED);
    expect_error(sendv(lead(), message_to(1, one)), ARGO_ECONNREFUSED);
    expect_error(sendv(lead(), message_to(1, two)), ARGO_ECONNREFUSED);
    auto ring = open_loopback();
    expect_error(sendv(lead(), message_to(1, padded)), ARGO_EINVAL);
    expect_error(sendv(lead(), message_to(1, one)), ARGO_EINVAL);   // By itself too long ...
    expect_error(sendv(lead(), message_to(1, two)), ARGO_EMSGSIZE); // ... and together.
}

CASE(xen, tx_ptr_is_taken_over_or_made_sound, upstream, "ARGO-XEN-001")
{
    const struct
    {
        uint32_t rx, tx, becomes;
    } rows[] = {{0, 0, 0},
                {0, 32, 32},
                {0, one_page - 16, one_page - 16},
                {0, one_page, 0},
                {48, one_page + 16, 48},
                {40, 8, 48},
                {one_page, 0xffffffff, 0},
                {0xfffffff1, 1, 0}};
    for (const auto& [rx, tx, becomes] : rows) {
        row("rx_ptr", rx, "tx_ptr", tx);
        const Actor::Frame frame(lead());
        const Pages pages = fresh_pages(lead(), one_page);
        lead().store(pages.base, argo_ring{rx, tx, 0, 0, {}});
        require_eq(register_ring(lead(), {.port = 1, .partner = lead(), .length = one_page, .pages = pages}),
                   0);
        expect_eq(lead().load<uint32_t>(Gpa{pages.base.value + 4}), becomes);
        expect_eq(unregister_ring(lead(), {.port = 1, .partner = lead()}), 0);
    }
}

CASE(xen, a_ring_for_the_sender_comes_before_one_for_all, upstream, "ARGO-XEN-001")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "mac-permissive is off");
    auto any = open_ring(lead(), 1, ARGO_DOMID_WILDCARD);
    expect_eq(send(lead(), 9, lead(), 1, "any"), 3);
    expect_eq(ask(lead(), lead(), 1, 0).flags & ARGO_NOTIFY_SHARED, ARGO_NOTIFY_SHARED);
    auto one = open_ring(lead(), 1, lead(), smallest);
    expect_eq(send(lead(), 9, lead(), 1, "one"), 3);
    expect_eq(ask(lead(), lead(), 1, 0).flags & ARGO_NOTIFY_SHARED, 0);
    expect_error(send_pattern(lead(), 9, lead(), 1, 100, 1), ARGO_EMSGSIZE); // And no falling through.
    expect_eq(any.unread(), footprint(3));
    expect_eq(one.unread(), footprint(3));
}

CASE(xen, the_wildcard_is_not_for_all, upstream, "ARGO-XEN-001")
{
    if (lead().has(ARGO_FEATURE_WILDCARD)) not_supported("mac-permissive is on");
    expect_error(register_ring(lead(), {.port = 1, .partner = ARGO_DOMID_WILDCARD, .length = smallest}),
                 ARGO_EPERM);
}

CASE(xen, notify_answers, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback(one_page);
    constexpr uint32_t most = one_page - ARGO_RING_OVERHEAD;
    auto answer = ask(lead(), lead(), 1, most);
    expect_eq(answer.flags, fresh);
    expect_eq(answer.max_message, most);
    answer = ask(lead(), lead(), 1, most + 1);
    expect_eq(answer.flags, ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_EMPTY | ARGO_NOTIFY_EMSGSIZE);
    require_ok(send(lead(), 9, lead(), 1, "x"));
    expect_eq(ask(lead(), lead(), 1, most).flags, ARGO_NOTIFY_EXISTS);
    expect_eq(ask(lead(), lead(), 1, most - footprint(1)).flags, roomy);
}

CASE(xen, notify_leaves_what_it_does_not_answer, upstream, "ARGO-XEN-001")
{
    // Paddings are not looked at, and of a ring that is not there max_message is what the caller wrote.
    auto entry = about(lead(), 77, 5);
    entry.ring.reserved = 0xa5a5;
    entry.max_message = 0x12345678;
    NotifyArguments with;
    with.entries = {&entry, 1};
    with.reserved = 0xffffffff;
    require_eq(notify(lead(), with), 0);
    expect_eq(entry.flags, 0);
    expect_eq(entry.max_message, 0x12345678u);
    expect_eq(entry.ring.reserved, 0xa5a5);
    expect_eq(entry.space_required, 5u);
}

CASE(xen, as_many_questions_as_there_may_be, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback();
    static argo_notify_entry entries[max_notify];
    for (auto& entry : entries) entry = about(lead(), 1, 0);
    NotifyArguments with;
    with.entries = entries;
    require_eq(notify(lead(), with), 0);
    for (uint32_t i = 0; i < max_notify; i++) {
        row("entry", i);
        expect_eq(entries[i].flags, fresh);
    }
    row("entries", max_notify + 1);
    with.count = max_notify + 1; // A denial by FLASK is the same number.
    expect_error(notify(lead(), with), ARGO_EACCES);
    with.entries = {};
    with.count = 0;
    expect_eq(notify(lead(), with), 0);
}

CASE(xen, no_space_is_always_enough, upstream, "ARGO-XEN-001")
{
    auto ring = filled(lead(), 1, lead());
    expect_eq(ask(lead(), lead(), 1, 0).flags, roomy);
    expect_error(send(lead(), 9, lead(), 1, {}), ARGO_EAGAIN); // Not even for nothing.
}

CASE(xen, a_fault_leaves_the_ring_as_it_was, upstream, "ARGO-XEN-001")
{
    auto ring = open_loopback();
    const Gpa bytes = lead().alloc(16);
    const argo_iov pieces[] = {{bytes.value, 8, 0}, {lead().bad_gpa(), 8, 0}};
    const uint32_t before = heard();
    expect_error(sendv(lead(), message_to(1, pieces)), ARGO_EFAULT);
    expect_eq(ring.tx(), 0u);
    expect_silence_since(before);
    expect_eq(send(lead(), 9, lead(), 1, "good"), 4);
    const auto message = ring.receive();
    require(message);
    expect(message->is("good"));
}

CASE(xen, a_ring_for_all_tells_senders_apart, upstream, "ARGO-XEN-001")
{
    not_supported_unless(ARGO_FEATURE_WILDCARD, "mac-permissive is off");
    auto ring = open_ring(lead(), 1, ARGO_DOMID_WILDCARD);
    expect_eq(send(peer(), 9, lead(), 1, "peer"), 4);
    expect_eq(send(lead(), 9, lead(), 1, "lead"), 4);
    SendArguments with;
    with.addresses = {{9, Who(lead()).value, 0}, {1, Who(lead()).value, 0}};
    expect_error(sendv(peer(), with), ARGO_EPERM); // In another's name.
    const auto first = ring.receive(), second = ring.receive();
    require(first && second);
    expect_eq(first->source.domid, peer().domid());
    expect_eq(second->source.domid, lead().domid());
}

CASE(xen, a_denied_question_ends_the_rest, upstream, "ARGO-XEN-001")
{
    // FLASK says EACCES, and SILO EPERM, for each operation. An entry of notify that is denied is the end of
    // all behind it; one for a domain that is none is not, so that the two can be told apart.
    const auto denied = [](int64_t result) { return result == -ARGO_EACCES || result == -ARGO_EPERM; };
    uint16_t other = 0;
    constexpr uint16_t most = 8;
    while (other < most && !denied(send(lead(), 9, other, 1, "x"))) other++;
    if (other == most) not_supported("policy denies the lead nobody");
    const int64_t how = send(lead(), 9, other, 1, "x");
    auto ring = open_loopback();
    expect_eq(register_ring(lead(), {.port = 2, .partner = other, .length = smallest}), how);
    argo_notify_entry entries[] = {about(lead(), 1, 0), about(other, 1, 0), about(lead(), 1, 0)};
    entries[2].flags = 0x5a;
    NotifyArguments with;
    with.entries = entries;
    expect_eq(notify(lead(), with), how);
    expect_eq(entries[0].flags, fresh);
    expect_eq(entries[2].flags, 0x5a);
    entries[1] = about(nobody(), 1, 0);
    expect_eq(notify(lead(), with), 0);
    expect_eq(entries[2].flags, fresh);
    expect_error(send(lead(), 9, nobody(), 1, "x"), ARGO_ESRCH);
}

CASE(xen, a_partner_of_a_ring_that_was_registered_twice_ends, upstream, "ARGO-XEN-001")
{
    // A debug build of Xen looks for the ring as often as its partner was told of it.
    const Pages pages = fresh_pages(lead(), smallest);
    const RegisterArguments ring{.port = 1, .partner = peer(), .length = smallest, .pages = pages};
    require_eq(register_ring(lead(), ring), 0);
    require_eq(register_ring(lead(), ring), 0);
    require_eq(unregister_ring(lead(), {.port = 1, .partner = peer()}), 0);
    host_kill(peer());
    auto own = open_loopback();
    expect_eq(send(lead(), 9, lead(), 1, "alive"), 5);
}

CASE(xen, a_partner_ends_after_the_owner_and_its_successor, upstream, "ARGO-XEN-001")
{
    // The owner is gone with its ring; another domain has its number when the partner ends.
    require_eq(register_ring(third(), {.port = 1, .partner = peer(), .length = smallest}), 0);
    host_restart(third());
    expect_eq(send(third(), 9, third(), 1, "x"), -ARGO_ECONNREFUSED);
    host_kill(peer());
    auto own = open_loopback();
    expect_eq(send(lead(), 9, lead(), 1, "alive"), 5);
}
