// SPDX-License-Identifier: Apache-2.0 OR MIT
// The commands of argo-conformance. Each throws UsageError or Unavailable for what it refuses.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runner/selection.hpp"
#include "runner/verdict.hpp"

namespace argo::runner {

/// The command line, as given.
struct RunOptions
{
    std::string targets = "auto";
    std::string arch = "x86_64";
    std::string environments; ///< of the targets; empty: those that each runs by itself
    Wish wish;
    std::filesystem::path out = "conformance-results";
    std::vector<std::filesystem::path> known_failures;
    std::vector<std::filesystem::path> against; ///< results of earlier runs
    std::filesystem::path mutants;              ///< for the report; empty: none
    std::filesystem::path bench;                ///< for the report; empty: none
    std::filesystem::path image;
    std::filesystem::path vmm;
    std::string kernel = "6.12";     ///< of kvm-nested
    std::filesystem::path catalogue; ///< empty: the built-in one
    std::vector<std::string> arguments;
};

Exit run_command(RunOptions);
Exit list_command(const RunOptions&, bool json);
Exit ingest_command(const RunOptions&, const std::vector<std::filesystem::path>& logs);
Exit report_command(const RunOptions&, const std::vector<std::filesystem::path>& results);
Exit model_domains_command(const std::filesystem::path& topology);

} // namespace argo::runner
