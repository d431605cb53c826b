// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which targets there are, which of them this machine can run, and what `auto` and `all` mean.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/target.hpp"

namespace argo::runner {

/// The programs and images that targets need. Each is looked for beside this program unless it is given.
struct Programs
{
    std::filesystem::path self;
    std::filesystem::path vmm;
    std::filesystem::path image;
    std::filesystem::path nested; ///< argo-nested
    std::string kernel;           ///< series that kvm-nested boots
};

/// Paths that were not given are filled in.
Programs find_programs(std::filesystem::path vmm, std::filesystem::path image, std::string kernel);

struct Choice
{
    std::vector<std::string> names;
    std::vector<std::string> remarks; ///< what was chosen or left out, and why, for people
};

/// Names for a list as on the command line: `auto`, `all`, or target,target. Throws UsageError for a target
/// that is not known.
Choice choose_targets(const std::string& list, const Programs&);

/// A target whose results go below `out`. `crowd`: with the many domains that limits on waiters need. Throws
/// Unavailable where it cannot run on this machine.
std::unique_ptr<Target> make_target(const std::string& name, const Programs&,
                                    const std::filesystem::path& out, const Wish& wish, bool crowd);

/// Folder of a target's results below --out.
std::string target_folder(const std::string& name);

} // namespace argo::runner
