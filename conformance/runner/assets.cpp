// SPDX-License-Identifier: Apache-2.0 OR MIT
// Names for the embedded files.
#include "runner/assets.hpp"

#define ARGO_ASSET(name)                                                                                     \
    extern "C" const char argo_asset_##name[];                                                               \
    extern "C" const char argo_asset_##name##_end[];                                                         \
    std::string_view name()                                                                                  \
    {                                                                                                        \
        return {argo_asset_##name, static_cast<size_t>(argo_asset_##name##_end - argo_asset_##name)};        \
    }

namespace argo::runner::assets {

ARGO_ASSET(requirements)
ARGO_ASSET(facts)
ARGO_ASSET(policy)
ARGO_ASSET(results_schema)
ARGO_ASSET(mutants_schema)
ARGO_ASSET(bench_schema)
ARGO_ASSET(report_html)
ARGO_ASSET(report_css)
ARGO_ASSET(report_js)

} // namespace argo::runner::assets
