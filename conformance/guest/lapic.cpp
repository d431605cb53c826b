// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The local APIC.
//
// No source of time is the same everywhere, and nothing here depends on an exact one. The timer is taken to
// count nanoseconds, as that of KVM and of QEMU does; others (Xen: 10 ns) only make every wait longer.
// Against it the TSC is measured once.
#include "guest/lapic.hpp"

#include <argo/x86.hpp>

#include "guest/cpu.hpp"
#include "guest/traps.hpp"

namespace argo::guest {

namespace {

constexpr uint32_t msr_apic_base = 0x1b;
constexpr uint64_t apic_enabled = 0x800, apic_x2 = 0x400, apic_address = 0x000f'ffff'ffff'f000;

/// Registers by their offset in the xAPIC page; in x2APIC mode MSR 0x800 + offset / 16.
enum Register : uint32_t
{
    id = 0x20,
    task_priority = 0x80,
    eoi = 0xb0,
    spurious = 0xf0,
    command_low = 0x300, ///< in x2APIC mode all of it
    command_high = 0x310,
    lvt_timer = 0x320,
    lvt_lint0 = 0x350,
    lvt_lint1 = 0x360,
    timer_initial = 0x380,
    timer_divide = 0x3e0,
};
constexpr uint32_t software_enabled = 0x100, masked = 0x10000, divide_by_1 = 0xb;

bool present = false;
bool x2 = false;
uint64_t base = 0;
uint64_t ticks_per_ms = 1'000'000; ///< of the TSC
uint64_t first_tick = 0;

volatile uint32_t& mapped(Register which) { return *reinterpret_cast<volatile uint32_t*>(base + which); }

void set(Register which, uint32_t value)
{
    if (x2)
        write_msr_safely(0x800 + which / 16, value);
    else
        mapped(which) = value;
}

uint32_t get(Register which)
{
    if (!x2) return mapped(which);
    uint64_t value = 0;
    read_msr_safely(0x800 + which / 16, &value);
    return static_cast<uint32_t>(value);
}

bool has_apic() { return (x86::cpuid(1, 0).edx & 1 << 9) != 0; }

void measure_time_stamps()
{
    // The least of a few: where the host was busy, the interrupt came late.
    constexpr uint64_t span = 2; // ms
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        const uint32_t before = taken(timer_vector);
        const uint64_t from = time_stamp();
        start_timer(span * 1'000'000);
        while (taken(timer_vector) == before) {
            halt_once();
            disable_interrupts();
        }
        const uint64_t ticks = time_stamp() - from;
        if (ticks < least) least = ticks;
    }
    ticks_per_ms = least / span;
    if (ticks_per_ms == 0) ticks_per_ms = 1;
}

} // namespace

void set_up_lapic()
{
    first_tick = time_stamp();
    uint64_t where = 0;
    present = has_apic() && read_msr_safely(msr_apic_base, &where);
    if (!present) return;
    if ((where & apic_enabled) == 0) write_msr_safely(msr_apic_base, where |= apic_enabled);
    x2 = (where & apic_x2) != 0;
    base = where & apic_address;

    set(spurious, software_enabled | spurious_vector); // first: until then every LVT entry stays masked
    set(lvt_lint0, masked);                            // the PC's old interrupt controller comes in here
    set(lvt_lint1, masked);
    set(task_priority, 0);
    set(timer_divide, divide_by_1);
    set(lvt_timer, timer_vector);
    measure_time_stamps();
    enable_interrupts();
}

bool in_x2apic_mode() { return x2; }

uint32_t apic_id()
{
    if (!present) return 0;
    return x2 ? get(id) : get(id) >> 24;
}

void end_of_interrupt() { set(eoi, 0); }

void switch_lapic(bool on)
{
    if (!present) return;
    set(spurious, (on ? software_enabled : 0) | spurious_vector);
    if (!on) return;
    set(lvt_lint0, masked);
    set(lvt_lint1, masked);
    set(task_priority, 0);
}

bool set_task_priority(uint8_t vector)
{
    if (present) set(task_priority, vector);
    return present;
}

bool command(uint32_t apic_id, uint32_t what)
{
    if (!present) return false;
    if (x2) {
        write_msr_safely(0x800 + command_low / 16, uint64_t{apic_id} << 32 | what);
    } else {
        set(command_high, apic_id << 24);
        set(command_low, what);
    }
    return true;
}

bool start_timer(uint64_t ns)
{
    if (!present) return false;
    set(timer_initial, ns < UINT32_MAX ? static_cast<uint32_t>(ns | 1) : UINT32_MAX);
    return true;
}

void stop_timer()
{
    if (present) set(timer_initial, 0);
}

uint64_t now()
{
    const uint64_t ticks = time_stamp() - first_tick;
    return ticks / ticks_per_ms * 1'000'000 + ticks % ticks_per_ms * 1'000'000 / ticks_per_ms;
}

} // namespace argo::guest
