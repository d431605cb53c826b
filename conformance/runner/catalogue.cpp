// SPDX-License-Identifier: Apache-2.0 OR MIT
// The catalogue as JSON, and the source text of a case.
#include "runner/catalogue.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "runner/assets.hpp"
#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

using nlohmann::json;

namespace {

Case case_from(const json& j)
{
    return {j.at("id"), j.at("profile"), j.at("requirements"), j.at("file"), j.at("line")};
}

json case_to(const Case& c)
{
    return {{"id", c.id},
            {"profile", c.profile},
            {"requirements", c.requirements},
            {"file", c.file},
            {"line", c.line}};
}

Requirement requirement_from(const json& j)
{
    const auto reason = j.find("reason"); // null where none is needed
    return {j.at("id"),
            j.at("revision"),
            j.at("subject"),
            j.at("keyword"),
            j.at("profile"),
            j.at("testability"),
            reason == j.end() || reason->is_null() ? "" : reason->get<std::string>(),
            j.at("text"),
            j.at("chapter"),
            j.at("line")};
}

json requirement_to(const Requirement& r)
{
    return {{"id", r.id},           {"revision", r.revision}, {"subject", r.subject},
            {"keyword", r.keyword}, {"profile", r.profile},   {"testability", r.testability},
            {"reason", r.reason},   {"text", r.text},         {"chapter", r.chapter},
            {"line", r.line}};
}

} // namespace

const Case* Catalogue::find(std::string_view id) const noexcept
{
    const auto found = std::ranges::find(cases, id, &Case::id);
    return found == cases.end() ? nullptr : &*found;
}

std::vector<std::string> Catalogue::case_ids() const
{
    std::vector<std::string> ids;
    for (const auto& c : cases) ids.push_back(c.id);
    return ids;
}

std::vector<std::string> Catalogue::profiles() const
{
    std::vector<std::string> seen;
    for (const auto& c : cases) {
        if (std::ranges::find(seen, c.profile) == seen.end()) seen.push_back(c.profile);
    }
    return seen;
}

std::string Catalogue::source_of(const Case& c) const
{
    const auto file = sources.find(c.file);
    if (file == sources.end()) return {};
    // Lines keep their places, so empty ones count.
    std::vector<std::string_view> lines;
    for (std::string_view text = file->second; !text.empty();) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (c.line == 0 || c.line > lines.size()) return {};
    size_t first = c.line - 1;
    size_t last = first;
    while (last + 1 < lines.size() && !lines[last].starts_with('}')) ++last;
    while (first > 0 && lines[first - 1].starts_with("//") && !lines[first - 1].starts_with("// SPDX"))
        --first;
    std::string source;
    for (size_t i = first; i <= last; ++i) source.append(lines[i]).append("\n");
    return source;
}

Catalogue embedded_catalogue()
{
    auto form = json::parse(assets::facts());
    form["requirements"] = json::parse(assets::requirements())["requirements"];
    form["cases"] = json::array();
    return catalogue_from_json(form);
}

Catalogue catalogue_from_json(const json& j)
{
    try {
        Catalogue catalogue;
        for (const auto& c : j.at("cases")) catalogue.cases.push_back(case_from(c));
        for (const auto& r : j.at("requirements")) catalogue.requirements.push_back(requirement_from(r));
        const auto& registry = j.at("registry");
        catalogue.registry = {registry.at("major"), registry.at("minor"), registry.at("sha256"),
                              registry.at("mechanisms"), registry.at("implementations")};
        catalogue.sources = j.value("sources", catalogue.sources);
        return catalogue;
    } catch (const json::exception& error) {
        throw UsageError(std::string("not a catalogue as `list --json` prints it: ") + error.what());
    }
}

json to_json(const Catalogue& catalogue)
{
    json cases = json::array();
    for (const auto& c : catalogue.cases) cases.push_back(case_to(c));
    json requirements = json::array();
    for (const auto& r : catalogue.requirements) requirements.push_back(requirement_to(r));
    const auto& registry = catalogue.registry;
    return {{"cases", cases},
            {"requirements", requirements},
            {"registry",
             {{"major", registry.major},
              {"minor", registry.minor},
              {"sha256", registry.sha256},
              {"mechanisms", registry.mechanisms},
              {"implementations", registry.implementations}}}};
}

} // namespace argo::runner
