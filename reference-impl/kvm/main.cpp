// SPDX-License-Identifier: Apache-2.0 OR MIT
// argo-vmm: runs the domains of a topology on /dev/kvm, checks a topology, or tells what this host can do.
#include "kvm/probe.hpp"
#include "kvm/report.hpp"
#include "kvm/supervisor.hpp"

#include <CLI/CLI.hpp>
#include <argo/abi.h>

#include <csignal>
#include <fstream>
#include <iostream>

namespace {

using namespace argo::kvm;

constexpr int code(Exit exit) { return static_cast<int>(exit); }

/// Everything about a topology that can be wrong without KVM.
Topology read_checked(const std::string& file)
{
    auto topology = read_topology(file);
    for (const auto& domain : topology.domains) Image::read(domain.image, domain.memory);
    if (!topology.policy.empty()) {
        const auto policy = PolicyFile::read(topology.policy);
        for (const auto& domain : topology.domains) {
            if (!domain.absent) policy->require_label(domain.name, domain.label);
        }
    }
    return topology;
}

int check(const std::string& file)
{
    const auto topology = read_checked(file);
    const auto count = topology.domains.size();
    fmt::print("{}: good, {} {}\n", file, count, count == 1 ? "domain" : "domains");
    return code(Exit::success);
}

struct RunOptions
{
    std::string topology;
    std::string device;
    std::string counters; ///< empty: not wanted
    bool control = false;
};

int run(const RunOptions& options)
{
    const auto topology = read_checked(options.topology);
    std::ofstream counters;
    if (!options.counters.empty()) {
        counters.open(options.counters);
        if (!counters) fail(Exit::usage, "{}: cannot write: {}", options.counters, std::strerror(errno));
    }
    const System system(options.device);
    for (const auto& domain : topology.domains) offered_mechanisms(system, domain); // all that are asked for?
    std::signal(SIGPIPE, SIG_IGN); // a reader that goes away shows as an error of write
    Supervisor supervisor(system, topology, options.control);
    const int result = supervisor.run();
    if (counters.is_open()) {
        counters << counters_report(supervisor).dump(2) << std::endl;
        if (!counters) fail(Exit::failure, "{}: the counters could not be written", options.counters);
    }
    return result;
}

int tell(const std::string& device, bool json)
{
    const auto result = probe(device);
    if (json) std::cout << result.details.dump(2) << '\n';
    if (!result.usable) fail(Exit::unavailable, "{}", result.reason);
    if (!json) std::cout << describe(result);
    return code(Exit::success);
}

int run_program(int argc, char** argv)
{
    CLI::App app("Runs domains that talk over Argo, each a VM on /dev/kvm, all in one process.", "argo-vmm");
    app.set_version_flag("--version", fmt::format("argo-vmm {} (Argo ABI {}.{})", ARGO_VERSION,
                                                  ARGO_ABI_MAJOR, ARGO_ABI_MINOR));
    app.require_subcommand(1);
    app.footer("Exit codes: 0 good, 1 a guest crashed, 2 wrong usage or topology, 4 no usable KVM, 130 "
               "interrupted.");

    RunOptions options{.topology = {}, .device = "/dev/kvm", .counters = {}};
    bool only_check = false;
    bool json = false;
    const auto add_topology = [&](CLI::App* command) {
        command->add_option("TOPOLOGY", options.topology, "TOML file that says which domains there are")
            ->required();
    };
    const auto add_device = [&](CLI::App* command) {
        command->add_option("--device", options.device, "KVM's device")->capture_default_str();
    };

    auto* run_command = app.add_subcommand("run", "Run a topology until its last domain has ended");
    add_topology(run_command);
    add_device(run_command);
    run_command->add_flag("--control", options.control,
                          "Take commands from standard input: kill D, start D, restart D, policy FILE, quit");
    run_command->add_option("--counters", options.counters, "Write what the run cost to this file, as JSON");
    run_command->add_flag("--check", only_check, "Only check the topology");

    auto* check_command = app.add_subcommand("check", "Check a topology and its images");
    add_topology(check_command);

    auto* probe_command = app.add_subcommand("probe", "Tell what this host's KVM can do, and try it");
    add_device(probe_command);
    probe_command->add_flag("--json", json, "Tell it as JSON");

    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& wanted) { // --help and --version
        return app.exit(wanted);
    } catch (const CLI::ParseError& error) {
        fail(Exit::usage, "{}; see argo-vmm --help", error.what());
    }
    if (*probe_command) return tell(options.device, json);
    if (*check_command || only_check) return check(options.topology);
    return run(options);
}

} // namespace

int main(int argc, char** argv)
try {
    return run_program(argc, argv);
} catch (const Failure& failure) {
    fmt::print(stderr, "argo-vmm: {}\n", failure.what());
    return code(failure.code);
} catch (const std::exception& error) {
    fmt::print(stderr, "argo-vmm: {}\n", error.what());
    return code(Exit::failure);
}
