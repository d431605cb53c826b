// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_SEND_BATCH: sendv for each entry, and one event for a burst. Book: spec/send_batch.rst.
#include "engine/engine.hpp"

namespace argo::engine {

/// What a batch has come to: the events that it is due, each binding once, and its bytes of payload.
class Engine::Burst
{
  public:
    void add(DomainState& owner, uint16_t binding) noexcept
    {
        for (const Event& event : due()) {
            if (event.owner == &owner && event.binding == binding) return;
        }
        events_[count_++] = {&owner, binding};
    }

    struct Event
    {
        DomainState* owner;
        uint16_t binding;
    };

    std::span<const Event> due() const noexcept { return {events_, count_}; }

    uint64_t bytes = 0; ///< that were looked at, for nothing or not

  private:
    Event events_[most_entries];
    uint32_t count_ = 0;
};

/// Errors in order: ARGO-BATCH-101, -102. Thread-safe. Ends early once it has looked at more bytes of payload
/// than one message may have, or when what was true as it began may be so no more: its rings, its policy.
Result Engine::send_batch(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    const auto [entries, count, unused, unused_too] = arguments;
    const GuestMemory memory = memory_of(vcpu.domain);

    if (count > limits_.max_batch) return Error::einval;
    if (!memory.accessible({entries}, count * sizeof(argo_batch_entry), Access::write)) return Error::efault;

    Burst burst;
    uint32_t answered = 0;
    while (answered < count && burst.bytes <= limits_.max_message) {
        if (answered != 0 && generation_.load(std::memory_order_acquire) != vcpu.ready) break;
        const Gpa entry = Gpa{entries} + answered * sizeof(argo_batch_entry);
        const Result result = send_entry(vcpu, entry, burst);
        // Was writable a moment ago. What was sent stays sent, with a result or without.
        (void)memory.store(entry + offsetof(argo_batch_entry, result), result.value());
        ++answered;
    }
    if (!burst.due().empty()) {
        readers_.leave_for_domains(vcpu); // the host may take its time with the events
        for (const auto& [owner, binding] : burst.due()) signal(vcpu, *owner, binding);
        readers_.leave_domains(vcpu);
    }
    return Result::success(answered);
}

/// Reads an entry once, and sends its message.
Result Engine::send_entry(Vcpu& vcpu, Gpa entry, Burst& burst) noexcept
{
    argo_batch_entry copy;
    if (!memory_of(vcpu.domain).fetch(entry, copy)) return Error::efault;
    if (copy.reserved != 0 || copy.count > limits_.max_iov) return Error::einval; // ARGO-BATCH-004

    Sent sent;
    const Result result = send(vcpu, copy, sent);
    burst.bytes += sent.bytes;
    if (sent.owner) burst.add(*sent.owner, sent.binding);
    return result;
}

} // namespace argo::engine
