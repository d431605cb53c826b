// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A model that runs, seen from outside: its lines as they come, and a way to tell it something in between.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runner/model/model.hpp"

namespace argo::runner {

/// A lead and, if wanted, a peer, a third and a crowd of that many, with `words` on the lead's command line.
ModelOptions domains_for(const std::string& words, bool others = true, int crowd = 0);

struct ModelRun
{
    std::vector<std::string> lines;              ///< with their marks
    std::map<std::string, std::string> verdicts; ///< by case, of the lead
    std::map<std::string, std::string> details;  ///< behind the requirements
    int exit = -1;

    bool has(const std::string& line) const;
    /// Lines with this in them.
    size_t count(const std::string& part) const;
};

/// Runs to the end. `hear` gets each line, and what it returns is told to the model, unless it is empty.
ModelRun run_to_end(ModelOptions, const std::function<std::string(const std::string&)>& hear = {});

/// What a runner does: each `ask` becomes a word to the model.
std::string obliging_host(const std::string& line);

} // namespace argo::runner
