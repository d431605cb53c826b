// SPDX-License-Identifier: Apache-2.0 OR MIT
// What this host's KVM can do, told by asking it and by running a guest of a few instructions on it.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace argo::kvm {

struct Probe
{
    bool usable = false; ///< the guest made its call and shut itself down
    std::string reason;  ///< one sentence: why not; or what runs the guests
    nlohmann::ordered_json details;
};

/// Never throws for what the host lacks; that is the answer.
Probe probe(const std::string& device);

/// For people. The JSON form is `details`.
std::string describe(const Probe& probe);

} // namespace argo::kvm
