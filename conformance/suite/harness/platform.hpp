// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the suite needs of whatever it runs in. The image (conformance/guest) and the model
// (conformance/runner/model) each define these functions; the suite is linked to one of them. In the model,
// where every domain is a thread, each thread has its own platform. Nothing here fails: a platform that lacks
// something says so in a return value.
#pragma once

#include <argo/machine.hpp>
#include <argo/types.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace argo::suite::platform {

/// General registers around one instruction. The stack pointer is nobody's to set.
struct Registers
{
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
};

/// The machine that guest-lib drives (it satisfies argo::X86Machine), and what cases about mechanisms need
/// besides. Each access to a device is one access of exactly that width.
class Machine
{
  public:
    CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf);
    bool wrmsr(uint32_t index, uint64_t value);  ///< false: #GP
    bool rdmsr(uint32_t index, uint64_t& value); ///< false: #GP
    void store8(Gpa, uint8_t);
    void store16(Gpa, uint16_t);
    void store32(Gpa, uint32_t);
    void store64(Gpa, uint64_t);
    uint64_t load64(Gpa);
    void out8(uint16_t port, uint8_t value);
    void out16(uint16_t port, uint16_t value);
    void out32(uint16_t port, uint32_t value);
    uint32_t in32(uint16_t port);
    bool vmcall(uint32_t instruction, uint32_t number, const RegisterCall& call, int64_t& result);
    int64_t cpuid_call(uint32_t leaf, const RegisterCall& call);
    bool execute_vmcall(uint32_t instruction, Registers&); ///< 1: VMCALL, 2: VMMCALL; false: #UD
    void execute_cpuid(Registers&);
    Gpa gpa(const void*);
    /// The number that a frame list has for a page of this domain's.
    uint64_t frame(uint64_t page);
    /// A hypercall of Xen's; only where Xen was found.
    int64_t xen_hypercall(uint32_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);
    CallPage& borrow();
    void give_back(CallPage&);
};
Machine& machine();

/// The command line, without the image's name.
const char* command_line();

/// Print one line, without its '\n', on every console found.
void print(const char* line, size_t length);

/// Memory for the suite: zeroed, page-aligned, a few hundred pages. The same span at each call.
std::span<uint8_t> scratch();
/// Guest-physical address of a byte of the scratch memory, and of whatever stands beside it. Consecutive,
/// unlike what a PV guest's Machine::gpa() gives.
Gpa address(const void*);
/// The address at which this domain sees `gpa`; null outside the scratch memory.
void* pointer(Gpa, size_t size);
/// The same for all memory of the domain's that it can read; null where any of it is not.
const void* readable(Gpa, size_t size);
/// First guest-physical address beyond this domain's memory.
uint64_t memory_end();

/// Time since some moment, in ns, as well as the platform knows it.
uint64_t now();
/// Halt until an interrupt comes or about `ns` have passed. Returns at once when one came since the last
/// wait, so that looking first and then waiting loses nothing. May return early.
void wait(uint64_t ns);
/// Without a timer, where that costs something. It is no promise: see above.
inline constexpr uint64_t forever = UINT64_MAX;

/// Give this domain's place, and its number, to a new one with these words more on its command line: for
/// state in the hypervisor that nothing else removes. Returns where there is nobody to do that.
void renew(const char* words, size_t length);

/// A domain has up to so many vCPUs. Number 0 runs the suite; the others are down until they are started.
inline constexpr uint32_t most_vcpus = 4;
/// Let another vCPU do `step(argument)` again and again, until stop_vcpu(). A step ends, takes no interrupt
/// and calls nothing of this platform. When it returns false, the vCPU halts until it has taken one; none is
/// lost between the step and the halt. False: there is no such vCPU.
bool start_vcpu(uint32_t number, bool (*step)(void*), void* argument);
/// Returns when it is down: it takes no interrupt then, and its local APIC is disabled. At once when it was.
void stop_vcpu(uint32_t number);

/// Interrupt the vCPU that a binding has as this target. False: not from here.
bool interrupt(uint64_t target, uint8_t vector);
/// How often this vCPU took the interrupt `vector` since boot. Wraps.
uint32_t events(uint8_t vector, uint32_t vcpu = 0);
/// The how-manieth of all interrupts that vCPU 0 took the last `vector` was.
uint32_t last_event(uint8_t vector);
/// Let interrupts with vectors up to this one's class of 16 wait, at vCPU 0; zero: none. The platform waits
/// as before. False: nothing can be held back here.
bool hold_events(uint8_t vector);
/// Whether a binding can name an interrupt of a local APIC; else events are event channels, and nothing else.
bool has_local_apic();
/// The event channel of this vCPU whose events are counted as its interrupt `vector`: opened when it is asked
/// for first, and not held. UINT32_MAX if there can be none of this number. Zero: there are no event
/// channels. That of upstream_vector is there wherever Xen is.
uint32_t channel(uint64_t vector, uint32_t vcpu = 0);
/// Let its events wait, or come again; what waits comes then.
void hold_channel(uint32_t port, bool held);
/// The case does with that of vCPU 0 what it likes: channel() opens another one next time. Until then what
/// comes at its port is counted as this interrupt of whichever vCPU takes it.
void give_up_channel(uint64_t vector);
/// What a binding has for a target that means this vCPU; of another one, once it was up.
uint64_t vcpu(uint32_t number = 0);

/// "image" or "model", and the architecture, for the report.
const char* environment();
const char* architecture();

} // namespace argo::suite::platform
