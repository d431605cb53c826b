// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which targets there are.
#include "runner/targets.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "policy/rules.hpp"
#include "runner/assets.hpp"
#include "runner/child.hpp"
#include "runner/errors.hpp"
#include "runner/target_domains.hpp"
#include "runner/target_exec.hpp"
#include "runner/target_nested.hpp"
#include "runner/target_xen.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

const std::vector<std::string> plain_names{"model", "kvm", "kvm-nested", "absent", "xen", "xen-stock"};
const std::string exec_prefix = "exec:";

/// What argo-vmm says of this machine.
struct Kvm
{
    std::string trouble;                           ///< why it cannot run a guest here; empty: it can
    double slowness = 1;                           ///< of its guests, for limits of time
    std::map<std::string, std::string> troubles{}; ///< why an environment cannot be had; empty: it can
};

/// What varies about a domain of argo-vmm's. Its probe has the same names.
const std::vector<DomainsTarget::Variant> vmm_environments{
    {"xapic"},
    {"x2apic", {{"apic", "x2apic"}}},
    {"irqchip=split", {{"irqchip", "split"}}, false},
};

Kvm ask_kvm(const Programs& programs)
{
    for (const auto& file : {programs.vmm, programs.image}) {
        if (!std::filesystem::exists(file)) return {fmt::format("{} is not there", file.filename().string())};
    }
    try {
        const auto probe =
            run_to_end({programs.vmm.string(), "probe", "--json"}, "/dev/null", std::chrono::seconds(20));
        const auto told = nlohmann::json::parse(probe.output, nullptr, false);
        const auto text = [&](const char* key) {
            return told.is_object() ? told.value(key, "") : std::string();
        };
        // Where KVM interprets its guests they run about a thousand times slower; what waits for them has to
        // know.
        if (probe.good) return {{}, text("kind") == "software" ? 3.0 : 1.0, environment_troubles(told)};
        const auto reason = text("reason");
        return {reason.empty() ? fmt::format("argo-vmm probe: {}", probe.ending) : reason};
    } catch (const Unavailable& error) {
        return {error.what()};
    }
}

/// Guests of the emulated machine are slow, and so is whatever runs beside them on its one CPU.
constexpr double nested_slowness = 4;

std::unique_ptr<Target> make_nested(DomainsTarget::Setting setting, const Programs& programs)
{
    for (const auto& file : {programs.nested, programs.vmm, programs.image}) {
        if (std::filesystem::exists(file)) continue;
        throw Unavailable(fmt::format("target kvm-nested: {} is not there", file.string()));
    }
    setting.program = {programs.nested, "--kernel",     programs.kernel, "--vmm",       programs.vmm,
                       "--image",       programs.image, "--folder",      setting.folder};
    setting.image = "/argo-guest.elf";
    setting.quick = false;
    setting.environments = vmm_environments;
    setting.wish.timeout_factor *= nested_slowness;
    return std::make_unique<NestedTarget>(std::move(setting));
}

/// The rules that the domains run under.
std::string rules_of(const Wish& wish)
{
    if (wish.rules.empty()) return std::string(assets::policy());
    if (wish.rules == "none") return {};
    try {
        policy::read_rules(wish.rules.string()); // so that what is wrong is told with its line
        return policy::read_text(wish.rules.string());
    } catch (const policy::Trouble& trouble) {
        throw UsageError(trouble.what());
    }
}

std::unique_ptr<Target> make_domains(const std::string& name, const Programs& programs,
                                     const std::filesystem::path& folder, const Wish& wish, bool crowd)
{
    const bool absent = name == "absent";
    DomainsTarget::Setting setting{
        name, {programs.self.string(), "model-domains"}, {}, folder, absent, crowd && !absent, true, wish};
    if (!absent && name != "kvm-nested" && name != "xen-stock") setting.rules = rules_of(wish);
    if (std::ranges::find(xen_targets(), name) != xen_targets().end())
        return make_xen(std::move(setting), find_xen(programs.self.parent_path()), programs.image);
    if (name == "model") return std::make_unique<DomainsTarget>(std::move(setting));
    if (name == "kvm-nested") return make_nested(std::move(setting), programs);
    const auto kvm = ask_kvm(programs);
    if (kvm.trouble.empty()) {
        setting.program = {programs.vmm.string(), "run", "--control", "--counters",
                           (folder / "counters.json").string()};
        setting.image = programs.image;
        setting.wish.timeout_factor *= kvm.slowness;
        setting.quick = kvm.slowness == 1;
        setting.troubles = kvm.troubles;
        if (!absent) setting.environments = vmm_environments;
    } else if (!absent) {
        throw Unavailable(fmt::format("target kvm: {}; --target model runs everywhere", kvm.trouble));
    }
    return std::make_unique<DomainsTarget>(std::move(setting));
}

} // namespace

Programs find_programs(std::filesystem::path vmm, std::filesystem::path image, std::string kernel)
{
    const auto self = std::filesystem::read_symlink("/proc/self/exe");
    if (vmm.empty()) vmm = self.parent_path() / "argo-vmm";
    if (image.empty()) image = self.parent_path() / "argo-guest.elf";
    return {self, std::filesystem::absolute(vmm), std::filesystem::absolute(image),
            self.parent_path() / "argo-nested", std::move(kernel)};
}

Choice choose_targets(const std::string& list, const Programs& programs)
{
    if (list == "auto") {
        const auto trouble = ask_kvm(programs).trouble;
        if (trouble.empty()) return {{"kvm"}, {"target kvm, since this machine can run its guests"}};
        return {{"model"}, {fmt::format("target model, since kvm cannot run here: {}", trouble)}};
    }
    if (list == "all") {
        Choice choice{plain_names, {}};
        const auto leave_out = [&](const std::string& name, const std::string& trouble) {
            if (trouble.empty()) return;
            std::erase(choice.names, name);
            choice.remarks.push_back(fmt::format("target {} is left out: {}", name, trouble));
        };
        leave_out("kvm", ask_kvm(programs).trouble);
        const auto xen = find_xen(programs.self.parent_path());
        for (const auto& name : xen_targets()) leave_out(name, xen_trouble(name, xen));
        return choice;
    }
    Choice choice;
    for (auto& name : split(list, ',')) {
        const bool known = std::ranges::find(plain_names, name) != plain_names.end() ||
                           (name.starts_with(exec_prefix) && name.size() > exec_prefix.size());
        if (!known) {
            auto words = plain_names;
            words.insert(words.end(), {"auto", "all"});
            throw UsageError(fmt::format(
                "target '{}' is not known{} (known: auto, all, {}, exec:SCRIPT; logs go to `ingest`)", name,
                did_you_mean(name, words), join(plain_names, ", ")));
        }
        const auto same = std::ranges::find(choice.names, target_folder(name), target_folder);
        if (same != choice.names.end()) {
            throw UsageError(fmt::format("targets '{}' and '{}' would write to the same folder {}", *same,
                                         name, target_folder(name)));
        }
        choice.names.push_back(std::move(name));
    }
    if (choice.names.empty()) throw UsageError("no target given");
    return choice;
}

std::string target_folder(const std::string& name)
{
    if (!name.starts_with(exec_prefix)) return name;
    return "exec-" + std::filesystem::path(name.substr(exec_prefix.size())).stem().string();
}

std::unique_ptr<Target> make_target(const std::string& name, const Programs& programs,
                                    const std::filesystem::path& out, const Wish& wish, bool crowd)
{
    const auto folder = out / target_folder(name);
    std::filesystem::create_directories(folder);
    // What an earlier run left is not taken for this one's.
    for (const char* file :
         {"results.json", "results.xml", "results.tap", "console.log", "kernel.log", "stderr.log"}) {
        std::filesystem::remove(folder / file);
    }
    if (!name.starts_with(exec_prefix)) return make_domains(name, programs, folder, wish, crowd);
    if (!std::filesystem::exists(programs.image)) {
        throw Unavailable(fmt::format("target {}: the image {} is not there; give it with --image", name,
                                      programs.image.string()));
    }
    return std::make_unique<ExecTarget>(name.substr(exec_prefix.size()), programs.image, folder, wish);
}

} // namespace argo::runner
