// SPDX-License-Identifier: Apache-2.0 OR MIT
// The suite against one mutant: first the cases that name the obligation it breaks, then, if they let it
// live, the others, which cannot kill it but tell who saw it.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "mutants/table.hpp"
#include "runner/catalogue.hpp"

namespace argo::mutants {

enum class Fate
{
    killed,
    survived,
    equivalent, ///< survived, as it should
};

struct Outcome
{
    const Mutant* mutant = nullptr;
    Fate fate = Fate::survived;
    std::string by;     ///< case that killed it
    std::string detail; ///< the case's finding; for a survivor, who else saw it, if somebody did
    std::chrono::milliseconds took{0};
};

struct Setting
{
    const runner::Catalogue& catalogue;
    std::filesystem::path program; ///< this one: its model-domains is the target
    std::filesystem::path folder;  ///< logs of survivors stay there, in a folder for each
    double timeout_factor = 1;
    bool armed = true; ///< false: no mutant is ever in force, and all survive. For tests.
};

/// Runs the whole suite with no mutant in force: what fails then, or nothing. Mutants are told by failures,
/// so without any there must be none.
std::string unfit(const Setting&);

/// Thread-safe. FAIL, CRASH and WEDGED kill; ERROR and SKIP do not.
Outcome hunt(const Mutant&, const Setting&);

} // namespace argo::mutants
