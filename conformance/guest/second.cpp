// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A second vCPU, for cases that change memory while a call of the first one runs. It is started for each
// piece of work, with interrupts disabled, and is at rest when the work is over. On a PC that is done by INIT
// and SIPI: which one of several it is does not matter, the first that comes gets the work, the others halt.
#include "guest/second.hpp"

#include <cstring>

#include "guest/lapic.hpp"
#include "guest/surroundings.hpp"
#include "harness/platform.hpp"

extern "C" {
extern const uint8_t second_code[], second_code_end[];
uint32_t second_came; ///< vCPUs that were started
}

namespace argo::guest {

namespace {

constexpr uint64_t low_page = 0x8000; ///< free memory on every PC: loaders are done with it
constexpr uint64_t millisecond = 1'000'000, patience = 500 * millisecond;

struct Work
{
    void (*step)(void*);
    void* argument;
    bool stop, running;
} work;

bool none = false; ///< known by now

bool get(const bool& flag) { return __atomic_load_n(&flag, __ATOMIC_ACQUIRE); }
void put(bool& flag, bool value) { __atomic_store_n(&flag, value, __ATOMIC_RELEASE); }

bool await(uint64_t limit)
{
    const uint64_t from = now();
    while (!get(work.running) && now() - from < limit) suite::platform::wait(millisecond);
    return get(work.running);
}

} // namespace

extern "C" void second_main()
{
    put(work.running, true);
    while (!get(work.stop)) work.step(work.argument);
    put(work.running, false);
}

bool start_second_by_apic()
{
    std::memcpy(reinterpret_cast<void*>(low_page), second_code,
                static_cast<size_t>(second_code_end - second_code));
    __atomic_store_n(&second_came, 0u, __ATOMIC_RELEASE);
    if (!command_others(command_init)) return false;
    suite::platform::wait(10 * millisecond);
    command_others(command_startup(low_page));
    if (!await(millisecond)) command_others(command_startup(low_page)); // as old processors want it
    return await(patience);
}

} // namespace argo::guest

namespace argo::suite::platform {

bool start_second(void (*step)(void*), void* argument)
{
    using namespace guest;
    stop_second();
    if (none) return false;
    work = {step, argument, false, false};
    none = !surroundings().start_second();
    while (!none && !get(work.running)) wait(millisecond);
    return !none;
}

void stop_second()
{
    using namespace guest;
    put(work.stop, true);
    while (get(work.running)) wait(millisecond);
}

} // namespace argo::suite::platform
