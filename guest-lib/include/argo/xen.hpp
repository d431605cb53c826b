// SPDX-License-Identifier: MIT
//
// Xen's hypercall as a mechanism, and Xen's own interface, which is major 0. Book: chapters xen and
// annex-xen.
//
// On this mechanism a call has no frame, and its addresses are linear ones. A Xen without major 1 has no
// query either: what it would answer is known here, since upstream's limits are constants of its source.
#pragma once

#include <argo/machine.hpp>
#include <argo/mechanism.hpp>
#include <argo/memory.hpp>
#include <argo/result.hpp>

namespace argo {

namespace xen {

/// Hypercalls, and what of event_channel_op is needed. Xen's public/xen.h and public/event_channel.h.
inline constexpr uint32_t xen_version = 17, event_channel_op = 32, argo_op = 39;
inline constexpr uint64_t event_close = 3, event_status = 5, event_alloc_unbound = 6;
inline constexpr uint16_t domid_self = 0x7ff0;

/// "XenVMMXenVMM", in the same registers as Argo's own signature.
inline constexpr uint32_t signature_ebx = 0x566e6558, signature_ecx = 0x65584d4d, signature_edx = 0x4d4d566e;
inline constexpr uint32_t leaf_hypercalls = 2; ///< EBX: the MSR that places the hypercall page

/// Limits of xen/common/argo.c and public/argo.h. The longest ring is what fits into the most pages that a
/// ring may have; public/argo.h declares a little more.
inline constexpr uint32_t max_rings = 128, max_iov = 8, max_notify = 256, max_ring_waiters = 32,
                          max_pages_of_ring = 4096, max_message = 0xffffe0;

/// This domain's number. Xen has no call that tells it, but it puts it where a caller said "myself": into the
/// other end of an unbound event channel. Errors: Xen's.
template <XenMachine M>
Result<Domid> own_domid(M& machine)
{
    struct
    {
        uint16_t domid, remote;
        uint32_t port;
    } unbound = {domid_self, domid_self, 0};
    struct
    {
        uint16_t domid, reserved;
        uint32_t port, status, vcpu;
        uint16_t remote, reserved2;
        uint32_t remote_port;
    } answer = {domid_self, 0, 0, 0, 0, 0, 0, 0};
    const auto op = [&](uint64_t operation, void* argument) {
        return machine.xen_hypercall(event_channel_op, operation, reinterpret_cast<uintptr_t>(argument), 0, 0,
                                     0);
    };
    if (const int64_t result = op(event_alloc_unbound, &unbound); result < 0) return error_of(result);
    answer.port = unbound.port;
    const int64_t result = op(event_status, &answer);
    (void)op(event_close, &unbound.port);
    if (result < 0) return error_of(result);
    return Domid{answer.remote};
}

/// Whether Argo's major 0 answers, and what its query would say. Without side effects for who has no rings.
/// Errors: EOPNOTSUPP (switched off), ENODEV (not for this domain), EACCES (denied), ENOSYS (not built).
template <XenMachine M>
Result<argo_info> upstream_info(M& machine, uint32_t number)
{
    const auto present = static_cast<int32_t>(machine.xen_hypercall(number, ARGO_OP_NOTIFY, 0, 0, 0, 0));
    if (present < 0) return error_of(present);
    const auto domid = own_domid(machine);
    if (!domid) return domid.error();
    const int64_t version = machine.xen_hypercall(xen_version, 0, 0, 0, 0, 0);

    argo_info info{};
    info.domid = static_cast<uint16_t>(*domid);
    info.implementation = ARGO_IMPLEMENTATION_XEN;
    info.implementation_version = version < 0 ? 0 : static_cast<uint32_t>(version);
    // Whether the wildcard is allowed is a setting that nobody can ask for, and how many waiters one domain
    // may have, and pages, depends on how many rings there are.
    info.features = ARGO_FEATURE_WILDCARD;
    info.max_rings = max_rings;
    info.max_ring_length = max_pages_of_ring * uint32_t{ARGO_PAGE_SIZE} - uint32_t{sizeof(argo_ring)};
    info.max_message = max_message;
    info.max_iov = max_iov;
    info.max_notify = max_notify;
    info.max_ring_waiters = max_ring_waiters;
    info.max_waiters = max_rings * max_ring_waiters;
    info.max_pages = max_rings * max_pages_of_ring;
    return info;
}

} // namespace xen

} // namespace argo
