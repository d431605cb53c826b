// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// suppress: which messages cause an event, where a ring's receiver says so. Book: spec/suppress.rst.
//
// Here events are counted: of each message it is decided whether it causes one, and settle() says when all
// that did have come.

#include <argo/ring.hpp>

#include "halting.hpp"
#include "harness/second.hpp"
#include "stories.hpp"

using namespace argo::suite;

namespace {

constexpr uint8_t heard = free_vector;
constexpr uint64_t suppressing = ARGO_REGISTER_SUPPRESS;

void needs_suppress() { not_supported_unless(ARGO_FEATURE_SUPPRESS, "feature SUPPRESS is not offered"); }

/// Binding 1 of this domain as the interrupt that is listened for.
void listen(Actor& actor)
{
    needs_suppress();
    needs_bindings(2);
    require_ok(bind(actor, 1, heard));
}

/// A ring of the lead whose wish counts, and which is heard at binding 1.
Ring open_quiet(Actor& partner, uint32_t length = one_page, uint32_t port = 1)
{
    listen(lead());
    return open_ring(lead(), port, partner, length, suppressing | binding(1));
}

void set_wish(Ring& ring, uint32_t wish, uint32_t position = 0)
{
    ring.owner().store(Gpa{ring.base().value + offsetof(argo_ring, position)}, position);
    ring.owner().store(Gpa{ring.base().value + offsetof(argo_ring, wish)}, wish);
}

/// Register the ring again where it is.
int64_t again(Ring& ring, uint64_t flags)
{
    return register_ring(ring.owner(), {.port = ring.port(),
                                        .partner = ring.partner(),
                                        .length = ring.length(),
                                        .flags = flags | binding(1),
                                        .pages = ring.pages()});
}

/// Empty the ring and put it to this position of its data.
void start_at(Ring& ring, uint32_t position)
{
    ring.set_rx(position);
    ring.set_tx(position);
    require_ok(again(ring, suppressing));
}

/// How many events these messages of the lead cause.
uint32_t events_of(const Ring& ring, uint32_t size, uint32_t messages = 1)
{
    const uint32_t before = lead().events(heard);
    for (uint32_t i = 0; i < messages; i++)
        require_eq(send_pattern(lead(), 9, lead(), ring.port(), size, i), size);
    settle(lead());
    return lead().events(heard) - before;
}

} // namespace

CASE(suppress, a_header_of_zeros_asks_for_each, interrupt_vector, "ARGO-SUPPRESS-002", "ARGO-EVENT-001")
{
    auto ring = open_quiet(lead());
    for (uint32_t message = 0; message < 5; message++) {
        row("message", message);
        expect_eq(events_of(ring, 8), 1u);
    }
}

CASE(suppress, who_polls_hears_nothing, interrupt_vector, "ARGO-SUPPRESS-001")
{
    auto ring = open_quiet(lead());
    set_wish(ring, ARGO_WISH_NONE);
    expect_eq(events_of(ring, 8, 5), 0u);
    expect_eq(ring.unread(), 5 * footprint(8)); // They are all there.
    ring.drain();
    expect_eq(events_of(ring, 8), 0u); // The one that ends the ring's emptiness is no other.
    expect_eq(events_of(ring, 0), 0u);
}

CASE(suppress, who_polls_hears_nothing_of_others, interrupt_vector, "ARGO-SUPPRESS-001")
{
    auto ring = open_quiet(peer());
    set_wish(ring, ARGO_WISH_NONE);
    const uint32_t before = lead().events(heard);
    for (uint32_t i = 0; i < 5; i++) {
        row("message", i);
        require_eq(send_pattern(peer(), 9, lead(), 1, 8, i), 8);
        const auto message = ring.receive();
        require(message);
        expect_eq(ring.find_mismatch(*message, i), 8u);
    }
    settle(lead());
    expect_eq(lead().events(heard), before);
}

CASE(suppress, a_burst_is_one_event, interrupt_vector, "ARGO-SUPPRESS-001", "ARGO-SUPPRESS-002")
{
    auto ring = open_quiet(lead());
    set_wish(ring, ARGO_WISH_PAST, 0);
    expect_eq(events_of(ring, 8, 10), 1u);
    // Whoever reads and does not ask again is not disturbed ...
    ring.drain();
    expect_eq(events_of(ring, 8, 10), 0u);
    ring.drain();
    // ... until it asks.
    set_wish(ring, ARGO_WISH_PAST, ring.rx());
    expect_eq(events_of(ring, 8, 10), 1u);
}

CASE(suppress, one_message_of_a_lap_takes_the_byte, interrupt_vector, "ARGO-SUPPRESS-001",
     "ARGO-SUPPRESS-002")
{
    // Messages of two slots in a ring of nine: they pass the end of the data at each slot there is. The
    // position stays; that the byte there was taken is known from the pointers.
    constexpr uint32_t length = 144, position = 64, size = 16;
    auto ring = open_quiet(lead(), length);
    set_wish(ring, ARGO_WISH_PAST, position);
    for (uint32_t message = 0; message < 18; message++) {
        row("message", message);
        const uint32_t at = ring.tx();
        expect_eq(events_of(ring, size), (position + length - at) % length < footprint(size) ? 1u : 0u);
        ring.drain();
    }
}

CASE(suppress, positions_around_a_message, interrupt_vector, "ARGO-SUPPRESS-001", "ARGO-SUPPRESS-002")
{
    // A message of three slots from the second one on. The byte before it, its first, its last, and the one
    // behind it, which is the next message's.
    auto ring = open_quiet(lead(), 160);
    const struct
    {
        uint32_t position;
        bool taken;
    } rows[] = {{0, false}, {16, true}, {32, true}, {48, true}, {64, false}, {80, false}, {144, false}};
    for (const auto& [position, taken] : rows) {
        row("position", position);
        start_at(ring, 16);
        set_wish(ring, ARGO_WISH_PAST, position);
        expect_eq(events_of(ring, 32), taken ? 1u : 0u);
    }
}

CASE(suppress, positions_around_the_end_of_the_data, interrupt_vector, "ARGO-SUPPRESS-001",
     "ARGO-SUPPRESS-002")
{
    // A message of three slots, two of them before the end of the data; then one that ends there exactly.
    constexpr uint32_t length = 112;
    auto ring = open_quiet(lead(), length);
    const struct
    {
        uint32_t start, position;
        bool taken;
    } rows[] = {{80, 64, false}, {80, 80, true},  {80, 96, true},  {80, 0, true},
                {80, 16, false}, {80, 48, false}, {64, 48, false}, {64, 64, true},
                {64, 96, true},  {64, 0, false},  {64, 16, false}, {96, 80, false},
                {96, 96, true},  {96, 0, true},   {96, 16, true},  {96, 32, false}};
    for (const auto& [start, position, taken] : rows) {
        row("start", start, "position", position);
        start_at(ring, start);
        set_wish(ring, ARGO_WISH_PAST, position);
        expect_eq(events_of(ring, 32), taken ? 1u : 0u);
    }
}

CASE(suppress, the_longest_message_takes_every_byte_but_a_slot, interrupt_vector, "ARGO-SUPPRESS-001",
     "ARGO-SUPPRESS-002")
{
    constexpr uint32_t length = 96, size = length - ARGO_RING_OVERHEAD;
    auto ring = open_quiet(lead(), length);
    for (uint32_t position = 0; position < length; position += ARGO_SLOT) {
        row("position", position);
        start_at(ring, 32);
        set_wish(ring, ARGO_WISH_PAST, position);
        expect_eq(events_of(ring, size), position == 16 ? 0u : 1u);
    }
}

CASE(suppress, many_bytes_may_collect, interrupt_vector, "ARGO-SUPPRESS-001", "ARGO-SUPPRESS-002")
{
    // The receiver wants to hear of the sixth message.
    auto ring = open_quiet(lead());
    set_wish(ring, ARGO_WISH_PAST, 5 * footprint(8));
    expect_eq(events_of(ring, 8, 5), 0u);
    expect_eq(events_of(ring, 8), 1u);
    expect_eq(events_of(ring, 8, 5), 0u);
}

CASE(suppress, a_wish_changes_from_message_to_message, interrupt_vector, "ARGO-SUPPRESS-001",
     "ARGO-SUPPRESS-002")
{
    auto ring = open_quiet(lead());
    for (const uint32_t wish :
         {ARGO_WISH_NONE, ARGO_WISH_EACH, ARGO_WISH_NONE, ARGO_WISH_PAST, ARGO_WISH_PAST, ARGO_WISH_EACH,
          ARGO_WISH_EACH, ARGO_WISH_PAST, ARGO_WISH_NONE}) {
        row("wish", wish);
        set_wish(ring, wish, ring.tx());
        expect_eq(events_of(ring, 8), wish == ARGO_WISH_NONE ? 0u : 1u);
    }
    // The position alone changes, too.
    set_wish(ring, ARGO_WISH_PAST, 0);
    expect_eq(events_of(ring, 8), 0u);
    set_wish(ring, ARGO_WISH_PAST, ring.tx());
    expect_eq(events_of(ring, 8), 1u);
}

CASE(suppress, an_unknown_wish_asks_for_each, interrupt_vector, "ARGO-SUPPRESS-005")
{
    auto ring = open_quiet(lead());
    for (const uint32_t wish :
         {3u, 4u, 5u, 0x100u, 0x101u, 0x10001u, 0x80000001u, 0x80000002u, 0xffffffffu}) {
        row("wish", wish);
        set_wish(ring, wish, 4000); // where a wish of 2 would be quiet
        expect_eq(events_of(ring, 8), 1u);
    }
}

CASE(suppress, a_position_beyond_the_length_asks_for_each, interrupt_vector, "ARGO-SUPPRESS-006")
{
    constexpr uint32_t length = 112;
    auto ring = open_quiet(lead(), length);
    for (const uint32_t position : {length, length + 1, length + 16, 2 * length, UINT32_C(0x80000000),
                                    UINT32_C(0xfffffff0), UINT32_C(0xffffffff)}) {
        row("position", position);
        for (const uint32_t start : {16u, 96u}) { // before the end, and across it
            start_at(ring, start);
            set_wish(ring, ARGO_WISH_PAST, position);
            expect_eq(events_of(ring, 16), 1u);
        }
    }
    // The last byte that there is, is a byte like any other.
    start_at(ring, 16);
    set_wish(ring, ARGO_WISH_PAST, length - 1);
    expect_eq(events_of(ring, 16), 0u);
    start_at(ring, 96);
    set_wish(ring, ARGO_WISH_PAST, length - 1);
    expect_eq(events_of(ring, 16), 1u);
}

CASE(suppress, a_position_is_a_byte, interrupt_vector, "ARGO-SUPPRESS-007")
{
    // A message of two slots from byte 32 on, whose payload has one byte: padding is taken, too.
    auto ring = open_quiet(lead(), 160);
    const struct
    {
        uint32_t position;
        bool taken;
    } rows[] = {{31, false}, {33, true}, {47, true},  {48, true},
                {49, true},  {63, true}, {65, false}, {17, false}};
    for (const auto& [position, taken] : rows) {
        row("position", position);
        start_at(ring, 32);
        set_wish(ring, ARGO_WISH_PAST, position);
        expect_eq(events_of(ring, 1), taken ? 1u : 0u);
    }
}

CASE(suppress, without_the_flag_nobody_looks, interrupt_vector, "ARGO-SUPPRESS-008")
{
    listen(lead());
    auto ring = open_loopback(one_page, 1, binding(1));
    for (const uint32_t wish : {ARGO_WISH_NONE, ARGO_WISH_PAST}) {
        row("wish", wish);
        set_wish(ring, wish, 4000);
        expect_eq(events_of(ring, 8), 1u);
    }
}

CASE(suppress, a_registration_decides_anew, interrupt_vector, "ARGO-SUPPRESS-008", "ARGO-SUPPRESS-001")
{
    auto ring = open_quiet(lead());
    set_wish(ring, ARGO_WISH_NONE);
    expect_eq(events_of(ring, 8), 0u);
    require_ok(again(ring, 0));
    expect_eq(events_of(ring, 8), 1u);
    require_ok(again(ring, suppressing));
    expect_eq(events_of(ring, 8), 0u);
    // One that fails decides nothing.
    expect_error(again(ring, ARGO_REGISTER_FAIL_EXIST), ARGO_EEXIST);
    expect_eq(events_of(ring, 8), 0u);
    require_ok(again(ring, 0));
    expect_error(again(ring, suppressing | ARGO_REGISTER_FAIL_EXIST), ARGO_EEXIST);
    expect_eq(events_of(ring, 8), 1u);
}

CASE(suppress, other_pages_have_another_wish, interrupt_vector, "ARGO-SUPPRESS-001", "ARGO-SUPPRESS-002",
     "ARGO-REGISTER-005")
{
    auto ring = open_quiet(lead());
    set_wish(ring, ARGO_WISH_NONE);
    expect_eq(events_of(ring, 8), 0u);
    const RegisterArguments moved{.port = 1,
                                  .partner = lead(),
                                  .length = one_page,
                                  .flags = suppressing | binding(1),
                                  .pages = fresh_pages(lead(), one_page)};
    require_ok(register_ring(lead(), moved));
    expect_eq(events_of(ring, 8), 1u); // The old page still says none.
    const uint32_t none = ARGO_WISH_NONE;
    lead().store(Gpa{moved.pages.base.value + offsetof(argo_ring, wish)}, none);
    set_wish(ring, ARGO_WISH_EACH);
    expect_eq(events_of(ring, 8), 0u);
}

CASE(suppress, a_ring_opened_after_a_reset_starts_over, interrupt_vector, "ARGO-SUPPRESS-008",
     "ARGO-RESET-001")
{
    auto ring = open_quiet(lead());
    set_wish(ring, ARGO_WISH_NONE);
    require_eq(lead().call(ARGO_OP_RESET), 0);
    require_ok(bind(lead(), 1, heard));
    require_ok(again(ring, 0));
    expect_eq(events_of(ring, 8), 1u);
    require_eq(lead().call(ARGO_OP_RESET), 0);
    require_ok(bind(lead(), 1, heard));
    require_ok(again(ring, suppressing)); // The header is the receiver's, and still says so.
    expect_eq(events_of(ring, 8), 0u);
}

CASE(suppress, rings_have_a_wish_each, interrupt_vector, "ARGO-SUPPRESS-001", "ARGO-SUPPRESS-002")
{
    auto loud = open_quiet(lead(), one_page, 1), quiet = open_quiet(lead(), one_page, 2);
    set_wish(quiet, ARGO_WISH_NONE);
    expect_eq(events_of(quiet, 8), 0u);
    expect_eq(events_of(loud, 8), 1u);
    expect_eq(events_of(quiet, 8), 0u);
}

CASE(suppress, the_receivers_wish_counts_not_the_senders, interrupt_vector, "ARGO-SUPPRESS-001",
     "ARGO-SUPPRESS-002")
{
    listen(lead());
    listen(peer());
    auto here = open_ring(lead(), 1, peer(), one_page, suppressing | binding(1));
    auto there = open_ring(peer(), 1, lead(), one_page, suppressing | binding(1));
    set_wish(there, ARGO_WISH_NONE);
    const uint32_t at_lead = lead().events(heard), at_peer = peer().events(heard);
    require_eq(send_pattern(lead(), 1, peer(), 1, 8, 1), 8);
    require_eq(send_pattern(peer(), 1, lead(), 1, 8, 1), 8);
    expect(lead().wait_event(heard, at_lead));
    settle(peer());
    expect_eq(peer().events(heard), at_peer);
    set_wish(there, ARGO_WISH_EACH);
    require_eq(send_pattern(lead(), 1, peer(), 1, 8, 1), 8);
    expect(peer().wait_event(heard, at_peer));
}

CASE(suppress, space_is_heard_of, interrupt_vector, "ARGO-SUPPRESS-009", "ARGO-EVENT-004")
{
    needs_suppress();
    auto ring = open_ring(lead(), 1, lead(), smallest, suppressing | binding(1));
    set_wish(ring, ARGO_WISH_NONE);
    require_ok(send_pattern(lead(), 9, lead(), 1, brimful, 1));
    expect_error(knock(1), ARGO_EAGAIN);
    settle(lead());
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    require_ok(ring.notify());
    expect(lead().wait_event(event_vector, before));
}

CASE(suppress, space_of_others_is_heard_of, interrupt_vector, "ARGO-SUPPRESS-009", "ARGO-EVENT-004")
{
    needs_suppress();
    auto ring = open_ring(peer(), 1, lead(), smallest, suppressing | binding(1));
    auto own = open_ring(lead(), 1, peer(), smallest, suppressing);
    set_wish(ring, ARGO_WISH_NONE);
    set_wish(own, ARGO_WISH_NONE); // What the waiter's own rings wish is no matter either.
    require_ok(send_pattern(lead(), 9, peer(), 1, brimful, 1));
    expect_error(send(lead(), 9, peer(), 1, {}), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    ring.drain();
    require_ok(ring.notify());
    expect(lead().wait_event(event_vector, before));
}

CASE(suppress, the_end_of_a_ring_is_heard_of, lifecycle, "ARGO-SUPPRESS-009", "ARGO-LIFECYCLE-003")
{
    needs_suppress();
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    auto ring = open_ring(lead(), 1, peer(), one_page, suppressing);
    set_wish(ring, ARGO_WISH_NONE);
    settle(lead());
    const uint32_t before = lead().events(event_vector);
    host_kill(peer());
    expect(lead().wait_event(event_vector, before));
    ring.forget();
}

CASE(suppress, a_failure_is_not_heard, interrupt_vector, "ARGO-SUPPRESS-001", "ARGO-EVENT-009")
{
    auto ring = open_quiet(lead(), smallest);
    set_wish(ring, ARGO_WISH_EACH);
    require_eq(events_of(ring, brimful), 1u);
    const uint32_t before = lead().events(heard);
    set_wish(ring, ARGO_WISH_PAST, ring.tx());
    expect_error(knock(1), ARGO_EAGAIN);
    settle(lead());
    expect_eq(lead().events(heard), before);
}

CASE(suppress, the_header_stays_the_receivers, interrupt_poll, "ARGO-RING-013", "ARGO-SUPPRESS-010")
{
    needs_suppress();
    auto ring = open_loopback(112, 1, suppressing);
    argo_ring header{};
    for (uint32_t i = 0; i < 12; i++) header.reserved[i] = 0x1000 + i;
    const uint32_t rows[][2] = {{0, 0}, {1, 5}, {2, 48}, {2, 0xffffffff}, {0xffffffff, 0x80000000}};
    for (const auto& [wish, position] : rows) {
        row("wish", wish, "position", position);
        header.rx_ptr = header.tx_ptr = ring.tx();
        header.wish = wish;
        header.position = position;
        lead().store(ring.base(), header);
        require_ok(register_ring(
            lead(),
            {.port = 1, .partner = lead(), .length = 112, .flags = suppressing, .pages = ring.pages()}));
        require_eq(send(lead(), 9, lead(), 1, "0123456789"), 10);
        const auto found = lead().load<argo_ring>(ring.base());
        expect_eq(found.wish, wish);
        expect_eq(found.position, position);
        for (uint32_t i = 0; i < 12; i++) expect_eq(found.reserved[i], header.reserved[i]);
    }
}

CASE(suppress, messages_come_whatever_the_wish, interrupt_poll, "ARGO-SUPPRESS-010", "ARGO-EVENT-008")
{
    needs_suppress();
    require_eq(lead().call(ARGO_OP_RESET), 0); // There is no binding at all.
    auto ring = open_loopback(112, 1, suppressing);
    const uint32_t rows[][2] = {{0, 0},          {1, 0},   {2, 0},
                                {2, 16},         {2, 111}, {2, 112},
                                {2, 0xffffffff}, {3, 7},   {0xffffffff, 0xffffffff}};
    for (uint32_t round = 0; round < 3; round++) { // each row from several places
        for (const auto& [wish, position] : rows) {
            row("round", round, "wish", wish, "position", position);
            set_wish(ring, wish, position);
            require_eq(send_pattern(lead(), 9, lead(), 1, 21, round), 21);
            const auto message = ring.receive();
            require(message);
            expect_eq(ring.find_mismatch(*message, round), 21u);
        }
    }
}

CASE(suppress, messages_of_others_come_whatever_the_wish, interrupt_poll, "ARGO-SUPPRESS-010")
{
    needs_suppress();
    auto ring = open_ring(peer(), 7, lead(), one_page, suppressing);
    for (const uint32_t wish : {0u, 1u, 2u, 3u, 0xffffffffu}) {
        row("wish", wish);
        set_wish(ring, wish, wish);
        require_eq(send_pattern(lead(), 9, peer(), 7, 100, wish), 100);
        const auto message = ring.receive();
        require(message);
        expect_eq(ring.find_mismatch(*message, wish), 100u);
    }
}

namespace {

/// The receiver of these rings, as guests have it: guest-lib's.
argo::RingReader reader_of(const Ring& ring)
{
    return {static_cast<argo_ring*>(platform::pointer(ring.base(), ARGO_PAGE_SIZE)), ring.length()};
}

} // namespace

CASE(suppress, who_arms_and_looks_is_never_left_halted, interrupt_vector, "ARGO-SUPPRESS-003",
     "ARGO-SUPPRESS-004", "ARGO-SUPPRESS-002", "ARGO-EVENT-005")
{
    // The lead wants no events; the peer sends, some time; meanwhile the lead gets ready to wait: it asks for
    // an event, looks once more, and halts. Either it has seen the message then, or it is woken.
    auto ring = open_quiet(peer(), smallest);
    auto reader = reader_of(ring);
    uint32_t halts = 0;
    for (Races rounds(Races::Kind::others); rounds.more();) {
        reader.poll_only();
        const uint32_t before = lead().events(heard);
        Pending sending = begin_send_pattern(peer(), 9, lead(), 1, 8, 1);
        if (random_below(4) != 0) dawdle();
        if (reader.may_wait()) {
            halts++;
            require(lead().wait_event(heard, before));
        }
        const auto message = reader.peek();
        require(message);
        require_eq(message->size, 8u);
        require_ne(reader.consume(), 0u);
        require_eq(sending.result(), 8);
    }
    expect(halts != 0); // or nothing was shown
}

namespace {

/// The same on a vCPU of its own, which does nothing else.
class ArmingReceiver
{
  public:
    explicit ArmingReceiver(const Ring& ring) : reader_(reader_of(ring)) {}
    bool step()
    {
        if (reader_.peek()) {
            reader_.consume();
            __atomic_add_fetch(&received_, 1, __ATOMIC_RELEASE);
            reader_.poll_only();
            return true;
        }
        random_.dawdle();
        return !reader_.may_wait();
    }
    uint32_t received() const { return __atomic_load_n(&received_, __ATOMIC_ACQUIRE); }

  private:
    argo::RingReader reader_;
    uint32_t received_ = 0;
    Unsteady random_;
};

} // namespace

CASE(suppress, a_vcpu_that_arms_and_looks_is_never_left_halted, interrupt_vector, "ARGO-SUPPRESS-003",
     "ARGO-SUPPRESS-004", "ARGO-SUPPRESS-002", "ARGO-EVENT-005")
{
    // One vCPU sends to another one of the same domain, some time while that arms, looks and halts.
    needs_suppress();
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, suppressing | binding(1));
    race_to_the_halt<ArmingReceiver>(ring, [](const Vcpu& vcpu) {
        return lead().call(ARGO_OP_VECTOR, 1, ARGO_BINDING_LAPIC, vcpu.target(), heard);
    });
}

CASE(suppress, who_rearms_while_messages_come_is_never_left_halted, interrupt_vector, "ARGO-SUPPRESS-003",
     "ARGO-SUPPRESS-002")
{
    // The same without a pause between two waits: the wish for the next message is stored while the one
    // before is still on its way out of the sender's call.
    auto ring = open_quiet(peer(), 96);
    auto reader = reader_of(ring);
    for (Races rounds(Races::Kind::others); rounds.more();) {
        Pending sending = begin_send_pattern(peer(), 9, lead(), 1, 8, 1);
        uint32_t before = lead().events(heard);
        while (reader.may_wait()) {
            require(lead().wait_event(heard, before)); // The one of the round before may be in it ...
            before = lead().events(heard);
        }
        require(reader.peek()); // ... but the last is this one's.
        require_ne(reader.consume(), 0u);
        require_eq(sending.result(), 8);
    }
}

CASE(suppress, the_library_waits_for_nothing_that_is_there, interrupt_poll, "ARGO-SUPPRESS-004")
{
    auto ring = open_loopback(112);
    auto reader = reader_of(ring);
    for (uint32_t round = 0; round < 8; round++) {
        row("round", round);
        expect(reader.may_wait());
        require_ok(send(lead(), 9, lead(), 1, "0123456789"));
        expect(!reader.may_wait());
        require(reader.peek());
        expect(!reader.may_wait());
        require_ne(reader.consume(), 0u);
    }
}

CASE(suppress, a_wish_that_changes_meanwhile_is_one_of_its_values, hostile, "ARGO-SUPPRESS-001",
     "ARGO-SUPPRESS-002", "ARGO-SUPPRESS-010")
{
    // A second vCPU rewrites wish and position. Each message causes one event or none, and comes whole.
    auto ring = open_quiet(lead(), 112);
    Rewriter rewriter;
    rewriter.add(Gpa{ring.base().value + offsetof(argo_ring, wish)}, UINT32_C(0), UINT32_C(1), UINT32_C(2),
                 UINT32_C(3));
    rewriter.add(Gpa{ring.base().value + offsetof(argo_ring, position)}, UINT32_C(0), UINT32_C(48),
                 UINT32_C(112), UINT32_C(200));
    const uint32_t before = lead().events(heard);
    uint32_t sent = 0;
    rewriter.start();
    while (rewriter.more(200)) {
        row("message", sent);
        require_eq(send_pattern(lead(), 9, lead(), 1, 21, sent), 21);
        const auto message = ring.receive();
        require(message);
        expect_eq(ring.find_mismatch(*message, sent), 21u);
        sent++;
    }
    rewriter.stop();
    settle(lead());
    expect(lead().events(heard) - before <= sent);
}
