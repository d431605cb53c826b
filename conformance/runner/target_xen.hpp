// SPDX-License-Identifier: Apache-2.0 OR MIT
// Targets that are Xen in an emulated machine: reference-impl/xen builds it, and runs the domains of a
// topology there.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/target_domains.hpp"

namespace argo::runner {

/// What stands beside this program: the links to reference-impl/xen.
struct XenPrograms
{
    std::filesystem::path build;  ///< build.sh
    std::filesystem::path stage;  ///< stage.py
    std::filesystem::path policy; ///< policy.sh

    std::filesystem::path policy_folder() const; ///< the suite's modules
};
XenPrograms find_xen(const std::filesystem::path& folder);

/// Names on the command line.
const std::vector<std::string>& xen_targets();

/// Why this one cannot run here now; empty: it can.
std::string xen_trouble(const std::string& target, const XenPrograms&);

/// Builds Xen if that was not done yet. Throws Unavailable with the reason.
std::unique_ptr<Target> make_xen(DomainsTarget::Setting, const XenPrograms&,
                                 const std::filesystem::path& image);

} // namespace argo::runner
