// SPDX-License-Identifier: Apache-2.0 OR MIT
// argo-mutants: runs the suite against every mutant, says which obligations it defends, and writes
// mutants.json.
//
//     argo-mutants run [--filter GLOB] [--out DIR] [--jobs N]
//     argo-mutants list
#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "harness/glob.hpp"
#include "mutants/hunt.hpp"
#include "mutants/score.hpp"
#include "mutants/switch.hpp"
#include "runner/child.hpp"
#include "runner/command_line.hpp"
#include "runner/commands.hpp"
#include "runner/errors.hpp"
#include "runner/text.hpp"

unsigned argo_mutant_in_force = 0;

namespace argo::mutants {
namespace {

using runner::Exit;
using runner::UsageError;
using namespace std::chrono_literals;

struct Options
{
    std::string filter;
    std::filesystem::path out = "conformance-results";
    unsigned jobs = 2;
    double timeout_factor = 1;
    bool disarmed = false;
    std::vector<std::string> arguments;
};

std::vector<std::string> known_ids()
{
    std::vector<std::string> ids;
    for (const auto& each : all_mutants) ids.push_back(each.id);
    return ids;
}

std::vector<const Mutant*> selected(const std::string& filter)
{
    std::vector<const Mutant*> result;
    for (const auto& glob : runner::split(filter, ',')) {
        if (!std::ranges::any_of(all_mutants, [&](auto& each) { return suite::glob_match(glob, each.id); }))
            throw UsageError(fmt::format("no mutant matches '{}'{} (`argo-mutants list` shows all)", glob,
                                         runner::did_you_mean(glob, known_ids())));
    }
    for (const auto& each : all_mutants)
        if (suite::glob_match_any(filter, each.id)) result.push_back(&each);
    return result;
}

/// What has been found so far, on a line that rewrites itself, or now and then on a new one.
class Progress
{
  public:
    explicit Progress(size_t all)
        : all_(all), next_(std::chrono::steady_clock::now() + (terminal_ ? 0s : 10s))
    {
    }
    ~Progress()
    {
        if (terminal_) fmt::print(stderr, "\r\033[K");
    }
    Progress(const Progress&) = delete;

    void add(const Outcome& outcome)
    {
        ++done_;
        survived_ += outcome.fate == Fate::survived;
        const auto now = std::chrono::steady_clock::now();
        if (now < next_ && done_ != all_) return;
        next_ = now + (terminal_ ? 100ms : 10s);
        const auto line = fmt::format("mutants: {} of {}, {} survived", done_, all_, survived_);
        fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", line, terminal_ ? "" : "\n");
    }

  private:
    const bool terminal_ = ::isatty(STDERR_FILENO) != 0;
    const size_t all_;
    std::chrono::steady_clock::time_point next_;
    size_t done_ = 0, survived_ = 0;
};

/// The mutants' outcomes in their order; as far as it came, if somebody pressed Ctrl-C.
std::vector<Outcome> hunt_all(const std::vector<const Mutant*>& mutants, const Setting& setting,
                              unsigned jobs)
{
    std::vector<Outcome> outcomes(mutants.size());
    std::atomic<size_t> next{0};
    std::mutex mutex;
    Progress progress(mutants.size());
    std::exception_ptr failure;
    const auto work = [&] {
        try {
            for (size_t i; !runner::interrupted() && (i = next++) < mutants.size();) {
                auto outcome = hunt(*mutants[i], setting);
                if (runner::interrupted()) return;
                const std::lock_guard lock(mutex);
                progress.add(outcome);
                outcomes[i] = std::move(outcome);
            }
        } catch (...) {
            const std::lock_guard lock(mutex);
            failure = std::current_exception();
            next = mutants.size();
        }
    };
    {
        std::vector<std::jthread> workers;
        for (unsigned i = 0; i < jobs; i++) workers.emplace_back(work);
    }
    if (failure) std::rethrow_exception(failure);
    std::erase_if(outcomes, [](const Outcome& each) { return each.mutant == nullptr; });
    return outcomes;
}

Exit run(const Options& options)
{
    const auto mutants = selected(options.filter);
    const auto catalogue = runner::built_in_catalogue();
    const auto logs = options.out / "mutants";
    std::error_code error;
    std::filesystem::remove_all(logs, error);
    std::filesystem::create_directories(logs, error);
    if (error) throw UsageError(fmt::format("{}: {}", logs.string(), error.message()));
    runner::catch_interrupts();

    const Setting setting{catalogue, std::filesystem::read_symlink("/proc/self/exe"), logs,
                          options.timeout_factor, !options.disarmed};
    if (const auto failed = unfit(setting); !failed.empty() && !runner::interrupted()) {
        fmt::print(stderr, "argo-mutants: the suite fails without any mutant, so nothing can be told: {}\n",
                   failed);
        return Exit::undecided;
    }
    const Score score{hunt_all(mutants, setting, options.jobs)};
    if (score.count(Fate::survived) == 0) std::filesystem::remove_all(logs, error);
    fmt::print("{}", score.table());
    if (runner::interrupted()) return Exit::interrupted;

    std::string command = "argo-mutants";
    for (size_t i = 1; i < options.arguments.size(); ++i)
        command += " " + runner::shell_quoted(options.arguments[i]);
    const auto file = options.out / "mutants.json";
    std::ofstream stream(file);
    stream << score.to_json(command).dump(2) << "\n";
    if (!stream.flush()) throw UsageError(fmt::format("{}: cannot be written", file.string()));
    fmt::print("results: {}\n{}\n", file.string(), score.last_line());
    return score.good() ? Exit::good : Exit::failure;
}

Exit list()
{
    for (const auto& each : all_mutants) fmt::print("{:<50} {}\n", each.id, each.what);
    fmt::print("{} mutants\n", all_mutants.size());
    return Exit::good;
}

/// The target of a hunt: the model, with this mutant in force.
Exit model_domains(const std::string& id, const std::filesystem::path& topology)
{
    const auto mutant = std::ranges::find(all_mutants, id, &Mutant::id);
    if (!id.empty() && mutant == all_mutants.end()) {
        throw UsageError(
            fmt::format("mutant '{}' is not known{}", id, runner::did_you_mean(id, known_ids())));
    }
    argo_mutant_in_force = id.empty() ? 0 : mutant->number;
    return runner::model_domains_command(topology);
}

int command_line(int argc, char** argv)
{
    CLI::App app{"The suite against deliberately broken engines: whether it notices.", "argo-mutants"};
    app.require_subcommand(1);
    Options options;
    options.arguments.assign(argv, argv + argc);
    Exit exit = Exit::good;

    auto* all = app.add_subcommand("run", "Run the suite against the mutants");
    all->add_option("--filter", options.filter, "Only these (globs, comma-separated): 'ARGO-SENDV-*'");
    all->add_option("--out", options.out, "Folder for mutants.json and the logs of survivors")
        ->capture_default_str();
    all->add_option("--jobs", options.jobs, "So many at once")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    all->add_option("--timeout-factor", options.timeout_factor, "Multiplies every limit of time")
        ->check(CLI::Range(0.001, 1000.0))
        ->capture_default_str();
    all->callback([&] { exit = run(options); });
    // For tests of this program: every mutant survives.
    all->add_flag("--disarmed", options.disarmed)->group("");
    app.add_subcommand("list", "List the mutants")->callback([&] { exit = list(); });

    std::string mutant;
    std::filesystem::path topology;
    auto* model = app.add_subcommand("model-domains", "")->group("");
    model->add_option("TOPOLOGY", topology)->required();
    model->add_option("--mutant", mutant);
    model->callback([&] { exit = model_domains(mutant, topology); });

    return runner::run_command_line(app, argc, argv, exit);
}

} // namespace
} // namespace argo::mutants

int main(int argc, char** argv) { return argo::mutants::command_line(argc, argv); }
