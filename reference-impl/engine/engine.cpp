// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Entry: what is checked for every call, and which operation it is. Book: spec/call.rst.
#include "engine/engine.hpp"

#include "argo/notify.h"
#include "argo/register.h"
#include "argo/unregister.h"

namespace argo::engine {
namespace {

constexpr uint32_t longest_ring = 0x4000'0000; // so that sums of positions in a ring stay below 2^32

constexpr uint32_t at_most(uint32_t wanted, uint32_t most) noexcept { return wanted < most ? wanted : most; }

constexpr uint64_t possible_features(uint64_t wanted, const Limits& limits) noexcept
{
    const uint64_t features = wanted & Engine::offered_features;
    return limits.max_bindings == 0 ? features & ~ARGO_FEATURE_VECTOR : features;
}

Limits possible_limits(Limits limits, uint64_t features, uint32_t most_pieces) noexcept
{
    limits.max_ring_length = at_most(limits.max_ring_length, longest_ring) / ARGO_SLOT * ARGO_SLOT;
    const bool any_ring = limits.max_ring_length >= ARGO_RING_MIN_LENGTH;
    limits.max_message =
        at_most(limits.max_message, any_ring ? limits.max_ring_length - ARGO_RING_OVERHEAD : 0);
    limits.max_iov = at_most(limits.max_iov, most_pieces);
    limits.max_bindings = (features & ARGO_FEATURE_VECTOR) != 0 ? at_most(limits.max_bindings, 0x10000) : 0;
    return limits;
}

} // namespace

/// A call while it runs. It is counted before it asks for anything, in one order with Engine::settle.
class [[nodiscard]] Engine::Running
{
  public:
    Running(const Engine& engine, DomainState& caller) noexcept
        : count_(caller.calls.counts[engine.phase_.load() & 1])
    {
        count_.fetch_add(1);
    }
    ~Running() { count_.fetch_sub(1, std::memory_order_release); }
    Running(const Running&) = delete;

  private:
    std::atomic<uint32_t>& count_;
};

struct Engine::Operation
{
    uint32_t number;
    uint64_t feature;      // 0: always there
    uint32_t arguments;    // how many it uses
    bool works_when_stale; // between a change of the incarnation and reset
    Result (Engine::*run)(DomainState&, const Arguments&) noexcept;
};

const Engine::Operation Engine::operations[] = {
    {ARGO_OP_QUERY, 0, 3, true, &Engine::query},
    {ARGO_OP_REGISTER_RING, 0, 4, false, &Engine::register_ring},
    {ARGO_OP_UNREGISTER_RING, 0, 1, false, &Engine::unregister_ring},
    {ARGO_OP_SENDV, 0, 4, false, &Engine::sendv},
    {ARGO_OP_NOTIFY, 0, 1, false, &Engine::notify},
    {ARGO_OP_VECTOR, ARGO_FEATURE_VECTOR, 4, false, &Engine::vector},
    {ARGO_OP_RESET, 0, 0, true, &Engine::reset},
};

Engine::Engine(Host& host, const Limits& limits, uint64_t features, Identity identity) noexcept
    : host_(host),
      features_(possible_features(features, limits)),
      limits_(possible_limits(limits, features_, most_pieces)),
      identity_(identity)
{
}

Engine::~Engine() { domains_.clear(host_); }

int64_t Engine::call(Domain& caller, uint64_t word, const uint64_t (&arguments)[4],
                     Privilege privilege) noexcept
{
    // The register's upper half is reserved like the frame's flags, and checked where they are.
    const auto high = static_cast<uint32_t>(word >> 32);
    return finish(
        enter(static_cast<DomainState&>(caller), static_cast<uint32_t>(word), high, arguments, privilege));
}

/// The offered operation of this number, or null.
const Engine::Operation* Engine::find_operation(uint32_t number) const noexcept
{
    for (const Operation& operation : operations) {
        if (operation.number == number) {
            return (operation.feature & ~features_) == 0 ? &operation : nullptr;
        }
    }
    return nullptr;
}

/// Errors of every call in order: ARGO-CALL-101 to -107. Then the operation's own.
Result Engine::enter(DomainState& caller, uint32_t word, uint32_t flags, const Arguments& arguments,
                     Privilege privilege) noexcept
{
    const Running running(*this, caller);
    const uint32_t number = word & 0xffff;
    const uint32_t major = word >> 16 & 0xff;
    const uint32_t reserved = word >> 24;

    if (privilege == Privilege::user) return Error::eperm;
    if (flags != 0 || reserved != 0) return Error::einval;
    if (major != ARGO_ABI_MAJOR) return Error::eopnotsupp;
    if (!host_.allows({Hook::enable, caller.domid(), 0, 0, 0})) return Error::eacces;
    const Operation* const operation = find_operation(number);
    if (!operation) return Error::eopnotsupp;
    if (caller.stale.load(std::memory_order_acquire) && !operation->works_when_stale) return Error::estale;
    for (uint32_t unused = operation->arguments; unused < 4; ++unused) {
        if (arguments[unused] != 0) return Error::einval;
    }

    tallies_.calls[number].add();
    return (this->*operation->run)(caller, arguments);
}

void Engine::settle() noexcept
{
    // A call may have looked for its count long ago, so each has its turn.
    for (uint32_t turn = 0; turn < 2; ++turn) {
        const uint32_t earlier = phase_.fetch_add(1) & 1;
        for (uint16_t domid = 0; domid < ARGO_DOMID_FIRST_RESERVED; ++domid) {
            const DomainRef domain = domains_.find(host_, domid);
            while (domain && domain->calls.counts[earlier].load() != 0) host_.relax();
        }
    }
}

int64_t Engine::finish(Result result) noexcept
{
    if (result.is_error()) tallies_.refused.add();
    return result.value();
}

Counters Engine::counters() const noexcept
{
    Counters counters;
    for (uint32_t number = 0; number <= ARGO_OP_RESET; ++number) {
        counters.calls[number] = tallies_.calls[number].value();
    }
    counters.messages = tallies_.messages.value();
    counters.payload_bytes = tallies_.payload_bytes.value();
    counters.copied_bytes = tallies_.copied_bytes.value();
    counters.events = tallies_.events.value();
    counters.suppressed = tallies_.suppressed.value();
    counters.wakeups = tallies_.wakeups.value();
    counters.refused = tallies_.refused.value();
    return counters;
}

} // namespace argo::engine
