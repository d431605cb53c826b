// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Exceptions and interrupts.
#include "guest/traps.hpp"

#include "guest/cpu.hpp"
#include "guest/lapic.hpp"
#include "guest/layout.h"
#include "guest/panic.hpp"
#include "guest/vcpus.hpp"
#include "harness/text.hpp"

namespace {

/// What trap_common leaves on the stack.
struct Trap
{
    uint64_t registers[15];
    uint64_t vector;
    uint64_t error;
    uint64_t rip;
    uint64_t cs;
    uint64_t flags;
    uint64_t rsp;
    uint64_t ss;
};

struct Fixup
{
    uint64_t from, to;
};

struct [[gnu::packed]] Gate
{
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct [[gnu::packed]] TablePointer
{
    uint16_t limit;
    uint64_t base;
};

constexpr uint8_t interrupt_gate = 0x8e;
constexpr uint64_t stub_size = 16;
constexpr uint64_t first_interrupt = 32;

alignas(16) Gate gates[256];
/// By vCPU: each writes its own.
struct Tally
{
    volatile uint32_t of[256], all;
    volatile uint32_t last[256]; ///< what `all` was when this one was taken last
} tallies[argo::suite::platform::most_vcpus];
uint8_t handled_vector = 0; ///< the one that has a handler; zero: none has
void (*handler)() = nullptr;

} // namespace

extern "C" {
extern const char trap_stubs[], halt_instruction[], halt_end[];
extern const Fixup fixups_start[], fixups_end[];
void trap(Trap&);
}

namespace {

uint64_t address_of(const char* symbol) { return reinterpret_cast<uint64_t>(symbol); }

uint64_t fault_address()
{
    uint64_t value;
    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

[[noreturn]] void die_of(const Trap& trap)
{
    argo::suite::Text text;
    text << "panic: exception " << trap.vector << " error " << argo::suite::Hex{trap.error} << " at "
         << argo::suite::Hex{trap.rip} << " cr2 " << argo::suite::Hex{fault_address()} << " rsp "
         << argo::suite::Hex{trap.rsp};
    argo::guest::panic(text.view());
}

} // namespace

void trap(Trap& trap)
{
    if (trap.vector < first_interrupt) {
        for (const Fixup* fixup = fixups_start; fixup != fixups_end; fixup++) {
            if (trap.rip != fixup->from) continue;
            trap.rip = fixup->to;
            return;
        }
        die_of(trap);
    }
    Tally& tally = tallies[argo::guest::this_vcpu()];
    tally.of[trap.vector] = tally.of[trap.vector] + 1;
    tally.all = tally.all + 1;
    tally.last[trap.vector] = tally.all;
    if (trap.rip == address_of(halt_instruction)) trap.rip = address_of(halt_end);
    if (handled_vector != 0 && trap.vector == handled_vector)
        handler();
    else if (trap.vector != argo::guest::spurious_vector)
        argo::guest::end_of_interrupt();
}

namespace argo::guest {

void set_up_traps()
{
    for (uint64_t vector = 0; vector < 256; vector++) {
        const uint64_t stub = address_of(trap_stubs) + vector * stub_size;
        gates[vector] = {static_cast<uint16_t>(stub),
                         CODE_SELECTOR,
                         0,
                         interrupt_gate,
                         static_cast<uint16_t>(stub >> 16),
                         static_cast<uint32_t>(stub >> 32),
                         0};
    }
    load_traps();
}

void load_traps()
{
    const TablePointer pointer = {sizeof gates - 1, reinterpret_cast<uint64_t>(gates)};
    asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

void handle_interrupt(uint8_t vector, void (*by)())
{
    handler = by;
    handled_vector = vector;
}

uint32_t taken(uint8_t vector, uint32_t vcpu) { return tallies[vcpu].of[vector]; }
uint32_t taken() { return tallies[0].all; }
uint32_t last_taken(uint8_t vector) { return tallies[0].last[vector]; }

} // namespace argo::guest
