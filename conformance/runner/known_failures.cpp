// SPDX-License-Identifier: Apache-2.0 OR MIT
// Lists of known failures.
#include "runner/known_failures.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

std::optional<std::vector<unsigned long>> version_parts(std::string_view version)
{
    std::vector<unsigned long> parts;
    for (const auto& piece : split(version, '.')) {
        unsigned long part = 0;
        const auto [end, error] = std::from_chars(piece.data(), piece.data() + piece.size(), part);
        if (error != std::errc() || end != piece.data() + piece.size()) return std::nullopt;
        parts.push_back(part);
    }
    while (!parts.empty() && parts.back() == 0) parts.pop_back(); // 4.18.0 is 4.18
    return parts;
}

bool holds(std::string_view version, std::string_view condition)
{
    const auto digits = condition.find_first_of("0123456789");
    const auto relation = condition.substr(0, digits);
    const auto bound =
        digits == std::string_view::npos ? std::nullopt : version_parts(condition.substr(digits));
    if (!bound || version.empty()) {
        if (bound) return false;
        throw UsageError(fmt::format(
            "'{}' is no condition on a version; write e.g. \">=4.18 <4.22\" or \"*\"", condition));
    }
    const auto parts = version_parts(version);
    if (!parts) return false;
    const auto order =
        std::lexicographical_compare_three_way(parts->begin(), parts->end(), bound->begin(), bound->end());
    if (relation == "<") return order < 0;
    if (relation == "<=") return order <= 0;
    if (relation == ">") return order > 0;
    if (relation == ">=") return order >= 0;
    if (relation == "=" || relation.empty()) return order == 0;
    throw UsageError(fmt::format("'{}' is no relation; known: < <= > >= =", relation));
}

/// "FILE:LINE: ..." for all that is wrong with a list.
UsageError wrong(const std::filesystem::path& file, const toml::source_region& where, std::string_view what)
{
    return UsageError(fmt::format("{}:{}: {}", file.string(), where.begin.line, what));
}

const std::vector<std::string> keys{"implementation", "versions",   "environment", "verdict",
                                    "case",           "obligation", "reference",   "reason"};

std::string text_of(const std::filesystem::path& file, const toml::table& entry, const std::string& key)
{
    const auto value = entry[key].value<std::string>();
    if (!value || value->empty()) {
        throw wrong(file, entry.source(), fmt::format("a known failure needs '{}', a text", key));
    }
    return *value;
}

Verdict excusable(const std::filesystem::path& file, const toml::table& entry, const std::string& word)
{
    const auto verdict = verdict_named(word);
    if (verdict == Verdict::fail || verdict == Verdict::crash || verdict == Verdict::wedged) return *verdict;
    throw wrong(file, entry.source(),
                fmt::format("'{}' is no verdict of a known failure; known: FAIL CRASH WEDGED", word));
}

void check_against(const Catalogue& catalogue, const KnownFailure& entry)
{
    const auto* c = catalogue.find(entry.case_id);
    if (c == nullptr) {
        throw UsageError(
            fmt::format("no case '{}'{}", entry.case_id, did_you_mean(entry.case_id, catalogue.case_ids())));
    }
    if (std::ranges::find(c->requirements, entry.obligation) == c->requirements.end()) {
        throw UsageError(fmt::format("case '{}' does not check {}; it checks {}", c->id, entry.obligation,
                                     join(c->requirements, ", ")));
    }
    version_within("0", entry.versions); // throws where the range makes no sense
}

} // namespace

bool version_within(std::string_view version, std::string_view range)
{
    if (range == "*") return true;
    const auto conditions = split(range, ' ');
    if (conditions.empty()) throw UsageError("an empty range of versions; write \"*\" for any");
    bool within = true;
    for (const auto& condition : conditions) within = holds(version, condition) && within;
    return within;
}

void KnownFailures::read(const std::filesystem::path& file, const Catalogue& catalogue)
{
    const auto parsed = [&] {
        try {
            return toml::parse_file(file.string());
        } catch (const toml::parse_error& error) {
            throw wrong(file, error.source(), error.description());
        }
    }();
    for (const auto& [key, value] : parsed) {
        if (key != "known-failure")
            throw wrong(file, value.source(), fmt::format("unknown key '{}'", key.str()));
    }
    const auto* list = parsed["known-failure"].as_array();
    if (list == nullptr) throw UsageError(fmt::format("{}: no [[known-failure]] in it", file.string()));
    for (const auto& element : *list) {
        const auto* entry = element.as_table();
        if (entry == nullptr) throw wrong(file, element.source(), "a known failure is a table");
        for (const auto& [key, value] : *entry) {
            const std::string word(key.str());
            if (std::ranges::find(keys, word) != keys.end()) continue;
            throw wrong(file, value.source(),
                        fmt::format("unknown key '{}'{}", word, did_you_mean(word, keys)));
        }
        const auto text = [&](const char* key) { return text_of(file, *entry, key); };
        const bool anywhere = !entry->contains("environment");
        const KnownFailure known{
            text("implementation"),
            text("versions"),
            text("case"),
            text("obligation"),
            text("reference"),
            text("reason"),
            anywhere ? "" : text("environment"),
            entry->contains("verdict") ? excusable(file, *entry, text("verdict")) : Verdict::fail,
        };
        try {
            check_against(catalogue, known);
        } catch (const UsageError& error) {
            throw wrong(file, entry->source(), error.what());
        }
        entries_.push_back(known);
    }
}

const KnownFailure* KnownFailures::find(const CaseResult& result, const TargetIdentity& target) const
{
    const auto around = words_of_environment(result.environment);
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) {
        const bool here =
            entry.environment.empty() || std::ranges::find(around, entry.environment) != around.end();
        return here && entry.case_id == result.id && entry.implementation == target.implementation &&
               version_within(target.version, entry.versions);
    });
    return found == entries_.end() ? nullptr : &*found;
}

Verdict known(Verdict verdict, const KnownFailure& entry) noexcept
{
    if (verdict == Verdict::pass) return Verdict::xpass;
    return verdict == entry.verdict ? Verdict::kfail : verdict;
}

} // namespace argo::runner
