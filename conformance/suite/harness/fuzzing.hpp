// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Rounds of random calls (fuzz.hpp) by every domain of the run at once. Each round has a seed of its own, the
// one behind the last round's, and is told with it: so `seed=` and one round play it again.
#pragma once

#include "harness/actor.hpp"
#include "harness/fuzz.hpp"

namespace argo::suite {

class Fuzzing
{
  public:
    /// As long as the run asks for, divided by `cases`; or some rounds.
    explicit Fuzzing(uint32_t cases);

    /// Another round.
    bool more();
    /// Everybody makes calls, from now on.
    void begin();
    /// The lead does, and what it finds, and what the others find, is told. Everybody is clean then.
    void play();
    /// A domain that was begun with is gone.
    void lost(const Actor&);
    /// There is as much room for rings, pages and waits in each domain as there was before the first round.
    void expect_room();
    /// What was done, for people and for reports.
    void tell() const;

  private:
    static constexpr uint32_t domains = 3;

    void count(const char* role, const FuzzReport&);
    FuzzRoom room_of(uint32_t which);

    uint64_t seed_, began_, span_;
    uint32_t round_ = 0, steps_;
    FuzzReport all_{}; ///< its counters
    FuzzRoom room_[domains]{};
    bool playing_[domains]{};
};

} // namespace argo::suite
