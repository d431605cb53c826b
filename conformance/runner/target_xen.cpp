// SPDX-License-Identifier: Apache-2.0 OR MIT
// Xen in an emulated machine.
#include "runner/target_xen.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

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
    Arguments build, stage;
    bool asked = false; ///< runs only where the user asks for it
};

const Surroundings pvh{"PVH", {}, {"--guests=pvh"}};
const Surroundings pv{"PV", {}, {"--guests=pv"}};
const Surroundings strict{"mac-permissive=0", {}, {"--guests=pvh", "--no-wildcard"}, true};
const Surroundings enforcing{"flask=enforcing", {}, {"--guests=pvh", "--flask=enforcing"}, true};
const Surroundings debug{"debug", {"--debug"}, {"--guests=pvh"}, true};

struct Kind
{
    std::string name;
    std::string series; ///< of patches
    std::vector<Surroundings> environments;
};

const std::vector<Kind>& kinds()
{
    static const std::vector<Kind> all{{"xen", "--patched", {pvh, pv, enforcing, debug}},
                                       {"xen-stock", "--stock", {pvh, pv, strict, enforcing, debug}}};
    return all;
}

const Kind& kind_of(const std::string& target) { return *std::ranges::find(kinds(), target, &Kind::name); }

/// An emulated CPU, which several domains share.
constexpr double slowness = 3;
constexpr unsigned races = 500;

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
        Arguments program{programs_.stage.string(), "--xen=" + built(chosen),
                          "--image=" + setting_.image.string(), "--dom0=pv"};
        program.insert(program.end(), chosen.stage.begin(), chosen.stage.end());
        setting_.program = std::move(program);
        const bool told_by_guest = environment == pvh.name || environment == pv.name;
        setting_.wish.environment = told_by_guest ? "" : environment;
        DomainsTarget::choose(environment, mechanism, sample);
    }

  private:
    std::string built(const Surroundings& environment) const
    {
        Arguments build{programs_.build.string(), kind_.series};
        build.insert(build.end(), environment.build.begin(), environment.build.end());
        const auto log = setting_.folder / "xen-build.log";
        const auto ran = run_to_end(build, log, std::chrono::minutes(40));
        if (ran.good) return ran.output.substr(0, ran.output.find('\n'));
        const auto complaint = last_line(log);
        throw Unavailable(
            fmt::format("target {}: {}", setting_.name, complaint.empty() ? ran.ending : complaint));
    }

    XenPrograms programs_;
    const Kind& kind_;
};

} // namespace

XenPrograms find_xen(const std::filesystem::path& folder)
{
    return {folder / "argo-xen-build", folder / "argo-xen-stage"};
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
