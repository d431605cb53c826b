// SPDX-License-Identifier: Apache-2.0 OR MIT
// Xen in an emulated machine.
#include "runner/target_xen.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "policy/compile.hpp"
#include "runner/child.hpp"
#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

using Arguments = std::vector<std::string>;

/// A way to build it, to boot it, and to make its guests.
struct Surroundings
{
    std::string name; ///< a guest tells by itself whether it is PV or PVH
    Arguments build{}, stage{"--guests=pvh"};
    bool asked = true; ///< runs only where the user asks for it
    /// How the policy's booleans get other values.
    enum class Change : uint8_t
    {
        booleans, ///< FLASK's
        load,     ///< another policy in the place of the whole
    } change = Change::booleans;
    bool upstream =
        false; ///< Xen's own policy, as upstream has it, and the label that domains have by default
};

const Surroundings pvh{.name = "PVH", .asked = false};
const Surroundings pv{.name = "PV", .stage = {"--guests=pv"}, .asked = false};
const Surroundings strict{.name = "mac-permissive=0", .stage = {"--guests=pvh", "--no-wildcard"}};
const Surroundings permissive{.name = "flask=permissive", .stage = {"--guests=pvh", "--flask=permissive"}};
const Surroundings enforcing{.name = "flask=enforcing", .stage = {"--guests=pvh", "--flask=enforcing"}};
const Surroundings upstream{
    .name = "policy=upstream", .stage = {"--guests=pvh", "--flask=enforcing"}, .upstream = true};
const Surroundings load{.name = "flask=load", .change = Surroundings::Change::load};
const Surroundings debug{.name = "debug", .build = {"--debug"}};

struct Kind
{
    std::string name;
    std::string series; ///< of patches
    Arguments stage;    ///< in front of the environment's
    std::vector<Surroundings> environments;
};

const std::vector<Kind>& kinds()
{
    static const std::vector<Kind> all{
        {"xen", "--patched", {"--flask=enforcing"}, {pvh, pv, permissive, load, debug}},
        {"xen-stock", "--stock", {"--flask=permissive"}, {pvh, pv, strict, enforcing, upstream, debug}},
    };
    return all;
}

const Kind& kind_of(const std::string& target) { return *std::ranges::find(kinds(), target, &Kind::name); }

/// An emulated CPU, which several domains share.
constexpr double slowness = 3;
constexpr unsigned races = 500;

/// The rules that are there with the booleans as they are. FLASK keeps the values of booleans when it loads a
/// policy, so what is loaded has none.
policy::Rules without_booleans(policy::Rules rules)
{
    std::erase_if(rules.rules, [&](const policy::Rule& rule) { return !rules.in_force(rule); });
    for (auto& rule : rules.rules) rule.boolean = -1;
    rules.booleans.clear();
    return rules;
}

/// The last line of a program's complaints.
std::string last_line(const std::filesystem::path& errors)
{
    std::ifstream file(errors);
    std::string line, last;
    while (std::getline(file, line))
        if (!line.empty()) last = line;
    return last;
}

class XenTarget : public DomainsTarget
{
  public:
    XenTarget(Setting setting, XenPrograms programs)
        : DomainsTarget(std::move(setting)), programs_(std::move(programs)), kind_(kind_of(setting_.name))
    {
    }

    std::vector<std::string> environments(bool all) const override
    {
        std::vector<std::string> names;
        for (const auto& environment : kind_.environments)
            if (all || !environment.asked) names.push_back(environment.name);
        return names;
    }

    void choose(const std::string& environment, const std::string& mechanism,
                const std::string& sample) override
    {
        const auto& chosen = *std::ranges::find(kind_.environments, environment, &Surroundings::name);
        xen_ = built(chosen);
        change_ = chosen.change;
        Arguments program{programs_.stage.string(), "--xen=" + xen_.string(),
                          "--image=" + setting_.image.string(), "--dom0=pv"};
        for (const auto& more : {kind_.stage, chosen.stage})
            program.insert(program.end(), more.begin(), more.end());
        setting_.program = std::move(program);
        const bool told_by_guest = environment == pvh.name || environment == pv.name;
        setting_.wish.environment = told_by_guest ? "" : environment;
        setting_.policy = chosen.upstream ? upstream_policy() : "";
        setting_.label = chosen.upstream ? "domU_t" : "";
        DomainsTarget::choose(environment, mechanism, sample);
        if (environment == permissive.name) setting_.wish.policy = false;
    }

  protected:
    /// A module for Xen's policy, and what policy.sh makes of it.
    void write_policy(const policy::Rules& rules, const std::string& name) override
    {
        const bool first = name == "suite";
        if (first) booleans_ = rules.booleans;
        if (!first && change_ == Surroundings::Change::booleans) return;
        const auto module = setting_.folder / "rules.te", ranges = setting_.folder / "ranges",
                   domains = programs_.policy_folder() / "argo.te";
        const auto compiled = policy::compile_for_flask(
            change_ == Surroundings::Change::load ? without_booleans(rules) : rules, {});
        std::ofstream(module) << compiled.module;
        std::ofstream(ranges) << compiled.ranges;
        make_policy(policy_file(name), {domains.string(), module.string()});
        setting_.program.push_back(first ? fmt::format("--ranges={}", ranges.string())
                                         : fmt::format("--later={}={}", name, policy_file(name).string()));
        if (first && change_ == Surroundings::Change::load)
            setting_.program.push_back(fmt::format("--later=suite={}", policy_file(name).string()));
    }

    std::string policy_command(const std::string& name) const override
    {
        auto command = fmt::format("policy {}", name);
        if (change_ == Surroundings::Change::load) return command;
        for (const auto& boolean : booleans_)
            command += fmt::format(" {}={:d}", boolean.name, boolean.value != (boolean.name == name));
        return command;
    }

  private:
    std::filesystem::path built(const Surroundings& environment) const
    {
        Arguments build{programs_.build.string(), kind_.series};
        build.insert(build.end(), environment.build.begin(), environment.build.end());
        const auto output = run(build, "xen-build.log", std::chrono::minutes(40));
        return output.substr(0, output.find('\n'));
    }

    void make_policy(const std::filesystem::path& policy, const Arguments& more) const
    {
        Arguments command{programs_.policy.string(), "--xen", xen_.string(), "--out", policy.string()};
        command.insert(command.end(), more.begin(), more.end());
        run(command, "xen-policy.log", std::chrono::minutes(1));
    }

    std::filesystem::path upstream_policy() const
    {
        make_policy(policy_file("upstream"), {"--upstream"});
        return policy_file("upstream");
    }

    std::string run(const Arguments& command, const char* log_name, std::chrono::seconds limit) const
    {
        const auto log = setting_.folder / log_name;
        const auto ran = run_to_end(command, log, limit);
        if (ran.good) return ran.output;
        const auto complaint = last_line(log);
        throw Unavailable(
            fmt::format("target {}: {}", setting_.name, complaint.empty() ? ran.ending : complaint));
    }

    XenPrograms programs_;
    const Kind& kind_;
    std::filesystem::path xen_; ///< what was built
    Surroundings::Change change_{};
    std::vector<policy::Boolean> booleans_; ///< as the rules have them
};

} // namespace

std::filesystem::path XenPrograms::policy_folder() const
{
    std::error_code none;
    return std::filesystem::canonical(policy, none).replace_filename("policy");
}

XenPrograms find_xen(const std::filesystem::path& folder)
{
    return {folder / "argo-xen-build", folder / "argo-xen-stage", folder / "argo-xen-policy"};
}

const std::vector<std::string>& xen_targets()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const auto& kind : kinds()) all.push_back(kind.name);
        return all;
    }();
    return names;
}

std::string xen_trouble(const std::string& target, const XenPrograms& programs)
{
    const auto& series = kind_of(target).series;
    try {
        const auto there = run_to_end({programs.build.string(), series, "--if-built"}, "/dev/null",
                                      std::chrono::seconds(20));
        return there.good
                   ? ""
                   : fmt::format("Xen is not built yet; reference-impl/xen/build.sh {} does it", series);
    } catch (const Unavailable& error) {
        return error.what();
    }
}

std::unique_ptr<Target> make_xen(DomainsTarget::Setting setting, const XenPrograms& programs,
                                 const std::filesystem::path& image)
{
    setting.image = image;
    setting.quick = false;
    setting.wish.timeout_factor *= slowness;
    setting.wish.races = races;
    // The list is upstream's, and lies beside the script that the link leads to.
    std::error_code none;
    if (kind_of(setting.name).series == "--stock")
        setting.known_failures =
            std::filesystem::canonical(programs.build, none).replace_filename("known-failures.toml");
    return std::make_unique<XenTarget>(std::move(setting), programs);
}

} // namespace argo::runner
