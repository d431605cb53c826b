// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Errors and their order, checked from a table. A scenario is a call that succeeds; a fault spoils it in one
// way. Each fault alone must give its error, and of each two the first must win (ARGO-CALL-004).
#pragma once

#include "world.hpp"

#include <span>

namespace argo::engine::test {

template <class Scenario>
struct Fault
{
    const char* requirement;
    int64_t number;
    void (*apply)(Scenario&);
};

/// A scenario has run(), which makes the call, and unchanged(), which is asked after an error.
template <class Scenario, size_t count>
void check_faults(const Fault<Scenario> (&faults)[count])
{
    {
        SCOPED_TRACE("no fault");
        Scenario scenario;
        EXPECT_GE(scenario.run(), 0);
    }
    for (size_t first = 0; first < count; ++first) {
        for (size_t second = first; second < count; ++second) {
            SCOPED_TRACE(std::string(faults[first].requirement) + " with " + faults[second].requirement);
            Scenario scenario;
            if (second != first) faults[second].apply(scenario);
            faults[first].apply(scenario);
            EXPECT_EQ(scenario.run(), error(faults[first].number));
            EXPECT_TRUE(scenario.unchanged());
        }
    }
}

} // namespace argo::engine::test
