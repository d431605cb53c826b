// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What calls look like. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
#pragma once

#include <argo/abi.h>

#include <cstdint>
#include <span>

namespace argo::fuzz {

/// What a number in a structure is for.
enum class Role : uint8_t
{
    number,
    zero,
    flags,
    port,
    domid,
    address, ///< of memory that the hypervisor reads
    answer,  ///< written by the hypervisor
};

/// A number in a structure.
struct Field
{
    const char* name;
    uint16_t offset, size;
    Role role;
};

struct Structure
{
    const char* name;
    uint16_t size;
    std::span<const Field> fields;
    const Structure* tail; ///< what stands behind it, as often as its count says; null: nothing
};

/// What an argument is.
enum class Kind : uint8_t
{
    number,
    count, ///< of what another argument points to
    flags,
    structure, ///< the address of one, or of several
    frames,    ///< the address of a list of frame numbers
};

struct Argument
{
    const char* name;
    const Structure* structure; ///< what it points to; null: it is a number
    int count;                  ///< the argument that says how many; below zero: one
    Kind kind;
    bool answered; ///< the hypervisor writes there
};

struct Operation
{
    uint32_t number;
    const char* name;
    uint64_t feature; ///< 0: always there
    bool decided;     ///< it has arguments and errors
    std::span<const Argument> arguments;
    std::span<const int16_t> errors; ///< those of every call among them
    bool zero;                       ///< is what a success returns
};

// clang-format off
inline constexpr Field u64_fields[] = {
    {"element", 0, 8, Role::number},
};
inline constexpr Structure u64_structure{"u64", 8, u64_fields, nullptr};
inline constexpr Field argo_frame_fields[] = {
    {"op", 0, 4, Role::number},
    {"flags", 4, 4, Role::flags},
    {"arg", 8, 8, Role::number},
    {"arg", 16, 8, Role::number},
    {"arg", 24, 8, Role::number},
    {"arg", 32, 8, Role::number},
    {"result", 40, 8, Role::number},
    {"cookie", 48, 8, Role::number},
    {"cookie", 56, 8, Role::number},
};
inline constexpr Structure argo_frame_structure{"argo_frame", 64, argo_frame_fields, nullptr};
inline constexpr Field argo_addr_fields[] = {
    {"port", 0, 4, Role::port},
    {"domid", 4, 2, Role::domid},
    {"reserved", 6, 2, Role::zero},
};
inline constexpr Structure argo_addr_structure{"argo_addr", 8, argo_addr_fields, nullptr};
inline constexpr Field argo_send_addr_fields[] = {
    {"src.port", 0, 4, Role::port},
    {"src.domid", 4, 2, Role::domid},
    {"src.reserved", 6, 2, Role::zero},
    {"dst.port", 8, 4, Role::port},
    {"dst.domid", 12, 2, Role::domid},
    {"dst.reserved", 14, 2, Role::zero},
};
inline constexpr Structure argo_send_addr_structure{"argo_send_addr", 16, argo_send_addr_fields, nullptr};
inline constexpr Field argo_info_fields[] = {
    {"nonce", 0, 8, Role::number},
    {"major", 8, 2, Role::number},
    {"minor", 10, 2, Role::number},
    {"domid", 12, 2, Role::domid},
    {"reserved", 14, 2, Role::zero},
    {"implementation", 16, 4, Role::number},
    {"implementation_version", 20, 4, Role::number},
    {"incarnation", 24, 8, Role::number},
    {"features", 32, 8, Role::number},
    {"max_rings", 40, 4, Role::number},
    {"max_ring_length", 44, 4, Role::number},
    {"max_message", 48, 4, Role::number},
    {"max_iov", 52, 4, Role::number},
    {"max_notify", 56, 4, Role::number},
    {"max_ring_waiters", 60, 4, Role::number},
    {"max_waiters", 64, 4, Role::number},
    {"max_pages", 68, 4, Role::number},
    {"max_bindings", 72, 4, Role::number},
    {"max_doorbells", 76, 4, Role::number},
    {"max_batch", 80, 4, Role::number},
    {"reserved2", 84, 4, Role::zero},
    {"reserved2", 88, 4, Role::zero},
    {"reserved2", 92, 4, Role::zero},
};
inline constexpr Structure argo_info_structure{"argo_info", 96, argo_info_fields, nullptr};
inline constexpr Field argo_register_fields[] = {
    {"port", 0, 4, Role::port},
    {"partner", 4, 2, Role::domid},
    {"reserved", 6, 2, Role::zero},
    {"length", 8, 4, Role::number},
};
inline constexpr Structure argo_register_structure{"argo_register", 12, argo_register_fields, nullptr};
inline constexpr Field argo_unregister_fields[] = {
    {"port", 0, 4, Role::port},
    {"partner", 4, 2, Role::domid},
    {"reserved", 6, 2, Role::zero},
};
inline constexpr Structure argo_unregister_structure{"argo_unregister", 8, argo_unregister_fields, nullptr};
inline constexpr Field argo_iov_fields[] = {
    {"base", 0, 8, Role::address},
    {"length", 8, 4, Role::number},
    {"flags", 12, 4, Role::flags},
};
inline constexpr Structure argo_iov_structure{"argo_iov", 16, argo_iov_fields, nullptr};
inline constexpr Field argo_batch_entry_fields[] = {
    {"addresses.src.port", 0, 4, Role::port},
    {"addresses.src.domid", 4, 2, Role::domid},
    {"addresses.src.reserved", 6, 2, Role::zero},
    {"addresses.dst.port", 8, 4, Role::port},
    {"addresses.dst.domid", 12, 2, Role::domid},
    {"addresses.dst.reserved", 14, 2, Role::zero},
    {"iovs", 16, 8, Role::address},
    {"count", 24, 4, Role::number},
    {"type", 28, 4, Role::number},
    {"result", 32, 8, Role::answer},
    {"reserved", 40, 8, Role::zero},
};
inline constexpr Structure argo_batch_entry_structure{"argo_batch_entry", 48, argo_batch_entry_fields, nullptr};
inline constexpr Field argo_ring_fields[] = {
    {"rx_ptr", 0, 4, Role::number},
    {"tx_ptr", 4, 4, Role::number},
    {"wish", 8, 4, Role::number},
    {"position", 12, 4, Role::number},
    {"reserved", 16, 4, Role::zero},
    {"reserved", 20, 4, Role::zero},
    {"reserved", 24, 4, Role::zero},
    {"reserved", 28, 4, Role::zero},
    {"reserved", 32, 4, Role::zero},
    {"reserved", 36, 4, Role::zero},
    {"reserved", 40, 4, Role::zero},
    {"reserved", 44, 4, Role::zero},
    {"reserved", 48, 4, Role::zero},
    {"reserved", 52, 4, Role::zero},
    {"reserved", 56, 4, Role::zero},
    {"reserved", 60, 4, Role::zero},
};
inline constexpr Structure argo_ring_structure{"argo_ring", 64, argo_ring_fields, nullptr};
inline constexpr Field argo_message_fields[] = {
    {"length", 0, 4, Role::number},
    {"source.port", 4, 4, Role::port},
    {"source.domid", 8, 2, Role::domid},
    {"source.reserved", 10, 2, Role::zero},
    {"type", 12, 4, Role::number},
};
inline constexpr Structure argo_message_structure{"argo_message", 16, argo_message_fields, nullptr};
inline constexpr Field argo_notify_entry_fields[] = {
    {"ring.port", 0, 4, Role::port},
    {"ring.domid", 4, 2, Role::domid},
    {"ring.reserved", 6, 2, Role::zero},
    {"flags", 8, 2, Role::answer},
    {"reserved", 10, 2, Role::zero},
    {"space_required", 12, 4, Role::number},
    {"max_message", 16, 4, Role::answer},
};
inline constexpr Structure argo_notify_entry_structure{"argo_notify_entry", 20, argo_notify_entry_fields, nullptr};
inline constexpr Field argo_notify_fields[] = {
    {"count", 0, 4, Role::number},
    {"reserved", 4, 4, Role::zero},
};
inline constexpr Structure argo_notify_structure{"argo_notify", 8, argo_notify_fields, &argo_notify_entry_structure};

inline constexpr Argument query_arguments[] = {
    {"info", &argo_info_structure, -1, Kind::structure, true},
    {"size", nullptr, -1, Kind::number, false},
    {"nonce", nullptr, -1, Kind::number, false},
};
inline constexpr int16_t query_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
};
inline constexpr Argument register_ring_arguments[] = {
    {"ring", &argo_register_structure, -1, Kind::structure, false},
    {"frames", &u64_structure, 2, Kind::frames, false},
    {"count", nullptr, -1, Kind::count, false},
    {"flags", nullptr, -1, Kind::flags, false},
};
inline constexpr int16_t register_ring_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
    ARGO_EEXIST,
    ARGO_ENOSPC,
    ARGO_ENOMEM,
};
inline constexpr Argument unregister_ring_arguments[] = {
    {"ring", &argo_unregister_structure, -1, Kind::structure, false},
};
inline constexpr int16_t unregister_ring_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
    ARGO_ENOENT,
};
inline constexpr Argument sendv_arguments[] = {
    {"addresses", &argo_send_addr_structure, -1, Kind::structure, false},
    {"iovs", &argo_iov_structure, 2, Kind::structure, false},
    {"count", nullptr, -1, Kind::count, false},
    {"type", nullptr, -1, Kind::number, false},
};
inline constexpr int16_t sendv_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
    ARGO_EMSGSIZE,
    ARGO_ECONNREFUSED,
    ARGO_EBUSY,
    ARGO_EAGAIN,
};
inline constexpr Argument notify_arguments[] = {
    {"entries", &argo_notify_structure, -1, Kind::structure, true},
};
inline constexpr int16_t notify_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
};
inline constexpr Argument doorbell_arguments[] = {
    {"addresses", &argo_send_addr_structure, -1, Kind::structure, false},
};
inline constexpr int16_t doorbell_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
    ARGO_ECONNREFUSED,
    ARGO_ENOSPC,
};
inline constexpr Argument send_batch_arguments[] = {
    {"entries", &argo_batch_entry_structure, 1, Kind::structure, true},
    {"count", nullptr, -1, Kind::count, false},
};
inline constexpr int16_t send_batch_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
};
inline constexpr Argument reserve_ring_arguments[] = {
    {"ring", &argo_addr_structure, -1, Kind::structure, false},
    {"partner", nullptr, -1, Kind::number, false},
};
inline constexpr int16_t reserve_ring_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
    ARGO_ENOSPC,
    ARGO_ENOMEM,
};
inline constexpr Argument resolve_arguments[] = {
    {"low", nullptr, -1, Kind::number, false},
    {"high", nullptr, -1, Kind::number, false},
};
inline constexpr int16_t resolve_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
};
inline constexpr Argument vector_arguments[] = {
    {"index", nullptr, -1, Kind::number, false},
    {"kind", nullptr, -1, Kind::number, false},
    {"target", nullptr, -1, Kind::number, false},
    {"value", nullptr, -1, Kind::number, false},
};
inline constexpr int16_t vector_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
};
inline constexpr Argument route_arguments[] = {
    {"addresses", &argo_send_addr_structure, -1, Kind::structure, false},
    {"flags", nullptr, -1, Kind::flags, false},
};
inline constexpr int16_t route_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
    ARGO_EFAULT,
    ARGO_ENOENT,
    ARGO_ENOMEM,
};
inline constexpr int16_t fetch_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
};
inline constexpr int16_t send_async_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
};
inline constexpr int16_t reset_errors[] = {
    ARGO_EPERM,
    ARGO_EINVAL,
    ARGO_EOPNOTSUPP,
    ARGO_EACCES,
    ARGO_ESTALE,
};

inline constexpr Operation operations[] = {
    {0, "query", 0, true, {query_arguments}, query_errors, false},
    {1, "register_ring", 0, true, {register_ring_arguments}, register_ring_errors, true},
    {2, "unregister_ring", 0, true, {unregister_ring_arguments}, unregister_ring_errors, true},
    {3, "sendv", 0, true, {sendv_arguments}, sendv_errors, false},
    {4, "notify", 0, true, {notify_arguments}, notify_errors, true},
    {32, "doorbell", ARGO_FEATURE_DOORBELL, true, {doorbell_arguments}, doorbell_errors, true},
    {33, "send_batch", ARGO_FEATURE_BATCH, true, {send_batch_arguments}, send_batch_errors, false},
    {34, "reserve_ring", ARGO_FEATURE_RESERVE, true, {reserve_ring_arguments}, reserve_ring_errors, true},
    {35, "resolve", ARGO_FEATURE_RESOLVE, true, {resolve_arguments}, resolve_errors, false},
    {36, "vector", ARGO_FEATURE_VECTOR, true, {vector_arguments}, vector_errors, true},
    {37, "route", ARGO_FEATURE_ROUTE, true, {route_arguments}, route_errors, true},
    {38, "fetch", 0, false, {}, fetch_errors, false},
    {39, "send_async", 0, false, {}, send_async_errors, false},
    {40, "reset", 0, true, {}, reset_errors, true},
};

/// Errors of every call, and all that there are.
inline constexpr int16_t entry_errors[] = {ARGO_EPERM, ARGO_EINVAL, ARGO_EOPNOTSUPP, ARGO_EACCES, ARGO_ESTALE};
inline constexpr int16_t all_errors[] = {ARGO_EPERM, ARGO_ENOENT, ARGO_ESRCH, ARGO_EAGAIN, ARGO_ENOMEM, ARGO_EACCES, ARGO_EFAULT, ARGO_EBUSY, ARGO_EEXIST, ARGO_ENODEV, ARGO_EINVAL, ARGO_ENOSPC, ARGO_ENOSYS, ARGO_EMSGSIZE, ARGO_EOPNOTSUPP, ARGO_ECONNREFUSED, ARGO_ESTALE};
// clang-format on

} // namespace argo::fuzz
