// SPDX-License-Identifier: Apache-2.0 OR MIT
// "did you mean": the word that somebody probably wanted to type.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace argo::kvm {

/// `; did you mean 'x'?` for the candidate closest to `word`, or nothing when none is close.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// `a, b and c`.
std::string enumerate(std::span<const std::string_view> words);

} // namespace argo::kvm
