// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The two ways out: done, or nothing makes sense any more.
#pragma once

#include <string_view>

namespace argo::guest {

/// Tell the VMM that this domain is done, and halt.
[[noreturn]] void shut_down();

/// Print a line on every console, then shut down.
[[noreturn]] void panic(std::string_view line);

} // namespace argo::guest
