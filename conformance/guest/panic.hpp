// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The way out when nothing makes sense any more.
#pragma once

#include <string_view>

namespace argo::guest {

/// Print a line on every console, then shut down.
[[noreturn]] void panic(std::string_view line);

} // namespace argo::guest
