// SPDX-License-Identifier: Apache-2.0 OR MIT
// results.tap: TAP version 14. Each case is a test point with its verdict in the YAML block below it, so that
// verdicts which TAP does not know (KFAIL, XPASS, CRASH ...) are not lost.
#pragma once

#include <string>

#include "runner/results.hpp"

namespace argo::runner {

std::string to_tap(const Results&);

} // namespace argo::runner
