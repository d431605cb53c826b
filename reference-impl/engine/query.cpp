// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_QUERY: what the caller is and what it may use. Book: spec/query.rst.
#include "engine/engine.hpp"

namespace argo::engine {

/// Errors in order: ARGO-QUERY-101, -102.
Result Engine::query(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    DomainState& caller = vcpu.domain;
    const auto [address, size, nonce, unused] = arguments;

    if (size < ARGO_INFO_MIN_SIZE) return Error::einval;

    argo_info info = {};
    info.nonce = nonce;
    info.major = ARGO_ABI_MAJOR;
    info.minor = ARGO_ABI_MINOR;
    info.domid = caller.domid();
    info.implementation = identity_.implementation;
    info.implementation_version = identity_.version;
    info.incarnation = caller.incarnation.load(std::memory_order_relaxed);
    info.features = features_;
    info.max_rings = limits_.max_rings;
    info.max_ring_length = limits_.max_ring_length;
    info.max_message = limits_.max_message;
    info.max_iov = limits_.max_iov;
    info.max_notify = limits_.max_notify;
    info.max_ring_waiters = limits_.max_ring_waiters;
    info.max_waiters = limits_.max_waiters;
    info.max_pages = limits_.max_pages;
    info.max_bindings = limits_.max_bindings;
    info.max_batch = limits_.max_batch;

    const size_t bytes = size < sizeof info ? size : sizeof info; // ARGO-QUERY-001, -002
    if (!memory_of(caller).store({address}, &info, bytes)) return Error::efault;
    return Result::success(sizeof info); // ARGO-QUERY-003
}

} // namespace argo::engine
