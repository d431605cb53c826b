// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The hands of a domain that is not the lead: they write, call, read and wait as they are told, and know no
// case.
#pragma once

#include "harness/local.hpp"

namespace argo::suite {

/// Serve the lead until it says goodbye, or is gone for too long. A lead that starts anew is served as well.
void serve(LocalActor& self, Domid lead);

} // namespace argo::suite
