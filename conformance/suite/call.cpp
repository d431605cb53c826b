// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// call: how a call is made, and what goes wrong with every one of them alike. Book: spec/call.rst.

#include "frames.hpp"
#include "harness/session.hpp"
#include "precedence.hpp"

using namespace argo::suite;

namespace {

constexpr uint32_t operations[] = {ARGO_OP_QUERY, ARGO_OP_REGISTER_RING, ARGO_OP_UNREGISTER_RING,
                                   ARGO_OP_SENDV, ARGO_OP_NOTIFY,        ARGO_OP_VECTOR,
                                   ARGO_OP_RESET};

/// Drafts, and the feature without which each is not there. Reserved numbers have none.
constexpr struct
{
    uint32_t operation;
    uint64_t feature;
} drafts[] = {{ARGO_OP_DOORBELL, ARGO_FEATURE_DOORBELL},
              {ARGO_OP_SEND_BATCH, ARGO_FEATURE_BATCH},
              {ARGO_OP_RESERVE_RING, ARGO_FEATURE_RESERVE},
              {ARGO_OP_RESOLVE, ARGO_FEATURE_RESOLVE},
              {ARGO_OP_ROUTE, ARGO_FEATURE_ROUTE},
              {ARGO_OP_FETCH, UINT64_MAX},
              {ARGO_OP_SEND_ASYNC, UINT64_MAX}};

} // namespace

CASE(call, the_result_is_there_at_once, core_loopback, "ARGO-CALL-001")
{
    // One instruction, and in the next one everything is done: the answer written, the message in the ring.
    by_each_doorbell([](const argo::Mechanism& mechanism) {
        const Gpa info = lead().alloc(sizeof(argo_info)),
                  frame = lead().alloc(sizeof(argo_frame), ARGO_FRAME_ALIGN);
        lead().store(frame, frame_for(ARGO_OP_QUERY, info.value, sizeof(argo_info), mechanism.id));
        expect(ring_at(mechanism, frame));
        expect(lead().load<argo_frame>(frame).result >= ARGO_INFO_MIN_SIZE);
        expect_eq(lead().load<argo_info>(info).nonce, mechanism.id);
        expect_eq(lead().load<argo_info>(info).domid, lead().domid());

        Witness witness(mechanism.id);
        witness.arm(frame);
        expect(ring_at(mechanism, frame));
        witness.expect_made(frame);
    });
}

CASE(call, the_frame_stays_as_it_was, core_loopback, "ARGO-CALL-002")
{
    // A call that succeeds, one that fails, and one that is none; the words that it does not use are marked.
    by_each_doorbell([](const argo::Mechanism& mechanism) {
        Witness witness(mechanism.id);
        argo_frame unknown = frame_for(0x1f, 1, 2, 3, 4), failing = witness.frame();
        failing.arg[3] = UINT64_MAX;
        unknown.flags = 0x80000001;
        for (const argo_frame& before : {witness.frame(), failing, unknown}) {
            argo_frame after = call_by_hand(mechanism, before);
            expect_ne(after.result, unwritten);
            after.result = before.result;
            expect_eq(after.op, before.op);
            expect_eq(after.cookie[0], before.cookie[0]);
            expect_eq(after.cookie[1], before.cookie[1]);
            expect_eq(std::memcmp(&after, &before, sizeof after), 0);
        }
    });
}

CASE(call, what_is_beside_the_frame_stays, core_loopback, "ARGO-CALL-002")
{
    const Gpa page = lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE);
    by_each_doorbell([&](const argo::Mechanism& mechanism) {
        lead().fill_pattern(page, ARGO_PAGE_SIZE, 3);
        lead().store(Gpa{page.value + 640}, frame_for(ARGO_OP_NOTIFY));
        expect(ring_at(mechanism, Gpa{page.value + 640}));
        expect_eq(lead().load<argo_frame>(Gpa{page.value + 640}).result, 0);
        expect_eq(lead().find_mismatch(page, 640, 3), 640u);
        expect_eq(lead().find_mismatch(Gpa{page.value + 704}, ARGO_PAGE_SIZE - 704, 3, 704),
                  ARGO_PAGE_SIZE - 704);
    });
}

CASE(call, a_frame_stands_at_any_multiple_of_64, core_loopback, "ARGO-CALL-001")
{
    const Gpa page = lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE);
    for (uint64_t offset = 0; offset < ARGO_PAGE_SIZE; offset += ARGO_FRAME_ALIGN) {
        row("offset in page", offset);
        const Gpa where{page.value + offset};
        lead().store(where, frame_for(ARGO_OP_NOTIFY));
        by_each_doorbell([&](const argo::Mechanism& mechanism) {
            if (offset % 512 != 448 && offset != 0) return;
            lead().store(where, frame_for(ARGO_OP_NOTIFY));
            expect(ring_at(mechanism, where));
            expect_eq(lead().load<argo_frame>(where).result, 0);
        });
    }
}

CASE(call, the_result_is_written_last, core_loopback, "ARGO-CALL-001")
{
    // An answer over the frame that asked for it: silly, but the frame was read before, and the result comes
    // last.
    by_each_doorbell([](const argo::Mechanism& mechanism) {
        const Gpa where = lead().alloc(sizeof(argo_info), ARGO_FRAME_ALIGN);
        lead().store(where, frame_for(ARGO_OP_QUERY, where.value, sizeof(argo_info), 0x600d));
        expect(ring_at(mechanism, where));
        const Gpa elsewhere = lead().alloc(sizeof(argo_info));
        expect_eq(lead().load<argo_frame>(where).result,
                  lead().call(ARGO_OP_QUERY, elsewhere.value, sizeof(argo_info)));
        const auto info = lead().load<argo_info>(where);
        expect_eq(info.nonce, 0x600du);
        expect_eq(info.max_iov, lead().info().max_iov);
    });
}

CASE(call, results_are_sign_extended, core_loopback, "ARGO-CALL-003")
{
    // All 64 bits, as they stand in the frame: an error is negative also for who looks at the upper half.
    by_each_mechanism([](const argo::Mechanism& mechanism) {
        expect_eq(call_by_hand(mechanism, frame_for(ARGO_OP_QUERY)).result, -int64_t{ARGO_EINVAL});
        expect_eq(call_by_hand(mechanism, frame_for(0x1f)).result, -int64_t{ARGO_EOPNOTSUPP});
        expect_eq(call_by_hand(mechanism, frame_for(ARGO_OP_UNREGISTER_RING, lead().bad_gpa())).result,
                  -int64_t{ARGO_EFAULT});
        // A success is as wide: nothing of what stood there before is left.
        argo_frame frame = frame_for(ARGO_OP_NOTIFY);
        frame.result = -1;
        expect_eq(call_by_hand(mechanism, frame).result, 0);
    });
}

CASE(call, errors_of_every_call_come_first, core_loopback, "ARGO-CALL-004", "ARGO-CALL-102", "ARGO-CALL-103",
     "ARGO-CALL-105", "ARGO-CALL-107")
{
    // A call with everything wrong. Step by step one thing is put right, and the next error shows.
    by_each_mechanism([](const argo::Mechanism& mechanism) {
        const auto result = [&](const argo_frame& frame) { return call_by_hand(mechanism, frame).result; };
        argo_frame frame = frame_for(0x1f, lead().bad_gpa(), 1, 1, 1);
        frame.flags = 1;
        frame.op = 0x1f | 2 << 16 | UINT32_C(1) << 31;
        expect_error(result(frame), ARGO_EINVAL); // The frame's flags ...
        frame.flags = 0;
        expect_error(result(frame), ARGO_EINVAL); // ... the reserved bits of the operation word ...
        frame.op = ARGO_OP_UNREGISTER_RING | 2 << 16;
        expect_error(result(frame), ARGO_EOPNOTSUPP); // ... the major ...
        frame.op = ARGO_OPERATION_WORD(0x1fu);
        expect_error(result(frame), ARGO_EOPNOTSUPP); // ... the number ...
        frame.op = ARGO_OPERATION_WORD(ARGO_OP_UNREGISTER_RING);
        expect_error(result(frame), ARGO_EINVAL); // ... the arguments that it does not use ...
        frame.arg[1] = frame.arg[2] = frame.arg[3] = 0;
        expect_error(result(frame), ARGO_EFAULT); // ... and the first one that it does.
    });
}

namespace {

constexpr Fault<argo_frame> entry_faults[] = {
    {"ARGO-CALL-101", "there is no user mode here"},
    {"ARGO-CALL-102", "a flag of the frame", [](argo_frame& f) { f.flags = 0x80000000; }},
    {"ARGO-CALL-102", "a reserved bit", [](argo_frame& f) { f.op |= UINT32_C(1) << 24; }},
    {"ARGO-CALL-103", "another major", [](argo_frame& f) { f.op ^= 0xfe << 16; }},
    {"ARGO-CALL-104", "the policy profile has it"},
    {"ARGO-CALL-105", "no operation", [](argo_frame& f) { f.op = (f.op & 0xffff0000) | 0x1f; }},
    {"ARGO-CALL-106", "only the platform can restore a domain"},
    {"ARGO-CALL-107", "an argument too many", [](argo_frame& f) { f.arg[3] = UINT64_C(1) << 63; }},
};
static_assert(covers(entry_faults, entry_errors));

} // namespace

CASE(call, of_two_errors_the_first_is_told, core_loopback, "ARGO-CALL-004", "ARGO-CALL-102", "ARGO-CALL-103",
     "ARGO-CALL-105", "ARGO-CALL-107")
{
    // Each operation that leaves an argument unused, with those that it uses outside of memory: an error of
    // its own, which comes behind all of these.
    const argo::Mechanism mechanism = a_doorbell();
    const uint64_t bad = lead().bad_gpa();
    for (const uint32_t operation : {ARGO_OP_QUERY, ARGO_OP_UNREGISTER_RING, ARGO_OP_NOTIFY}) {
        const auto make = [&] { return frame_for(operation, bad, operation == ARGO_OP_QUERY ? 96 : 0); };
        const auto call = [&](argo_frame& frame) { return call_by_hand(mechanism, frame).result; };
        expect_precedence(entry_faults, entry_errors, make, call);
        argo_frame alone = make();
        expect_error(call(alone), ARGO_EFAULT);
    }
}

CASE(call, errors_of_every_call_precede_those_of_each_operation, core_loopback, "ARGO-CALL-004",
     "ARGO-CALL-102", "ARGO-CALL-103")
{
    // Every operation with nothing right about its arguments.
    for (const uint32_t operation : operations) {
        row("operation", operation);
        const uint64_t bad = lead().bad_gpa();
        expect_error(lead().call_word(ARGO_OPERATION_WORD(operation) | UINT32_C(1) << 24, bad, bad, bad, bad),
                     ARGO_EINVAL);
        expect_error(lead().call_word(operation | UINT32_C(0xff) << 16, bad, bad, bad, bad), ARGO_EOPNOTSUPP);
    }
}

CASE(call, flags_of_the_frame_are_zero, core_loopback, "ARGO-CALL-102", "ARGO-CALL-005")
{
    auto ring = open_loopback();
    by_each_doorbell([](const argo::Mechanism& mechanism) {
        for (uint32_t bit = 0; bit < 32; bit++) {
            row("mechanism", mechanism.id, "bit", bit);
            argo_frame frame = frame_for(ARGO_OP_RESET);
            frame.flags = UINT32_C(1) << bit;
            expect_error(call_by_hand(mechanism, frame).result, ARGO_EINVAL);
        }
    });
    expect_ok(send(lead(), 1, lead(), 1, {})); // Nothing was reset.
}

CASE(call, reserved_bits_of_the_word_are_zero, core_loopback, "ARGO-CALL-102", "ARGO-CALL-005")
{
    auto ring = open_loopback();
    for (uint32_t bit = 24; bit < 32; bit++) {
        row("bit", bit);
        expect_error(lead().call_word(ARGO_OPERATION_WORD(ARGO_OP_RESET) | UINT32_C(1) << bit), ARGO_EINVAL);
        // Before anything is said of the major or the number.
        expect_error(lead().call_word(UINT32_C(0x00ff001f) | UINT32_C(1) << bit), ARGO_EINVAL);
    }
    expect_ok(send(lead(), 1, lead(), 1, {}));
}

CASE(call, other_majors_are_not_offered, core_loopback, "ARGO-CALL-103", "ARGO-CALL-005")
{
    // Major 0 is Xen's, by Xen's own mechanism and by no other. Whoever speaks
    // it here means something else, and is told so, whatever the number.
    const argo::Discovery found = discover();
    auto ring = open_loopback();
    for (const uint32_t major : {0u, 2u, 3u, 0x80u, 0xffu}) {
        if (major != 0 && major >= found.lowest_major && major <= found.highest_major) continue;
        if (major == 0 && session->self.hypervisor().mechanism().id == ARGO_MECHANISM_XEN) continue;
        for (const uint32_t operation : operations) {
            row("major", major, "operation", operation);
            expect_error(lead().call_word(operation | major << 16), ARGO_EOPNOTSUPP);
            expect_error(lead().call_word(operation | major << 16, 1, 2, 3, 4), ARGO_EOPNOTSUPP);
        }
    }
    expect_ok(send(lead(), 1, lead(), 1, {}));
}

CASE(call, unassigned_numbers_are_nobodys, core_loopback, "ARGO-CALL-009", "ARGO-CALL-105")
{
    // Others have used them, each for something else: they are given to nobody, ever.
    for (uint32_t operation = 5; operation <= 0x1f; operation++) {
        row("operation", operation);
        expect_error(lead().call(operation), ARGO_EOPNOTSUPP);
        expect_error(lead().call(operation, 1, 2, 3, 4), ARGO_EOPNOTSUPP); // Not EINVAL: that comes after.
    }
}

CASE(call, unknown_numbers_are_no_operations, core_loopback, "ARGO-CALL-105")
{
    // All 16 bits count: some of these are operations in their low byte.
    for (const uint32_t operation : {0x29u, 0x2fu, 0x40u, 0x7fu, 0xffu, 0x100u, 0x101u, 0x128u, 0x1000u,
                                     0x4003u, 0x8000u, 0x8028u, 0xff00u, 0xffffu}) {
        row("operation", operation);
        expect_error(lead().call(operation), ARGO_EOPNOTSUPP);
    }
}

CASE(call, drafts_need_their_feature, core_loopback, "ARGO-CALL-105")
{
    for (const auto& [operation, feature] : drafts) {
        if (lead().has(feature)) continue;
        row("operation", operation);
        expect_error(lead().call(operation), ARGO_EOPNOTSUPP);
        expect_error(lead().call(operation, 1, 2, 3, 4), ARGO_EOPNOTSUPP);
    }
}

CASE(call, vector_needs_its_feature, core_loopback, "ARGO-CALL-105")
{
    if (lead().has(ARGO_FEATURE_VECTOR)) not_supported("feature VECTOR is offered");
    expect_error(bind(lead(), 0, free_vector), ARGO_EOPNOTSUPP);
    expect_error(unbind(lead(), 0), ARGO_EOPNOTSUPP);
    expect_error(lead().call(ARGO_OP_VECTOR, UINT64_MAX, UINT64_MAX), ARGO_EOPNOTSUPP);
}

CASE(call, unused_arguments_are_zero, core_loopback, "ARGO-CALL-107", "ARGO-CALL-005")
{
    auto ring = open_loopback();
    const Gpa info = lead().alloc(sizeof(argo_info)), name = lead().alloc(sizeof(argo_unregister));
    const Gpa questions = lead().alloc(sizeof(argo_notify));
    lead().store(name, argo_unregister{1, Who(lead()).value, 0});

    // The arguments that each uses are right; so it is the other one that is found wrong.
    struct
    {
        uint32_t operation, used;
        uint64_t arguments[4];
    } const table[] = {{ARGO_OP_QUERY, 3, {info.value, sizeof(argo_info), 1, 0}},
                       {ARGO_OP_UNREGISTER_RING, 1, {name.value, 0, 0, 0}},
                       {ARGO_OP_NOTIFY, 1, {questions.value, 0, 0, 0}},
                       {ARGO_OP_NOTIFY, 1, {0, 0, 0, 0}},
                       {ARGO_OP_RESET, 0, {0, 0, 0, 0}}};
    for (const auto& [operation, used, right] : table) {
        for (uint32_t which = used; which < 4; which++) {
            for (const uint64_t value : {UINT64_C(1), UINT64_C(1) << 32, UINT64_C(1) << 63}) {
                row("operation", operation, "argument", which, "value", value);
                uint64_t a[4] = {right[0], right[1], right[2], right[3]};
                a[which] = value;
                expect_error(lead().call(operation, a[0], a[1], a[2], a[3]), ARGO_EINVAL);
            }
        }
    }
    // Nothing was done: no answer, and the ring is there still.
    expect_eq(lead().load<argo_info>(info).nonce, 0u);
    expect_ok(send(lead(), 1, lead(), 1, {}));
}

CASE(call, unused_arguments_come_before_the_others, core_loopback, "ARGO-CALL-004", "ARGO-CALL-107")
{
    const uint64_t bad = lead().bad_gpa();
    expect_error(lead().call(ARGO_OP_QUERY, bad, sizeof(argo_info), 0, 1), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, bad, 0, 0, 1), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, bad), ARGO_EFAULT);
    expect_error(lead().call(ARGO_OP_NOTIFY, bad, 0, 1), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_NOTIFY, bad), ARGO_EFAULT);
}

CASE(call, calls_that_fail_leave_no_trace, core_loopback, "ARGO-CALL-005")
{
    // A domain with something to lose, a day of failures, and then all is as it was.
    auto ring = open_loopback(160, 1, binding(1));
    require_ok(send_pattern(lead(), 1, lead(), 1, 50, 1));
    uint8_t before[ARGO_PAGE_SIZE], after[ARGO_PAGE_SIZE];
    lead().read(ring.base(), before, sizeof before);

    const uint64_t bad = lead().bad_gpa();
    expect_error(lead().call(ARGO_OP_QUERY, ring.base().value, 1), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_REGISTER_RING, bad, ring.base().value, 1, 0), ARGO_EFAULT);
    expect_error(register_ring(lead(), {.port = 1, .partner = lead(), .length = 144}), ARGO_EEXIST);
    expect_error(unregister_ring(lead(), {.port = 1, .partner = nobody()}), ARGO_ENOENT);
    expect_error(lead().call(ARGO_OP_SENDV, bad), ARGO_EFAULT);
    expect_error(send_pattern(lead(), 1, lead(), 1, 129, 2), ARGO_EMSGSIZE);
    expect_error(send(lead(), 1, lead(), 2, {}), ARGO_ECONNREFUSED);
    expect_error(lead().call(ARGO_OP_NOTIFY, bad), ARGO_EFAULT);
    expect_error(lead().call(0x1f), ARGO_EOPNOTSUPP);
    expect_error(lead().call_word(ARGO_OP_RESET), ARGO_EOPNOTSUPP);
    expect_error(lead().call(ARGO_OP_RESET, 0, 0, 1), ARGO_EINVAL);

    lead().read(ring.base(), after, sizeof after);
    expect_eq(std::memcmp(before, after, sizeof before), 0);
    require_ok(send_pattern(lead(), 1, lead(), 1, 40, 2));
    const auto first = ring.receive(), second = ring.receive();
    require(first && second);
    expect_eq(ring.find_mismatch(*first, 1), 50u);
    expect_eq(ring.find_mismatch(*second, 2), 40u);
}

CASE(call, structures_may_end_where_memory_ends, core_loopback, "ARGO-CALL-006", "ARGO-CALL-007")
{
    // The last byte of memory is as good as any; the one after it is none.
    const uint16_t self = Who(lead()).value;
    const uint64_t end = lead().bad_gpa();
    const Gpa ring_page = lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE);
    LastPage last;

    row("argo_register");
    const Gpa frames = lead().alloc(sizeof(uint64_t));
    lead().store(frames, frame_of(ring_page));
    last.put(argo_register{1, self, 0, smallest});
    expect_eq(lead().call(ARGO_OP_REGISTER_RING, last.at<argo_register>().value, frames.value, 1, 0), 0);
    expect_error(lead().call(ARGO_OP_REGISTER_RING, last.at<argo_register>().value + 1, frames.value, 1, 0),
                 ARGO_EFAULT);

    row("frame list");
    const Gpa structure = lead().alloc(sizeof(argo_register));
    lead().store(structure, argo_register{2, self, 0, smallest});
    last.put(frame_of(ring_page));
    expect_eq(lead().call(ARGO_OP_REGISTER_RING, structure.value, last.at<uint64_t>().value, 1, 0), 0);
    expect_error(lead().call(ARGO_OP_REGISTER_RING, structure.value, last.at<uint64_t>().value + 1, 1, 0),
                 ARGO_EFAULT);

    row("argo_send_addr");
    last.put(argo_send_addr{{1, self, 0}, {1, self, 0}});
    expect_eq(lead().call(ARGO_OP_SENDV, last.at<argo_send_addr>().value), 0);
    expect_error(lead().call(ARGO_OP_SENDV, last.at<argo_send_addr>().value + 1), ARGO_EFAULT);

    row("argo_iov");
    const Gpa addresses = lead().alloc(sizeof(argo_send_addr));
    lead().store(addresses, argo_send_addr{{1, self, 0}, {2, self, 0}});
    last.put(argo_iov{0, 0, 0});
    expect_eq(lead().call(ARGO_OP_SENDV, addresses.value, last.at<argo_iov>().value, 1), 0);
    expect_error(lead().call(ARGO_OP_SENDV, addresses.value, last.at<argo_iov>().value + 1, 1), ARGO_EFAULT);
    expect_error(lead().call(ARGO_OP_SENDV, addresses.value, last.at<argo_iov>().value, 2), ARGO_EFAULT);

    row("argo_unregister");
    last.put(argo_unregister{2, self, 0});
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, last.at<argo_unregister>().value + 1), ARGO_EFAULT);
    expect_eq(lead().call(ARGO_OP_UNREGISTER_RING, last.at<argo_unregister>().value), 0);

    row("argo_info");
    expect_ok(lead().call(ARGO_OP_QUERY, end - ARGO_INFO_MIN_SIZE, ARGO_INFO_MIN_SIZE, 0x1234567));
    expect_eq(last.get<uint64_t>(ARGO_INFO_MIN_SIZE - sizeof(uint64_t)), 0x1234567u);
    expect_error(lead().call(ARGO_OP_QUERY, end - ARGO_INFO_MIN_SIZE, ARGO_INFO_MIN_SIZE + 1, 0x7654321),
                 ARGO_EFAULT);
    // Not even the bytes that fit.
    expect_eq(last.get<uint64_t>(ARGO_INFO_MIN_SIZE - sizeof(uint64_t)), 0x1234567u);

    row("payload");
    const Gpa text = lead().alloc(ARGO_PAGE_SIZE);
    auto ring = open_loopback(one_page, 3, binding(1));
    last.put(UINT64_C(0x4847464544434241));
    SendArguments with;
    with.addresses = {{1, self, 0}, {3, self, 0}};
    const argo_iov inside[] = {{text.value, 2, 0}, {end - 8, 8, 0}},
                   across[] = {{text.value, 2, 0}, {end - 8, 9, 0}};
    with.pieces = inside;
    expect_eq(sendv(lead(), with), 10);
    with.pieces = across;
    expect_error(sendv(lead(), with), ARGO_EFAULT);
    const auto message = ring.receive();
    expect(message && message->is({"\0\0ABCDEFGH", 10}));
    expect_eq(ring.unread(), 0u);
    last.restore();
}

CASE(call, arguments_may_lie_in_the_frame, core_loopback, "ARGO-CALL-006", "ARGO-CALL-002")
{
    // The caller's own sixteen bytes have room for both addresses of a message, and the frame itself is its
    // payload.
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint16_t self = Who(lead()).value;
    by_each_doorbell([&](const argo::Mechanism& mechanism) {
        const Gpa frame = lead().alloc(sizeof(argo_frame), ARGO_FRAME_ALIGN),
                  piece = lead().alloc(sizeof(argo_iov));
        const argo_send_addr addresses{{9, self, 0}, {1, self, 0}};
        argo_frame before =
            frame_for(ARGO_OP_SENDV, frame.value + offsetof(argo_frame, cookie), piece.value, 1, 5);
        static_assert(sizeof addresses == sizeof before.cookie);
        std::memcpy(before.cookie, &addresses, sizeof addresses);
        lead().store(frame, before);
        lead().store(piece, argo_iov{frame.value, sizeof before, 0});
        require(ring_at(mechanism, frame));
        expect_eq(lead().load<argo_frame>(frame).result, sizeof before);
        const auto message = ring.receive();
        require(message);
        expect(message->is({&before, sizeof before})); // As it was before the result was written.
        expect_eq(message->type, 5u);
    });
}

CASE(call, a_frame_may_lie_in_a_ring, core_loopback, "ARGO-CALL-001", "ARGO-CALL-002")
{
    // In the free part of the very ring that the message goes to, once beside the message and once under it:
    // then the message is first, and the result is written over it.
    by_each_doorbell([&](const argo::Mechanism& mechanism) {
        auto ring = open_loopback(one_page, 1, binding(1));
        const uint16_t self = Who(lead()).value;
        const Gpa addresses = lead().alloc(sizeof(argo_send_addr)), piece = lead().alloc(sizeof(argo_iov));
        const Gpa bytes = lead().alloc(200);
        lead().fill_pattern(bytes, 200, 8);
        lead().store(addresses, argo_send_addr{{9, self, 0}, {1, self, 0}});
        lead().store(piece, argo_iov{bytes.value, 200, 0});
        for (const uint32_t at : {2048u, 64u}) {
            row("mechanism", mechanism.id, "position", at);
            ring.drain();
            ring.set_tx(0);
            ring.set_rx(0);
            require_ok(register_ring(lead(), {.port = 1,
                                              .partner = lead(),
                                              .length = one_page,
                                              .flags = binding(1),
                                              .pages = ring.pages()}));
            const Gpa frame = ring.at(at);
            lead().store(frame, frame_for(ARGO_OP_SENDV, addresses.value, piece.value, 1, 5));
            require(ring_at(mechanism, frame));
            expect_eq(lead().load<argo_frame>(frame).result, 200);
            expect_eq(ring.tx(), footprint(200));
            const auto message = ring.peek();
            require(message);
            const uint32_t intact = at == 64 ? at + offsetof(argo_frame, result) - sizeof(argo_message) : 200;
            expect_eq(ring.find_mismatch(*message, 8), intact);
        }
    });
}

CASE(call, the_last_frame_of_memory_is_one, core_loopback, "ARGO-CALL-001", "ARGO-CALL-007")
{
    LastPage last;
    const auto frame = frame_for(ARGO_OP_NOTIFY);
    by_each_doorbell([&](const argo::Mechanism& mechanism) {
        last.put(frame);
        expect(ring_at(mechanism, last.at<argo_frame>()));
        const auto after = last.get<argo_frame>();
        expect_eq(after.result, 0);
        expect_eq(after.cookie[1], frame.cookie[1]);
    });
    last.restore();
}
