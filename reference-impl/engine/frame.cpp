// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Calls by the mechanisms that pass the address of a frame. Book: spec/call.rst.
#include "engine/engine.hpp"

namespace argo::engine {

/// Reads the frame up to its result once (ARGO-CALL-008), and writes the result alone (ARGO-CALL-002), last.
bool Engine::call_frame(Domain& caller, uint32_t vcpu, uint64_t address, Privilege privilege) noexcept
{
    if (address % ARGO_FRAME_ALIGN != 0) return false; // aligned, it lies on one page
    auto& domain = static_cast<DomainState&>(caller);
    std::byte* const guest = memory_of(domain).at({address}, Access::write);
    if (!guest) return false;

    argo_frame frame;
    load_once(reinterpret_cast<std::byte*>(&frame), guest, offsetof(argo_frame, result));
    const uint64_t word = frame.op | uint64_t{frame.flags} << 32;
    const int64_t result = call(domain, vcpu, word, frame.arg, privilege);

    auto& shared = reinterpret_cast<argo_frame*>(guest)->result;
    std::atomic_ref<int64_t>(shared).store(result, std::memory_order_release);
    return true;
}

} // namespace argo::engine
