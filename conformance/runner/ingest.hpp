// SPDX-License-Identifier: Apache-2.0 OR MIT
// Results from consoles that somebody else's boot produced: the vendor's entry. A log may hold several boots
// and the lines of several domains, each behind whatever mark its console puts there.
#pragma once

#include <filesystem>
#include <vector>

#include "runner/run.hpp"

namespace argo::runner {

/// Throws UsageError for a file that cannot be read or that has no line of the protocol.
RunOutcome ingest(const std::vector<std::filesystem::path>& logs, const std::vector<const Case*>& selection,
                  ConsoleLog& copy);

} // namespace argo::runner
