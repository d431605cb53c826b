// SPDX-License-Identifier: Apache-2.0 OR MIT
// Results from consoles that somebody else's boot produced: the vendor's entry. A log may hold several boots
// and the lines of several domains, each behind whatever mark its console puts there.
#pragma once

#include <filesystem>
#include <vector>

#include "runner/run.hpp"

namespace argo::runner {

/// One outcome for each environment and mechanism that a lead tells; the first has every case of the
/// selection, the others those that were run, since a run by all but the preferred mechanism is a sample.
/// Throws UsageError for a file that cannot be read or that has no line of the protocol.
std::vector<RunOutcome> ingest(const std::vector<std::filesystem::path>& logs,
                               const std::vector<const Case*>& selection, ConsoleLog& copy);

} // namespace argo::runner
