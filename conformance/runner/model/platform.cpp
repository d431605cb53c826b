// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The suite's platform in the model: the domain whose thread this is.
#include "harness/platform.hpp"

#include "runner/model/domain.hpp"

namespace argo::suite::platform {

namespace {

runner::SimulatedDomain& here() { return runner::SimulatedDomain::here(); }

/// Address bits that a 32-bit doorbell leaves out.
constexpr unsigned frame_shift = 6;

/// A doorbell is rung by stores of certain widths, given in bytes. Others go nowhere.
void store(Gpa where, uint64_t value, unsigned width)
{
    if (width == 8) here().ring(ARGO_MECHANISM_MMIO, where.value, value);
    if (width == 4) here().ring(ARGO_MECHANISM_MMIO, where.value, value << frame_shift);
}

void out(uint16_t port, uint64_t value, unsigned width)
{
    if (width == 4) here().ring(ARGO_MECHANISM_PIO, port, value << frame_shift);
}

/// What a hypercall with a number that is nobody's leaves in RAX.
constexpr int64_t unknown_hypercall = -1000;

} // namespace

CpuidRegisters Machine::cpuid(uint32_t leaf, uint32_t subleaf) { return here().cpuid(leaf, subleaf); }
bool Machine::wrmsr(uint32_t index, uint64_t value) { return here().ring(ARGO_MECHANISM_MSR, index, value); }
bool Machine::rdmsr(uint32_t, uint64_t&) { return false; }
void Machine::store8(Gpa where, uint8_t value) { store(where, value, 1); }
void Machine::store16(Gpa where, uint16_t value) { store(where, value, 2); }
void Machine::store32(Gpa where, uint32_t value) { store(where, value, 4); }
void Machine::store64(Gpa where, uint64_t value) { store(where, value, 8); }
uint64_t Machine::load64(Gpa) { return UINT64_MAX; }
void Machine::out8(uint16_t port, uint8_t value) { out(port, value, 1); }
void Machine::out16(uint16_t port, uint16_t value) { out(port, value, 2); }
void Machine::out32(uint16_t port, uint32_t value) { out(port, value, 4); }
uint32_t Machine::in32(uint16_t) { return UINT32_MAX; }
bool Machine::vmcall(uint32_t instruction, uint32_t number, const RegisterCall& call, int64_t& result)
{
    return here().call(ARGO_MECHANISM_VMCALL, number, instruction, call.word, call.arg, result);
}
int64_t Machine::cpuid_call(uint32_t leaf, const RegisterCall& call)
{
    int64_t result = leaf;
    here().call(ARGO_MECHANISM_CPUID, leaf, 0, call.word, call.arg, result);
    return result;
}
bool Machine::execute_vmcall(uint32_t instruction, Registers& r)
{
    const uint64_t arguments[4] = {r.rsi, r.rdx, r.r10, r.r8};
    int64_t result = unknown_hypercall;
    const bool known = here().call(ARGO_MECHANISM_VMCALL, r.rax, instruction, r.rdi, arguments, result);
    r.rax = static_cast<uint64_t>(result);
    return known || instruction == 2;
}
void Machine::execute_cpuid(Registers& r)
{
    const uint64_t arguments[4] = {r.rsi, r.rdx, r.r10, r.r8};
    int64_t result = 0;
    here().call(ARGO_MECHANISM_CPUID, static_cast<uint32_t>(r.rax), 0, r.rdi, arguments, result);
    r.rax = static_cast<uint64_t>(result);
    r.rbx = r.rcx = r.rdx = 0;
}
uint64_t Machine::frame(uint64_t page) { return page; }
int64_t Machine::xen_hypercall(uint32_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)
{
    return -ARGO_ENOSYS;
}
Gpa Machine::gpa(const void* where)
{
    return Gpa{static_cast<uint64_t>(static_cast<const uint8_t*>(where) - here().memory().data())};
}
CallPage& Machine::borrow() { return here().borrow(); }
void Machine::give_back(CallPage& page) { here().give_back(page); }

Machine& machine()
{
    static Machine machine;
    return machine;
}

const char* command_line() { return here().command_line(); }
void print(const char* line, size_t length) { here().print({line, length}); }
std::span<uint8_t> scratch() { return here().scratch(); }

const void* readable(Gpa where, size_t size) { return pointer(where, size); }
void renew(const char*, size_t) {}

Gpa address(const void* where) { return machine().gpa(where); }

void* pointer(Gpa where, size_t size)
{
    const std::span<uint8_t> scratch = here().scratch();
    const uint64_t base = machine().gpa(scratch.data()).value;
    const bool inside =
        where.value >= base && size <= scratch.size() && where.value - base <= scratch.size() - size;
    return inside ? scratch.data() + (where.value - base) : nullptr;
}

uint64_t memory_end() { return here().memory().size(); }
uint64_t now() { return here().now(); }
void wait(uint64_t ns) { here().wait(ns); }
bool interrupt(uint64_t target, uint8_t vector)
{
    here().raise(static_cast<uint32_t>(target), vector);
    return true;
}
uint32_t events(uint8_t vector, uint32_t vcpu) { return here().events(vector, vcpu); }
uint32_t last_event(uint8_t vector) { return here().last_event(vector); }
bool hold_events(uint8_t vector)
{
    here().hold_events(vector);
    return true;
}
bool has_local_apic() { return true; }
uint32_t channel(uint64_t, uint32_t) { return 0; }
void hold_channel(uint32_t, bool) {}
void give_up_channel(uint64_t) {}
uint64_t vcpu(uint32_t number) { return number; }
bool start_vcpu(uint32_t number, bool (*step)(void*), void* argument)
{
    return here().start_vcpu(number, step, argument);
}
void stop_vcpu(uint32_t number) { here().stop_vcpu(number); }
const char* environment() { return "model"; }

const char* architecture()
{
#if defined(__x86_64__)
    return "x86_64";
#else
    return "aarch64";
#endif
}

} // namespace argo::suite::platform
