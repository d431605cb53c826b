// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// register: its errors, each alone and then against its neighbours. Book: spec/register.rst.

#include "precedence.hpp"
#include "register.hpp"

using namespace argo::suite;

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

namespace {

/// A registration that succeeds; the lead has max_rings rings, on ports from 0 on, of which this is the
/// first.
struct Registered
{
    RegisterArguments with;
    uint64_t frame;
};

constexpr Fault<Registered> register_faults[] = {
    {"ARGO-REGISTER-101", "too many frames for any ring", [](Registered& r) { r.with.count = UINT64_MAX; }},
    {"ARGO-REGISTER-102", "an unknown flag", [](Registered& r) { r.with.flags = UINT64_C(1) << 63; }},
    {"ARGO-REGISTER-102", "a binding beyond the last",
     [](Registered& r) { r.with.flags = uint64_t{0xffff} << ARGO_REGISTER_BINDING_SHIFT; }},
    {"ARGO-REGISTER-103", "the structure outside",
     [](Registered& r) { r.with.structure_gpa = lead().bad_gpa(); }},
    {"ARGO-REGISTER-103", "the list outside", [](Registered& r) { r.with.frames_gpa = lead().bad_gpa(); }},
    {"ARGO-REGISTER-104", "the reserved field", [](Registered& r) { r.with.reserved = 1; }},
    {"ARGO-REGISTER-105", "a length too short", [](Registered& r) { r.with.length = smallest - ARGO_SLOT; }},
    {"ARGO-REGISTER-105", "a crooked length", [](Registered& r) { r.with.length = smallest + 1; }},
    {"ARGO-REGISTER-106", "a frame too many", [](Registered& r) { r.with.count = 2; }},
    {"ARGO-REGISTER-107", "the wildcard: a case of its own, where it is not offered"},
    {"ARGO-REGISTER-108", "no such partner", [](Registered& r) { r.with.partner = nobody(); }},
    {"ARGO-REGISTER-109", "it exists", [](Registered& r) { r.with.flags |= ARGO_REGISTER_FAIL_EXIST; }},
    {"ARGO-REGISTER-109", "another length", [](Registered& r) { r.with.length = smallest + ARGO_SLOT; }},
    {"ARGO-REGISTER-110", "a ring too many", [](Registered& r) { r.with.port = 0x1000; }},
    {"ARGO-REGISTER-111", "a frame outside",
     [](Registered& r) { r.frame = lead().bad_gpa() / ARGO_PAGE_SIZE; }},
    {"ARGO-REGISTER-112", "nobody can take the hypervisor's memory"},
};
static_assert(covers(register_faults, register_ring_errors));

} // namespace

CASE(register, of_two_errors_the_first_is_told, core_loopback, "ARGO-CALL-004", "ARGO-REGISTER-101",
     "ARGO-REGISTER-102", "ARGO-REGISTER-103", "ARGO-REGISTER-104", "ARGO-REGISTER-105", "ARGO-REGISTER-106",
     "ARGO-REGISTER-108", "ARGO-REGISTER-109", "ARGO-REGISTER-110", "ARGO-REGISTER-111")
{
    const Pages page = open_many(0, lead().info().max_rings, false);
    const auto make = [&] { return Registered{loopback(0, smallest, page), frame_of(page.base)}; };
    const auto call = [](Registered& r) {
        r.with.frames = {&r.frame, 1};
        const bool exists = (r.with.flags & ARGO_REGISTER_FAIL_EXIST) != 0 || r.with.length != smallest;
        if (exists && r.with.port != 0) r.with.port = 0; // who asks for both means the ring that exists
        return register_ring(lead(), r.with);
    };
    expect_precedence(register_faults, register_ring_errors, make, call);
    Registered right = make();
    expect_eq(call(right), 0);
    expect_ok(try_send(0));
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

CASE(register, a_list_outside_of_memory_is_told_before_what_exists, core_loopback, "ARGO-CALL-004",
     "ARGO-REGISTER-103")
{
    // The first frame of the list is memory, the last one is not.
    auto ring = open_loopback(ring_length(2), 1);
    RegisterArguments with = {.port = 1, .partner = lead(), .length = ring_length(2)};
    with.flags = ARGO_REGISTER_FAIL_EXIST;
    with.frames_gpa = lead().bad_gpa() - sizeof(uint64_t);
    expect_error(register_ring(lead(), with), ARGO_EFAULT);
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
