// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// From boot to the last line: what a platform calls when the suite can run.
#pragma once

namespace argo::suite {

/// Find Argo, say so, then run the cases as lead, or serve as agent. Returns when the domain may end.
/// Everything it needs comes from platform.hpp; everything it finds goes there.
void run();

} // namespace argo::suite
