// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Shell-like patterns for profiles and cases: '*' is any text, '?' any one character, the rest is itself.
#pragma once

#include <string_view>

namespace argo::suite {

constexpr bool glob_match(std::string_view pattern, std::string_view text)
{
    // On a mismatch, let the last '*' swallow one character more: no recursion, and no more than |pattern| *
    // |text| steps.
    size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            p++;
            t++;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else
            return false;
    }
    while (p < pattern.size() && pattern[p] == '*') p++;
    return p == pattern.size();
}

/// Whether one of the patterns, separated by commas, matches. No patterns at all match everything.
constexpr bool glob_match_any(std::string_view patterns, std::string_view text)
{
    if (patterns.empty()) return true;
    while (true) {
        const size_t comma = patterns.find(',');
        if (glob_match(patterns.substr(0, comma), text)) return true;
        if (comma == std::string_view::npos) return false;
        patterns.remove_prefix(comma + 1);
    }
}

} // namespace argo::suite
