// SPDX-License-Identifier: Apache-2.0 OR MIT
// A vCPU and the thread that runs it.
#include "kvm/vcpu.hpp"

#include <fmt/format.h>
#include <linux/kvm_para.h>
#include <sys/syscall.h>

#include <csignal>

namespace argo::kvm {

namespace {

/// The signal that ends KVM_RUN. That it arrives is all it has to do.
int kick_signal()
{
    static const int number = [] {
        struct sigaction action
        {
        };
        action.sa_handler = [](int) {};
        action.sa_flags = SA_RESTART; // KVM_RUN ends all the same
        ::sigaction(SIGRTMIN, &action, nullptr);
        return SIGRTMIN;
    }();
    return number;
}

Reason reason(uint32_t exit)
{
    switch (exit) {
    case KVM_EXIT_IO: return Reason::io;
    case KVM_EXIT_MMIO: return Reason::mmio;
    case KVM_EXIT_X86_WRMSR: return Reason::wrmsr;
    case KVM_EXIT_X86_RDMSR: return Reason::rdmsr;
    case KVM_EXIT_XEN: return Reason::hypercall;
    case KVM_EXIT_SHUTDOWN: return Reason::shutdown;
    case KVM_EXIT_INTERNAL_ERROR: return Reason::internal_error;
    case KVM_EXIT_FAIL_ENTRY: return Reason::fail_entry;
    default: return Reason::other;
    }
}

/// The bytes of the instruction that KVM gave up on, when it tells them.
std::string instruction_bytes(const kvm_run& run)
{
    const auto& failure = run.emulation_failure;
    const bool told =
        failure.ndata >= 1 && failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
    if (failure.suberror != KVM_INTERNAL_ERROR_EMULATION || !told) return {};
    const std::span bytes(failure.insn_bytes, std::min<size_t>(failure.insn_size, sizeof failure.insn_bytes));
    return fmt::format(", instruction {:02x}", fmt::join(bytes, " "));
}

} // namespace

Vcpu::Vcpu(const System& system, const Vm& vm, unsigned id, Bus& bus, Counters& counters)
    : device_(system, vm, id), id_(id), bus_(bus), counters_(counters)
{
    kick_signal();
}

Vcpu::~Vcpu()
{
    request_stop();
    join();
}

void Vcpu::start() { thread_ = std::thread(&Vcpu::run, this); }

void Vcpu::request_stop() noexcept
{
    stopping_ = true;
    kick();
}

void Vcpu::join() noexcept
{
    if (thread_.joinable()) thread_.join();
}

void Vcpu::ask() noexcept
{
    ++asked_;
    kick();
}

Pulse Vcpu::pulse() const
{
    const std::lock_guard lock(mutex_);
    auto pulse = answer_;
    pulse.exits = exits_;
    pulse.asked = asked_;
    return pulse;
}

// What is wanted is stored before the kick, and the vCPU looks at it after it has absorbed the kick. So
// either it sees what is wanted, or the kick comes later and ends the next KVM_RUN at once.
void Vcpu::kick() noexcept
{
    device_.kick();
    if (const auto thread = thread_id_.load(); thread != 0)
        ::syscall(SYS_tgkill, ::getpid(), thread, kick_signal());
}

void Vcpu::run() noexcept
try {
    thread_id_ = static_cast<pid_t>(::syscall(SYS_gettid));
    while (!stopping_) {
        switch (const int error = device_.run()) {
        case 0: handle_exit(); break;
        case EINTR:
            device_.absorb_kick();
            answer();
            break;
        case EAGAIN: break; // an IPI for a vCPU that was not started yet
        default: crash(fmt::format("KVM_RUN: {}", std::strerror(error))); break;
        }
    }
    thread_id_ = 0;
} catch (const std::exception& error) {
    thread_id_ = 0;
    bus_.end({End::Kind::crash, error.what()});
}

void Vcpu::answer()
{
    const uint64_t asked = asked_;
    if (answer_.answered == asked) return; // written by this thread alone
    const bool idle = device_.idle();
    const uint64_t rip = device_.registers().rip;
    const std::lock_guard lock(mutex_);
    answer_ = {.exits = 0, .asked = 0, .answered = asked, .idle = idle, .rip = rip};
}

void Vcpu::handle_exit()
{
    auto& run = device_.state();
    ++exits_;
    counters_[reason(run.exit_reason)].add();
    switch (run.exit_reason) {
    case KVM_EXIT_IO: return handle_port();
    case KVM_EXIT_MMIO: return handle_store();
    case KVM_EXIT_X86_WRMSR: run.msr.error = !bus_.write_msr(*this, run.msr.index, run.msr.data); return;
    case KVM_EXIT_X86_RDMSR: run.msr.error = 1; return;
    case KVM_EXIT_XEN: return handle_hypercall();
    case KVM_EXIT_SHUTDOWN: return crash("triple fault");
    case KVM_EXIT_INTERNAL_ERROR:
        return crash(fmt::format("KVM cannot go on (internal error {}{})", run.internal.suberror,
                                 instruction_bytes(run)));
    case KVM_EXIT_FAIL_ENTRY:
        return crash(fmt::format("the processor refused to enter the guest (reason {:#x})",
                                 uint64_t{run.fail_entry.hardware_entry_failure_reason}));
    default: return crash(fmt::format("KVM exit {}, which has no meaning here", run.exit_reason));
    }
}

void Vcpu::handle_port()
{
    auto& run = device_.state();
    auto* data = reinterpret_cast<std::byte*>(&run) + run.io.data_offset;
    for (uint32_t i = 0; i < run.io.count; ++i, data += run.io.size) { // more than one: a string instruction
        uint32_t value = 0;
        if (run.io.direction == KVM_EXIT_IO_OUT) {
            std::memcpy(&value, data, run.io.size);
            bus_.write_port(*this, run.io.port, run.io.size, value);
        } else {
            value = bus_.read_port(run.io.port, run.io.size);
            std::memcpy(data, &value, run.io.size);
        }
    }
}

void Vcpu::handle_store()
{
    auto& access = device_.state().mmio;
    if (!access.is_write) {
        std::memset(access.data, 0xff, sizeof access.data);
        return;
    }
    uint64_t value = 0;
    std::memcpy(&value, access.data, std::min<size_t>(access.len, sizeof value));
    bus_.store(*this, access.phys_addr, access.len, value);
}

void Vcpu::handle_hypercall()
{
    auto& call = device_.state().xen.u.hcall;
    int64_t result = -KVM_ENOSYS;
    if (call.longmode) {
        const auto& p = call.params;
        result = bus_.hypercall(*this, call.cpl != 0, call.input, p[0], {p[1], p[2], p[3], p[4]});
    }
    call.result = static_cast<uint64_t>(result);
}

void Vcpu::crash(std::string why)
{
    // Some processors lose a vCPU's state in a triple fault, and KVM then resets it.
    constexpr uint64_t reset_vector = 0xfff0;
    const uint64_t rip = device_.registers().rip;
    const char* lost = rip == reset_vector ? " (reset)" : "";
    bus_.end({End::Kind::crash, fmt::format("{}, vCPU {}, RIP {:#x}{}", why, id_, rip, lost)});
}

// In real mode the descriptor behind SS says nothing, and everything is ring 0.
bool Vcpu::in_user_mode() const
{
    constexpr uint64_t protected_mode = 1;
    const auto special = device_.special_registers();
    return (special.cr0 & protected_mode) && special.ss.dpl != 0;
}

} // namespace argo::kvm
