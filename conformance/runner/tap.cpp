// SPDX-License-Identifier: Apache-2.0 OR MIT
// results.tap: TAP version 14.
#include "runner/tap.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/text.hpp"

namespace argo::runner {

namespace {

/// Text on a test line or behind a directive: what has a meaning there is escaped.
std::string escaped(std::string_view text)
{
    std::string tap;
    for (const char c : printable(text)) {
        if (c == '\\' || c == '#') tap += '\\';
        tap += c;
    }
    return tap;
}

std::string test_point(size_t number, const std::string& title, const CaseResult& c)
{
    const bool ok =
        c.verdict == Verdict::pass || c.verdict == Verdict::not_supported || c.verdict == Verdict::skip;
    auto tap = fmt::format("{} {} - {}", ok ? "ok" : "not ok", number, escaped(title));
    if (c.verdict == Verdict::skip) tap += " # SKIP " + escaped(c.detail);
    if (c.verdict == Verdict::not_supported) tap += " # SKIP not supported: " + escaped(c.detail);
    if (c.verdict == Verdict::kfail) tap += " # TODO " + escaped(c.detail);
    tap += fmt::format("\n  ---\n  verdict: {}\n  profile: {}\n", name(c.verdict), c.profile);
    if (!c.mechanism.empty()) tap += fmt::format("  mechanism: {}\n", c.mechanism);
    if (!c.environment.empty())
        tap += fmt::format("  environment: {}\n", nlohmann::json(printable(c.environment)).dump());
    tap += fmt::format("  obligations: [{}]\n", join(c.requirements, ", "));
    // A JSON string is a YAML string too.
    if (!c.detail.empty()) tap += fmt::format("  detail: {}\n", nlohmann::json(printable(c.detail)).dump());
    if (c.duration_us) tap += fmt::format("  duration_us: {}\n", *c.duration_us);
    return tap + "  ...\n";
}

} // namespace

std::string to_tap(const Results& results)
{
    const auto& target = results.target;
    auto tap = fmt::format("TAP version 14\n1..{}\n# target {}; implementation {} {}\n", results.cases.size(),
                           target.name, target.implementation.empty() ? "none found" : target.implementation,
                           target.version);
    const auto called = titles(results);
    for (size_t i = 0; i < results.cases.size(); ++i) tap += test_point(i + 1, called[i], results.cases[i]);
    for (const auto& r : results.requirements) {
        if (r.verdict == Verdict::not_tested) tap += fmt::format("# NOT_TESTED {}\n", r.id);
    }
    return tap;
}

} // namespace argo::runner
