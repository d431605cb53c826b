// SPDX-License-Identifier: Apache-2.0 OR MIT
// "did you mean".
#include "kvm/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace argo::kvm {

namespace {

/// Levenshtein's distance: letters to insert, to delete or to exchange.
size_t distance(std::string_view from, std::string_view to)
{
    std::vector<size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < from.size(); ++i) {
        size_t diagonal = std::exchange(row[0], i + 1);
        for (size_t j = 0; j < to.size(); ++j) {
            const size_t exchanged = diagonal + (from[i] != to[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({exchanged, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

} // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates)
{
    constexpr size_t close = 2;    // a pair of letters in the wrong order counts two
    constexpr size_t longest = 64; // nobody typed that
    if (word.size() > longest || candidates.empty()) return {};
    const auto best = *std::ranges::min_element(
        candidates, {}, [word](std::string_view candidate) { return distance(word, candidate); });
    const size_t edits = distance(word, best);
    return edits <= close && edits < best.size() ? fmt::format("; did you mean '{}'?", best) : std::string();
}

std::string one_line(std::string sentence)
{
    for (char& c : sentence) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return sentence;
}

std::string enumerate(std::span<const std::string_view> words)
{
    if (words.size() < 2) return std::string(words.empty() ? "" : words.front());
    return fmt::format("{} and {}", fmt::join(words.first(words.size() - 1), ", "), words.back());
}

} // namespace argo::kvm
