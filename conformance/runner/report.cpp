// SPDX-License-Identifier: Apache-2.0 OR MIT
// report.html: the data for the page. How it looks is in report/: report.html, report.css, report.js.
#include "runner/report.hpp"

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/assets.hpp"
#include "runner/errors.hpp"
#include "runner/protocol.hpp"
#include "runner/schema.hpp"
#include "runner/text.hpp"

namespace argo::runner {

using nlohmann::json;

namespace {

constexpr size_t most_lines = 80; ///< of one excerpt

json since_data(const Since& since)
{
    const auto said = [](const std::optional<Verdict>& verdict) {
        return verdict ? json(name(*verdict)) : json();
    };
    json changes = json::array();
    for (const auto& change : since.changes) {
        changes.push_back({{"id", change.id},
                           {"way", change.way},
                           {"was", said(change.was)},
                           {"is", said(change.is)},
                           {"regression", is_regression(change)}});
    }
    return {{"commit", since.commit}, {"changes", changes}};
}

json target_data(const ReportInput& input, const Catalogue& catalogue)
{
    const auto& results = input.results;
    json data = to_json(results);
    json cases = json::object();
    // In several ways a case has several results. The worst stands for it, and `by` has them all.
    std::map<std::string, std::vector<std::string>> logs;
    for (auto& [id, text] : excerpts(input.console)) logs[id].push_back(std::move(text));
    const auto way = ways(results);
    for (size_t i = 0; i < results.cases.size(); ++i) {
        const auto& c = results.cases[i];
        auto& entry = cases[c.id];
        json by = entry.is_null() ? json::array() : std::move(entry["by"]);
        const auto said = by.size();
        by.push_back({{"way", way[i]}, {"verdict", name(c.verdict)}});
        if (entry.is_null() || c.verdict > *verdict_named(entry["verdict"].get_ref<const std::string&>())) {
            entry = data["cases"][i];
            entry["way"] = way[i];
            // Each way's run of it is one excerpt, in the same order.
            if (const auto log = logs.find(c.id); log != logs.end())
                entry["log"] = log->second[std::min(said, log->second.size() - 1)];
        }
        entry["by"] = std::move(by);
    }
    json requirements = json::object();
    for (const auto& r : results.requirements) {
        // A sentence that has changed voids what was found about the old one.
        const auto known = std::ranges::find(catalogue.requirements, r.id, &Requirement::id);
        const bool is_void = known != catalogue.requirements.end() && known->revision != r.revision;
        requirements[r.id] = {{"revision", r.revision},
                              {"void", is_void},
                              {"verdict", name(is_void ? Verdict::not_tested : r.verdict)}};
    }
    data["cases"] = cases;
    data["requirements"] = requirements;
    if (input.since) data["since"] = since_data(*input.since);
    return data;
}

/// Cases that some result names but this program does not know still have their row.
json case_data(const std::vector<ReportInput>& inputs, const Catalogue& catalogue)
{
    json cases = json::array();
    for (const auto& c : catalogue.cases) {
        cases.push_back({{"id", c.id},
                         {"profile", c.profile},
                         {"requirements", c.requirements},
                         {"file", c.file},
                         {"line", c.line},
                         {"source", catalogue.source_of(c)}});
    }
    for (const auto& input : inputs) {
        for (const auto& c : input.results.cases) {
            if (catalogue.find(c.id) != nullptr) continue;
            cases.push_back({{"id", c.id},
                             {"profile", c.profile},
                             {"requirements", c.requirements},
                             {"file", ""},
                             {"line", 0},
                             {"source", ""}});
        }
    }
    return cases;
}

/// Obligations that some result names but the book of this program does not have, too.
json requirement_data(const std::vector<ReportInput>& inputs, const Catalogue& catalogue)
{
    auto all = catalogue;
    for (const auto& input : inputs) {
        for (const auto& r : input.results.requirements) {
            if (std::ranges::find(all.requirements, r.id, &Requirement::id) != all.requirements.end())
                continue;
            all.requirements.push_back(
                {r.id, r.revision, "", "", "", "", "", "Not an obligation of this edition.", "", 0});
        }
    }
    return to_json(all)["requirements"];
}

/// As the content of a script element: "</script>" and "<!--" must not stand in it.
std::string script_safe(const json& data)
{
    std::string safe;
    for (const char c : data.dump(-1, ' ', true, json::error_handler_t::replace)) {
        if (c == '<') {
            safe += "\\u003c";
        } else {
            safe += c;
        }
    }
    return safe;
}

void replace_mark(std::string& page, std::string_view mark, std::string_view text)
{
    page.replace(page.find(mark), mark.size(), text);
}

} // namespace

std::vector<std::pair<std::string, std::string>> excerpts(const std::filesystem::path& console)
{
    std::vector<std::pair<std::string, std::string>> all;
    std::ifstream file(console, std::ios::binary);
    std::string running;
    std::string text;
    size_t lines = 0;
    const auto finish = [&] {
        if (!running.empty()) all.emplace_back(running, text);
        running.clear();
    };
    const auto take = [&](std::string_view raw) {
        const auto line = parse_protocol_line(raw);
        const auto* begin = line ? std::get_if<Begin>(&line->event) : nullptr;
        const auto* said = line ? std::get_if<Said>(&line->event) : nullptr;
        if (begin != nullptr) {
            finish();
            running = begin->case_id;
            text.clear();
            lines = 0;
        }
        if (running.empty()) return;
        const bool last = said != nullptr && said->case_id == running;
        ++lines;
        while (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
        if (lines <= most_lines || last) text += printable(raw.substr(0, 400)) + "\n";
        if (lines == most_lines + 1) text += "...\n";
        if (last) finish();
    };
    LineSplitter splitter;
    std::vector<char> buffer(64 * 1024);
    while (file) {
        file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        splitter.feed({buffer.data(), static_cast<size_t>(file.gcount())}, take);
    }
    splitter.finish(take);
    finish();
    return all;
}

namespace {

json read_annex(const std::filesystem::path& path, std::string_view schema, const char* schema_name,
                const char* writer)
{
    std::ifstream file(path);
    if (!file) throw UsageError(fmt::format("{}: cannot be read", path.string()));
    auto annex = json::parse(file, nullptr, false);
    if (annex.is_discarded()) throw UsageError(fmt::format("{}: no JSON; {}", path.string(), writer));
    if (const auto wrong = schema_violation(annex, json::parse(schema)))
        throw UsageError(fmt::format("{}: {} (conformance/schema/{})", path.string(), *wrong, schema_name));
    return annex;
}

} // namespace

json read_mutants(const std::filesystem::path& path)
{
    return read_annex(path, assets::mutants_schema(), "mutants.schema.json", "argo-mutants writes mutants.json");
}

json read_bench(const std::filesystem::path& path)
{
    return read_annex(path, assets::bench_schema(), "bench.schema.json", "./argo bench writes bench.json");
}

std::string to_html(const std::vector<ReportInput>& inputs, const Catalogue& catalogue,
                    const ReportAnnexes& annexes)
{
    json targets = json::array();
    for (const auto& input : inputs) targets.push_back(target_data(input, catalogue));
    const json data{{"targets", targets},
                    {"cases", case_data(inputs, catalogue)},
                    {"requirements", requirement_data(inputs, catalogue)},
                    {"mutants", annexes.mutants},
                    {"bench", annexes.bench}};
    std::string page(assets::report_html());
    replace_mark(page, "/*report.css*/", assets::report_css());
    replace_mark(page, "/*report.js*/", assets::report_js());
    replace_mark(page, "/*data*/", script_safe(data)); // last: nothing is looked for in it
    return page;
}

} // namespace argo::runner
