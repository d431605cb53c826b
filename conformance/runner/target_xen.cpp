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

/// One way to boot it.
struct Kind
{
    const char* name;
    const char* flavour; ///< of the build
    const char* guests;
    bool wildcard; ///< mac-permissive
};

constexpr Kind kinds[] = {
    {"xen", "--patched", "pvh", true},
    {"xen-pv", "--patched", "pv", true},
    {"xen-stock", "--stock", "pvh", true},
    {"xen-stock-pv", "--stock", "pv", true},
    {"xen-stock-strict", "--stock", "pvh", false},
};

/// An emulated CPU, which several domains share.
constexpr double slowness = 3;

const Kind& kind_of(const std::string& target)
{
    return *std::ranges::find(kinds, target, [](const Kind& kind) { return std::string(kind.name); });
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

} // namespace

XenPrograms find_xen(const std::filesystem::path& folder)
{
    return {folder / "argo-xen-build", folder / "argo-xen-stage"};
}

const std::vector<std::string>& xen_targets()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const auto& kind : kinds) all.emplace_back(kind.name);
        return all;
    }();
    return names;
}

std::string xen_trouble(const std::string& target, const XenPrograms& programs)
{
    try {
        const auto there = run_to_end({programs.build.string(), kind_of(target).flavour, "--if-built"},
                                      "/dev/null", std::chrono::seconds(20));
        return there.good ? ""
                          : fmt::format("Xen is not built yet; reference-impl/xen/build.sh {} does it",
                                        kind_of(target).flavour);
    } catch (const Unavailable& error) {
        return error.what();
    }
}

std::unique_ptr<Target> make_xen(DomainsTarget::Setting setting, const XenPrograms& programs,
                                 const std::filesystem::path& image)
{
    const Kind& kind = kind_of(setting.name);
    const auto log = setting.folder / "xen-build.log";
    const auto built = run_to_end({programs.build.string(), kind.flavour}, log, std::chrono::minutes(40));
    if (!built.good) {
        const auto complaint = last_line(log);
        throw Unavailable(
            fmt::format("target {}: {}", setting.name, complaint.empty() ? built.ending : complaint));
    }
    setting.program = {programs.stage.string(),
                       "--xen=" + built.output.substr(0, built.output.find('\n')),
                       "--image=" + image.string(),
                       "--dom0=pvh",
                       fmt::format("--guests={}", kind.guests),
                       kind.wildcard ? "--wildcard" : "--no-wildcard"};
    setting.image = image;
    setting.crowd = false; // Their making takes longer than all cases together.
    setting.quick = false;
    setting.wish.timeout_factor *= slowness;
    // The list is upstream's, and lies beside the script that the link leads to.
    std::error_code none;
    if (std::string_view(kind.flavour) == "--stock")
        setting.known_failures =
            std::filesystem::canonical(programs.build, none).replace_filename("known-failures.toml");
    return std::make_unique<DomainsTarget>(std::move(setting));
}

} // namespace argo::runner
