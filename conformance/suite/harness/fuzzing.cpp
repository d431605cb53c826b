// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Rounds of random calls.
#include "harness/fuzzing.hpp"

#include <new>

#include "harness/expect.hpp"
#include "harness/session.hpp"

namespace argo::suite {

namespace {

constexpr uint32_t steps_of_round = 256, rounds_of_test = 3;

/// The lead's. Not a Fuzzing's own: other vCPUs use it when a case was left.
alignas(Fuzz) constinit ARGO_SUITE_LOCAL uint8_t storage[sizeof(Fuzz)]{};

RemoteActor* remote(uint32_t which)
{
    RemoteActor& actor = which == 1 ? session->peer : session->third;
    return actor.appointed() ? &actor : nullptr;
}

uint16_t number_of(uint32_t which)
{
    if (which == 0) return static_cast<uint16_t>(session->self.domid());
    const RemoteActor* const actor = remote(which);
    return actor == nullptr ? number_of(0) : static_cast<uint16_t>(actor->domid());
}

bool step(void* stream) { return static_cast<FuzzStream*>(stream)->step(); }

const char* words(FuzzReport::What what)
{
    switch (what) {
    case FuzzReport::What::nothing: return "nothing";
    case FuzzReport::What::result: return "a result that the operation does not have";
    case FuzzReport::What::frame: return "a frame whose other bytes have changed";
    case FuzzReport::What::silence: return "a call without a result";
    case FuzzReport::What::memory: return "memory that was not lent and has changed";
    case FuzzReport::What::hang: return "a vCPU that does not come back from its call";
    }
    return "?";
}

} // namespace

Fuzzing::Fuzzing(uint32_t cases)
    : seed_(session->options.seed),
      began_(platform::now()),
      span_(uint64_t{session->options.fuzz} * 1'000'000'000 / cases),
      steps_(steps_of_round)
{
    if (session->self.hypervisor().major() == 0) not_supported("the hypervisor speaks major 0 alone");
    for (uint32_t i = 0; i < domains; i++) room_[i] = room_of(i);
}

bool Fuzzing::more()
{
    const bool goes_on = span_ == 0 ? round_ < rounds_of_test : platform::now() - began_ < span_;
    if (!goes_on || session->progress.failures != 0) return false;
    Text text;
    text << "fuzz seed " << seed_ + round_ << ": " << steps_ << " steps each";
    Protocol::say(text.view());
    row("seed", seed_ + round_);
    round_++;
    return true;
}

void Fuzzing::begin()
{
    LocalActor& self = session->self;
    self.clean();
    for (uint32_t i = 1; i < domains; i++) {
        playing_[i] = remote(i) != nullptr;
        if (!playing_[i]) continue;
        const FuzzPlan plan = {seed_ + round_ - 1, steps_, {number_of(0), number_of(3 - i)}};
        remote(i)->ready().begin_fuzz(plan);
    }
    const FuzzPlan plan = {seed_ + round_ - 1, steps_, {number_of(1), number_of(2)}};
    auto* const fuzz = new (storage) Fuzz(self, session->discovery, plan);
    uint32_t streams = 1;
    while (streams < FuzzMemory::most_streams && platform::start_vcpu(streams, step, &fuzz->stream(streams)))
        streams++;
    fuzz->joined_by(streams);
}

void Fuzzing::play()
{
    constexpr uint64_t patience = 20'000;
    auto& fuzz = *std::launder(reinterpret_cast<Fuzz*>(storage));
    fuzz.play();
    const uint64_t limit = session->limit(patience), from = platform::now();
    while (!fuzz.over() && platform::now() - from < limit) platform::wait(1'000'000);
    const bool over = fuzz.over();
    for (uint32_t vcpu = 1; over && vcpu < FuzzMemory::most_streams; vcpu++) platform::stop_vcpu(vcpu);
    count("lead", fuzz.finish());
    if (!over) leave();
    require_eq(session->self.clean(), 0);
    for (uint32_t i = 1; i < domains; i++) {
        if (!playing_[i]) continue;
        FuzzAnswer answer;
        remote(i)->finish_fuzz(answer, limit);
        count(remote(i)->role(), answer.report);
    }
}

void Fuzzing::lost(const Actor& actor)
{
    for (uint32_t i = 1; i < domains; i++)
        if (remote(i) == &actor) playing_[i] = false;
}

void Fuzzing::count(const char* role, const FuzzReport& report)
{
    add(all_, report);
    if (expect(report.what == FuzzReport::What::nothing)) return;
    Text text;
    text << role << ", stream " << report.stream << ", step " << report.step << ": " << words(report.what)
         << ": word " << Hex{report.word} << " by mechanism " << report.mechanism << " gave " << report.result
         << ", arguments";
    for (const uint64_t argument : report.arguments) text << ' ' << Hex{argument};
    fail(text.view());
}

FuzzRoom Fuzzing::room_of(uint32_t which)
{
    if (which == 0) return measure_room(session->self);
    if (remote(which) == nullptr) return {};
    constexpr uint64_t patience = 20'000;
    FuzzAnswer answer;
    remote(which)->ready().begin_fuzz({});
    remote(which)->finish_fuzz(answer, session->limit(patience));
    return answer.room;
}

void Fuzzing::expect_room()
{
    for (uint32_t i = 0; i < domains; i++) {
        if (i != 0 && remote(i) == nullptr) continue;
        row("domain", number_of(i), "seed", seed_);
        const FuzzRoom now = room_of(i);
        expect_eq(now.rings, room_[i].rings);
        expect_eq(now.pages, room_[i].pages);
        expect_eq(now.waits, room_[i].waits);
    }
}

void Fuzzing::tell() const
{
    Text text;
    text << "fuzz: seeds " << seed_ << " to " << seed_ + round_ - 1 << ", " << all_.calls
         << " calls; accepted of:";
    for (size_t i = 0; i < FuzzReport::operations; i++)
        text << ' ' << grammar::operations[i].name << ' ' << all_.accepted[i] << '/' << all_.made[i];
    Protocol::say(text.view());
}

} // namespace argo::suite
