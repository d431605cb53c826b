// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Which profiles the patterns of a command line select. Some take long, or measure: their cases run where
// their very name is given, and no pattern is enough.
#pragma once

#include "harness/glob.hpp"

namespace argo::suite {

inline constexpr std::string_view asked_profiles[] = {"fuzz", "bench"};

constexpr bool selects_profile(std::string_view patterns, std::string_view profile)
{
    bool asked = false;
    for (const std::string_view each : asked_profiles) asked = asked || profile == each;
    if (!asked) return glob_match_any(patterns, profile);
    for (std::string_view rest = patterns;;) {
        const size_t comma = rest.find(',');
        if (rest.substr(0, comma) == profile) return true;
        if (comma == std::string_view::npos) return false;
        rest.remove_prefix(comma + 1);
    }
}

} // namespace argo::suite
