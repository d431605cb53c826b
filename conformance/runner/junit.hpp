// SPDX-License-Identifier: Apache-2.0 OR MIT
// results.xml: JUnit, one suite for each profile.
#pragma once

#include <string>

#include "runner/results.hpp"

namespace argo::runner {

std::string to_junit(const Results&);

} // namespace argo::runner
