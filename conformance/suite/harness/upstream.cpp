// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Calls of major 0.
#include "harness/upstream.hpp"

#include <cstring>

#include "harness/expect.hpp"
#include "harness/session.hpp"

namespace argo::suite {

namespace {

constexpr uint32_t operation_of(uint32_t word) { return word & 0xffff; }

/// The lower half is the result: Xen's sendv lets the upper one be what it may.
int64_t invoke(uint32_t operation, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    return static_cast<int32_t>(
        platform::machine().xen_hypercall(Upstream::number(), operation, a0, a1, a2, a3));
}

/// The object at an address that a call names, if there is one.
template <class T>
bool read(uint64_t where, T& object)
{
    const void* const here = platform::readable(Gpa{where}, sizeof object);
    if (here != nullptr) std::memcpy(&object, here, sizeof object);
    return here != nullptr;
}

} // namespace

uint32_t Upstream::number()
{
    const Discovery& found = session->discovery;
    for (uint32_t i = 0; i < found.count; i++)
        if (found.candidates[i].mechanism.id == ARGO_MECHANISM_XEN) return found.candidates[i].mechanism.ebx;
    return 0;
}

void require_in_upstream(uint32_t word)
{
    if (session->self.hypervisor().major() != 0 || case_is_upstreams()) return;
    Text reason;
    if (word >> 16 != ARGO_ABI_MAJOR) {
        reason << "the hypervisor speaks major 0 alone, and no word of major 1 reaches it";
    } else {
        switch (operation_of(word)) {
        case ARGO_OP_QUERY: reason << "major 0 has no operation query"; break;
        case ARGO_OP_VECTOR: reason << "major 0 has no operation vector"; break;
        case ARGO_OP_RESET: reason << "major 0 has no operation reset"; break;
        default: return;
        }
    }
    not_supported(reason.view());
}

bool Upstream::wildcard(void* page)
{
    // Not on the harness's own port, where the lead may be knocking by now.
    constexpr Port port{~wire::port};
    const auto& hypervisor = session->self.hypervisor();
    const auto done = hypervisor.register_ring(port, any_domain, page, ring_length(1));
    (void)hypervisor.unregister_ring(port, any_domain);
    std::memset(page, 0, sizeof(argo_ring));
    return static_cast<bool>(done);
}

int64_t Upstream::call(uint32_t word, const uint64_t (&a)[4])
{
    switch (operation_of(word)) {
    case ARGO_OP_REGISTER_RING: return register_ring(a);
    case ARGO_OP_UNREGISTER_RING: return unregister_ring(a);
    default: return invoke(operation_of(word), a[0], a[1], a[2], a[3]);
    }
}

int64_t Upstream::register_ring(const uint64_t (&a)[4])
{
    argo_register request;
    const bool readable = read(a[0], request);
    const int64_t result = invoke(ARGO_OP_REGISTER_RING, a[0], a[1], a[2], a[3]);
    if (!readable) return result;
    const Name name = {request.port, request.partner};
    const bool again = known(name);
    if (again) spoiled_ = true;
    if (result == 0 && !again) {
        if (count_ < most) names_[count_++] = name;
    }
    return result;
}

int64_t Upstream::unregister_ring(const uint64_t (&a)[4])
{
    argo_unregister request;
    const bool readable = read(a[0], request);
    const int64_t result = invoke(ARGO_OP_UNREGISTER_RING, a[0], a[1], a[2], a[3]);
    if (readable && result == 0) forget({request.port, request.partner});
    return result;
}

bool Upstream::known(const Name& name) const
{
    for (size_t i = 0; i < count_; i++)
        if (names_[i] == name) return true;
    return false;
}

bool Upstream::forget(const Name& name)
{
    for (size_t i = 0; i < count_; i++) {
        if (names_[i] != name) continue;
        names_[i] = names_[--count_];
        return true;
    }
    return false;
}

void Upstream::clean()
{
    // One that is gone by itself is gone.
    const auto& hypervisor = session->self.hypervisor();
    for (; count_ != 0; count_--)
        (void)hypervisor.unregister_ring(Port{names_[count_ - 1].port}, Domid{names_[count_ - 1].partner});
    // A reset takes the harness's own rings, too.
    const auto close = [&](Domid partner) { (void)hypervisor.unregister_ring(Port{wire::port}, partner); };
    if (session->options.role != Role::lead) close(Domid{session->options.lead});
    session->each_other([&](RemoteActor& other) {
        if (other.appointed()) close(other.domid());
    });
}

} // namespace argo::suite
