// SPDX-License-Identifier: Apache-2.0 OR MIT
// The cases of the suite that is linked into this program. Apart from catalogue.cpp, so that tests link no
// suite.
#include "harness/case.hpp"
#include "runner/catalogue.hpp"

namespace argo::runner {

Catalogue built_in_catalogue()
{
    auto catalogue = embedded_catalogue();
    for (const auto* c : suite::all_cases()) {
        catalogue.cases.push_back({c->id,
                                   suite::info(c->profile).name,
                                   {c->requirements.begin(), c->requirements.end()},
                                   std::string("conformance/suite/") + c->file,
                                   static_cast<unsigned>(c->line)});
    }
    return catalogue;
}

} // namespace argo::runner
