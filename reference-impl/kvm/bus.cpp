// SPDX-License-Identifier: Apache-2.0 OR MIT
// How a guest can end, in words.
#include "kvm/bus.hpp"

namespace argo::kvm {

std::string End::text() const
{
    switch (kind) {
    case Kind::shutdown: return "shutdown";
    case Kind::killed: return "killed";
    case Kind::crash: return "crash: " + why;
    case Kind::watchdog: return "watchdog: " + why;
    }
    return why;
}

} // namespace argo::kvm
