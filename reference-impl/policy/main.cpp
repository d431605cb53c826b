// SPDX-License-Identifier: Apache-2.0 OR MIT
// argo-policy: checks the rules of a policy, compiles, explains and compares them, and imports those of
// OpenXT.
#include "policy/compile.hpp"
#include "policy/explain.hpp"
#include "policy/viptables.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstring>
#include <fstream>

namespace {

using namespace argo::policy;

enum Exit
{
    good = 0,
    different = 1, ///< diff found something
    usage = 2,     ///< the command line or a file is wrong
};

struct Options
{
    std::string rules, later, list, from, to;
    std::string form, out, ranges;
    std::vector<std::string> booleans, labels;
    FlaskOptions flask;
};

/// `name=value`.
std::pair<std::string, std::string> assignment(const std::string& text, const char* example)
{
    const auto equals = text.find('=');
    if (equals == std::string::npos) trouble("'{}' is no assignment; write it as {}", text, example);
    return {text.substr(0, equals), text.substr(equals + 1)};
}

Rules read(const std::string& file, const Options& options)
{
    auto rules = read_rules(file);
    for (const auto& text : options.booleans) {
        const auto [name, value] = assignment(text, "open=true");
        if (value != "true" && value != "false")
            trouble("boolean '{}' is true or false, not '{}'", name, value);
        rules.set(name, value == "true");
    }
    return rules;
}

void write(const std::string& text, const std::string& file)
{
    if (file.empty() || file == "-") {
        std::fwrite(text.data(), 1, text.size(), stdout);
        if (std::fflush(stdout) != 0) trouble("standard output cannot be written: {}", std::strerror(errno));
        return;
    }
    std::ofstream stream(file, std::ios::binary);
    stream << text;
    if (!stream.flush()) trouble("{}: cannot be written: {}", file, std::strerror(errno));
}

int check(const Options& options)
{
    const auto rules = read(options.rules, options);
    compile_for_engine(rules); // not too many
    fmt::print("{}: good; {} labels, {} labels of ports, {} rules\n", options.rules, rules.labels.size(),
               rules.port_labels.size(), rules.rules.size());
    return good;
}

int compile(const Options& options)
{
    const auto rules = read(options.rules, options);
    const bool engine = options.form == "engine";
    if (engine && options.out.empty()) trouble("the engine's form is not for eyes; name a file with --out");
    if (engine) {
        if (!options.ranges.empty() || options.flask.declare_domains)
            trouble("--ranges and --declare-domains are FLASK's; the engine's form has both in it");
        write(compile_for_engine(rules), options.out);
        return good;
    }
    if (!rules.ranges.empty() && options.ranges.empty())
        trouble("Xen is told the labels of ports at run time; name a file for their list with --ranges");
    const auto policy = compile_for_flask(rules, options.flask);
    write(policy.module, options.out);
    if (!options.ranges.empty()) write(policy.ranges, options.ranges);
    return good;
}

int compare(const Options& options)
{
    const auto text = difference(read(options.rules, options), read(options.later, options));
    write(text, "");
    return text.empty() ? good : different;
}

int import(const Options& options)
{
    DomainLabels labels;
    for (const auto& text : options.labels) {
        const auto [number, label] = assignment(text, "5=guest_t");
        uint16_t domid = 0;
        const auto* end = number.data() + number.size();
        const auto result = std::from_chars(number.data(), end, domid);
        if (result.ec != std::errc() || result.ptr != end)
            trouble("'{}' is no domid; write 5=guest_t", number);
        if (!labels.emplace(domid, label).second) trouble("domid {} gets two labels; it has one", domid);
    }
    write(import_viptables(read_text(options.list), options.list, labels), options.out);
    return good;
}

int run(int argc, char** argv)
{
    CLI::App app("Access control of Argo: rules by labels, for every hypervisor.", "argo-policy");
    app.set_version_flag("--version", "argo-policy " ARGO_VERSION);
    app.require_subcommand(1);
    app.footer("Exit codes: 0 good, 1 diff found a difference, 2 wrong usage or rules.");
    Options options;
    int exit = good;

    const auto add_rules = [&](CLI::App* command) {
        command->add_option("RULES", options.rules, "TOML file with the rules")->required();
    };
    const auto add_booleans = [&](CLI::App* command) {
        command->add_option("--boolean", options.booleans, "Give a boolean another value: open=true");
    };

    auto* check_command = app.add_subcommand("check", "Say whether the rules are good");
    add_rules(check_command);
    check_command->callback([&] { exit = check(options); });

    auto* compile_command = app.add_subcommand("compile", "Write what a hypervisor reads");
    add_rules(compile_command);
    add_booleans(compile_command);
    compile_command->add_option("--to", options.form, "engine: argo-vmm's; flask: a module for Xen's policy")
        ->required()
        ->check(CLI::IsMember({"engine", "flask"}));
    compile_command->add_option("--out", options.out, "File to write; else standard output");
    compile_command->add_option("--ranges", options.ranges,
                                "FLASK: file to write the labels of ports to, for flask-label-argo");
    compile_command->add_flag("--declare-domains", options.flask.declare_domains,
                              "FLASK: declare the types of domains, too, as domains that domain 0 makes");
    compile_command->callback([&] { exit = compile(options); });

    auto* explain_command =
        app.add_subcommand("explain", "Say which rule decides about two ends, and what the guests see");
    add_rules(explain_command);
    explain_command->add_option("FROM", options.from, "Sender, label:port")->required();
    explain_command->add_option("TO", options.to, "Receiver, label:port")->required();
    add_booleans(explain_command);
    explain_command->callback([&] {
        const auto from = parse_end(options.from), to = parse_end(options.to);
        write(explain(read(options.rules, options), from, to), "");
    });

    auto* diff_command = app.add_subcommand("diff", "Say what later rules allow more (+) and less (-)");
    diff_command->add_option("OLD", options.rules, "TOML file with the rules")->required();
    diff_command->add_option("NEW", options.later, "The later ones")->required();
    add_booleans(diff_command);
    diff_command->callback([&] { exit = compare(options); });

    auto* import_command = app.add_subcommand("import", "Make rules of another firewall's");
    import_command->require_subcommand(1);
    auto* viptables = import_command->add_subcommand("viptables", "OpenXT's: one command a line");
    viptables->add_option("LIST", options.list, "File with the commands")->required();
    viptables->add_option("--label", options.labels, "Label of a domid: 5=guest_t");
    viptables->add_option("--out", options.out, "File to write; else standard output");
    viptables->callback([&] { exit = import(options); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& wanted) { // --help and --version
        return app.exit(wanted);
    } catch (const CLI::ParseError& error) {
        trouble("{}; see argo-policy --help", error.what());
    }
    return exit;
}

} // namespace

int main(int argc, char** argv)
try {
    return run(argc, argv);
} catch (const Trouble& trouble) {
    fmt::print(stderr, "argo-policy: {}\n", trouble.what());
    return usage;
} catch (const std::exception& error) {
    fmt::print(stderr, "argo-policy: {}\n", error.what());
    return 1;
}
