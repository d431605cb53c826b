// SPDX-License-Identifier: Apache-2.0 OR MIT
// What differs between two results of one target: the question of whoever changes a hypervisor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner/results.hpp"

namespace argo::runner {

/// A case whose verdict is another one. Empty: not in that run.
struct Change
{
    std::string id, way;
    std::optional<Verdict> was, is;
};

/// In the order of the later results; what is gone comes last. Cases are the same when ID, way and
/// architecture are.
std::vector<Change> changes(const Results& earlier, const Results& later);

/// Those that a person should see before anything else: they passed and do so no more.
bool is_regression(const Change&) noexcept;

/// The earlier results to hold these against: the last ones of the same target, or null.
const Results* earlier_of(const Results&, const std::vector<Results>& earlier);

/// One line a change below one that counts them.
std::string describe(const Results& earlier, const std::vector<Change>&);

} // namespace argo::runner
