// SPDX-License-Identifier: Apache-2.0 OR MIT
// Targets whose domains run in one program.
#include "runner/target_domains.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <toml++/toml.h>

#include "policy/compile.hpp"
#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

constexpr int64_t lead_vcpus = 4;                // what the suite can make use of (harness/platform.hpp)
constexpr std::chrono::milliseconds grace{3000}; // for the program to end its domains after "quit"

} // namespace

std::map<std::string, std::string> environment_troubles(const nlohmann::json& probe)
{
    std::map<std::string, std::string> troubles;
    const auto told =
        probe.is_object() ? probe.value("environments", nlohmann::json::object()) : nlohmann::json();
    for (const auto& [name, trouble] : told.items())
        if (trouble.is_string()) troubles[name] = printable(trouble.get<std::string>());
    return troubles;
}

DomainsTarget::DomainsTarget(Setting setting) : setting_(std::move(setting)) { assemble(); }

DomainsTarget::~DomainsTarget() { stop(); }

void DomainsTarget::assemble()
{
    constexpr unsigned many = 33; // one more than may wait at one ring of the reference engine
    roles_ = {{"lead", "lead", 1}, {"peer", "peer", 2}, {"third", "third", 3}};
    if (!setting_.crowd || !setting_.wish.sample.empty()) return;
    for (unsigned domid = 4; domid < 4 + many; ++domid) {
        roles_.push_back({fmt::format("crowd-{}", domid), "crowd", domid});
    }
}

/// The rules as they are, and once with each boolean set.
void DomainsTarget::write_policies()
try {
    auto rules = policy::parse_rules(setting_.rules, "the suite's policy");
    write_policy(rules, "suite");
    policies_ = {"suite"};
    for (auto& boolean : rules.booleans) {
        boolean.value = !boolean.value;
        write_policy(rules, boolean.name);
        boolean.value = !boolean.value;
        policies_.push_back(boolean.name);
    }
} catch (const policy::Trouble& trouble) {
    throw UsageError(trouble.what());
}

void DomainsTarget::write_policy(const policy::Rules& rules, const std::string& name)
{
    std::ofstream(policy_file(name), std::ios::binary) << policy::compile_for_engine(rules);
}

std::string DomainsTarget::policy_command(const std::string& name) const
{
    return fmt::format("policy {}", policy_file(name).string());
}

std::filesystem::path DomainsTarget::policy_file(const std::string& name) const
{
    return std::filesystem::absolute(setting_.folder / (name + ".policy"));
}

std::string DomainsTarget::topology(const std::string& after) const
{
    toml::array domains;
    for (const auto& role : roles_) {
        toml::table domain{
            {"name", role.name},
            {"domid", static_cast<int64_t>(role.domid)},
            {"label", setting_.label.empty() ? role.part + "_t" : setting_.label},
            {"consoles", toml::array{"debug"}}, // the cheapest; a guest prints on every one that it finds
            {"command_line", guest_command_line(role, roles_, setting_.wish, after)},
        };
        if (role.name == "lead")
            domain.insert("vcpus", lead_vcpus); // those that are not the first lie, or listen
        if (!setting_.image.empty()) domain.insert("image", setting_.image.string());
        if (setting_.absent) domain.insert("absent", true);
        for (const auto& [key, value] : variant_.keys) domain.insert(key, value);
        domains.push_back(std::move(domain));
    }
    std::ostringstream text;
    toml::table whole{{"domain", std::move(domains)}};
    if (!policies_.empty()) {
        whole.insert("policy", policy_file(policies_.front()).string());
        whole.insert("audit_rate", int64_t{100'000}); // every denial is looked for
    } else if (!setting_.policy.empty()) {
        whole.insert("policy", std::filesystem::absolute(setting_.policy).string());
    }
    text << "# What argo-conformance has run. One domain for each role of the suite.\n" << whole << "\n";
    return text.str();
}

std::vector<std::string> DomainsTarget::environments(bool all) const
{
    if (setting_.environments.empty()) return Target::environments(all);
    std::vector<std::string> names;
    for (const auto& environment : setting_.environments)
        if (all || names.empty()) names.push_back(environment.name);
    return names;
}

void DomainsTarget::require_environment() const
{
    const auto trouble = setting_.troubles.find(variant_.name);
    if (trouble == setting_.troubles.end() || trouble->second.empty()) return;
    throw Unavailable(fmt::format("target {}: {}", setting_.name, trouble->second));
}

void DomainsTarget::choose(const std::string& environment, const std::string& mechanism,
                           const std::string& sample)
{
    const auto variant = std::ranges::find(setting_.environments, environment, &Variant::name);
    if (variant != setting_.environments.end()) {
        variant_ = *variant;
        setting_.wish.environment = variant_.told_by_guest ? "" : variant_.name;
        require_environment();
    }
    setting_.wish.mechanism = mechanism;
    setting_.wish.sample = sample;
    setting_.wish.policy = !setting_.rules.empty();
    if (setting_.wish.policy) write_policies();
    assemble();
}

void DomainsTarget::start(const std::string& after)
{
    stop();
    heard_.clear();
    over_ = false;
    std::error_code nothing_there;
    std::filesystem::remove(counters_file(), nothing_there);
    const auto text = topology(after);
    std::ofstream(topology_file()) << text;
    launch(text);
}

void DomainsTarget::launch(const std::string&)
{
    auto arguments = setting_.program;
    arguments.insert(arguments.begin() + 2, topology_file().string());
    child_ = std::make_unique<Child>(arguments, setting_.folder / "stderr.log");
}

bool DomainsTarget::hear_mark(std::string_view, std::string_view) { return false; }

std::string DomainsTarget::how_it_ended() const
{
    return ending_with_complaint(*child_, setting_.folder / "stderr.log");
}

void DomainsTarget::over(std::string how)
{
    over_ = true;
    heard_.push_back({Report::Kind::over, "", std::move(how)});
}

std::optional<Report> DomainsTarget::next(Clock::time_point deadline)
{
    while (heard_.empty() && child_ && !over_) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0 || interrupted()) return std::nullopt;
        pollfd poll{child_->descriptor(), POLLIN, 0};
        if (::poll(&poll, 1, static_cast<int>(left)) <= 0) continue;
        child_->read([this](std::string_view line) { hear(line); });
        if (child_->descriptor() < 0 && !over_) {
            child_->stop(grace);
            over(how_it_ended());
        }
        std::ranges::reverse(heard_);
    }
    if (heard_.empty()) return std::nullopt;
    auto report = std::move(heard_.back());
    heard_.pop_back();
    return report;
}

void DomainsTarget::hear(std::string_view line)
{
    if (over_) return;
    // `[name] text`; what has no such mark is no domain's and is kept for the log alone.
    const auto close = line.find("] ");
    if (!line.starts_with('[') || close == std::string_view::npos) {
        heard_.push_back({Report::Kind::line, "", std::string(line)});
        return;
    }
    const auto role = line.substr(1, close - 1);
    const auto text = line.substr(close + 2);
    if (hear_mark(role, text)) return;
    if (role != "host") {
        heard_.push_back({Report::Kind::line, std::string(role), std::string(text)});
        return;
    }
    heard_.push_back({Report::Kind::line, "host", std::string(text)});
    constexpr std::string_view ended = " ended ";
    if (const auto at = text.find(ended); at != std::string_view::npos) {
        heard_.push_back({Report::Kind::ended, std::string(text.substr(0, at)),
                          std::string(text.substr(at + ended.size()))});
    }
}

/// From the file that argo-vmm and the model leave. One that is none says nothing.
EventCounts DomainsTarget::counted() const
{
    std::ifstream file(counters_file());
    const auto counters = nlohmann::json::parse(file, nullptr, false);
    const auto number = [&](const char* where) {
        const nlohmann::json::json_pointer pointer(where);
        const bool there =
            counters.is_object() && counters.contains(pointer) && counters[pointer].is_number_unsigned();
        return there ? EventCounts::Count(counters[pointer].get<uint64_t>()) : std::nullopt;
    };
    return {number("/domains/lead/events"),
            number("/engine/suppressed"),
            number("/domains/lead/events_held"),
            {},
            {}};
}

/// Of the lead its exits, of all domains what the engine did.
std::map<std::string, uint64_t> DomainsTarget::figures() const
{
    std::map<std::string, uint64_t> figures;
    std::ifstream file(counters_file());
    const auto counters = nlohmann::json::parse(file, nullptr, false);
    const auto each = [&](const char* where, auto visit) {
        const nlohmann::json::json_pointer pointer(where);
        if (!counters.is_object() || !counters.contains(pointer) || !counters[pointer].is_object()) return;
        for (const auto& [name, value] : counters[pointer].items())
            if (value.is_number_unsigned()) visit(name, value.template get<uint64_t>());
    };
    each("/domains/lead/exits", [&](const std::string&, uint64_t value) { figures["exits"] += value; });
    each("/engine", [&](const std::string& name, uint64_t value) { figures[name] = value; });
    return figures;
}

bool DomainsTarget::act(const Ask& ask)
{
    if (!child_) return false;
    if (ask.action == Action::policy) {
        if (std::ranges::find(policies_, ask.role) == policies_.end()) return false;
        child_->tell(policy_command(ask.role));
        return true;
    }
    if (std::ranges::find(roles_, ask.role, &Role::name) == roles_.end()) return false;
    child_->tell(fmt::format("{} {}", runner::name(ask.action), ask.role));
    return true;
}

void DomainsTarget::stop()
{
    if (!child_) return;
    child_->tell("quit");
    child_->hang_up();
    child_->stop(interrupted() ? std::chrono::milliseconds(500) : grace);
    child_.reset();
}

} // namespace argo::runner
