// SPDX-License-Identifier: Apache-2.0 OR MIT
// What became of the mutants: for the terminal, and as mutants.json (conformance/schema/mutants.schema.json).
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "mutants/hunt.hpp"

namespace argo::mutants {

class Score
{
  public:
    explicit Score(std::vector<Outcome> outcomes) : outcomes_(std::move(outcomes)) {}

    size_t count(Fate) const;

    /// No survivor, and no mutant that is called equivalent and was killed.
    bool good() const;

    /// A line for each obligation, then what must not stay as it is.
    std::string table() const;

    /// "312 killed, 0 survived, 3 equivalent; score 100 %"
    std::string last_line() const;

    nlohmann::ordered_json to_json(const std::string& command) const;

  private:
    std::vector<Outcome> outcomes_; ///< in the order of the mutants
};

} // namespace argo::mutants
