// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Entry: what is checked for every call, and which operation it is. Book: spec/call.rst.
#include "engine/engine.hpp"

#include "argo/notify.h"
#include "argo/register.h"
#include "argo/unregister.h"

// Engine::send_at_once. 0 leaves every send to the general path.
#ifndef ARGO_ENGINE_AT_ONCE
#define ARGO_ENGINE_AT_ONCE 1
#endif

namespace argo::engine {
namespace {

constexpr uint32_t longest_ring = 0x4000'0000; // so that sums of positions in a ring stay below 2^32

constexpr uint32_t at_most(uint32_t wanted, uint32_t most) noexcept { return wanted < most ? wanted : most; }

constexpr uint64_t possible_features(uint64_t wanted, const Limits& limits) noexcept
{
    const uint64_t features = wanted & Engine::offered_features;
    const uint64_t lacking = (limits.max_bindings == 0 ? ARGO_FEATURE_VECTOR : 0) |
                             (limits.max_batch < ARGO_MIN_MAX_BATCH ? ARGO_FEATURE_BATCH : 0);
    return features & ~lacking;
}

Limits possible_limits(Limits limits, uint64_t features, uint32_t most_pieces, uint32_t most_entries) noexcept
{
    limits.max_rings = at_most(limits.max_rings, 0x10000);
    limits.max_ring_length = at_most(limits.max_ring_length, longest_ring) / ARGO_SLOT * ARGO_SLOT;
    const bool any_ring = limits.max_ring_length >= ARGO_RING_MIN_LENGTH;
    limits.max_message =
        at_most(limits.max_message, any_ring ? limits.max_ring_length - ARGO_RING_OVERHEAD : 0);
    limits.max_iov = at_most(limits.max_iov, most_pieces);
    limits.max_bindings = (features & ARGO_FEATURE_VECTOR) != 0 ? at_most(limits.max_bindings, 0x10000) : 0;
    limits.max_batch = (features & ARGO_FEATURE_BATCH) != 0 ? at_most(limits.max_batch, most_entries) : 0;
    return limits;
}

} // namespace

struct Engine::Operation
{
    uint32_t number;
    uint64_t feature;      // 0: always there
    uint32_t arguments;    // how many it uses
    bool works_when_stale; // between a change of the incarnation and reset
    Result (Engine::*run)(Vcpu&, const Arguments&) noexcept;
};

const Engine::Operation Engine::operations[] = {
    {ARGO_OP_QUERY, 0, 3, true, &Engine::query},
    {ARGO_OP_REGISTER_RING, 0, 4, false, &Engine::register_ring},
    {ARGO_OP_UNREGISTER_RING, 0, 1, false, &Engine::unregister_ring},
    {ARGO_OP_SENDV, 0, 4, false, &Engine::sendv},
    {ARGO_OP_NOTIFY, 0, 1, false, &Engine::notify},
    {ARGO_OP_SEND_BATCH, ARGO_FEATURE_BATCH, 2, false, &Engine::send_batch},
    {ARGO_OP_VECTOR, ARGO_FEATURE_VECTOR, 4, false, &Engine::vector},
    {ARGO_OP_RESET, 0, 0, true, &Engine::reset},
};

Engine::Engine(Host& host, const Limits& limits, uint64_t features, Identity identity) noexcept
    : host_(host),
      features_(possible_features(features, limits)),
      limits_(possible_limits(limits, features_, most_pieces, most_entries)),
      identity_(identity),
      too_long_at_once_(limits_.max_iov != 0 ? at_most(limits_.max_message, Near::reach) + 1 : 0)
{
}

Engine::~Engine() { domains_.clear(host_); }

int64_t Engine::call(Domain& caller, uint32_t vcpu, uint64_t word, const uint64_t (&arguments)[4],
                     Privilege privilege) noexcept
{
    Vcpu& calling = static_cast<DomainState&>(caller).vcpus()[vcpu];
    if (ARGO_ENGINE_AT_ONCE && word == ARGO_OPERATION_WORD(ARGO_OP_SENDV) && privilege == Privilege::kernel) {
        const int64_t sent = send_at_once(calling, arguments);
        if (sent >= 0) return sent;
    }
    return enter(calling, word, arguments, privilege);
}

[[gnu::noinline]] int64_t Engine::enter(Vcpu& vcpu, uint64_t word, const Arguments& arguments,
                                        Privilege privilege) noexcept
{
    const Inside inside(*this, vcpu);
    const Result result = dispatch(vcpu, word, arguments, privilege);
    vcpu.taken_over.filled = false;
    if (result.is_error()) vcpu.tallies.refused.add();
    return result.value();
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

/// Errors of every call in order: ARGO-CALL-101 to -107. Then the operation's own. A mechanism's flags, or
/// the upper half of its register, are the upper half of `word`.
Result Engine::dispatch(Vcpu& vcpu, uint64_t word, const Arguments& arguments, Privilege privilege) noexcept
{
    const uint64_t generation = generation_.load(std::memory_order_acquire);
    const uint64_t number = word & 0xffff;
    const uint64_t major = word >> 16 & 0xff;
    if (privilege == Privilege::user) return Error::eperm;
    if (word >> 24 != 0) return Error::einval;
    if (major != ARGO_ABI_MAJOR) return Error::eopnotsupp;
    const bool ready = vcpu.ready == generation;
    if (!ready && !host_.allows({Hook::enable, vcpu.domain.domid(), 0, 0, 0})) return Error::eacces;
    const Operation* const operation = find_operation(static_cast<uint32_t>(number));
    if (!operation) return Error::eopnotsupp;
    const bool stale = vcpu.domain.stale.load(std::memory_order_acquire);
    if (stale && !operation->works_when_stale) return Error::estale;
    if (!stale) vcpu.ready = generation;
    for (uint32_t unused = operation->arguments; unused < 4; ++unused) {
        if (arguments[unused] != 0) return Error::einval;
    }

    vcpu.tallies.calls[number].add();
    return (this->*operation->run)(vcpu, arguments);
}

void Engine::settle() noexcept
{
    next_generation();
    readers_.wait(host_, Uses::domains);
}

namespace {

void add(Counters& sum, const Vcpu& vcpu) noexcept
{
    const Tallies& more = vcpu.tallies;
    const uint64_t at_once = more.sent_at_once.value();
    const uint64_t wanted = more.wanted.value(); // counted last, so read first
    const uint64_t messages = more.messages.value() + at_once;
    for (uint32_t number = 0; number <= ARGO_OP_RESET; ++number)
        sum.calls[number] += more.calls[number].value();
    sum.calls[ARGO_OP_SENDV] += at_once;
    sum.messages += messages;
    sum.payload_bytes += more.payload_bytes.value();
    sum.copied_bytes += more.payload_bytes.value() + more.lost_bytes.value();
    sum.events += more.events.value();
    sum.suppressed += messages > wanted ? messages - wanted : 0;
    sum.wakeups += more.wakeups.value();
    sum.refused += more.refused.value();
}

} // namespace

void Engine::enlist(DomainState& domain) noexcept
{
    for (Vcpu& vcpu : domain.vcpus()) readers_.add(host_, vcpu);
}

void Engine::strike_off(DomainState& domain) noexcept
{
    for (Vcpu& vcpu : domain.vcpus()) {
        readers_.remove(host_, vcpu, [&] { add(past_, vcpu); });
    }
}

Counters Engine::counters() const noexcept
{
    Counters sum;
    readers_.list(
        host_, [&] { sum = past_; },
        [&](const Reader& reader) { add(sum, static_cast<const Vcpu&>(reader)); });
    return sum;
}

} // namespace argo::engine
