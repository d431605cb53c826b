// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What argo-bench measures: names are paths of what/who/how, which the table of goals picks from by name.
#pragma once

#include <cstdint>

namespace argo::bench {

/// Payloads that are swept.
constexpr uint32_t sizes[] = {0, 1, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576};

void add_send_cases();
void add_receive_cases();
void add_travel_cases();

} // namespace argo::bench
