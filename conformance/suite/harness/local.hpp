// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The domain that this code runs in, as an Actor: calls are made, memory is touched, interrupts are counted
// right here. A lead is one; inside an agent there is one, too.
#pragma once

#include <argo/probe.hpp>

#include "harness/actor.hpp"
#include "harness/platform.hpp"
#include "harness/upstream.hpp"

namespace argo::suite {

/// Interrupt of the harness's own binding, the last one.
inline constexpr uint8_t harness_vector = 0x51;

/// Milliseconds in which an event that is owed has to come, and in which one that is not would have come.
inline constexpr uint64_t event_time = 2'000;
inline constexpr uint64_t quiet_time = 20;

class LocalActor final : public Actor
{
  public:
    explicit LocalActor(const char* role) : Actor(role, Domid{}) {}

    /// Use the hypervisor that was found, and begin clean. `keep` bytes of the memory are set aside: kept()
    /// points to them.
    void start(const Hypervisor<platform::Machine>&, size_t keep);
    const Hypervisor<platform::Machine>& hypervisor() const { return hypervisor_; }
    uint8_t* kept() const { return platform::scratch().data(); }

    /// As it was at the start: memory freed and zeroed, reset, bindings made. What reset returned.
    int64_t clean(size_t dirty);
    int64_t clean() { return clean(dirty_); }
    /// The hypervisor keeps something of this domain's that clean() does not remove.
    bool spoiled() const { return upstream_.spoiled(); }
    /// Counts resets, by whoever: a ring from before is no more.
    uint32_t resets() const { return resets_; }
    /// A message came to the harness's own ring. Where all rings share one event, one of those that were
    /// heard is not the case's.
    void heard_mail() const;
    /// Such a message is about to be sent. Where all rings share one event, whoever is to hear of a call
    /// before it gets the time to hear of it alone.
    void part_from_mail() const;
    /// Whether an interrupt of the harness's own binding was taken since this was asked last.
    bool mail_was_announced() const;
    /// It was, and there was nothing new.
    void count_spurious() const { spurious_++; }
    uint32_t spurious() const { return spurious_; }
    /// How many interrupts of bindings were taken since the start.
    uint64_t delivered() const;
    /// The binding for the harness's rings, as flags of a registration.
    uint64_t binding_flags() const;
    /// Scratch memory, for whoever commands this actor from afar.
    Gpa scratch_base() const { return Gpa{base_}; }
    size_t scratch_size() const { return size_; }
    /// Whether these bytes lie in it.
    bool owns(Gpa from, uint64_t size) const
    {
        return from.value >= base_ && size <= size_ && from.value - base_ <= size_ - size;
    }

    int64_t perform(const Turn&) override;
    void begin(const Turn& turn) override { begun_ = perform(turn); }
    int64_t finish() override { return begun_; }
    bool idle() const override { return true; }
    void fill_pattern(Gpa to, size_t size, uint64_t seed, uint64_t first = 0) override;
    size_t find_mismatch(Gpa from, size_t size, uint64_t seed, uint64_t first = 0) override;
    void fill_series(Gpa to, size_t count, uint64_t first, size_t period) override;
    uint32_t events(uint8_t vector) override
    {
        return platform::events(vector) - (vector == upstream_vector ? mails_ : 0);
    }
    bool wait_event(uint8_t vector, uint32_t beyond) override;
    bool stays_quiet(uint8_t vector, uint32_t since) override;
    /// Whether events(vector) becomes another number than `so_far` within so many ns.
    bool changes_within(uint64_t ns, uint8_t vector, uint32_t so_far);
    void zero(Gpa, size_t) override;

  private:
    void* at(Gpa, size_t size);
    int64_t invoke(uint32_t word, const uint64_t (&arguments)[4], bool upstream = false);
    /// A call of the harness's own, of major 1 in any case.
    int64_t make(uint32_t operation, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0)
    {
        return invoke(ARGO_OPERATION_WORD(operation), {a0, a1, a2, a3});
    }

    Hypervisor<platform::Machine> hypervisor_{};
    Upstream upstream_{};
    uint32_t resets_ = 0;
    int64_t begun_ = 0;
    mutable uint32_t mails_ = 0, heard_ = 0; ///< of upstream_vector's events: mails, and all up to the last
    mutable uint32_t announced_ = 0, spurious_ = 0;
    mutable bool called_ = false; ///< in a case of profile upstream, since the last mail
};

} // namespace argo::suite
