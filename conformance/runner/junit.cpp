// SPDX-License-Identifier: Apache-2.0 OR MIT
// results.xml: JUnit.
#include "runner/junit.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runner/text.hpp"

namespace argo::runner {

namespace {

std::string escaped(std::string_view text)
{
    std::string xml;
    for (const char c : printable(text)) {
        switch (c) {
        case '&': xml += "&amp;"; break;
        case '<': xml += "&lt;"; break;
        case '>': xml += "&gt;"; break;
        case '"': xml += "&quot;"; break;
        default: xml += c;
        }
    }
    return xml;
}

/// JUnit knows failure, error and skipped; which of them a verdict is. Empty: passed.
std::string_view element(Verdict verdict)
{
    if (verdict == Verdict::pass) return {};
    if (verdict == Verdict::error) return "error";
    return fails_the_run(verdict) ? "failure" : "skipped";
}

std::string seconds(std::optional<uint64_t> us)
{
    return fmt::format("{:.6f}", static_cast<double>(us.value_or(0)) / 1e6);
}

std::string test_case(const std::string& title, const CaseResult& c)
{
    const auto dot = title.find('.');
    auto xml =
        fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">\n",
                    escaped(title.substr(0, dot)), escaped(title.substr(dot + 1)), seconds(c.duration_us));
    xml += fmt::format("      <properties>\n        <property name=\"verdict\" value=\"{}\"/>\n",
                       name(c.verdict));
    if (!c.mechanism.empty())
        xml += fmt::format("        <property name=\"mechanism\" value=\"{}\"/>\n", escaped(c.mechanism));
    if (!c.environment.empty())
        xml += fmt::format("        <property name=\"environment\" value=\"{}\"/>\n", escaped(c.environment));
    for (const auto& id : c.requirements)
        xml += fmt::format("        <property name=\"obligation\" value=\"{}\"/>\n", escaped(id));
    xml += "      </properties>\n";
    if (const auto tag = element(c.verdict); tag == "skipped") {
        xml += fmt::format("      <skipped message=\"{}: {}\"/>\n", name(c.verdict), escaped(c.detail));
    } else if (!tag.empty()) {
        xml += fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{1} {3}: {2}</{0}>\n", tag,
                           name(c.verdict), escaped(c.detail), escaped(c.id));
    }
    return xml + "    </testcase>\n";
}

std::string attributes(const std::vector<const CaseResult*>& cases)
{
    unsigned failures = 0, errors = 0, skipped = 0;
    uint64_t us = 0;
    for (const auto* c : cases) {
        const auto tag = element(c->verdict);
        failures += tag == "failure";
        errors += tag == "error";
        skipped += tag == "skipped";
        us += c->duration_us.value_or(0);
    }
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"", cases.size(),
                       failures, errors, skipped, seconds(us));
}

} // namespace

std::string to_junit(const Results& results)
{
    const auto called = titles(results);
    std::vector<const CaseResult*> all;
    std::vector<std::string> profiles;
    for (const auto& c : results.cases) {
        all.push_back(&c);
        if (std::ranges::find(profiles, c.profile) == profiles.end()) profiles.push_back(c.profile);
    }
    auto xml = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"argo-conformance {}\" {}>\n",
        escaped(results.target.name), attributes(all));
    for (const auto& profile : profiles) {
        std::vector<const CaseResult*> cases;
        for (const auto* c : all) {
            if (c->profile == profile) cases.push_back(c);
        }
        xml += fmt::format("  <testsuite name=\"{}\" {}>\n", escaped(profile), attributes(cases));
        for (const auto* c : cases)
            xml += test_case(called[static_cast<size_t>(c - results.cases.data())], *c);
        xml += "  </testsuite>\n";
    }
    return xml + "</testsuites>\n";
}

} // namespace argo::runner
