// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The part of Xen's interface that the image uses, in Xen 4.17's version of it: numbers, structures, and the
// hypercall itself. Structures name Xen's in <xen/public/...>; fields that are not used have no names.
#pragma once

#include <cstddef>
#include <cstdint>

namespace argo::guest::xen {

// public/xen.h

enum class Hypercall : uint32_t
{
    set_trap_table = 0,
    memory_op = 12,
    update_va_mapping = 14,
    xen_version = 17,
    console_io = 18,
    update_va_mapping_otherdomain = 22,
    vcpu_op = 24,
    mmuext_op = 26,
    xsm_op = 27,
    sched_op = 29,
    callback_op = 30,
    event_channel_op = 32,
    physdev_op = 33,
    hvm_op = 34,
    sysctl = 35,
    domctl = 36,
};

inline constexpr uint16_t domid_self = 0x7ff0;
inline constexpr size_t page_size = 4096;

enum Virq : uint32_t
{
    virq_timer = 0,
    virq_domain_exception = 3,
    virq_argo = 11,
};

struct VcpuTime
{
    uint32_t version;
    uint32_t pad0;
    uint64_t tsc;
    uint64_t system_time; ///< ns since Xen booted, at `tsc`
    uint32_t tsc_to_ns;   ///< a fraction of 2^32, behind the shift
    int8_t tsc_shift;
    uint8_t pad1[3];
};

struct VcpuInfo
{
    uint8_t upcall_pending;
    uint8_t upcall_mask; ///< PV
    uint64_t pending_selector;
    uint64_t arch[2];
    VcpuTime time;
};
static_assert(sizeof(VcpuInfo) == 64);

struct SharedInfo
{
    VcpuInfo vcpu[32];
    uint64_t pending[64];
    uint64_t mask[64];
};

struct StartInfo ///< what a PV guest is given
{
    char magic[32];
    uint64_t pages;
    uint64_t shared_info; ///< machine address
    uint32_t flags;
    uint64_t store_frame;
    uint32_t store_port;
    uint64_t console_frame;
    uint32_t console_port;
    uint64_t page_tables; ///< linear address
    uint64_t page_table_pages;
    uint64_t frames; ///< linear address of the machine frame of each page
    uint64_t module; ///< linear address
    uint64_t module_size;
    char command_line[1024];
    uint64_t first_p2m_page;
    uint64_t p2m_pages;
};
static_assert(offsetof(StartInfo, console_frame) == 72 && offsetof(StartInfo, command_line) == 128 &&
              sizeof(StartInfo) == 1168);

inline constexpr uint32_t start_flag_domain0 = 2;

// public/io/console.h

struct ConsoleRing
{
    char in[1024];
    char out[2048];
    uint32_t in_read, in_written;
    uint32_t out_read, out_written;
};

// public/event_channel.h

enum class EventOp : uint32_t
{
    bind_interdomain = 0,
    bind_virq = 1,
    close = 3,
    send = 4,
    alloc_unbound = 6,
    bind_ipi = 7,
    unmask = 9,
};

struct BindInterdomain
{
    uint16_t remote_domid;
    uint32_t remote_port;
    uint32_t port;
};

struct BindIpi
{
    uint32_t vcpu;
    uint32_t port;
};

struct BindVirq
{
    uint32_t virq;
    uint32_t vcpu;
    uint32_t port;
};

struct AllocUnbound
{
    uint16_t domid;
    uint16_t remote_domid;
    uint32_t port;
};

// public/sched.h

enum class SchedOp : uint32_t
{
    yield = 0,
    block = 1,
    shutdown = 2,
    poll = 3,
};

enum class ShutdownReason : uint32_t
{
    poweroff = 0,
    reboot = 1,
    crash = 3,
    watchdog = 4,
};

struct Poll
{
    const uint32_t* ports;
    uint32_t count;
    uint64_t until; ///< system time in ns; zero: for ever
};

// public/vcpu.h

enum class VcpuOp : uint32_t
{
    initialise = 0,
    up = 1,
    down = 2,
    is_up = 3,
    set_singleshot_timer = 8,
};

struct SingleshotTimer
{
    uint64_t when; ///< system time in ns
    uint32_t flags;
};

// public/physdev.h

enum class PhysdevOp : uint32_t
{
    set_iopl = 6,
};

// public/memory.h

enum class MemoryOp : uint32_t
{
    populate_physmap = 6,
    add_to_physmap = 7,
    remove_from_physmap = 15,
    add_to_physmap_batch = 23,
};

struct Reservation
{
    uint64_t* extents;
    uint64_t count;
    uint32_t order;
    uint32_t flags;
    uint16_t domid;
};

struct AddToPhysmap
{
    uint16_t domid;
    uint16_t size;
    uint32_t space;
    uint64_t index;
    uint64_t gfn;
};
inline constexpr uint32_t space_shared_info = 0;

struct RemoveFromPhysmap
{
    uint16_t domid;
    uint64_t gfn;
};

struct AddToPhysmapBatch
{
    uint16_t domid;
    uint16_t space;
    uint16_t size;
    uint16_t foreign_domid;
    const uint64_t* indices;
    const uint64_t* gfns;
    int32_t* errors;
};
inline constexpr uint16_t space_foreign = 4;

// public/hvm/hvm_op.h, public/hvm/params.h

enum class HvmOp : uint32_t
{
    set_param = 0,
    get_param = 1,
};

struct HvmParam
{
    uint16_t domid;
    uint16_t pad;
    uint32_t index;
    uint64_t value;
};
inline constexpr uint32_t param_callback = 0, param_console_page = 17, param_console_port = 18;
inline constexpr uint64_t callback_by_vector = uint64_t{2} << 56;

// public/callback.h

struct CallbackRegister
{
    uint16_t type;
    uint16_t flags;
    uint64_t address;
};
inline constexpr uint16_t callback_event = 0, callback_failsafe = 1;

// public/arch-x86/xen.h, public/arch-x86/xen-x86_64.h

struct TrapInfo
{
    uint8_t vector;
    uint8_t flags;
    uint16_t selector;
    uint64_t address;
};

inline constexpr uint16_t flat_code = 0xe033, flat_stack = 0xe02b;
inline constexpr uint64_t update_invlpg = 2;

struct UserRegisters
{
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint32_t error, entry;
    uint64_t rip, cs, rflags, rsp, ss, es, ds, fs, gs;
};

struct VcpuContext
{
    uint8_t fpu[512];
    uint64_t flags;
    UserRegisters user;
    TrapInfo traps[256];
    uint64_t ldt[2];
    uint64_t gdt_frames[16], gdt_entries;
    uint64_t kernel_ss, kernel_sp;
    uint64_t control[8];
    uint64_t debug[8];
    uint64_t event_callback, failsafe_callback, syscall_callback;
    uint64_t assists;
    uint64_t fs_base, gs_base_kernel, gs_base_user;
};
static_assert(sizeof(VcpuContext) == 5168 && offsetof(VcpuContext, control) == 4984);
inline constexpr uint64_t context_in_kernel = 1 << 2, context_online = 1 << 5;

// public/hvm/hvm_vcpu.h

struct HvmVcpuContext ///< in long mode at once
{
    uint32_t mode;
    uint32_t pad;
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, rip, rflags;
    uint64_t cr0, cr3, cr4, efer;
    uint64_t more; ///< of the form for 32 bits, which is longer
};
static_assert(sizeof(HvmVcpuContext) == 128);
inline constexpr uint32_t context_64bit = 1;

struct MmuExtended
{
    uint32_t command;
    uint64_t frame;
    uint64_t argument;
};
inline constexpr uint32_t mmu_pin_l4 = 3;

// public/hvm/save.h, public/arch-x86/hvm/save.h

struct SaveRecord
{
    uint16_t type;
    uint16_t instance;
    uint32_t size;
};

struct SaveHeader
{
    uint32_t magic, version;
    uint64_t changeset;
    uint32_t cpuid, tsc_khz;
};

struct SaveCpu
{
    uint8_t fpu[512];
    uint64_t rax, rbx, rcx, rdx, rbp, rsi, rdi, rsp, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, rflags;
    uint64_t cr0, cr2, cr3, cr4;
    uint64_t dr0, dr1, dr2, dr3, dr6, dr7;
    uint32_t cs, ds, es, fs, gs, ss, tr, ldtr;
    uint32_t cs_limit, ds_limit, es_limit, fs_limit, gs_limit, ss_limit, tr_limit, ldtr_limit, idtr_limit,
        gdtr_limit;
    uint64_t cs_base, ds_base, es_base, fs_base, gs_base, ss_base, tr_base, ldtr_base, idtr_base, gdtr_base;
    uint32_t cs_rights, ds_rights, es_rights, fs_rights, gs_rights, ss_rights, tr_rights, ldtr_rights;
    uint64_t sysenter[3];
    uint64_t shadow_gs;
    uint64_t msr_flags, lstar, star, cstar, syscall_mask, efer, tsc_aux;
    uint64_t tsc;
    uint32_t pending, error, flags, pad;
};
static_assert(sizeof(SaveCpu) == 1032 && offsetof(SaveCpu, tsc) == 1008 &&
              offsetof(SaveCpu, cs_rights) == 888);
inline constexpr uint16_t save_end = 0, save_header = 1, save_cpu = 2;

// public/domctl.h

enum class Domctl : uint32_t
{
    create = 1,
    destroy = 2,
    unpause = 4,
    info = 5,
    set_vcpu_affinity = 9,
    max_memory = 11,
    set_vcpu_context = 12,
    max_vcpus = 15,
    hypercall_page = 22,
    get_hvm_context = 33,
    set_hvm_context = 34,
    set_paging_pool = 86,
};
inline constexpr uint32_t domctl_version = 0x15;

struct CreateDomain
{
    uint32_t label;
    uint8_t handle[16];
    uint32_t flags;
    uint32_t iommu;
    uint32_t max_vcpus, max_ports;
    int32_t max_grant_pages, max_maptrack_pages;
    uint32_t grant_version;
    uint32_t trace_size;
    uint32_t cpu_pool;
    uint32_t emulation;
    uint32_t misc;
};
inline constexpr uint32_t create_hvm = 1, create_hap = 2, emulate_lapic = 1;

struct DomainInfo
{
    uint16_t domid;
    uint16_t pad;
    uint32_t flags;
    uint64_t pages[5];
    uint64_t shared_info_frame;
    uint64_t time;
    uint64_t more[6];
};
inline constexpr uint32_t info_dying = 1, info_shutdown = 4, info_reason_shift = 16;

struct DomctlBuffer ///< vcpucontext, hvmcontext: which or how much, and where
{
    uint32_t number;
    uint64_t address;
};

struct Bitmap
{
    uint8_t* bits;
    uint32_t count;
};

struct VcpuAffinity
{
    uint32_t vcpu;
    uint32_t flags;
    Bitmap hard, soft;
};
inline constexpr uint32_t affinity_hard = 1;

struct DomctlCall
{
    Domctl command;
    uint32_t version;
    uint16_t domid;
    uint16_t pad[3];
    union
    {
        CreateDomain create;
        DomainInfo info;
        DomctlBuffer buffer;
        VcpuAffinity affinity;
        uint64_t number; ///< all that take a single one
        uint8_t all[128];
    };
};
static_assert(sizeof(DomctlCall) == 144 && offsetof(DomctlCall, info.shared_info_frame) == 16 + 48);

// public/xsm/flask_op.h

enum class Flask : uint32_t
{
    load = 1,
    context_to_sid = 4,
    set_boolean = 12,
    commit_booleans = 13,
    add_ocontext = 21,
};

struct FlaskPolicy
{
    const uint8_t* bytes;
    uint32_t size;
};

struct FlaskLabel
{
    uint32_t number;
    uint32_t size;
    const char* context;
};

struct FlaskBoolean
{
    uint32_t number;
    uint8_t in_force, pending;
    uint8_t value;
    uint8_t commit;
    uint32_t size;
    const char* name;
};

struct FlaskRange
{
    uint32_t kind;
    uint32_t label;
    uint64_t low, high;
};
/// The series' kind of range: ports of Argo.
inline constexpr uint32_t flask_argo_port = 6;

struct FlaskCall
{
    Flask command;
    uint32_t version;
    union
    {
        FlaskPolicy policy;
        FlaskLabel label;
        FlaskBoolean boolean;
        FlaskRange range;
        uint64_t all[4];
    };
};
static_assert(sizeof(FlaskCall) == 40 && offsetof(FlaskCall, boolean.name) == 8 + 16);
inline constexpr uint32_t flask_version = 1;

// public/sysctl.h

struct SysctlCall
{
    uint32_t command;
    uint32_t version;
    uint8_t clear, incremental, pad[2];
    uint32_t position;
    char* text;
    uint32_t size;
    uint8_t rest[104];
};
static_assert(sizeof(SysctlCall) == 136);
inline constexpr uint32_t sysctl_read_console = 1, sysctl_version = 0x15;

/// A hypercall. Zero or more, or a negated error of Xen's, whose numbers are Linux's.
int64_t hypercall(uint64_t number, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0,
                  uint64_t a4 = 0);

template <class T>
uint64_t word(T value)
{
    if constexpr (requires { static_cast<uint64_t>(value); })
        return static_cast<uint64_t>(value);
    else
        return reinterpret_cast<uint64_t>(value);
}

template <class... Arguments>
int64_t call(Hypercall which, Arguments... arguments)
{
    return hypercall(word(which), word(arguments)...);
}

inline constexpr int64_t error_no_entry = 2, error_exists = 17, error_no_memory = 12, error_again = 11,
                         error_busy = 16;

} // namespace argo::guest::xen
