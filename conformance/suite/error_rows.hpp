// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The errors of each operation, in their order of precedence. A table of faults in the suite has to have each
// row (precedence.hpp). Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
#pragma once

#include <argo/abi.h>

namespace argo::suite {

struct ErrorRow
{
    uint32_t error;
    const char* requirement;
};

// clang-format off
inline constexpr ErrorRow entry_errors[] = {
    {ARGO_EPERM, "ARGO-CALL-101"},
    {ARGO_EINVAL, "ARGO-CALL-102"},
    {ARGO_EOPNOTSUPP, "ARGO-CALL-103"},
    {ARGO_EACCES, "ARGO-CALL-104"},
    {ARGO_EOPNOTSUPP, "ARGO-CALL-105"},
    {ARGO_ESTALE, "ARGO-CALL-106"},
    {ARGO_EINVAL, "ARGO-CALL-107"},
};
inline constexpr ErrorRow query_errors[] = {
    {ARGO_EINVAL, "ARGO-QUERY-101"},
    {ARGO_EFAULT, "ARGO-QUERY-102"},
};
inline constexpr ErrorRow register_ring_errors[] = {
    {ARGO_EINVAL, "ARGO-REGISTER-101"},
    {ARGO_EINVAL, "ARGO-REGISTER-102"},
    {ARGO_EFAULT, "ARGO-REGISTER-103"},
    {ARGO_EINVAL, "ARGO-REGISTER-104"},
    {ARGO_EINVAL, "ARGO-REGISTER-105"},
    {ARGO_EINVAL, "ARGO-REGISTER-106"},
    {ARGO_EPERM, "ARGO-REGISTER-107"},
    {ARGO_EACCES, "ARGO-REGISTER-108"},
    {ARGO_EEXIST, "ARGO-REGISTER-109"},
    {ARGO_ENOSPC, "ARGO-REGISTER-110"},
    {ARGO_EFAULT, "ARGO-REGISTER-111"},
    {ARGO_ENOMEM, "ARGO-REGISTER-112"},
};
inline constexpr ErrorRow unregister_ring_errors[] = {
    {ARGO_EFAULT, "ARGO-UNREGISTER-101"},
    {ARGO_EINVAL, "ARGO-UNREGISTER-102"},
    {ARGO_ENOENT, "ARGO-UNREGISTER-103"},
};
inline constexpr ErrorRow sendv_errors[] = {
    {ARGO_EINVAL, "ARGO-SENDV-101"},
    {ARGO_EFAULT, "ARGO-SENDV-102"},
    {ARGO_EINVAL, "ARGO-SENDV-103"},
    {ARGO_EMSGSIZE, "ARGO-SENDV-104"},
    {ARGO_EFAULT, "ARGO-SENDV-105"},
    {ARGO_EPERM, "ARGO-SENDV-106"},
    {ARGO_EACCES, "ARGO-SENDV-107"},
    {ARGO_ECONNREFUSED, "ARGO-SENDV-108"},
    {ARGO_EMSGSIZE, "ARGO-SENDV-109"},
    {ARGO_EBUSY, "ARGO-SENDV-110"},
    {ARGO_EAGAIN, "ARGO-SENDV-111"},
};
inline constexpr ErrorRow notify_errors[] = {
    {ARGO_EFAULT, "ARGO-NOTIFY-101"},
    {ARGO_EINVAL, "ARGO-NOTIFY-102"},
    {ARGO_EFAULT, "ARGO-NOTIFY-103"},
};
inline constexpr ErrorRow doorbell_errors[] = {
    {ARGO_EFAULT, "ARGO-DOORBELL-101"},
    {ARGO_EINVAL, "ARGO-DOORBELL-102"},
    {ARGO_EPERM, "ARGO-DOORBELL-103"},
    {ARGO_EACCES, "ARGO-DOORBELL-104"},
    {ARGO_ECONNREFUSED, "ARGO-DOORBELL-105"},
    {ARGO_ENOSPC, "ARGO-DOORBELL-106"},
};
inline constexpr ErrorRow send_batch_errors[] = {
    {ARGO_EINVAL, "ARGO-BATCH-101"},
    {ARGO_EFAULT, "ARGO-BATCH-102"},
};
inline constexpr ErrorRow reserve_ring_errors[] = {
    {ARGO_EINVAL, "ARGO-RESERVE-101"},
    {ARGO_EFAULT, "ARGO-RESERVE-102"},
    {ARGO_EINVAL, "ARGO-RESERVE-103"},
    {ARGO_EPERM, "ARGO-RESERVE-104"},
    {ARGO_EACCES, "ARGO-RESERVE-105"},
    {ARGO_ENOSPC, "ARGO-RESERVE-106"},
    {ARGO_ENOMEM, "ARGO-RESERVE-107"},
};
inline constexpr ErrorRow resolve_errors[] = {
    {ARGO_EACCES, "ARGO-RESOLVE-101"},
};
inline constexpr ErrorRow vector_errors[] = {
    {ARGO_EINVAL, "ARGO-VECTOR-101"},
    {ARGO_EINVAL, "ARGO-VECTOR-102"},
    {ARGO_EINVAL, "ARGO-VECTOR-103"},
    {ARGO_EACCES, "ARGO-VECTOR-104"},
};
inline constexpr ErrorRow route_errors[] = {
    {ARGO_EINVAL, "ARGO-ROUTE-101"},
    {ARGO_EFAULT, "ARGO-ROUTE-102"},
    {ARGO_EINVAL, "ARGO-ROUTE-103"},
    {ARGO_EACCES, "ARGO-ROUTE-104"},
    {ARGO_ENOENT, "ARGO-ROUTE-105"},
    {ARGO_ENOMEM, "ARGO-ROUTE-106"},
};
// clang-format on

} // namespace argo::suite
