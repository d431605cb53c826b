// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the engine asks of the hypervisor that it lives in: guest memory, interrupts, policy, memory of its
// own. Everything that differs between hypervisors is here. The engine calls nothing else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace argo::engine {

/// Whole pages of a domain that are adjacent in the host, too, and that the engine may read and write as long
/// as the domain lives. `first` is guest-physical.
struct Window
{
    uint64_t first = 0;
    uint64_t bytes = 0;
    std::byte* host = nullptr;
};

/// What a host says of a domain when it makes it.
struct Shape
{
    uint32_t vcpus = 1; ///< how many calls of the domain may run at once; at least 1
    Window window = {}; ///< for what is outside, the host is asked page by page
};

/// A domain, as its host sees it. Made by Engine::create, valid until Engine::destroy has returned.
class Domain
{
  public:
    Domain(const Domain&) = delete;
    Domain& operator=(const Domain&) = delete;

    uint16_t domid() const noexcept { return domid_; }

    const Window& window() const noexcept { return window_; }

    /// The host's own pointer, as given to Engine::create.
    void* context() const noexcept { return context_; }

    /// Never the same for two domains of an engine, even when they have the same domid one after the other.
    uint64_t instance() const noexcept { return instance_; }

  protected:
    Domain(uint16_t domid, void* context, uint64_t instance, const Window& window) noexcept
        : window_(window), domid_(domid), context_(context), instance_(instance)
    {
    }
    ~Domain() = default;

  private:
    const Window window_;
    const uint16_t domid_;
    void* const context_;
    const uint64_t instance_;
};

enum class Access : uint8_t
{
    read,
    write
};

/// A binding: how a domain wants to hear of events. Made by ARGO_OP_VECTOR. What target and value may be is
/// checked before; interrupt.hpp says where an interrupt of either kind goes.
struct Interrupt
{
    uint16_t index;  ///< Which binding of the domain.
    uint32_t kind;   ///< ARGO_BINDING_LAPIC, ARGO_BINDING_MSI.
    uint64_t target; ///< x2APIC ID of a vCPU; a message's address.
    uint64_t value;  ///< Vector, 32 to 255; a message's data.
};

/// The places at which policy is asked. Each question names the domain that makes the call as its caller.
enum class Hook : uint8_t
{
    enable,        ///< May the caller use Argo at all? Other and ports are zero.
    register_ring, ///< May it own a ring on caller_port, for other (ARGO_DOMID_WILDCARD: for any sender)?
    accept,        ///< May it name other as the partner of its ring on caller_port?
    wildcard,      ///< May it offer its ring on caller_port to any sender? Other is ARGO_DOMID_WILDCARD.
    send,          ///< May it send from caller_port to other_port of other?
    notify,        ///< May it ask about other_port of other? Caller_port is zero: such a question has none.
    vector,        ///< May it bind events to an interrupt? Other and ports are zero.
};

/// What policy decides on: labels alone. It is asked before the engine looks whether the other domain, or a
/// ring of it, exists, so that the answer cannot tell.
struct PolicyQuestion
{
    Hook hook;
    uint16_t caller;
    uint32_t caller_port;
    uint16_t other;
    uint32_t other_port;
};

/// What vCPUs write is kept so far apart that they do not slow each other down.
inline constexpr size_t cache_line = 64;

/// The hypervisor around the engine. It outlives the engine. Its functions are called on the threads that
/// call the engine, many at once. None of them may call the engine, nor wait for a call of it to end. Page,
/// allocate, release and relax are called with locks of the engine held; offers, has_vcpu, allows and raise
/// are not.
class Host
{
  public:
    /// Host address of a guest's page of 4 KiB, at any gfn below 2^52; null if the guest has no memory there
    /// that the engine may access like this. Not asked for what is in the domain's window. The address stays
    /// valid until the domain is destroyed. A page should not become inaccessible while a call uses it; if it
    /// does, the call may fail with EFAULT, but does no harm.
    virtual void* page(Domain&, uint64_t gfn, Access) noexcept = 0;

    /// Delivers an event as the interrupt says. The domain is kept alive meanwhile. Events may coalesce. A
    /// host that takes long over one for who waits for space holds up those who take rings back.
    virtual void raise(Domain&, const Interrupt&) noexcept = 0;

    /// Whether the domain may make bindings of this kind, ARGO_BINDING_LAPIC or ARGO_BINDING_MSI.
    virtual bool offers(Domain&, uint32_t kind) noexcept = 0;

    /// Whether the domain has a vCPU of this x2APIC ID, online or not.
    virtual bool has_vcpu(Domain&, uint64_t id) noexcept = 0;

    /// Policy's decision. That `enable` or `send` is allowed is remembered for a vCPU until Engine::settle is
    /// called, or a domain or a ring comes or goes; a denial never is.
    virtual bool allows(const PolicyQuestion&) noexcept = 0;

    /// Memory for the engine's own state, aligned to cache_line; null if there is none. Never called on the
    /// message path: by Engine's create, destroy, restore and destructor, and by register_ring,
    /// unregister_ring and reset alone.
    virtual void* allocate(size_t bytes) noexcept = 0;
    virtual void release(void* memory, size_t bytes) noexcept = 0;

    /// Called again and again while a call waits for another: a pause, or a yield where vCPUs are threads.
    virtual void relax() noexcept = 0;

  protected:
    ~Host() = default;
};

} // namespace argo::engine
