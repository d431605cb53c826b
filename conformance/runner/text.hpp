// SPDX-License-Identifier: Apache-2.0 OR MIT
// Small things about text: lists, suggestions for misspelt words, and making a guest's bytes printable.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace argo::runner {

/// Pieces between separators; empty pieces are left out.
std::vector<std::string> split(std::string_view text, char separator);

std::string join(std::span<const std::string> words, std::string_view separator);

/// "; did you mean 'x'?" for the nearest of `known`, or nothing where none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

/// ASCII only: every other byte, and every control character, becomes \xNN. Fit for JSON, XML and terminals.
std::string printable(std::string_view bytes);

/// As one word of a POSIX shell command.
std::string shell_quoted(std::string_view word);

} // namespace argo::runner
