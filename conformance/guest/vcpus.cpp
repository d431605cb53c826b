// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The other vCPUs: one changes memory while a call of the first one runs, others take interrupts. Each is
// started for one piece of work, and is down when the work is over: interrupts disabled, its local APIC
// switched off.
#include "guest/vcpus.hpp"

#include <cstring>

#include "guest/cpu.hpp"
#include "guest/lapic.hpp"
#include "guest/layout.h"
#include "guest/surroundings.hpp"
#include "guest/traps.hpp"

extern "C" {
extern const uint8_t vcpu_code[], vcpu_code_end[];
uint32_t vcpu_called; ///< the number of the one that is being started
}

namespace argo::guest {

namespace {

using suite::platform::most_vcpus;

constexpr uint64_t low_page = 0x8000; ///< free memory on every PC: loaders are done with it
constexpr uint64_t millisecond = 1'000'000, patience = 500 * millisecond;

struct Seat
{
    bool (*step)(void*);
    void* argument;
    bool stop, running;
    bool none;        ///< nobody ever came
    bool met;         ///< somebody did, who has
    uint32_t apic_id; ///< this
} seats[most_vcpus];

bool get(const bool& flag) { return __atomic_load_n(&flag, __ATOMIC_ACQUIRE); }
void put(bool& flag, bool value) { __atomic_store_n(&flag, value, __ATOMIC_RELEASE); }

bool await(const Seat& seat, uint64_t limit)
{
    const uint64_t from = now();
    while (!get(seat.running) && now() - from < limit) suite::platform::wait(millisecond);
    return get(seat.running);
}

} // namespace

extern "C" void vcpu_main(uint32_t number)
{
    Seat& seat = seats[number];
    surroundings().take_interrupts(number, true);
    put(seat.running, true);
    while (!get(seat.stop))
        if (!seat.step(seat.argument)) surroundings().halt(number);
    surroundings().take_interrupts(number, false);
    put(seat.running, false);
}

bool start_vcpu_by_apic(uint32_t number)
{
    std::memcpy(reinterpret_cast<void*>(low_page), vcpu_code, static_cast<size_t>(vcpu_code_end - vcpu_code));
    __atomic_store_n(&vcpu_called, number, __ATOMIC_RELEASE);
    if (!command(number, command_init)) return false;
    suite::platform::wait(10 * millisecond);
    command(number, command_startup(low_page));
    if (!await(seats[number], millisecond))
        command(number, command_startup(low_page)); // as old processors want it
    return await(seats[number], patience);
}

void take_interrupts_by_apic(uint32_t number, bool on)
{
    if (on) {
        load_traps();
        seats[number].apic_id = apic_id();
        put(seats[number].met, true);
    }
    switch_lapic(on);
}

void wake_by_apic(uint32_t number) { command(apic_id_of(number), wake_vector); }

uint32_t apic_id_of(uint32_t number)
{
    if (number == 0) return apic_id();
    return get(seats[number].met) ? seats[number].apic_id : number;
}

static_assert(most_vcpus == MOST_VCPUS && stack_size == 1 << STACK_SHIFT);

} // namespace argo::guest

namespace argo::suite::platform {

bool start_vcpu(uint32_t number, bool (*step)(void*), void* argument)
{
    using namespace guest;
    stop_vcpu(number);
    Seat& seat = seats[number];
    if (seat.none) return false;
    seat.step = step;
    seat.argument = argument;
    put(seat.stop, false);
    seat.none = !surroundings().start_vcpu(number);
    while (!seat.none && !get(seat.running)) wait(millisecond);
    return !seat.none;
}

void stop_vcpu(uint32_t number)
{
    using namespace guest;
    Seat& seat = seats[number];
    put(seat.stop, true);
    if (get(seat.running)) surroundings().wake(number);
    while (get(seat.running)) wait(millisecond);
}

} // namespace argo::suite::platform
