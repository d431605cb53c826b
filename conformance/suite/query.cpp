// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// query: what a domain is told of itself and of what it may use. Book: spec/query.rst.

#include "frames.hpp"
#include "precedence.hpp"

using namespace argo::suite;

namespace {

/// Room for an answer in the midst of a pattern, so that each byte written shows.
constexpr size_t room = 512;

struct Paper
{
    Gpa where;
    uint64_t seed;

    explicit Paper(uint64_t seed_, size_t align = 16, size_t offset = 0)
        : where(lead().alloc(room, align, offset)), seed(seed_)
    {
        lead().fill_pattern(where, room, seed);
    }
    int64_t query(uint64_t size, uint64_t nonce) const
    {
        return lead().call(ARGO_OP_QUERY, where.value, size, nonce);
    }
    /// Bytes from `first` on that nobody wrote to; all there are, if all is well.
    size_t untouched(size_t first) const
    {
        return lead().find_mismatch(Gpa{where.value + first}, room - first, seed, first);
    }
};

/// The whole answer to this nonce; what is not written reads all ones.
argo_info answer_to(uint64_t nonce)
{
    argo_info answer;
    std::memset(&answer, 0xff, sizeof answer);
    require_ok(query(lead(), answer, nonce));
    return answer;
}

} // namespace

CASE(query, as_much_is_written_as_there_is_room_for, core_loopback, "ARGO-QUERY-001", "ARGO-QUERY-002")
{
    constexpr uint64_t nonce = 0x1122334455667788;
    const argo_info whole = answer_to(nonce);

    // From the least that is accepted, over sizes that end inside of fields, to the structure itself.
    for (const uint32_t size : {ARGO_INFO_MIN_SIZE, 17u, 23u, 24u, 41u, 95u, uint32_t{sizeof whole}}) {
        row("size", size);
        const Paper paper(size);
        expect_ok(paper.query(size, nonce));

        argo_info answer{};
        lead().read(paper.where, &answer, size);
        expect_eq(std::memcmp(&answer, &whole, size), 0); // The first bytes of the answer ...
        expect_eq(paper.untouched(size), room - size);    // ... and not one more.
    }
}

CASE(query, more_room_than_needed_is_left_alone, core_loopback, "ARGO-QUERY-001", "ARGO-QUERY-002")
{
    const auto own = static_cast<size_t>(Paper(1).query(room, 0));
    require(own >= sizeof(argo_info) && own < room);

    // Sizes of which a part, taken alone, would be too small
    // or would cut the answer; and one that no memory has.
    for (const uint64_t size : {uint64_t{own}, uint64_t{own + 1}, uint64_t{room}, uint64_t{1} << 32,
                                (uint64_t{1} << 32) + 16, uint64_t{1} << 63, UINT64_MAX}) {
        row("size", size);
        const Paper paper(2);
        expect_eq(paper.query(size, 3), own);
        argo_info answer{};
        lead().read(paper.where, &answer, sizeof answer);
        expect_eq(answer.nonce, 3u);
        expect_eq(answer.max_rings, lead().info().max_rings);
        expect_eq(paper.untouched(own), room - own);
    }
}

CASE(query, own_size_is_returned_whatever_the_callers, core_loopback, "ARGO-QUERY-003")
{
    const int64_t own = Paper(1).query(ARGO_INFO_MIN_SIZE, 0);
    if (lead().info().minor == 0) expect_eq(own, sizeof(argo_info)); // Later minors append.

    for (const uint64_t size : {uint64_t{17}, uint64_t{sizeof(argo_info)} - 1, uint64_t{sizeof(argo_info)},
                                uint64_t{sizeof(argo_info)} + 1, UINT64_MAX}) {
        row("size", size);
        expect_eq(Paper(1).query(size, 0), own);
    }
}

CASE(query, nonce_comes_back, core_loopback, "ARGO-QUERY-004")
{
    for (const uint64_t nonce :
         {uint64_t{0}, uint64_t{1}, UINT64_C(0x80000000), UINT64_C(0x100000000), UINT64_MAX, random()}) {
        row("nonce", nonce);
        expect_eq(answer_to(nonce).nonce, nonce);
    }
}

CASE(query, own_domid_is_the_one_that_others_see, core_loopback, "ARGO-QUERY-005")
{
    // The hypervisor vouches for the sender of a message. So a message to oneself tells who one is: whoever
    // is not what query says cannot even register for itself and send.
    const argo_info answer = answer_to(1);
    auto ring = open_ring(lead(), 1, answer.domid);
    SendArguments with;
    with.addresses.src = {1, ARGO_DOMID_WILDCARD, 0};
    with.addresses.dst = {1, answer.domid, 0};
    require_ok(sendv(lead(), with));
    const auto message = ring.receive();
    require(message);
    expect_eq(message->source.domid, answer.domid);
    expect(answer.domid < ARGO_DOMID_FIRST_RESERVED);
}

CASE(query, revision_is_that_of_discovery, core_loopback, "ARGO-QUERY-006", "ARGO-DISCOVERY-004")
{
    argo::Discovery found;
    require(argo::probe(platform::machine(), {}, &found));

    const argo_info answer = answer_to(1);
    expect_eq(answer.major, ARGO_ABI_MAJOR);    // This call spoke major 1, so it is answered by it ...
    expect(found.lowest_major <= answer.major); // ... which is among those that the block offers.
    expect(answer.major <= found.highest_major);
    if (found.highest_major == answer.major) expect_eq(answer.minor, found.minor);
}

CASE(query, reserved_fields_are_zero, core_loopback, "ARGO-QUERY-007")
{
    const argo_info answer = answer_to(UINT64_MAX);
    expect_eq(answer.reserved, 0u);
    if (answer.minor != 0) not_supported("a later minor may have given the rest a meaning");
    expect_eq(answer.reserved2[0], 0u);
    expect_eq(answer.reserved2[1], 0u);
    expect_eq(answer.reserved2[2], 0u);
}

CASE(query, features_without_a_meaning_are_clear, core_loopback, "ARGO-QUERY-008")
{
    constexpr uint64_t known = ARGO_FEATURE_WILDCARD | ARGO_FEATURE_VECTOR | ARGO_FEATURE_SUPPRESS |
                               ARGO_FEATURE_LIST | ARGO_FEATURE_CHAIN | ARGO_FEATURE_DOORBELL |
                               ARGO_FEATURE_BATCH | ARGO_FEATURE_RESERVE | ARGO_FEATURE_RESOLVE |
                               ARGO_FEATURE_ROUTE | ARGO_FEATURE_PORT_POLICY;
    const argo_info answer = answer_to(1);
    if (answer.minor != 0) not_supported("a later minor may have given more bits a meaning");
    expect_eq(answer.features & ~known, 0u);
}

CASE(query, limits_reach_the_minima, core_loopback, "ARGO-QUERY-009")
{
    const argo_info answer = answer_to(1);
    const struct
    {
        const char* name;
        uint32_t found, minimum;
    } table[] = {{"max_rings", answer.max_rings, ARGO_MIN_MAX_RINGS},
                 {"max_ring_length", answer.max_ring_length, ARGO_MIN_MAX_RING_LENGTH},
                 {"max_message", answer.max_message, ARGO_MIN_MAX_MESSAGE},
                 {"max_iov", answer.max_iov, ARGO_MIN_MAX_IOV},
                 {"max_notify", answer.max_notify, ARGO_MIN_MAX_NOTIFY},
                 {"max_ring_waiters", answer.max_ring_waiters, ARGO_MIN_MAX_RING_WAITERS},
                 {"max_waiters", answer.max_waiters, ARGO_MIN_MAX_WAITERS},
                 {"max_pages", answer.max_pages, ARGO_MIN_MAX_PAGES}};
    for (const auto& [name, found, minimum] : table) {
        row(name, found, "minimum", minimum);
        expect(found >= minimum);
    }
    if ((answer.features & ARGO_FEATURE_BATCH) != 0) expect(answer.max_batch >= ARGO_MIN_MAX_BATCH);

    // A message that is allowed fits into some ring that is allowed.
    expect(answer.max_message <= answer.max_ring_length - ARGO_RING_OVERHEAD);
}

CASE(query, limits_of_absent_features_are_zero, core_loopback, "ARGO-QUERY-010")
{
    const argo_info answer = answer_to(1);
    if ((answer.features & ARGO_FEATURE_VECTOR) == 0) expect_eq(answer.max_bindings, 0u);
    if ((answer.features & ARGO_FEATURE_DOORBELL) == 0) expect_eq(answer.max_doorbells, 0u);
    if ((answer.features & ARGO_FEATURE_BATCH) == 0) expect_eq(answer.max_batch, 0u);

    // The other way round: what is offered can be used at least once.
    if ((answer.features & ARGO_FEATURE_VECTOR) != 0) expect_ne(answer.max_bindings, 0u);
    if ((answer.features & ARGO_FEATURE_DOORBELL) != 0) expect_ne(answer.max_doorbells, 0u);
}

CASE(query, answers_do_not_change, core_loopback, "ARGO-QUERY-011")
{
    argo_info before = answer_to(1), after = answer_to(1);
    expect_eq(std::memcmp(&before, &after, sizeof before), 0);

    // Limits are not what is left of them, and a reset is no
    // restore: rings, waiters, a failed call, starting over.
    {
        auto ring = full_ring(lead(), 1, lead());
        expect_error(knock(1), ARGO_EAGAIN);
        expect_error(knock(2), ARGO_ECONNREFUSED);
        after = answer_to(2);
    }
    expect_ok(lead().call(ARGO_OP_RESET));
    const argo_info last = answer_to(1);
    expect_eq(after.nonce, 2u);
    after.nonce = 1;
    expect_eq(std::memcmp(&before, &after, sizeof before), 0);
    expect_eq(std::memcmp(&before, &last, sizeof before), 0);
}

CASE(query, domains_that_talk_have_different_domids, core_pair, "ARGO-QUERY-012")
{
    // Each is asked for itself; and they do talk, or else the numbers would not matter.
    argo_info mine{}, theirs{};
    require_ok(query(lead(), mine));
    require_ok(query(peer(), theirs));
    expect_ne(mine.domid, theirs.domid);

    auto ring = open_ring(peer(), 1, mine.domid);
    require_ok(send(lead(), 1, theirs.domid, 1, {}));
    const auto message = ring.receive();
    require(message);
    expect_eq(message->source.domid, mine.domid);
}

CASE(query, answer_lies_at_any_address, core_loopback, "ARGO-CALL-006", "ARGO-QUERY-001")
{
    const argo_info whole = answer_to(5);
    // Odd addresses; then the end of the page after the first byte, inside of a field, before the last byte.
    for (const uint32_t offset : {1u, 7u, 4095u, 4096u - 45u, 4096u - 95u}) {
        row("offset in page", offset);
        const Paper paper(offset, ARGO_PAGE_SIZE, offset);
        expect_ok(paper.query(sizeof whole, 5));
        const auto answer = lead().load<argo_info>(paper.where);
        expect_eq(std::memcmp(&answer, &whole, sizeof whole), 0);
        expect_eq(paper.untouched(sizeof whole), room - sizeof whole);
    }
}

CASE(query, size_below_the_minimum_is_refused, core_loopback, "ARGO-QUERY-101", "ARGO-CALL-005")
{
    for (const uint32_t size : {0u, 1u, 8u, ARGO_INFO_MIN_SIZE - 1}) {
        row("size", size);
        const Paper paper(4);
        expect_error(paper.query(size, 1), ARGO_EINVAL);
        expect_eq(paper.untouched(0), room);
    }
}

CASE(query, answer_outside_of_memory_is_a_fault, core_loopback, "ARGO-QUERY-102", "ARGO-CALL-007")
{
    const uint64_t end = lead().bad_gpa();
    const auto at = [](uint64_t where) { return lead().call(ARGO_OP_QUERY, where, sizeof(argo_info), 1); };

    expect_error(at(end), ARGO_EFAULT);                         // Beyond ...
    expect_error(at(end - 1), ARGO_EFAULT);                     // ... half in, half out ...
    expect_error(at(end - sizeof(argo_info) + 1), ARGO_EFAULT); // ... by a single byte ...
    expect_error(at(uint64_t{1} << 52), ARGO_EFAULT);           // ... where no machine has memory ...
    expect_error(at(UINT64_MAX), ARGO_EFAULT);                  // ... and around the end of the numbers.
    expect_error(at(UINT64_MAX - sizeof(argo_info) + 1), ARGO_EFAULT);
    expect_error(at(UINT64_MAX - sizeof(argo_info) + 2), ARGO_EFAULT);
}

CASE(query, an_answer_that_does_not_fit_is_not_begun, core_loopback, "ARGO-QUERY-102", "ARGO-CALL-005")
{
    // Room for all of the answer but its last byte, at the end of memory: none of it is written.
    LastPage last;
    struct
    {
        uint8_t bytes[sizeof(argo_info) - 1];
    } marked;
    pattern_fill(&marked, sizeof marked, 6);
    last.put(marked);
    expect_error(lead().call(ARGO_OP_QUERY, last.at<decltype(marked)>().value, sizeof(argo_info), 1),
                 ARGO_EFAULT);
    const auto after = last.get<decltype(marked)>();
    expect_eq(pattern_mismatch(&after, sizeof after, 6), sizeof after);
    last.restore();
}

namespace {

struct Asked
{
    uint64_t where, size;
};

constexpr Fault<Asked> query_faults[] = {
    {"ARGO-QUERY-101", "too little room", [](Asked& a) { a.size = ARGO_INFO_MIN_SIZE - 1; }},
    {"ARGO-QUERY-102", "room outside", [](Asked& a) { a.where = lead().bad_gpa(); }},
};
static_assert(covers(query_faults, query_errors));

} // namespace

CASE(query, of_two_errors_the_first_is_told, core_loopback, "ARGO-CALL-004", "ARGO-QUERY-101",
     "ARGO-QUERY-102")
{
    const Paper paper(5);
    expect_precedence(
        query_faults, query_errors,
        [&] {
            return Asked{paper.where.value, sizeof(argo_info)};
        },
        [](Asked& a) { return lead().call(ARGO_OP_QUERY, a.where, a.size, 1); });
    expect_eq(paper.untouched(0), room);
}
