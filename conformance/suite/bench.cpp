// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// bench: what calls, messages and events cost in a guest, made by the guest library. Times go out as figures;
// counts are expected. These cases run where their profile is named. Book: spec/call.rst, spec/sendv.rst,
// spec/suppress.rst.

#include "frames.hpp"
#include "harness/figures.hpp"
#include "harness/prepared.hpp"
#include "harness/session.hpp"
#include "harness/vcpu.hpp"

using namespace argo::suite;

namespace {

const argo::Hypervisor<platform::Machine>& library() { return session->self.hypervisor(); }

template <class Act>
Samples measured(uint32_t rounds, Act act)
{
    Samples samples;
    for (uint32_t i = 0; i < rounds; i++) {
        const uint64_t from = ticks();
        act();
        samples.add(ticks() - from);
    }
    return samples;
}

/// The cheapest call there is: its number is nobody's.
constexpr uint32_t nothing = ARGO_OPERATION_WORD(0x1fu);

Samples empty_calls(const argo::Mechanism& mechanism, uint32_t rounds)
{
    argo::CallPage& page = *static_cast<argo::CallPage*>(
        platform::pointer(lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE), ARGO_PAGE_SIZE));
    auto& machine = platform::machine();
    expect_error(call_by(machine, mechanism, page, nothing), ARGO_EOPNOTSUPP);
    if (argo::passes_registers(mechanism.id))
        return measured(rounds, [&] { call_in_registers(machine, mechanism, {nothing, {}}); });
    const Gpa frame = machine.gpa(&page.frame);
    return measured(rounds, [&] { ring_doorbell(machine, mechanism, frame); });
}

/// Messages of so many bytes to a ring of the peer's, whose owner has said that it polls.
void send_to_one_that_polls(const char* name, uint32_t size)
{
    constexpr uint32_t port = 7, longest = 1 << 20, pages = 17;
    not_supported_unless(ARGO_FEATURE_SUPPRESS, "feature SUPPRESS is not offered");
    if (largest_message() < size) not_supported("max_message is smaller than this case's messages");
    // As many as fit go there without a word between the two.
    const uint32_t rounds = rounds_asked_for(64), each = footprint(size);
    uint32_t length = longest_ring() < longest ? longest_ring() : longest;
    if (rounds < length / each) length = rounds * each + ARGO_SLOT;
    const uint32_t fit = (length - ARGO_SLOT) / each;
    Ring ring = open_ring(peer(), port, lead(), length, ARGO_REGISTER_SUPPRESS, pages);
    peer().store(Gpa{ring.base().value + offsetof(argo_ring, wish)}, uint32_t{ARGO_WISH_NONE});
    const void* const bytes = platform::pointer(lead().alloc(size, ARGO_PAGE_SIZE), size);
    const argo::Address there{peer().domid(), argo::Port{port}};
    const uint32_t before = peer().events(event_vector);
    Samples samples;
    for (uint32_t i = 0; i < rounds; i++) {
        if (i % fit == 0 && i != 0) ring.drain();
        const uint64_t from = ticks();
        const auto sent = library().send(argo::Port{9}, there, bytes, size);
        samples.add(ticks() - from);
        require(sent);
    }
    expect_eq(peer().events(event_vector), before);
    tell_figure(name, samples);
    Text events;
    events << name << ".events";
    tell_figure(events.view(), peer().events(event_vector) - before);
}

/// A ball between two vCPUs that halt.
struct Ball
{
    uint64_t thrower;
    bool thrown;
};
Ball ball{};

bool throw_back(void* argument)
{
    auto& it = *static_cast<Ball*>(argument);
    if (!__atomic_exchange_n(&it.thrown, false, __ATOMIC_ACQ_REL)) return false;
    platform::interrupt(it.thrower, free_vector);
    return true;
}

/// Two interrupts: to another vCPU, which halts, and back.
void exchange_interrupts(uint64_t target)
{
    const uint32_t before = platform::events(free_vector);
    __atomic_store_n(&ball.thrown, true, __ATOMIC_RELEASE);
    platform::interrupt(target, free_vector + 1);
    while (platform::events(free_vector) == before) platform::wait(platform::forever);
}

} // namespace

CASE(bench, calls_that_do_nothing, bench, "ARGO-CALL-105")
{
    const uint32_t rounds = rounds_asked_for(64);
    const uint64_t time = platform::now(), from = ticks();
    while (platform::now() - time < 20'000'000) platform::wait(5'000'000);
    tell_figure("ticks_per_ms", (ticks() - from) * 1'000'000 / (platform::now() - time));
    Samples clock = measured(rounds, [] {});
    tell_figure("clock", clock);
    // What makes any hypervisor exit, and asks nobody outside of it.
    Samples cpuid = measured(rounds, [] { platform::machine().cpuid(ARGO_CPUID_FIRST, 0); });
    tell_figure("exit.cpuid", cpuid);
    by_each_mechanism([&](const argo::Mechanism& mechanism) {
        Samples samples = empty_calls(mechanism, rounds);
        Text name;
        name << "empty." << argo::mechanism_name(mechanism.id);
        tell_figure(name.view(), samples);
    });
}

CASE(bench, sends_of_64_bytes_to_one_that_polls, bench, "ARGO-SUPPRESS-001")
{
    send_to_one_that_polls("send.64", 64);
}

CASE(bench, sends_of_4096_bytes_to_one_that_polls, bench, "ARGO-SUPPRESS-001")
{
    send_to_one_that_polls("send.4096", 4096);
}

CASE(bench, sends_of_65536_bytes_to_one_that_polls, bench, "ARGO-SUPPRESS-001")
{
    send_to_one_that_polls("send.65536", 65536);
}

CASE(bench, a_message_there_and_back, bench, "ARGO-EVENT-001")
{
    // The two halt for each other: by the library, and with nothing but the call itself. Beside it, by turns,
    // what that takes at least: two calls that do nothing, and two interrupts.
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    constexpr uint32_t port = 7, size = 64, at_once = 16;
    const uint32_t rounds = (rounds_asked_for(64) + at_once - 1) / at_once * at_once;
    const auto page = [] {
        return platform::pointer(lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE), ARGO_PAGE_SIZE);
    };
    auto* const memory = static_cast<argo_ring*>(page());
    const auto* const bytes = page();
    const argo::Address there{peer().domid(), argo::Port{port}};
    const PreparedSend prepared(session->self, page(), port, peer().domid(), size);
    require(library().register_ring(argo::Port{port}, peer().domid(), memory, one_page));
    argo::RingReader reader(memory, one_page);

    ball = {platform::vcpu(), false};
    const bool up = platform::start_vcpu(1, throw_back, &ball);
    const uint64_t other = up ? platform::vcpu(1) : 0;
    const bool interrupts_come = up && platform::interrupt(other, free_vector + 1);

    const auto by_library = [&] {
        require(library().send(argo::Port{port}, there, bytes, size));
        while (!reader.peek()) platform::wait(platform::forever);
        reader.consume();
    };
    const auto by_hand = [&] {
        require_eq(prepared(), size);
        await_and_drain(memory);
    };
    const auto play = [&](bool library_too, auto there_and_back, Samples& trips, Samples& interrupts) {
        session->peer.begin_echo(port, rounds, !library_too);
        for (int64_t sent = -ARGO_ECONNREFUSED; sent == -ARGO_ECONNREFUSED; sent = prepared())
            platform::wait(1'000'000);
        // The first one is on its way already.
        if (library_too) {
            while (!reader.peek()) platform::wait(platform::forever);
            reader.consume();
        } else {
            await_and_drain(memory);
        }
        for (uint32_t i = 1; i < rounds; i++) {
            const uint64_t from = ticks();
            there_and_back();
            trips.add(ticks() - from);
            if (i % at_once != 0 || !interrupts_come) continue;
            for (uint32_t n = 0; n < at_once; n++) {
                const uint64_t then = ticks();
                exchange_interrupts(other);
                interrupts.add(ticks() - then);
            }
        }
        expect_eq(session->peer.finish(), rounds);
    };
    Samples trips, bare_trips, interrupts;
    play(true, by_library, trips, interrupts);
    play(false, by_hand, bare_trips, interrupts);
    Samples calls = empty_calls(library().mechanism(), rounds);
    tell_figure("round_trip.library", trips);
    tell_figure("round_trip", bare_trips);
    if (!interrupts_come) return;
    tell_figure("interrupts", interrupts);
    tell_figure("floor.median", interrupts.median() + 2 * calls.median());
    tell_figure("floor.least", interrupts.least() + 2 * calls.least());
}
