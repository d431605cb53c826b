// SPDX-License-Identifier: Apache-2.0 OR MIT
// What this host's KVM can do.
#include "kvm/probe.hpp"

#include "kvm/machine.hpp"

#include <argo/abi.h>

#include <condition_variable>
#include <fstream>
#include <iterator>

namespace argo::kvm {

namespace {

using namespace std::chrono_literals;

/// Capabilities that make no difference here, but to those who choose mechanisms.
struct Feature
{
    const char* name;
    unsigned capability;
    int bits; ///< of what KVM_CHECK_EXTENSION says; 0: anything but zero
};
constexpr Feature features[] = {
    {"in-kernel interrupt controllers", KVM_CAP_IRQCHIP, 0},
    {"interrupts by message (KVM_SIGNAL_MSI)", KVM_CAP_SIGNAL_MSI, 0},
    {"MSRs in user space", KVM_CAP_X86_USER_SPACE_MSR, 0},
    {"MSR filter", KVM_CAP_X86_MSR_FILTER, 0},
    {"every hypercall in user space (Xen-style exit)", KVM_CAP_XEN_HVM, KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL},
    {"KVM's own hypercall in user space", KVM_CAP_EXIT_HYPERCALL, 0},
    {"port and store signals (ioeventfd)", KVM_CAP_IOEVENTFD, 0},
    {"interrupts by file descriptor (irqfd)", KVM_CAP_IRQFD, 0},
};

constexpr uint32_t code_address = 0x100000;
constexpr uint32_t frame_address = 0x101000;
constexpr uint32_t info_address = 0x102000;
constexpr uint32_t rounds = 20000;
constexpr uint64_t nonce = 0x6f677261;

// What the guest does: counts down, makes one call by WRMSR, shuts down. PVH begins in 32-bit mode.
asm(R"(
    .pushsection .rodata
    .code32
argo_probe_code:
    mov $20000, %ecx
1:  dec %ecx
    jnz 1b
    mov $0x40000300, %ecx
    mov $0x101000, %eax
    xor %edx, %edx
    wrmsr
    out %al, $0xf4
argo_probe_code_end:
    .code64
    .popsection
)");
extern "C" const std::byte argo_probe_code[];
extern "C" const std::byte argo_probe_code_end[];
static_assert(rounds == 20000 && Doorbells{}.msr == 0x40000300 && frame_address == 0x101000 &&
              Devices::exit_port == 0xf4);

const argo_frame query = {.op = ARGO_OPERATION_WORD(ARGO_OP_QUERY),
                          .flags = 0,
                          .arg = {info_address, sizeof(argo_info), nonce, 0},
                          .result = 0,
                          .cookie = {}};

Image probe_image()
{
    const std::span code(argo_probe_code, argo_probe_code_end);
    const auto frame = std::as_bytes(std::span(&query, 1));
    return {.entry = code_address,
            .segments = {{code_address, code.size(), code}, {frame_address, frame.size(), frame}}};
}

class NoLines final : public LineSink
{
    void line(std::string_view, std::string_view) override {}
    void diagnostic(std::string_view) override {}
};

struct GuestRun
{
    std::string failure; ///< empty: none
    uint64_t msr_exits;
    std::chrono::microseconds duration; ///< the countdown nearly alone
};

DomainConfig probe_domain()
{
    DomainConfig config;
    config.name = "probe";
    config.domid = 1;
    return config;
}

/// What may vary, by the names that argo-conformance has for it, and why it cannot be here; empty: it can.
nlohmann::json environments(const System& system)
{
    nlohmann::json troubles;
    const auto try_one = [&](const char* name, Apic apic, Irqchip irqchip) {
        auto config = probe_domain();
        config.apic = apic;
        config.irqchip = irqchip;
        Counters counters;
        NoLines lines;
        Host host;
        try {
            Machine(system, host, config, probe_image(), counters, lines, [] {});
            troubles[name] = "";
        } catch (const Failure& failure) {
            troubles[name] = failure.what();
        }
    };
    try_one("xapic", Apic::xapic, Irqchip::kernel);
    try_one("x2apic", Apic::x2apic, Irqchip::kernel);
    try_one("irqchip=split", Apic::xapic, Irqchip::split);
    return troubles;
}

GuestRun run_guest(const System& system)
{
    constexpr auto patience = 10s;
    const auto config = probe_domain();
    std::mutex mutex;
    std::condition_variable changed;
    Counters counters;
    NoLines lines;
    Host host;
    Machine machine(system, host, config, probe_image(), counters, lines, [&] {
        const std::lock_guard lock(mutex);
        changed.notify_all();
    });

    const auto begin = Clock::now();
    machine.start();
    {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, patience, [&] { return machine.ended().has_value(); });
    }
    const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
    machine.end({End::Kind::watchdog, fmt::format("it did not end within {} s", patience.count())});
    machine.stop();

    GuestRun run{{}, counters[Reason::wrmsr].value(), duration};
    argo_frame frame;
    argo_info info;
    std::memcpy(&frame, machine.memory().bytes().data() + frame_address, sizeof frame);
    std::memcpy(&info, machine.memory().bytes().data() + info_address, sizeof info);
    const auto end = *machine.ended();
    if (end.kind != End::Kind::shutdown) {
        run.failure = end.text();
    } else if (frame.result != sizeof info || info.nonce != nonce || run.msr_exits != 1) {
        run.failure = fmt::format("its call returned {} after {} MSR exits", frame.result, run.msr_exits);
    }
    return run;
}

/// The flag by which the processor says that it virtualizes; empty when it has neither.
std::string virtualization_flag()
{
    std::ifstream file("/proc/cpuinfo");
    for (std::string word; file >> word;) {
        if (word == "vmx" || word == "svm") return word;
    }
    return {};
}

} // namespace

Probe probe(const std::string& device)
try {
    const System system(device);
    Probe probe;
    const auto flag = virtualization_flag();
    probe.details["device"] = device;
    probe.details["usable"] = false;
    probe.details["kind"] = flag.empty() ? "software" : "hardware";
    probe.details["kind_because"] = flag.empty() ? "the processor shows neither vmx nor svm"
                                                 : fmt::format("the processor shows {}", flag);
    auto& list = probe.details["features"];
    for (const auto& [name, capability, bits] : features) {
        const int value = system.extension(capability);
        list[name] = bits == 0 ? value > 0 : (value & bits) == bits;
    }

    probe.details["environments"] = environments(system);
    const auto run = run_guest(system);
    probe.usable = run.failure.empty();
    probe.reason = probe.usable ? "a guest ran to its end and its call was answered"
                                : fmt::format("a guest of a few instructions failed: {}", run.failure);
    const auto instructions = uint64_t{2} * rounds;
    probe.details["guest"] = {{"completed", probe.usable},
                              {"failure", run.failure},
                              {"msr_exits", run.msr_exits},
                              {"microseconds", run.duration.count()},
                              {"instructions", instructions}};
    probe.details["usable"] = probe.usable;
    probe.details["reason"] = probe.reason;
    return probe;
} catch (const Failure& failure) {
    Probe probe;
    probe.reason = failure.what();
    probe.details = {{"device", device}, {"usable", false}, {"reason", probe.reason}};
    return probe;
}

std::string describe(const Probe& probe)
{
    const auto& details = probe.details;
    std::string text;
    const auto out = std::back_inserter(text);
    const auto row = [&](const std::string& name, const std::string& value) {
        fmt::format_to(out, "{:<48} {}\n", name, value);
    };
    row("kind", fmt::format("{}: {}", details["kind"].get<std::string>(),
                            details["kind_because"].get<std::string>()));
    for (const auto& [name, there] : details["features"].items()) row(name, there.get<bool>() ? "yes" : "no");
    for (const auto& [name, trouble] : details["environments"].items()) {
        const auto why_not = trouble.get<std::string>();
        row(fmt::format("domains with {}", name), why_not.empty() ? "yes" : fmt::format("no: {}", why_not));
    }
    const auto& guest = details["guest"];
    row("a guest", fmt::format("{}; {} instructions in {} us", probe.reason,
                               guest["instructions"].get<uint64_t>(), guest["microseconds"].get<uint64_t>()));
    return text;
}

} // namespace argo::kvm
