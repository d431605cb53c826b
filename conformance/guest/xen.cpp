// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A guest of Xen: hypercalls, events, time, and the console ring. Events arrive by the two-level ABI, at the
// first vCPU all but those that another one listens to.
#include "guest/xen.hpp"

#include <argo/x86.hpp>

#include <cstring>
#include <iterator>

#include "guest/cpu.hpp"
#include "guest/lapic.hpp"
#include "guest/layout.h"
#include "guest/panic.hpp"
#include "guest/start.hpp"
#include "guest/surroundings.hpp"
#include "guest/traps.hpp"
#include "guest/vcpus.hpp"

extern "C" {
extern const uint8_t xen_hypercall_page[];
extern const char xen_pv_trap_stubs[], xen_pv_event[], xen_pv_failsafe[];
[[noreturn]] void start_xen_pv(const argo::guest::xen::StartInfo*);
void xen_event();
}

namespace argo::guest::xen {

namespace {

constexpr uint8_t event_vector = 0x40; ///< of the PVH callback, which is no interrupt of the local APIC
constexpr uint32_t signature[3] = {0x566e6558, 0x65584d4d, 0x4d4d566e}; // "XenVMMXenVMM"
constexpr uint32_t first_block = 0x40000000, second_block = 0x40000100, leaf_hypercalls = 2;

alignas(page_size) uint8_t shared_info_page[page_size];
SharedInfo& shared = *reinterpret_cast<SharedInfo*>(shared_info_page);

bool pv = false;
const uint64_t* frames = nullptr; ///< PV: the machine frame of each page
size_t frame_count = 0;
ConsoleRing* console = nullptr;
uint32_t console_port = 0;
uint32_t ports[64];
uint32_t port_count = 0;
volatile uint32_t events = 0;
uint64_t arrived[64];                            ///< bit by port
uint64_t heard[suite::platform::most_vcpus][64]; ///< the ports that each listens to
/// The port that is taken for an interrupt of a vCPU, and how often it was; by its number VIRQ_ARGO, too.
struct Channel
{
    uint32_t port;
    volatile uint32_t taken;
    bool given_up;
} channels[suite::platform::most_vcpus][256];
constexpr uint32_t first_vector = 32;
constexpr uint32_t first_vcpu = 0;

CpuidRegisters pv_cpuid(uint32_t leaf, uint32_t subleaf)
{
    CpuidRegisters r;
    // The CPU's own instruction shows the CPU. This prefix makes Xen answer.
    asm volatile("ud2; .ascii \"xen\"; cpuid"
                 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                 : "a"(leaf), "c"(subleaf));
    return r;
}

uint32_t block()
{
    for (const uint32_t base : {first_block, second_block}) {
        const auto r = x86::cpuid(base, 0);
        if (r.ebx == signature[0] && r.ecx == signature[1] && r.edx == signature[2]) return base;
    }
    return 0;
}

void mask_events()
{
    if (pv)
        upcall_mask(0) = 1;
    else
        disable_interrupts();
}

void unmask_events()
{
    if (!pv) {
        enable_interrupts();
        return;
    }
    auto& vcpu = reinterpret_cast<volatile VcpuInfo&>(shared.vcpu[0]);
    vcpu.upcall_mask = 0;
    asm volatile("" : : : "memory");
    if (vcpu.upcall_pending != 0) { // It came meanwhile, and nobody was called.
        vcpu.upcall_mask = 1;
        xen_event();
        vcpu.upcall_mask = 0;
    }
}

constexpr uint64_t bit_of(uint32_t port) { return uint64_t{1} << port % 64; }

void unmask(uint32_t port, uint32_t vcpu)
{
    for (auto& other : heard) __atomic_fetch_and(&other[port / 64], ~bit_of(port), __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&heard[vcpu][port / 64], bit_of(port), __ATOMIC_SEQ_CST);
    call(Hypercall::event_channel_op, EventOp::unmask, &port); // what is pending already comes now
}

void set_hvm_param(uint32_t index, uint64_t value)
{
    const HvmParam param = {domid_self, 0, index, value};
    if (call(Hypercall::hvm_op, HvmOp::set_param, &param) != 0)
        panic("panic: Xen refuses a parameter of the domain's own");
}

uint64_t hvm_param(uint32_t index)
{
    HvmParam param = {domid_self, 0, index, 0};
    return call(Hypercall::hvm_op, HvmOp::get_param, &param) == 0 ? param.value : 0;
}

/// The ring is there, or lines are lost; a full one is waited for.
void print_on_ring(std::string_view bytes)
{
    while (!bytes.empty()) {
        const uint32_t read = __atomic_load_n(&console->out_read, __ATOMIC_ACQUIRE);
        const uint32_t written = console->out_written, room = sizeof console->out - (written - read);
        if (room == 0 || room > sizeof console->out) {
            const Poll poll = {&console_port, 1, now() + 1'000'000};
            call(Hypercall::event_channel_op, EventOp::send, &console_port);
            call(Hypercall::sched_op, SchedOp::poll, &poll);
            continue;
        }
        size_t part = bytes.size() < room ? bytes.size() : room;
        const uint32_t offset = written % sizeof console->out;
        if (part > sizeof console->out - offset) part = sizeof console->out - offset;
        std::memcpy(console->out + offset, bytes.data(), part);
        __atomic_store_n(&console->out_written, written + static_cast<uint32_t>(part), __ATOMIC_RELEASE);
        bytes.remove_prefix(part);
    }
}

/// A line is out when it was read, so that what other logs have stands where it belongs. A console without a
/// reader is waited for once.
void wait_for_reader()
{
    static bool reader = true;
    constexpr uint64_t patience = 2'000'000'000; // ns
    const uint64_t until = now() + patience;
    while (reader && __atomic_load_n(&console->out_read, __ATOMIC_ACQUIRE) != console->out_written) {
        const Poll poll = {&console_port, 1, now() + 1'000'000};
        call(Hypercall::sched_op, SchedOp::poll, &poll);
        reader = now() < until;
    }
}

class Guest final : public Surroundings
{
  public:
    const char* name() const override { return pv ? "PV" : "PVH"; }
    void print(std::string_view line) override
    {
        if (console == nullptr) {
            // Nobody gave this domain a console: Xen's own is better than none.
            constexpr uint32_t write = 0;
            call(Hypercall::console_io, write, line.size(), line.data());
            call(Hypercall::console_io, write, 1, "\n");
            return;
        }
        print_on_ring(line);
        print_on_ring("\n");
        call(Hypercall::event_channel_op, EventOp::send, &console_port);
        wait_for_reader();
    }
    [[noreturn]] void shut_down(bool in_order) override
    {
        const auto reason =
            static_cast<uint32_t>(in_order ? ShutdownReason::poweroff : ShutdownReason::crash);
        while (true) call(Hypercall::sched_op, SchedOp::shutdown, &reason);
    }
    void renew(std::string_view words) override
    {
        if (console == nullptr) return;
        print_on_ring(renewal_mark);
        print(words);
        constexpr auto reason = static_cast<uint32_t>(ShutdownReason::reboot);
        while (true) call(Hypercall::sched_op, SchedOp::shutdown, &reason);
    }
    bool start_vcpu(uint32_t number) override { return xen::start_vcpu(number); }
    void take_interrupts(uint32_t number, bool on) override
    {
        if (!pv) take_interrupts_by_apic(number, on);
    }
    void halt(uint32_t number) override
    {
        if (pv) {
            call(Hypercall::sched_op, SchedOp::block); // which unmasks
            upcall_mask(number) = 1;
        } else {
            halt_once();
            disable_interrupts();
        }
    }
    void wake(uint32_t number) override
    {
        const uint32_t port = pv ? channel(wake_vector, number) : 0;
        if (pv)
            call(Hypercall::event_channel_op, EventOp::send, &port);
        else
            wake_by_apic(number);
    }
    CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf) override
    {
        return pv ? pv_cpuid(leaf, subleaf) : x86::cpuid(leaf, subleaf);
    }
    uint64_t now() override { return xen::now(); }
    void wait(uint64_t ns) override { xen::wait(ns); }
    uint64_t frame(uint64_t page) const override
    {
        // What is no page of a PV guest's is no frame of the machine's either.
        constexpr uint64_t nowhere = uint64_t{1} << 40;
        if (!pv) return page;
        return page < frame_count ? frames[page] : page | nowhere;
    }
    uint64_t vcpu(uint32_t number) override { return pv ? number : apic_id_of(number); }
    uint32_t events(uint8_t vector, uint32_t vcpu) override
    {
        const uint32_t by_channel = channels[vcpu][vector].taken;
        const bool by_apic = !pv && vector >= first_vector && vector != event_vector;
        return by_apic ? by_channel + taken(vector, vcpu) : by_channel;
    }
    uint32_t channel(uint64_t vector, uint32_t vcpu) override
    {
        if (vector == virq_argo) return channels[0][virq_argo].port;
        if (vector < first_vector || vector >= std::size(channels[0])) return UINT32_MAX;
        if (vcpu >= std::size(channels)) vcpu = 0; // whom nobody is told of
        Channel& channel = channels[vcpu][vector];
        if (channel.port == 0 || channel.given_up) {
            BindIpi bind = {vcpu, 0};
            if (call(Hypercall::event_channel_op, EventOp::bind_ipi, &bind) != 0)
                panic("panic: Xen refuses an event channel");
            if (vcpu == 0) ignore(channel.port);
            channel.port = bind.port;
            channel.given_up = false;
            vcpu == 0 ? listen_to(channel.port) : unmask(channel.port, vcpu);
        }
        hold_channel(channel.port, false);
        return channel.port;
    }
    void hold_channel(uint32_t port, bool held) override
    {
        uint64_t& word = shared.mask[port / 64];
        if (held)
            __atomic_fetch_or(&word, bit_of(port), __ATOMIC_SEQ_CST);
        else if ((__atomic_load_n(&word, __ATOMIC_SEQ_CST) & bit_of(port)) != 0)
            call(Hypercall::event_channel_op, EventOp::unmask, &port);
    }
    void give_up_channel(uint64_t vector) override
    {
        const uint32_t port = channels[0][vector].port;
        for (uint32_t vcpu = 0; vcpu < std::size(channels); vcpu++) {
            channels[vcpu][vector].port = port;
            channels[vcpu][vector].given_up = true;
            __atomic_fetch_or(&heard[vcpu][port / 64], bit_of(port), __ATOMIC_SEQ_CST);
        }
    }
    bool has_local_apic() const override { return !pv; }
};

constinit Guest guest;

/// What both kinds have in common, once hypercalls and shared_info work.
void set_up_events()
{
    std::memset(shared.mask, 0xff, sizeof shared.mask);
    if (pv) {
        for (const auto& [type, where] :
             {std::pair{callback_event, xen_pv_event}, std::pair{callback_failsafe, xen_pv_failsafe}}) {
            const CallbackRegister callback = {type, 0, reinterpret_cast<uint64_t>(where)};
            if (call(Hypercall::callback_op, 0, &callback) != 0) panic("panic: Xen refuses a callback");
        }
    } else {
        handle_interrupt(event_vector, xen_event);
        set_hvm_param(param_callback, callback_by_vector | event_vector);
    }
    channels[0][virq_argo].port = bind_virq(virq_argo);
    listen_to(channels[0][virq_argo].port);
    if (!pv) listen_to(bind_virq(virq_timer));
    unmask_events();
}

void set_up_console(void* ring, uint64_t port)
{
    console = static_cast<ConsoleRing*>(ring);
    console_port = static_cast<uint32_t>(port);
    listen_to(console_port);
}

} // namespace

int64_t hypercall(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
    const uint8_t* const entry = xen_hypercall_page + number * 32;
    register uint64_t r10 asm("r10") = a3;
    register uint64_t r8 asm("r8") = a4;
    int64_t result;
    asm volatile("call *%[entry]"
                 : "=a"(result), "+D"(a0), "+S"(a1), "+d"(a2), "+r"(r10), "+r"(r8)
                 : [entry] "b"(entry)
                 : "memory", "rcx", "r9", "r11");
    return result;
}

bool present() { return (x86::cpuid(1, 0).ecx & UINT32_C(1) << 31) != 0 && block() != 0; }

bool is_pv() { return pv; }

TrapInfo trap_info(uint8_t vector)
{
    constexpr uint64_t stub_size = 16;
    return {vector, 0, flat_code, reinterpret_cast<uint64_t>(xen_pv_trap_stubs) + vector * stub_size};
}

volatile uint8_t& upcall_mask(uint32_t vcpu) { return shared.vcpu[vcpu].upcall_mask; }

uint32_t bind_virq(uint32_t virq)
{
    BindVirq bind = {virq, 0, 0};
    if (call(Hypercall::event_channel_op, EventOp::bind_virq, &bind) != 0)
        panic("panic: Xen refuses a virtual interrupt");
    return bind.port;
}

void listen_to(uint32_t port)
{
    if (port_count < sizeof ports / sizeof *ports) ports[port_count++] = port;
    unmask(port, 0);
}

void ignore(uint32_t port)
{
    for (uint32_t i = 0; i < port_count; i++)
        if (ports[i] == port) ports[i--] = ports[--port_count];
}

bool came(uint32_t port)
{
    return (__atomic_fetch_and(&arrived[port / 64], ~bit_of(port), __ATOMIC_SEQ_CST) & bit_of(port)) != 0;
}

uint64_t now()
{
    const auto& time = reinterpret_cast<const volatile VcpuTime&>(shared.vcpu[0].time);
    while (true) {
        const uint32_t version = time.version;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        uint64_t ticks = time_stamp() - time.tsc;
        const int shift = time.tsc_shift;
        ticks = shift < 0 ? ticks >> -shift : ticks << shift;
        const uint64_t low = (ticks & UINT32_MAX) * time.tsc_to_ns >> 32;
        const uint64_t result = time.system_time + (ticks >> 32) * time.tsc_to_ns + low;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if ((version & 1) == 0 && version == time.version) return result;
    }
}

void wait(uint64_t ns)
{
    static uint32_t seen = 0;
    const auto so_far = [] { return pv ? events : events + taken(); };
    constexpr uint64_t longest = 10'000'000'000;
    const uint64_t until = now() + (ns < longest ? ns : longest);
    mask_events();
    if (so_far() == seen && pv) {
        const Poll poll = {ports, port_count, until};
        call(Hypercall::sched_op, SchedOp::poll, &poll);
    } else if (so_far() == seen) {
        // No poll: it would not see what the local APIC has taken between the look and the call.
        const SingleshotTimer timer = {until, 0};
        if (call(Hypercall::vcpu_op, VcpuOp::set_singleshot_timer, first_vcpu, &timer) == 0) halt_once();
    }
    unmask_events();
    seen = so_far();
}

void start_pvh(uint32_t where)
{
    const uint64_t page = reinterpret_cast<uint64_t>(xen_hypercall_page);
    const auto calls = x86::cpuid(block() + leaf_hypercalls, 0);
    x86::write_msr(calls.ebx, page);
    set_up_traps();
    set_surroundings(guest);

    const AddToPhysmap map = {domid_self, 0, space_shared_info, 0,
                              reinterpret_cast<uint64_t>(shared_info_page) / page_size};
    if (call(Hypercall::memory_op, MemoryOp::add_to_physmap, &map) != 0)
        panic("panic: Xen does not map its shared page");
    if (is_domain0(where)) {
        set_up_events();
        run_stage(loader_module(where));
    }
    set_up_lapic();
    set_up_events();
    if (const uint64_t ring = hvm_param(param_console_page); ring != 0)
        set_up_console(reinterpret_cast<void*>(ring * page_size), hvm_param(param_console_port));
    run_suite(read_boot_information(BOOTED_BY_PVH, where));
}

namespace {

void start_pv(const StartInfo& info)
{
    pv = true;
    frames = reinterpret_cast<const uint64_t*>(info.frames);
    frame_count = info.pages;
    set_surroundings(guest);

    static TrapInfo traps[exceptions + 1];
    for (uint8_t vector = 0; vector < exceptions; vector++) traps[vector] = trap_info(vector);
    constexpr uint64_t present_writable = 3;
    if (call(Hypercall::set_trap_table, traps) != 0 ||
        call(Hypercall::update_va_mapping, shared_info_page, info.shared_info | present_writable,
             update_invlpg) != 0)
        panic("panic: Xen refuses the trap table or its shared page");

    if ((info.flags & start_flag_domain0) != 0) {
        // The kernel of a PV guest is at ring 1, as far as I/O ports are concerned.
        constexpr uint32_t ring = 1;
        if (call(Hypercall::physdev_op, PhysdevOp::set_iopl, &ring) != 0)
            panic("panic: Xen refuses I/O ports");
        set_up_events();
        run_stage({reinterpret_cast<const uint8_t*>(info.module), info.module_size});
    }
    set_up_events();
    // The stage, like every toolstack, has the console's page mapped where its number among the pages says.
    for (uint64_t page = 0; page < frame_count && console == nullptr; page++)
        if (info.console_frame != 0 && frames[page] == info.console_frame)
            set_up_console(reinterpret_cast<void*>(page * page_size), info.console_port);

    static BootInformation boot;
    std::memcpy(boot.command_line, info.command_line, sizeof info.command_line - 1);
    boot.memory_end = boot.image_memory_end = info.pages * page_size;
    run_suite(boot);
}

} // namespace

} // namespace argo::guest::xen

void start_xen_pv(const argo::guest::xen::StartInfo* info)
{
    argo::guest::xen::start_pv(*info);
    __builtin_unreachable();
}

/// Called with events masked.
void xen_event()
{
    using namespace argo::guest::xen;
    const uint32_t number = argo::guest::this_vcpu();
    auto& vcpu = shared.vcpu[number];
    __atomic_store_n(&vcpu.upcall_pending, uint8_t{0}, __ATOMIC_SEQ_CST);
    uint64_t selected = __atomic_exchange_n(&vcpu.pending_selector, 0, __ATOMIC_SEQ_CST);
    for (int word = 0; selected != 0; word++, selected >>= 1) {
        if ((selected & 1) == 0) continue;
        const uint64_t pending = __atomic_load_n(&shared.pending[word], __ATOMIC_SEQ_CST) &
                                 ~shared.mask[word] & heard[number][word];
        __atomic_fetch_and(&shared.pending[word], ~pending, __ATOMIC_SEQ_CST);
        for (Channel& channel : channels[number]) {
            if (channel.port == 0 || static_cast<int>(channel.port / 64) != word) continue;
            if ((pending >> channel.port % 64 & 1) != 0) channel.taken = channel.taken + 1;
        }
        if (pending == 0 || number != 0) continue;
        events = events + 1;
        arrived[word] |= pending;
    }
}
