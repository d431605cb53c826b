// SPDX-License-Identifier: Apache-2.0 OR MIT
// Sentences about what somebody wrote: the word that was probably meant, lists, and no second line.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace argo::kvm {

/// `; did you mean 'x'?` for the candidate closest to `word`, or nothing when none is close.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// A sentence about what somebody wrote: control characters, which would break its line, become blanks.
std::string one_line(std::string sentence);

/// `a, b and c`.
std::string enumerate(std::span<const std::string_view> words);

} // namespace argo::kvm
