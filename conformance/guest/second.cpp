// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A second vCPU, for cases that change memory while a call of the first one runs. It is started by INIT and
// SIPI for each piece of work, with interrupts disabled, and halts when the work is over. Which one of
// several it is does not matter: the first that comes gets the work, the others halt.
#include <cstring>

#include "guest/lapic.hpp"
#include "guest/surroundings.hpp"
#include "harness/platform.hpp"

extern "C" {
extern const uint8_t second_code[], second_code_end[];
uint32_t second_came; ///< vCPUs that were started
void second_main();
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

} // namespace argo::guest

namespace argo::suite::platform {

bool start_second(void (*step)(void*), void* argument)
{
    using namespace guest;
    stop_second();
    if (none || !surroundings().starts_others()) return false;
    std::memcpy(reinterpret_cast<void*>(low_page), second_code,
                static_cast<size_t>(second_code_end - second_code));
    work = {step, argument, false, false};
    __atomic_store_n(&second_came, 0u, __ATOMIC_RELEASE);
    if (command_others(command_init)) {
        wait(10 * millisecond);
        command_others(command_startup(low_page));
        if (!await(millisecond)) command_others(command_startup(low_page)); // as old processors want it
    }
    none = !await(patience);
    return !none;
}

void stop_second()
{
    using namespace guest;
    put(work.stop, true);
    while (get(work.running)) wait(millisecond);
}

} // namespace argo::suite::platform
