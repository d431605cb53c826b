// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Another vCPU of the lead.
#include "harness/vcpu.hpp"

#include "harness/expect.hpp"
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

uint32_t races() { return session->options.races; }

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
