// SPDX-License-Identifier: Apache-2.0 OR MIT
// The verdicts of one target while they come in. Every selected case is in it from the start; a verdict only
// rises.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/catalogue.hpp"
#include "runner/verdict.hpp"

namespace argo::runner {

struct Entry
{
    const Case* what = nullptr;
    Verdict verdict = Verdict::not_tested; ///< not_tested: nothing was said of it yet
    std::string detail;                    ///< of the verdict that stands
    std::optional<std::chrono::microseconds> duration;
};

class Ledger
{
  public:
    explicit Ledger(const std::vector<const Case*>& selection);

    bool has(std::string_view id) const { return find(id) != nullptr; }
    bool decided(std::string_view id) const;
    size_t open() const noexcept { return open_; } ///< cases without a verdict
    /// The first case without a verdict behind this one; empty: behind the start, or there is none.
    std::string next_open(std::string_view behind) const;

    /// False where the case is not in the selection.
    bool raise(std::string_view id, Verdict, std::string detail);
    void took(std::string_view id, std::chrono::microseconds);

    /// What another ledger found of the same selection.
    void raise(const Ledger& other);

    /// Cases of which nothing was said are no longer in it.
    void forget_open();

    /// ERROR for every case of which nothing was said.
    void close(const std::string& why);

    const std::vector<Entry>& entries() const noexcept { return entries_; }

  private:
    const Entry* find(std::string_view id) const;

    std::vector<Entry> entries_;
    std::map<std::string, size_t, std::less<>> index_;
    size_t open_;
};

} // namespace argo::runner
