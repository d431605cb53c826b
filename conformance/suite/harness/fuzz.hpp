// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Random calls of one domain, from one vCPU or several: valid ones, ones that nearly are, noise; and memory
// that changes meanwhile. What there is to call comes from the registry (grammar.hpp). The hypervisor may
// write where it was lent memory, nowhere else, and answers with what the operation can answer. A seed
// decides each stream of calls; how the streams meet, nobody does.
#pragma once

#include <argo/probe.hpp>

#include <iterator>

#include "harness/grammar.hpp"
#include "harness/local.hpp"

namespace argo::suite {

namespace grammar = argo::fuzz;

/// What a domain is told to do.
struct FuzzPlan
{
    uint64_t seed;
    uint32_t steps;     ///< of each stream
    uint16_t others[2]; ///< domains to talk to beside itself
};

/// What came of it: counters of all streams, and the first finding.
struct FuzzReport
{
    static constexpr size_t operations = std::size(grammar::operations);
    enum class What : uint32_t
    {
        nothing,
        result,  ///< one that the operation does not have
        frame,   ///< more of it has changed than the result
        silence, ///< there is no result
        memory,  ///< that was not lent has changed, at arguments[0]
        hang,    ///< a vCPU has not come back
    };
    uint64_t calls;                                  ///< of whatever kind
    uint32_t made[operations], accepted[operations]; ///< of each operation of major 1
    What what;
    uint32_t stream, step;
    uint32_t mechanism, word;
    int64_t result;
    uint64_t arguments[4];
};

/// The addresses of a domain's memory, by what becomes of them. Between these parts are pages that nobody
/// touches.
struct FuzzMemory
{
    static constexpr uint32_t work_pages = 12, list_pages = 2, desk_pages = 2, most_streams = 3;

    uint64_t end;   ///< from here on there is none
    uint64_t work;  ///< lent: pages of rings, payloads, structures that are answered
    uint64_t lists; ///< frame numbers, of `work` or of nothing; never lent
    uint64_t desks; ///< of each stream: its frames, and structures that the hypervisor only reads
    uint16_t self, others[2];
    argo_info info;
    uint64_t vcpu;
};

/// The calls of one vCPU.
class FuzzStream
{
  public:
    void begin(const FuzzMemory&, const Discovery&, uint64_t seed, uint32_t number, uint32_t steps);
    /// False: that was all of them.
    bool step();
    bool over() const { return __atomic_load_n(&left_, __ATOMIC_ACQUIRE) == 0; }
    const FuzzReport& report() const { return report_; }

  private:
    uint64_t random();
    uint32_t below(uint32_t bound);
    bool once_in(uint32_t n) { return below(n) == 0; }

    uint64_t number();
    uint64_t nowhere();
    uint64_t lent(uint64_t size);
    uint64_t readable(uint32_t slot);
    uint64_t frame_number();
    uint64_t value(grammar::Role);
    bool on_desk(uint64_t where, uint64_t size) const;
    void fill(uint64_t where, const grammar::Structure&);
    uint64_t room_for_answers(const grammar::Structure&, uint64_t count) const;
    argo_send_addr letter();
    argo_iov piece();
    uint64_t structure(const grammar::Argument&, uint32_t slot, uint32_t count);
    void compose(const grammar::Operation&, uint64_t (&arguments)[4]);
    void mend(uint32_t operation, uint64_t (&arguments)[4]);
    void tame(uint32_t word, uint64_t (&arguments)[4]);
    uint32_t draw(uint64_t (&arguments)[4]);

    void call();
    void ring_anywhere();
    void change_ring();
    void change_argument();
    void judge(uint32_t mechanism, uint32_t word, const uint64_t (&arguments)[4], int64_t result);
    void find(FuzzReport::What, uint32_t mechanism, uint32_t word, const uint64_t (&arguments)[4],
              int64_t result);

    uint64_t behind_work() const { return memory_->work + FuzzMemory::work_pages * ARGO_PAGE_SIZE; }
    uint64_t desk() const { return desk_of(number_); }
    uint64_t desk_of(uint32_t number) const
    {
        return memory_->desks + uint64_t{number} * FuzzMemory::desk_pages * ARGO_PAGE_SIZE;
    }

    const FuzzMemory* memory_ = nullptr;
    Mechanism mechanisms_[Discovery::max_candidates];
    uint32_t mechanism_count_ = 0;
    uint64_t state_ = 1;
    uint32_t number_ = 0, steps_ = 0, left_ = 0;
    FuzzReport report_{};
};

/// Add the counters.
void add(FuzzReport& sum, const FuzzReport&);

/// All streams of one domain.
class Fuzz
{
  public:
    /// Takes memory from `self`, which is clean.
    Fuzz(LocalActor& self, const Discovery&, const FuzzPlan&);

    FuzzStream& stream(uint32_t number) { return streams_[number]; }
    /// So many vCPUs play a stream each.
    void joined_by(uint32_t streams) { playing_ = streams; }
    /// The first vCPU's stream, all of it.
    void play();
    /// The others have come to their end as well.
    bool over() const;
    /// Nobody calls any more, or nobody waits any longer: what was found.
    FuzzReport finish();

  private:
    LocalActor& self_;
    const FuzzPlan plan_;
    FuzzMemory memory_{};
    uint64_t base_ = 0;
    uint32_t playing_ = 1;
    FuzzStream streams_[FuzzMemory::most_streams];
};

/// How many of each a domain can have.
struct FuzzRoom
{
    uint32_t rings, pages, waits;
    friend bool operator==(const FuzzRoom&, const FuzzRoom&) = default;
};

/// What a domain that is told to fuzz, or to measure, has to say about it.
struct FuzzAnswer
{
    FuzzReport report{};
    FuzzRoom room{};
};

/// Tried out. The domain is clean afterwards.
FuzzRoom measure_room(LocalActor& self);

} // namespace argo::suite
