// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a run noticed beside the verdicts.
#include "runner/notes.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace argo::runner {

void Notes::add(std::string text)
{
    constexpr size_t longest = 300;
    if (text.size() > longest) text = text.substr(0, longest) + " ...";
    const auto same = std::ranges::find(notes_, text, &Note::text);
    if (same != notes_.end()) {
        ++same->times;
    } else if (notes_.size() < limit) {
        notes_.push_back({std::move(text), 1});
    } else {
        ++dropped_;
    }
}

std::vector<std::string> Notes::lines() const
{
    std::vector<std::string> lines;
    for (const auto& note : notes_) {
        lines.push_back(note.times == 1 ? note.text : fmt::format("{} ({} times)", note.text, note.times));
    }
    if (dropped_ != 0) lines.push_back(fmt::format("and {} more", dropped_));
    return lines;
}

} // namespace argo::runner
