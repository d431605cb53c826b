// SPDX-License-Identifier: Apache-2.0 OR MIT
// The mutants that this program was built with. Written by tools/mutants.py from the TOML files beside this
// one.
#pragma once

#include <string>
#include <vector>

namespace argo::mutants {

/// One wrong idea about one obligation.
struct Mutant
{
    unsigned number; ///< of its switch, from 1 on
    std::string id;  ///< `ARGO-<AREA>-<nnn>.<name>`
    std::string obligation;
    std::string what;       ///< it does, one sentence
    std::string file;       ///< that it is in, relative to the root of the tree
    std::string equivalent; ///< why nobody can see it; empty: a case must
};

/// An obligation that none of them breaks, and why.
struct Without
{
    std::string obligation;
    std::string reason;
};

extern const std::vector<Mutant> all_mutants;
extern const std::vector<Without> without_mutant;

} // namespace argo::mutants
