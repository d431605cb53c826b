// SPDX-License-Identifier: Apache-2.0 OR MIT
// report.html: all targets in one page that stands by itself. Obligations by targets, down to the sentence,
// the case's source and the log.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "runner/catalogue.hpp"
#include "runner/changes.hpp"
#include "runner/results.hpp"

namespace argo::runner {

/// What an earlier run of the same target said otherwise.
struct Since
{
    std::string commit; ///< of the suite, then
    std::vector<Change> changes;
};

struct ReportInput
{
    Results results;
    std::filesystem::path console; ///< the raw log; may be missing
    std::optional<Since> since;    ///< empty: not compared
};

/// What stands beside results in a report; null: nothing.
struct ReportAnnexes
{
    nlohmann::json mutants; ///< from read_mutants()
    nlohmann::json bench;   ///< from read_bench()
};

/// The page. A column for each input, in their order.
std::string to_html(const std::vector<ReportInput>&, const Catalogue&, const ReportAnnexes&);

/// mutants.json, bench.json. Throw UsageError for what is not of its form.
nlohmann::json read_mutants(const std::filesystem::path&);
nlohmann::json read_bench(const std::filesystem::path&);

/// The part of a raw log that belongs to each case that it tells of: from its begin to its verdict, or to
/// where the boot breaks off; at most some lines of each. As pairs of case and text.
std::vector<std::pair<std::string, std::string>> excerpts(const std::filesystem::path& console);

} // namespace argo::runner
