// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Another vCPU of the lead.
#include "harness/vcpu.hpp"

#include "harness/expect.hpp"
#include "harness/figures.hpp"
#include "harness/protocol.hpp"
#include "harness/session.hpp"

namespace argo::suite {

namespace {

bool halt(void*) { return false; }

} // namespace

Patience::Patience() : from_(platform::now()) {}

bool Patience::lasts()
{
    constexpr uint64_t short_time = 200'000, pause = 100'000; // ns
    const uint64_t passed = platform::now() - from_;
    if (passed > short_time) platform::wait(pause);
    return passed < session->limit(event_time);
}

void Unsteady::dawdle()
{
    constexpr uint32_t longest = 19; // as a power of two
    state_ = state_ * 1664525 + 1013904223;
    const uint64_t from = ticks(), span = UINT64_C(1) << (state_ >> 16) % longest;
    while (ticks() - from < span) {
    }
}

bool Races::more()
{
    constexpr uint32_t least = 50, rounds_a_second = 1'000, often = 2'000;
    const uint32_t most = session->options.races;
    const uint64_t time = uint64_t{most / rounds_a_second} * 1'000'000'000;
    if (rounds_ >= (kind_ == Kind::own ? most : least) &&
        (rounds_ >= most || platform::now() - began_ > time))
        return false;
    if (rounds_ % often == often - 1) Protocol::say("still racing"); // silence would be taken for the end
    row("round", rounds_++);
    return true;
}

Vcpu::Vcpu(uint32_t number) : Vcpu(number, halt, nullptr) {}

Vcpu::Vcpu(uint32_t number, bool (*step)(void*), void* argument)
    : number_(number), step_(step), argument_(argument)
{
    up();
}

void Vcpu::up()
{
    if (platform::start_vcpu(number_, step_, argument_)) return;
    Text reason;
    reason << "this run's domains have no vCPU " << number_;
    skip(reason.view());
}

void Vcpu::down() { platform::stop_vcpu(number_); }

} // namespace argo::suite
