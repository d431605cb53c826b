// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Building domains by domctl, as a toolstack does, with the least of everything. Memory of a new domain: what
// the loader leaves lies below 1 MiB, the image where it is linked, and all behind it is the image's own.
#include "guest/xen_domain.hpp"

#include <algorithm>
#include <cstring>

#include "guest/xen.hpp"

namespace argo::guest::xen {

namespace {

constexpr uint32_t max_pages = 4096;
constexpr uint64_t image_address = 0x100000;
constexpr uint64_t present = 1, writable = 2, user = 4;

/// Pages of this domain through which another domain's are seen: one to work with, and one for each console.
constexpr size_t windows = 48;
alignas(page_size) uint8_t window_pages[windows][page_size];
bool window_open[windows];

DomctlCall request;
uint64_t pages[max_pages]; ///< frame of each page of the domain that is built

int64_t domctl(Domctl command, uint16_t domid)
{
    request.command = command;
    request.version = domctl_version;
    request.domid = domid;
    return call(Hypercall::domctl, &request);
}

void clear_request() { std::memset(&request, 0, sizeof request); }

template <class T>
int64_t domctl(Domctl command, uint16_t domid, T DomctlCall::*member, const T& value)
{
    clear_request();
    request.*member = value;
    return domctl(command, domid);
}

int64_t domctl_number(Domctl command, uint16_t domid, uint64_t number)
{
    clear_request();
    request.number = number;
    return domctl(command, domid);
}

int64_t domctl_buffer(Domctl command, uint16_t domid, uint32_t number, const void* where)
{
    clear_request();
    request.buffer = {number, reinterpret_cast<uint64_t>(where)};
    return domctl(command, domid);
}

void close_window(size_t which)
{
    if (!window_open[which]) return;
    const auto here = reinterpret_cast<uint64_t>(window_pages[which]);
    if (is_pv()) {
        call(Hypercall::update_va_mapping, here, uint64_t{0}, update_invlpg);
    } else {
        const RemoveFromPhysmap remove = {domid_self, here / page_size};
        call(Hypercall::memory_op, MemoryOp::remove_from_physmap, &remove);
    }
    window_open[which] = false;
}

/// A page of another domain: by its machine frame for a PV one, else by its number there.
int64_t open_window(size_t which, uint16_t domid, uint64_t frame)
{
    close_window(which);
    const auto here = reinterpret_cast<uint64_t>(window_pages[which]);
    int64_t result;
    if (is_pv()) {
        result = call(Hypercall::update_va_mapping_otherdomain, here,
                      frame * page_size | present | writable | user, update_invlpg, domid);
    } else {
        const uint64_t gfn = here / page_size;
        int32_t error = 0;
        const AddToPhysmapBatch map = {domid_self, space_foreign, 1, domid, &frame, &gfn, &error};
        result = call(Hypercall::memory_op, MemoryOp::add_to_physmap_batch, &map);
        if (result == 0) result = error;
    }
    window_open[which] = result == 0;
    return result;
}

/// Put bytes at the start of a page of the domain that is built, and zeros behind them.
int64_t fill(uint16_t domid, uint64_t page, const void* data, size_t size)
{
    const int64_t result = open_window(0, domid, pages[page]);
    if (result != 0) return result;
    std::memcpy(window_pages[0], data, size);
    std::memset(window_pages[0] + size, 0, page_size - size);
    return 0;
}

/// The segment of an ELF file that is the image.
struct Image
{
    std::span<const uint8_t> bytes;
    uint64_t address = 0, memory_size = 0;
};

Image loadable(std::span<const uint8_t> file)
{
    struct Header
    {
        uint8_t ident[16];
        uint16_t type, machine;
        uint32_t version;
        uint64_t entry, segments, sections;
        uint32_t flags;
        uint16_t size, segment_size, segment_count;
    } header;
    struct Segment
    {
        uint32_t type, flags;
        uint64_t offset, linear, physical, file_size, memory_size, align;
    } segment;
    if (file.size() < sizeof header) return {};
    std::memcpy(&header, file.data(), sizeof header);
    for (uint16_t i = 0; i < header.segment_count; i++) {
        const uint64_t at = header.segments + i * sizeof segment;
        if (at > file.size() || file.size() - at < sizeof segment) return {};
        std::memcpy(&segment, file.data() + at, sizeof segment);
        if (segment.type != 1) continue;
        if (segment.offset > file.size() || file.size() - segment.offset < segment.file_size) return {};
        return {file.subspan(segment.offset, segment.file_size), segment.physical, segment.memory_size};
    }
    return {};
}

/// What is not in the file is the image's own to clear.
int64_t load(uint16_t domid, const Image& image)
{
    for (size_t offset = 0; offset < image.bytes.size(); offset += page_size) {
        const auto part = image.bytes.subspan(offset, std::min(image.bytes.size() - offset, page_size));
        const int64_t result = fill(domid, (image.address + offset) / page_size, part.data(), part.size());
        if (result != 0) return result;
    }
    return 0;
}

/// Memory in large pieces where there are such, which takes no time, else page by page.
int64_t populate(uint16_t domid, uint32_t count)
{
    constexpr uint32_t large = 9, size = 1 << large;
    for (uint32_t page = 0; page < count; page += size) {
        const uint32_t part = std::min(size, count - page);
        uint64_t extent = page;
        const Reservation piece = {&extent, 1, large, 0, domid};
        if (part == size && call(Hypercall::memory_op, MemoryOp::populate_physmap, &piece) == 1) {
            for (uint32_t i = 0; i < size; i++) pages[page + i] = extent + i;
            continue;
        }
        for (uint32_t i = 0; i < part; i++) pages[page + i] = page + i;
        const Reservation single = {pages + page, part, 0, 0, domid};
        const auto got = call(Hypercall::memory_op, MemoryOp::populate_physmap, &single);
        if (got != part) return got < 0 ? got : -error_no_memory;
    }
    return 0;
}

/// First vCPUs on the first processor, so that they share a clock with the stage, and all others on the
/// second one.
int64_t place(uint16_t domid, uint32_t vcpus)
{
    for (uint32_t vcpu = 0; vcpu < vcpus; vcpu++) {
        auto processors = static_cast<uint8_t>(vcpu == 0 ? 1 : 2);
        const VcpuAffinity affinity = {vcpu, affinity_hard, {&processors, 8}, {}};
        if (const auto e = domctl(Domctl::set_vcpu_affinity, domid, &DomctlCall::affinity, affinity))
            return e;
    }
    return 0;
}

/// What stands below 1 MiB, by page.
enum Low : uint64_t
{
    low_start_info = 1,
    low_console = 2,
    low_frames = 3, ///< PV: 8 bytes for each page of the domain, and then the page tables
};

} // namespace

extern "C" {
extern const char pvh_entry[], xen_pv_entry[], xen_hypercall_page[];
}

namespace {

Domain::Failure start_pvh_guest(const Plan& plan, uint32_t console_port)
{
    // public/arch-x86/hvm/start_info.h
    struct
    {
        uint32_t magic = 0x336ec578, version = 1, flags = 0, modules = 0;
        uint64_t module_list = 0, command_line = 0, rsdp = 0, memory = 0;
        uint32_t memory_count = 1, reserved = 0;
        struct
        {
            uint64_t address, size;
            uint32_t type, reserved;
        } map = {0, 0, 1, 0};
        char text[2048] = {};
    } info;
    constexpr uint64_t where = low_start_info * page_size;
    info.memory = where + offsetof(decltype(info), map);
    info.command_line = where + offsetof(decltype(info), text);
    info.map.size = uint64_t{plan.pages} * page_size;
    plan.command_line.copy(info.text, sizeof info.text - 1);
    if (const auto e = fill(plan.domid, low_start_info, &info, sizeof info)) return {"start info", e};

    for (const auto& [index, value] : {std::pair{param_console_page, uint64_t{low_console}},
                                       std::pair{param_console_port, uint64_t{console_port}}}) {
        const HvmParam param = {plan.domid, 0, index, value};
        if (const auto e = call(Hypercall::hvm_op, HvmOp::set_param, &param)) return {"HVM parameter", e};
    }

    // The vCPU as the boot protocol wants it. Xen's own record tells the header's contents.
    static uint8_t now[65536];
    if (const auto e = domctl_buffer(Domctl::get_hvm_context, plan.domid, sizeof now, now); e < 0)
        return {"get HVM context", e};
    static struct
    {
        SaveRecord header_record;
        SaveHeader header;
        SaveRecord cpu_record;
        SaveCpu cpu;
        SaveRecord end_record;
    } state;
    static_assert(sizeof state == 3 * sizeof(SaveRecord) + sizeof(SaveHeader) + sizeof(SaveCpu));
    std::memset(&state, 0, sizeof state);
    std::memcpy(&state, now, sizeof(SaveRecord) + sizeof(SaveHeader));
    state.cpu_record = {save_cpu, 0, sizeof(SaveCpu)};
    state.end_record = {save_end, 0, 0};
    SaveCpu& cpu = state.cpu;
    cpu.rip = reinterpret_cast<uint64_t>(pvh_entry);
    cpu.rbx = where;
    cpu.cr0 = 0x11;
    cpu.dr6 = 0xffff0ff0;
    cpu.dr7 = 0x400;
    cpu.cs_limit = cpu.ds_limit = cpu.es_limit = cpu.ss_limit = UINT32_MAX;
    cpu.tr_limit = 0x67;
    cpu.cs_rights = 0xc9b;
    cpu.ds_rights = cpu.es_rights = cpu.ss_rights = 0xc93;
    cpu.tr_rights = 0x8b;
    if (const auto e = domctl_buffer(Domctl::set_hvm_context, plan.domid, sizeof state, &state))
        return {"set HVM context", e};
    return {};
}

/// Page tables that map every page to its own number; those with tables in them, and no others, read-only.
/// Gives the page of the topmost one, and the first page behind them.
Domain::Failure make_page_tables(const Plan& plan, uint64_t first, uint64_t& top, uint64_t& end)
{
    constexpr uint64_t entries = 512;
    const uint64_t lowest = (plan.pages + entries - 1) / entries;
    top = first;
    end = first + 3 + lowest;
    uint64_t table[entries];
    const auto put = [&](uint64_t page, uint64_t from, uint64_t count, uint64_t more) {
        std::memset(table, 0, sizeof table);
        for (uint64_t i = 0; i < count; i++) {
            const bool fixed = more == 0 && from + i >= first && from + i < end;
            table[i] = pages[from + i] * page_size | present | user | (fixed ? 0 : writable);
        }
        return fill(plan.domid, page, table, sizeof table);
    };
    if (const auto e = put(first, first + 1, 1, 1)) return {"page table", e};
    if (const auto e = put(first + 1, first + 2, 1, 1)) return {"page table", e};
    if (const auto e = put(first + 2, first + 3, lowest, 1)) return {"page table", e};
    for (uint64_t i = 0; i < lowest; i++) {
        const uint64_t count = std::min(entries, plan.pages - i * entries);
        if (const auto e = put(first + 3 + i, i * entries, count, 0)) return {"page table", e};
    }
    return {};
}

Domain::Failure start_pv_guest(const Plan& plan, uint32_t console_port)
{
    constexpr uint64_t in_page = page_size / sizeof(uint64_t);
    for (uint64_t i = 0; i < plan.pages; i += in_page) {
        const size_t count = std::min(in_page, plan.pages - i);
        if (const auto e = fill(plan.domid, low_frames + i / in_page, pages + i, count * sizeof(uint64_t)))
            return {"frame list", e};
    }
    uint64_t top = 0, end = 0;
    if (const auto failure =
            make_page_tables(plan, low_frames + (plan.pages + in_page - 1) / in_page, top, end);
        failure.what != nullptr)
        return failure;

    clear_request();
    if (const auto e = domctl(Domctl::info, plan.domid)) return {"domain info", e};
    static StartInfo info;
    std::memset(&info, 0, sizeof info);
    std::memcpy(info.magic, "xen-3.0-x86_64", sizeof "xen-3.0-x86_64");
    info.pages = plan.pages;
    info.shared_info = request.info.shared_info_frame * page_size;
    info.console_frame = pages[low_console];
    info.console_port = console_port;
    info.page_tables = top * page_size;
    info.page_table_pages = end - top;
    info.frames = low_frames * page_size;
    plan.command_line.copy(info.command_line, sizeof info.command_line - 1);
    if (const auto e = fill(plan.domid, low_start_info, &info, sizeof info)) return {"start info", e};
    close_window(0); // Nobody may have a page table mapped writable.

    MmuExtended pin = {mmu_pin_l4, pages[top], 0};
    if (const auto e = call(Hypercall::mmuext_op, &pin, 1, 0, plan.domid)) return {"pin page tables", e};
    const uint64_t hypercall_page = reinterpret_cast<uint64_t>(xen_hypercall_page) / page_size;
    if (const auto e = domctl_number(Domctl::hypercall_page, plan.domid, pages[hypercall_page]))
        return {"hypercall page", e};

    static VcpuContext context;
    std::memset(&context, 0, sizeof context);
    context.flags = context_in_kernel | context_online;
    context.user.rip = reinterpret_cast<uint64_t>(xen_pv_entry);
    context.user.rsp = low_start_info * page_size;
    context.user.rsi = low_start_info * page_size;
    context.user.rflags = 0x200;
    context.user.cs = flat_code;
    context.user.ss = context.user.ds = context.user.es = flat_stack;
    context.kernel_ss = flat_stack;
    context.control[3] = pages[top] * page_size;
    if (const auto e = domctl_buffer(Domctl::set_vcpu_context, plan.domid, 0, &context))
        return {"vCPU context", e};
    return {};
}

/// A moment, for what Xen does behind its back.
void pause() { wait(1'000'000); }

} // namespace

Domain::Failure Domain::build(const Plan& plan, std::span<const uint8_t> image)
{
    if (running_) destroy();
    const Failure failure = construct(plan, image);
    close_window(0);
    if (failure.what != nullptr) destroy();
    return failure;
}

Domain::Failure Domain::construct(const Plan& plan, std::span<const uint8_t> file)
{
    const Image image = loadable(file);
    if (plan.pages > max_pages || image.address != image_address ||
        image.address + image.memory_size > uint64_t{plan.pages} * page_size)
        return {"image and memory", 0};

    CreateDomain create{};
    create.label = plan.label;
    create.handle[0] = 0xa5;
    create.handle[15] = static_cast<uint8_t>(plan.domid);
    create.flags = plan.pv ? 0 : create_hvm | create_hap;
    create.max_vcpus = plan.vcpus;
    create.max_ports = 1023;
    create.max_grant_pages = create.max_maptrack_pages = 4;
    create.grant_version = 1;
    create.emulation = plan.pv ? 0 : emulate_lapic;
    // The one before it with this number may still be on its way out. A host that never says that it cannot
    // would be taken for one that hangs.
    constexpr uint64_t patience = 4'000'000'000; // ns
    const uint64_t until = now() + patience;
    int64_t result = domctl(Domctl::create, plan.domid, &DomctlCall::create, create);
    while (result == -error_exists && now() < until) {
        pause();
        result = domctl(Domctl::create, plan.domid, &DomctlCall::create, create);
    }
    if (result != 0) return {"create", result};
    domid_ = plan.domid;
    running_ = true;

    if (const auto e = domctl_number(Domctl::max_vcpus, domid_, plan.vcpus)) return {"max vCPUs", e};
    if (const auto e = place(domid_, plan.vcpus)) return {"vCPU affinity", e};
    if (const auto e = domctl_number(Domctl::max_memory, domid_, plan.pages * (page_size / 1024) + 1024))
        return {"max memory", e};
    if (!plan.pv)
        if (const auto e = domctl_number(Domctl::set_paging_pool, domid_, 1 << 20)) return {"paging pool", e};
    if (const auto e = populate(domid_, plan.pages)) return {"memory", e};
    if (const auto e = load(domid_, image)) return {"load image", e};

    AllocUnbound unbound = {domid_, domid_self, 0};
    if (const auto e = call(Hypercall::event_channel_op, EventOp::alloc_unbound, &unbound))
        return {"console port", e};
    BindInterdomain bind = {domid_, unbound.port, 0};
    if (const auto e = call(Hypercall::event_channel_op, EventOp::bind_interdomain, &bind))
        return {"console port", e};
    port_ = bind.port;
    if (const auto e = fill(domid_, low_console, "", 0)) return {"console", e};
    size_t window = 1;
    while (window < windows && window_open[window]) window++;
    if (window == windows) return {"console window", 0};
    if (const auto e = open_window(window, domid_, pages[low_console])) return {"console window", e};
    console_ = reinterpret_cast<ConsoleRing*>(window_pages[window]);
    taken_ = 0;

    const Failure started =
        plan.pv ? start_pv_guest(plan, unbound.port) : start_pvh_guest(plan, unbound.port);
    if (started.what != nullptr) return started;
    listen_to(port_);
    clear_request();
    if (const auto e = domctl(Domctl::unpause, domid_)) return {"unpause", e};
    return {};
}

void Domain::destroy()
{
    if (console_ != nullptr) {
        for (size_t i = 1; i < windows; i++)
            if (static_cast<void*>(window_pages[i]) == console_) close_window(i);
        console_ = nullptr;
    }
    if (port_ != 0) {
        ignore(port_);
        call(Hypercall::event_channel_op, EventOp::close, &port_);
        port_ = 0;
    }
    if (!running_) return;
    // Taking memory back is done in portions.
    constexpr int64_t restart = 85;
    for (int64_t result = -restart; result == -restart || result == -error_busy || result == -error_again;) {
        clear_request();
        result = domctl(Domctl::destroy, domid_);
    }
    running_ = false;
}

bool Domain::ended(ShutdownReason& how) const
{
    if (!running_) return false;
    clear_request();
    if (domctl(Domctl::info, domid_) != 0 || (request.info.flags & (info_shutdown | info_dying)) == 0)
        return false;
    how = static_cast<ShutdownReason>(request.info.flags >> info_reason_shift & 0xff);
    return true;
}

std::string_view Domain::heard()
{
    if (console_ == nullptr) return {};
    if (taken_ != 0) {
        __atomic_store_n(&console_->out_read, console_->out_read + taken_, __ATOMIC_RELEASE);
        taken_ = 0;
        call(Hypercall::event_channel_op, EventOp::send, &port_);
    }
    // Nothing in the ring is believed: at worst a domain garbles its own lines.
    const uint32_t read = console_->out_read % sizeof console_->out;
    const uint32_t size = __atomic_load_n(&console_->out_written, __ATOMIC_ACQUIRE) - console_->out_read;
    taken_ = std::min({size, static_cast<uint32_t>(sizeof console_->out - read),
                       static_cast<uint32_t>(sizeof console_->out)});
    return {console_->out + read, taken_};
}

} // namespace argo::guest::xen
