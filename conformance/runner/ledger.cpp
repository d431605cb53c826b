// SPDX-License-Identifier: Apache-2.0 OR MIT
// The verdicts of one target while they come in.
#include "runner/ledger.hpp"

namespace argo::runner {

Ledger::Ledger(const std::vector<const Case*>& selection) : open_(selection.size())
{
    for (const auto* c : selection) {
        index_.emplace(c->id, entries_.size());
        entries_.push_back({c, Verdict::not_tested, {}, {}});
    }
}

const Entry* Ledger::find(std::string_view id) const
{
    const auto found = index_.find(id);
    return found == index_.end() ? nullptr : &entries_[found->second];
}

bool Ledger::decided(std::string_view id) const
{
    const auto* entry = find(id);
    return entry != nullptr && entry->verdict != Verdict::not_tested;
}

std::string Ledger::next_open(std::string_view behind) const
{
    const auto known = index_.find(behind);
    for (auto i = known == index_.end() ? 0 : known->second + 1; i < entries_.size(); ++i)
        if (entries_[i].verdict == Verdict::not_tested) return entries_[i].what->id;
    return {};
}

bool Ledger::raise(std::string_view id, Verdict verdict, std::string detail)
{
    const auto found = index_.find(id);
    if (found == index_.end()) return false;
    auto& entry = entries_[found->second];
    if (verdict <= entry.verdict) return true;
    if (entry.verdict == Verdict::not_tested) --open_;
    entry.verdict = verdict;
    entry.detail = std::move(detail);
    return true;
}

void Ledger::took(std::string_view id, std::chrono::microseconds duration)
{
    const auto found = index_.find(id);
    if (found != index_.end() && !entries_[found->second].duration)
        entries_[found->second].duration = duration;
}

void Ledger::raise(const Ledger& other)
{
    for (const auto& entry : other.entries_) {
        raise(entry.what->id, entry.verdict, entry.detail);
        if (entry.duration) took(entry.what->id, *entry.duration);
    }
}

void Ledger::forget_open()
{
    std::erase_if(entries_, [](const Entry& entry) { return entry.verdict == Verdict::not_tested; });
    index_.clear();
    for (const auto& entry : entries_) index_.emplace(entry.what->id, index_.size());
    open_ = 0;
}

void Ledger::close(const std::string& why)
{
    for (const auto& entry : entries_) {
        if (entry.verdict == Verdict::not_tested) raise(entry.what->id, Verdict::error, why);
    }
}

} // namespace argo::runner
