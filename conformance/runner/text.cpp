// SPDX-License-Identifier: Apache-2.0 OR MIT
// Small things about text.
#include "runner/text.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace argo::runner {

namespace {

/// Levenshtein distance.
size_t distance(std::string_view a, std::string_view b)
{
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const auto substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row[b.size()];
}

} // namespace

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> pieces;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (end != 0) pieces.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return pieces;
}

std::string join(std::span<const std::string> words, std::string_view separator)
{
    return fmt::format("{}", fmt::join(words, separator));
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known)
{
    auto best = std::numeric_limits<size_t>::max();
    const std::string* nearest = nullptr;
    for (const auto& candidate : known) {
        const auto d = distance(word, candidate);
        if (d < best) {
            best = d;
            nearest = &candidate;
        }
    }
    // Beyond a third of the word a suggestion is a guess.
    if (nearest == nullptr || best > std::max<size_t>(2, word.size() / 3)) return {};
    return fmt::format("; did you mean '{}'?", *nearest);
}

std::string printable(std::string_view bytes)
{
    std::string text;
    text.reserve(bytes.size());
    for (const char c : bytes) {
        if (c >= 0x20 && c < 0x7f) {
            text += c;
        } else {
            text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return text;
}

std::string shell_quoted(std::string_view word)
{
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_./,:=+@%").find(c) != std::string_view::npos;
    };
    if (!word.empty() && std::ranges::all_of(word, plain)) return std::string(word);
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

} // namespace argo::runner
