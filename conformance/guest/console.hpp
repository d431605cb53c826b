// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Consoles: whichever of the debug port and the UART answer. Every line goes to all of them.
#pragma once

#include <string_view>

namespace argo::guest {

/// Find out which are there.
void set_up_consoles();

/// Print a line, without its '\n'.
void print_line(std::string_view line);

} // namespace argo::guest
