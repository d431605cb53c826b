// SPDX-License-Identifier: Apache-2.0 OR MIT
// The counters of a run as JSON: for each domain, in all, and what the engine counted.
#pragma once

#include "kvm/supervisor.hpp"

#include <nlohmann/json.hpp>

namespace argo::kvm {

/// What `--counters FILE` writes; README.md describes it.
nlohmann::ordered_json counters_report(const Supervisor& supervisor);

} // namespace argo::kvm
