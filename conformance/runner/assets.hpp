// SPDX-License-Identifier: Apache-2.0 OR MIT
// Files that were embedded when this program was built, see assets.S.
#pragma once

#include <string_view>

namespace argo::runner::assets {

std::string_view requirements();   ///< the book's obligations, JSON
std::string_view facts();          ///< the registry's facts and the text of the cases, JSON; from embed.py
std::string_view policy();         ///< conformance/suite/policy.toml
std::string_view results_schema(); ///< conformance/schema/results.schema.json
std::string_view mutants_schema(); ///< conformance/schema/mutants.schema.json
std::string_view bench_schema();   ///< conformance/schema/bench.schema.json
std::string_view report_html();
std::string_view report_css();
std::string_view report_js();

} // namespace argo::runner::assets
