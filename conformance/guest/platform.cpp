// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The suite's platform in an image: x86, memory mapped to itself. What is different under Xen is said by the
// surroundings. All is done by the first vCPU; what others are for, vcpus.cpp knows.
#include "harness/platform.hpp"

#include <argo/x86.hpp>

#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/lapic.hpp"
#include "guest/layout.h"
#include "guest/memory.hpp"
#include "guest/panic.hpp"
#include "guest/start.hpp"
#include "guest/surroundings.hpp"
#include "guest/traps.hpp"
#include "guest/vcpus.hpp"
#include "guest/xen.hpp"
#include "harness/run.hpp"

namespace argo::guest {

namespace {

constexpr uint16_t exit_port = 0xf4;
constexpr size_t most_scratch = 1024 * ARGO_PAGE_SIZE;

constinit BootInformation boot;
constinit std::span<uint8_t> scratch;

/// A call and whatever it is nested in.
CallPage call_pages[4];
size_t borrowed = 0;

template <class T>
volatile T& device(Gpa where)
{
    map_device(where.value);
    return *reinterpret_cast<volatile T*>(where.value);
}

/// A PC, real or not.
class Machine final : public Surroundings
{
  public:
    const char* name() const override { return in_x2apic_mode() ? "image,x2apic" : "image"; }
    void print(std::string_view line) override { print_line(line); }
    [[noreturn]] void shut_down(bool) override
    {
        out8(exit_port, 0);
        halt_forever();
    }
    CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf) override { return x86::cpuid(leaf, subleaf); }
    uint64_t now() override { return guest::now(); }
    void wait(uint64_t ns) override
    {
        static uint32_t seen = 0;
        disable_interrupts();
        const bool timed = ns != suite::platform::forever;
        if (taken() == seen && (!timed || start_timer(ns))) {
            halt_once();
            if (timed) stop_timer();
        }
        enable_interrupts();
        seen = taken();
    }
    uint64_t frame(uint64_t page) const override { return page; }
    uint64_t vcpu(uint32_t number) override { return apic_id_of(number); }
    uint32_t events(uint8_t vector, uint32_t vcpu) override { return taken(vector, vcpu); }
    bool start_vcpu(uint32_t number) override { return start_vcpu_by_apic(number); }
    void take_interrupts(uint32_t number, bool on) override { take_interrupts_by_apic(number, on); }
    void halt(uint32_t) override
    {
        halt_once();
        disable_interrupts();
    }
    void wake(uint32_t number) override { wake_by_apic(number); }
};

constinit Machine pc;
constinit Surroundings* around = &pc;

} // namespace

Surroundings& surroundings() { return *around; }
void set_surroundings(Surroundings& which) { around = &which; }

void panic(std::string_view line)
{
    around->print(line);
    while (true) around->shut_down(false);
}

void run_suite(const BootInformation& from)
{
    boot = from;
    scratch = memory_behind_image(boot, most_scratch);
    suite::run();
    while (true) around->shut_down(true);
}

/// From boot.S, in long mode, on a stack.
extern "C" void start(uint32_t how, uint32_t where)
{
    if (how == BOOTED_BY_PVH && xen::present()) xen::start_pvh(where);
    set_up_consoles();
    set_up_traps();
    const BootInformation found = read_boot_information(how, where);
    set_up_lapic();
    run_suite(found);
}

} // namespace argo::guest

namespace argo::suite::platform {

CpuidRegisters Machine::cpuid(uint32_t leaf, uint32_t subleaf)
{
    return guest::surroundings().cpuid(leaf, subleaf);
}
int64_t Machine::xen_hypercall(uint32_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                               uint64_t a4)
{
    return guest::xen::hypercall(number, a0, a1, a2, a3, a4);
}
uint64_t Machine::frame(uint64_t page) { return guest::surroundings().frame(page); }
bool Machine::wrmsr(uint32_t index, uint64_t value) { return write_msr_safely(index, value); }
bool Machine::rdmsr(uint32_t index, uint64_t& value) { return read_msr_safely(index, &value); }
void Machine::store8(Gpa where, uint8_t value) { guest::device<uint8_t>(where) = value; }
void Machine::store16(Gpa where, uint16_t value) { guest::device<uint16_t>(where) = value; }
void Machine::store32(Gpa where, uint32_t value) { x86::store32(&guest::device<uint32_t>(where), value); }
void Machine::store64(Gpa where, uint64_t value) { x86::store64(&guest::device<uint64_t>(where), value); }
uint64_t Machine::load64(Gpa where) { return guest::device<uint64_t>(where); }
void Machine::out8(uint16_t port, uint8_t value) { guest::out8(port, value); }
void Machine::out16(uint16_t port, uint16_t value) { guest::out16(port, value); }
void Machine::out32(uint16_t port, uint32_t value) { x86::out32(port, value); }
uint32_t Machine::in32(uint16_t port) { return guest::in32(port); }
bool Machine::vmcall(uint32_t instruction, uint32_t number, const RegisterCall& call, int64_t& result)
{
    Registers r{};
    r.rax = number;
    r.rdi = call.word;
    r.rsi = call.arg[0];
    r.rdx = call.arg[1];
    r.r10 = call.arg[2];
    r.r8 = call.arg[3];
    if (!vmcall_safely(instruction, &r)) return false;
    result = static_cast<int64_t>(r.rax);
    return true;
}
int64_t Machine::cpuid_call(uint32_t leaf, const RegisterCall& call) { return x86::cpuid_call(leaf, call); }
bool Machine::execute_vmcall(uint32_t instruction, Registers& r) { return vmcall_safely(instruction, &r); }
void Machine::execute_cpuid(Registers& r)
{
    register uint64_t r10 asm("r10") = r.r10;
    register uint64_t r8 asm("r8") = r.r8;
    asm volatile("cpuid"
                 : "+a"(r.rax), "+b"(r.rbx), "+c"(r.rcx), "+d"(r.rdx), "+S"(r.rsi), "+D"(r.rdi), "+r"(r10),
                   "+r"(r8)
                 :
                 : "memory");
    r.r10 = r10;
    r.r8 = r8;
}
Gpa Machine::gpa(const void* where)
{
    const auto linear = reinterpret_cast<uint64_t>(where);
    return Gpa{guest::surroundings().frame(linear / ARGO_PAGE_SIZE) * ARGO_PAGE_SIZE +
               linear % ARGO_PAGE_SIZE};
}

CallPage& Machine::borrow()
{
    if (guest::borrowed == std::size(guest::call_pages)) guest::panic("panic: too many calls at once");
    return guest::call_pages[guest::borrowed++];
}

void Machine::give_back(CallPage&) { guest::borrowed--; }

Machine& machine()
{
    static Machine machine;
    return machine;
}

const char* command_line() { return guest::boot.command_line; }
void print(const char* line, size_t length) { guest::surroundings().print({line, length}); }
std::span<uint8_t> scratch() { return guest::scratch; }

Gpa address(const void* where) { return Gpa{reinterpret_cast<uint64_t>(where)}; }

void* pointer(Gpa where, size_t size)
{
    const uint64_t base = reinterpret_cast<uint64_t>(guest::scratch.data()), all = guest::scratch.size();
    const bool inside = where.value >= base && size <= all && where.value - base <= all - size;
    return inside ? reinterpret_cast<void*>(where.value) : nullptr;
}

const void* readable(Gpa where, size_t size)
{
    const uint64_t end = guest::boot.memory_end;
    const bool inside = where.value <= end && size <= end - where.value;
    return inside ? reinterpret_cast<const void*>(where.value) : nullptr;
}

uint64_t memory_end() { return guest::boot.memory_end; }
uint64_t now() { return guest::surroundings().now(); }
void wait(uint64_t ns) { guest::surroundings().wait(ns); }
void renew(const char* words, size_t length) { guest::surroundings().renew({words, length}); }

bool interrupt(uint64_t target, uint8_t vector)
{
    return guest::around == &guest::pc && guest::command(static_cast<uint32_t>(target), vector);
}
uint32_t events(uint8_t vector, uint32_t vcpu) { return guest::surroundings().events(vector, vcpu); }
uint32_t last_event(uint8_t vector) { return guest::last_taken(vector); }
bool hold_events(uint8_t vector) { return guest::set_task_priority(vector); }
bool has_local_apic() { return guest::surroundings().has_local_apic(); }
uint32_t channel(uint64_t vector, uint32_t vcpu) { return guest::surroundings().channel(vector, vcpu); }
void hold_channel(uint32_t port, bool held) { guest::surroundings().hold_channel(port, held); }
void give_up_channel(uint64_t vector) { guest::surroundings().give_up_channel(vector); }
uint64_t vcpu(uint32_t number) { return guest::surroundings().vcpu(number); }
const char* environment() { return guest::surroundings().name(); }
const char* architecture() { return "x86_64"; }

} // namespace argo::suite::platform
