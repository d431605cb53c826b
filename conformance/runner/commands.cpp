// SPDX-License-Identifier: Apache-2.0 OR MIT
// The commands of argo-conformance.
#include "runner/commands.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/catalogue.hpp"
#include "runner/child.hpp"
#include "runner/errors.hpp"
#include "runner/ingest.hpp"
#include "runner/junit.hpp"
#include "runner/known_failures.hpp"
#include "runner/provenance.hpp"
#include "runner/report.hpp"
#include "runner/results.hpp"
#include "runner/run.hpp"
#include "runner/tap.hpp"
#include "runner/targets.hpp"
#include "runner/terminal.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

Catalogue catalogue_for(const RunOptions& options)
{
    if (options.catalogue.empty()) return built_in_catalogue();
    std::ifstream file(options.catalogue);
    const auto j = nlohmann::json::parse(file, nullptr, false);
    if (j.is_discarded()) throw UsageError(fmt::format("{}: no JSON", options.catalogue.string()));
    return catalogue_from_json(j);
}

/// What the user lists, and what the target brings, if there is one.
KnownFailures known_failures_for(const RunOptions& options, const Catalogue& catalogue,
                                 const std::filesystem::path& of_target = {})
{
    KnownFailures known;
    for (const auto& file : options.known_failures) known.read(file, catalogue);
    if (!of_target.empty()) known.read(of_target, catalogue);
    return known;
}

void write_file(const std::filesystem::path& path, const std::string& text)
{
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.flush()) throw UsageError(fmt::format("{}: cannot be written", path.string()));
}

void make_folder(const std::filesystem::path& folder)
{
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw UsageError(fmt::format("{}: {}", folder.string(), error.message()));
}

/// What the person typed, the program without its folder.
std::string command_text(const RunOptions& options)
{
    std::string text = "argo-conformance";
    for (size_t i = 1; i < options.arguments.size(); ++i) text += " " + shell_quoted(options.arguments[i]);
    return text;
}

void apply(const KnownFailures& known_failures, Results& results)
{
    for (auto& c : results.cases) {
        const auto* entry = known_failures.find(c, results.target);
        if (entry == nullptr || known(c.verdict, *entry) == c.verdict) continue;
        const auto was = c.verdict;
        c.verdict = known(was, *entry);
        c.detail =
            was == Verdict::pass
                ? fmt::format("passes, though listed as a known failure of {}: {} ({})", entry->obligation,
                              entry->reason, entry->reference)
                : fmt::format("{}: {}; known: {} ({})", name(was), c.detail, entry->reason, entry->reference);
    }
}

/// One outcome for each environment and mechanism; the first is of what the target prefers.
Results make_results(const std::string& target, const std::string& host,
                     const std::vector<RunOutcome>& outcomes, const RunOptions& options,
                     const Catalogue& catalogue, const KnownFailures& known_failures)
{
    const auto suite = suite_identity();
    const auto& identity = outcomes.front().identity;
    // Guests report the number; one that the registry does not name stays a number.
    const auto named = catalogue.registry.implementations.find(identity.implementation);
    const auto implementation =
        named == catalogue.registry.implementations.end() ? identity.implementation : named->second;
    Results results{
        suite.version,
        suite.commit,
        suite.dirty,
        catalogue.registry.major,
        catalogue.registry.minor,
        catalogue.registry.sha256,
        {target, implementation, identity.version, identity.mechanisms, host},
        {},
        {},
        options.wish.seed,
        command_text(options),
    };
    for (const auto& [ledger, notes, told, stopped, events, figures] : outcomes) {
        if (&ledger == &outcomes.front().ledger) {
            results.events = events;
        } else {
            results.events += events;
        }
        for (const auto& [name, value] : figures)
            results.figures.push_back({name, told.mechanism, told.environment, value});
        for (const auto& entry : ledger.entries()) {
            const auto duration =
                entry.duration ? std::optional(static_cast<uint64_t>(entry.duration->count())) : std::nullopt;
            results.cases.push_back({entry.what->id, entry.what->requirements, entry.what->profile,
                                     told.mechanism, told.arch, told.environment, entry.verdict, entry.detail,
                                     duration});
        }
    }
    apply(known_failures, results);
    results.requirements = judge_requirements(catalogue, results.cases);
    return results;
}

/// Everything of one target but the report.
void publish(const Results& results, const std::vector<RunOutcome>& outcomes,
             const std::filesystem::path& folder)
{
    write_file(folder / "results.json", to_json(results).dump(2) + "\n");
    write_file(folder / "results.xml", to_junit(results));
    write_file(folder / "results.tap", to_tap(results));
    const auto found = results.target.implementation.empty()
                           ? "no Argo found"
                           : results.target.implementation + " " + results.target.version;
    fmt::print("target {}: {}\n", results.target.name, found);
    for (const auto& outcome : outcomes) {
        for (const auto& note : outcome.notes.lines()) fmt::print("note: {}\n", note);
    }
    fmt::print("{}\n{}\n", exceptions(results), profile_table(results));
}

Counts total(const std::vector<ReportInput>& inputs)
{
    Counts counts;
    for (const auto& input : inputs) counts.add(input.results.counts());
    return counts;
}

void write_report(const std::vector<ReportInput>& inputs, const RunOptions& options,
                  const Catalogue& catalogue)
{
    const auto report = options.out / "report.html";
    ReportAnnexes annexes;
    if (!options.mutants.empty()) annexes.mutants = read_mutants(options.mutants);
    if (!options.bench.empty()) annexes.bench = read_bench(options.bench);
    write_file(report, to_html(inputs, catalogue, annexes));
    fmt::print("report: {}\n", report.string());
}

/// Earlier results are read before anything runs: a run is too long to learn of a wrong name behind it.
std::vector<Results> read_earlier(const RunOptions& options)
{
    std::vector<Results> earlier;
    for (const auto& file : options.against) earlier.push_back(read_results(file));
    return earlier;
}

void compare(std::vector<ReportInput>& inputs, const std::vector<Results>& earlier)
{
    for (auto& input : inputs) {
        const auto* before = earlier_of(input.results, earlier);
        if (before == nullptr) continue;
        input.since = Since{before->suite_commit, changes(*before, input.results)};
        fmt::print("{}\n", describe(*before, input.since->changes));
    }
}

/// Those that were asked for, of those that it has.
std::vector<std::string> environments_of(const Target& target, const RunOptions& options)
{
    if (options.environments.empty()) return target.environments(false);
    const auto known = target.environments(true);
    if (options.environments == every_environment) return known;
    const auto asked = split(options.environments, ',');
    for (const auto& name : asked) {
        if (std::ranges::find(known, name) != known.end()) continue;
        throw UsageError(
            fmt::format("target {} has no environment '{}'; it has {}", target.name(), name,
                        known == std::vector<std::string>{""} ? "one, without a name" : join(known, ", ")));
    }
    return asked;
}

/// In each environment: every selected case by the mechanism that was asked for, or by the one that the
/// hypervisor prefers. Then, unless one was asked for, by the others: where that is not quick, a sample.
class Runs
{
  public:
    Runs(Target& target, const Catalogue& catalogue, const RunOptions& options)
        : target_(target),
          catalogue_(catalogue),
          wish_(options.wish),
          log_(options.out / target_folder(target.name()) / "console.log")
    {
        for (const auto& environment : environments_of(target, options)) {
            if (!interrupted()) run_in(environment);
        }
    }

    std::vector<RunOutcome> outcomes;

  private:
    void run_in(const std::string& environment)
    {
        const bool first = outcomes.empty();
        try {
            run(environment, wish_.mechanism, "");
        } catch (const Unavailable& error) {
            if (first) throw;
            // What was found in the others stands.
            RunOutcome nothing{
                Ledger(select_cases(catalogue_, wish_)), {}, outcomes.front().identity, false, {}};
            nothing.identity.environment = environment;
            nothing.ledger.close(fmt::format("not run: {}", error.what()));
            outcomes.push_back(std::move(nothing));
            return;
        }
        if (!wish_.mechanism.empty() && wish_.mechanism != every_mechanism) return;
        // Random calls choose among the mechanisms by themselves.
        const auto cases = select_cases(catalogue_, wish_);
        if (std::ranges::all_of(cases, [](const Case* c) { return c->profile == "fuzz"; })) return;
        const auto preferred = outcomes.back().identity; // a copy: outcomes grow
        const bool sampled = wish_.mechanism != every_mechanism && !target_.quick();
        for (const auto& mechanism : preferred.mechanisms) {
            if (mechanism == preferred.mechanism || interrupted()) continue;
            run(environment, mechanism, std::string(sampled ? mechanism_sample : ""));
        }
    }

    void run(const std::string& environment, const std::string& mechanism, const std::string& sample)
    {
        auto narrowed = wish_;
        narrowed.sample = sample;
        const auto selection = sampled_cases(catalogue_, narrowed);
        if (selection.empty()) return;
        auto title = target_.name();
        for (const auto& [word, text] : {std::pair(" ", environment), std::pair(" by ", mechanism)})
            if (!text.empty() && text != every_mechanism) title += word + text;
        ProgressLine line(title, selection.size());
        target_.choose(environment, mechanism, sample);
        target_.start("");
        constexpr double soaking = 50; // as many times more rounds
        auto limits = Limits().scaled(target_.timeout_factor() * (wish_.soak ? soaking : 1));
        limits.one_case += std::chrono::seconds(wish_.fuzz);
        auto outcome =
            Run(target_, selection, limits, log_, [&](const std::string& running, const Ledger& ledger) {
                line.show(running, ledger);
            }).go();
        auto& identity = outcome.identity;
        if (identity.mechanism.empty() && mechanism != every_mechanism)
            identity.mechanism = mechanism; // it did not come so far
        const auto around = target_.surroundings();
        identity.environment += (identity.environment.empty() || around.empty() ? "" : ", ") + around;
        outcomes.push_back(std::move(outcome));
    }

    Target& target_;
    const Catalogue& catalogue_;
    const Wish& wish_;
    ConsoleLog log_;
};

} // namespace

Exit run_command(RunOptions options)
{
    if (options.arch != "x86_64") {
        throw UsageError(fmt::format("architecture '{}' is not known; known: x86_64", options.arch));
    }
    const auto catalogue = catalogue_for(options);
    const auto selection = select_cases(catalogue, options.wish);
    known_failures_for(options, catalogue); // a mistake in a list is told before anything runs
    const auto earlier = read_earlier(options);
    const auto programs = find_programs(options.vmm, options.image, options.kernel);
    catch_interrupts();
    const auto choice = choose_targets(options.targets, programs);
    make_folder(options.out);
    for (const auto& remark : choice.remarks) fmt::print(stderr, "argo-conformance: {}\n", remark);

    const bool crowd = needs_crowd(selection);
    std::vector<ReportInput> inputs;
    bool missing = false;
    for (const auto& name : choice.names) {
        if (interrupted()) break;
        const auto folder = options.out / target_folder(name);
        try {
            const auto target = make_target(name, programs, options.out, options.wish, crowd);
            const auto outcomes = std::move(Runs(*target, catalogue, options).outcomes);
            auto results = make_results(target->name(), host_description(), outcomes, options, catalogue,
                                        known_failures_for(options, catalogue, target->known_failures()));
            publish(results, outcomes, folder);
            inputs.push_back({std::move(results), folder / "console.log", {}});
        } catch (const Unavailable& error) {
            if (choice.names.size() == 1) throw;
            fmt::print(stderr, "argo-conformance: {}\n", error.what());
            missing = missing || options.targets != "all"; // which is all that can run
        }
    }
    if (inputs.empty() && !interrupted()) throw Unavailable("none of these targets can run here");
    compare(inputs, earlier);
    write_report(inputs, options, catalogue);
    if (options.targets != "all") fmt::print("all targets: the same with --target all\n");
    fmt::print("{}\n", last_line(total(inputs)));
    if (interrupted()) return Exit::interrupted;
    const auto exit = exit_code(total(inputs));
    return exit == Exit::good && missing ? Exit::unavailable : exit;
}

Exit list_command(const RunOptions& options, bool json)
{
    const auto catalogue = catalogue_for(options);
    if (json) {
        fmt::print("{}\n", to_json(catalogue).dump(1));
        return Exit::good;
    }
    for (const auto& c : catalogue.cases) {
        fmt::print("{:<60} {:<16} {}\n", c.id, c.profile, join(c.requirements, ", "));
    }
    fmt::print("{} cases, {} obligations\n", catalogue.cases.size(), catalogue.requirements.size());
    return Exit::good;
}

Exit ingest_command(const RunOptions& options, const std::vector<std::filesystem::path>& logs)
{
    const auto catalogue = catalogue_for(options);
    const auto selection = select_cases(catalogue, options.wish);
    const auto known_failures = known_failures_for(options, catalogue);
    const auto earlier = read_earlier(options);
    const auto folder = options.out / "log";
    make_folder(folder);
    for (const auto& log : logs) {
        std::error_code none;
        if (std::filesystem::equivalent(log, folder / "console.log", none)) {
            throw UsageError(
                fmt::format("{}: would be overwritten by its own copy; choose another --out", log.string()));
        }
    }
    ConsoleLog copy(folder / "console.log");
    const auto outcomes = ingest(logs, selection, copy);
    auto results = make_results("log", "", outcomes, options, catalogue, known_failures);
    publish(results, outcomes, folder);
    std::vector<ReportInput> inputs{{std::move(results), folder / "console.log", {}}};
    compare(inputs, earlier);
    write_report(inputs, options, catalogue);
    fmt::print("{}\n", last_line(total(inputs)));
    return exit_code(total(inputs));
}

Exit report_command(const RunOptions& options, const std::vector<std::filesystem::path>& files)
{
    const auto catalogue = catalogue_for(options);
    std::vector<ReportInput> inputs;
    if (files.empty() && options.mutants.empty() && options.bench.empty())
        throw UsageError(
            "nothing to report: name results.json files, or --mutants mutants.json, or --bench bench.json");
    for (const auto& file : files)
        inputs.push_back({read_results(file), file.parent_path() / "console.log", {}});
    const auto earlier = read_earlier(options);
    make_folder(options.out);
    for (const auto& input : inputs) fmt::print("{}\n", profile_table(input.results));
    compare(inputs, earlier);
    write_report(inputs, options, catalogue);
    fmt::print("{}\n", last_line(total(inputs)));
    return Exit::good; // what the results say was said when they were made
}

} // namespace argo::runner
