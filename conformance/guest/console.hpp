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

/// The PC's second serial port, by itself: what domain 0 of Xen has to itself.
bool set_up_second_port();
void print_on_second_port(std::string_view bytes);
/// The next byte that came in; negative: none.
int read_second_port();

} // namespace argo::guest
