// SPDX-License-Identifier: Apache-2.0 OR MIT
// argo-conformance: the command line. What each command does is in commands.hpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "runner/command_line.hpp"
#include "runner/commands.hpp"
#include "runner/provenance.hpp"

namespace {

using namespace argo::runner;

void add_selection(CLI::App* command, Wish& wish)
{
    command->add_option("--profile", wish.profile, "Only cases of these profiles (globs, comma-separated)");
    command->add_option("--filter", wish.filter, "Only these cases (globs, comma-separated)");
}

void add_against(CLI::App* command, RunOptions& options)
{
    command->add_option("--against", options.against,
                        "Earlier results.json of the same targets: say what has changed since");
}

void add_outputs(CLI::App* command, RunOptions& options)
{
    command->add_option("--out", options.out, "Folder for results and report")->capture_default_str();
    command->add_option("--known-failures", options.known_failures, "Lists of known failures (TOML)");
    add_against(command, options);
}

int run(int argc, char** argv)
{
    CLI::App app{"The conformance suite of the Argo ABI.", "argo-conformance"};
    app.require_subcommand(1);
    const auto identity = suite_identity();
    app.set_version_flag("--version", fmt::format("argo-conformance {} ({}{})", identity.version,
                                                  identity.commit, identity.dirty ? ", with changes" : ""));
    RunOptions options;
    options.arguments.assign(argv, argv + argc);
    Exit exit = Exit::good;

    // For tests of this program: a catalogue from a file in place of the one it was built with.
    app.add_option("--catalogue", options.catalogue)->group("");

    auto* run = app.add_subcommand("run", "Run cases on one or more targets");
    run->add_option("--target", options.targets,
                    "auto, all, or a list of model, kvm, kvm-nested, absent, xen, xen-stock, exec:SCRIPT")
        ->capture_default_str();
    run->add_option("--arch", options.arch, "Architecture of the guests")->capture_default_str();
    run->add_option(
        "--environment", options.environments,
        "These environments of each target, or 'all' (kvm and kvm-nested: xapic; x2apic, irqchip=split; xen: "
        "PVH and PV; flask=permissive, flask=load, debug; xen-stock: flask=enforcing, policy=upstream, "
        "mac-permissive=0, debug)");
    add_selection(run, options.wish);
    run->add_option(
        "--mechanism", options.wish.mechanism,
        "Make calls by this mechanism alone; 'all': every case by each that is offered (default: every case "
        "by the one that the hypervisor prefers, and by the others too on quick targets, else a sample)");
    run->add_option("--seed", options.wish.seed, "For cases that choose at random")->capture_default_str();
    add_outputs(run, options);
    run->add_option("--timeout-factor", options.wish.timeout_factor, "Multiplies every limit of time")
        ->check(CLI::Range(0.001, 1000.0))
        ->capture_default_str();
    run->add_flag("--soak", options.wish.soak,
                  "100000 rounds in each race of two vCPUs, where else there are 2000");
    run->add_option("--rounds", options.wish.rounds, "How often --profile bench does what it measures")
        ->check(CLI::Range(1u, 1'000'000u));
    run->add_option("--fuzz", options.wish.fuzz,
                    "Seconds of random calls with --profile fuzz, where else there are some rounds")
        ->check(CLI::Range(1u, 1'000'000u));
    run->add_option("--policy", options.wish.rules,
                    "Rules for targets model, kvm and xen (TOML), in the place of the suite's own; none: no "
                    "policy at all");
    run->add_option("--image", options.image,
                    "The bootable suite (default: argo-guest.elf beside this program)");
    run->add_option("--vmm", options.vmm, "The VMM of target kvm (default: argo-vmm beside this program)");
    run->add_option("--kernel", options.kernel, "Debian's kernel that target kvm-nested boots")
        ->check(CLI::IsMember({"6.12", "6.1"}))
        ->capture_default_str();
    run->callback([&] { exit = run_command(options); });

    bool json = false;
    auto* list = app.add_subcommand("list", "List the cases");
    list->add_flag("--json", json, "Everything that is known of them, and the obligations");
    list->callback([&] { exit = list_command(options, json); });

    std::vector<std::filesystem::path> files;
    auto* ingest = app.add_subcommand("ingest", "Make results from console logs of somebody else's boot");
    ingest->add_option("LOG", files, "Console of the lead; more than one file is fine")->required();
    add_selection(ingest, options.wish);
    add_outputs(ingest, options);
    ingest->callback([&] { exit = ingest_command(options, files); });

    auto* report = app.add_subcommand("report", "Make one report from several results");
    report->add_option("RESULTS", files, "results.json files; console.log beside each is used too");
    report->add_option("--mutants", options.mutants, "mutants.json, as argo-mutants writes it");
    report->add_option("--bench", options.bench, "bench.json, as ./argo bench writes it");
    report->add_option("--out", options.out, "Folder for report.html")->capture_default_str();
    add_against(report, options);
    report->callback([&] { exit = report_command(options, files); });

    std::filesystem::path topology;
    auto* model = app.add_subcommand("model-domains", "")->group("");
    model->add_option("TOPOLOGY", topology)->required();
    model->callback([&] { exit = model_domains_command(topology); });

    return run_command_line(app, argc, argv, exit);
}

} // namespace

int main(int argc, char** argv) { return run(argc, argv); }
