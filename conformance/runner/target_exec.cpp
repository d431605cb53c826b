// SPDX-License-Identifier: Apache-2.0 OR MIT
// exec:SCRIPT, anybody's hypervisor.
#include "runner/target_exec.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds call_limit{30'000}; // for a script to say a domid, or to destroy a domain

} // namespace

ExecTarget::ExecTarget(std::filesystem::path script, std::filesystem::path image,
                       std::filesystem::path folder, Wish wish)
    : script_(std::move(script)), image_(std::move(image)), folder_(std::move(folder)), wish_(std::move(wish))
{
    if (::access(script_.c_str(), X_OK) != 0 || std::filesystem::is_directory(script_)) {
        throw Unavailable(
            fmt::format("target exec:{}: no such program, or it may not be executed", script_.string()));
    }
    script_ = std::filesystem::absolute(script_);
}

ExecTarget::~ExecTarget() { stop(); }

Ran ExecTarget::call(std::vector<std::string> arguments) const
{
    arguments.insert(arguments.begin(), script_.string());
    return run_to_end(arguments, folder_ / "stderr.log", call_limit);
}

void ExecTarget::find_roles()
{
    domains_.clear();
    for (const char* role : {"peer", "third", "lead"}) {
        unsigned domid = 0;
        const auto said = call({"domid", role});
        const auto word = std::string_view(said.output).substr(0, said.output.find_last_not_of(" \r\n") + 1);
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), domid);
        const bool known = said.good && error == std::errc() && end == word.data() + word.size();
        if (known || role == std::string_view("lead")) domains_.push_back({{role, role, domid}, nullptr});
    }
}

void ExecTarget::choose(const std::string&, const std::string& mechanism, const std::string& sample)
{
    wish_.mechanism = mechanism;
    wish_.sample = sample;
}

void ExecTarget::start(const std::string& after)
{
    stop();
    heard_.clear();
    after_ = after;
    if (domains_.empty()) find_roles();
    for (auto& domain : domains_) run(domain);
}

void ExecTarget::run(Domain& domain)
{
    std::vector<Role> roles;
    for (const auto& other : domains_) roles.push_back(other.role);
    const auto command_line = guest_command_line(domain.role, roles, wish_, after_);
    const std::vector<std::string> arguments{script_.string(), "start", domain.role.name, image_.string(),
                                             command_line};
    domain.console = std::make_unique<Child>(arguments, folder_ / "stderr.log");
    domain.console->hang_up(); // a console that nobody types at
}

void ExecTarget::kill(Domain& domain, const char* why)
{
    if (!domain.console) return;
    call({"kill", domain.role.name});
    domain.console->stop(milliseconds(2000));
    domain.console.reset();
    heard_.insert(heard_.begin(), {Report::Kind::ended, domain.role.name, why});
}

std::optional<Report> ExecTarget::next(Clock::time_point deadline)
{
    while (heard_.empty()) {
        std::vector<pollfd> polls;
        std::vector<Domain*> polled;
        for (auto& domain : domains_) {
            if (!domain.console) continue;
            polls.push_back({domain.console->descriptor(), POLLIN, 0});
            polled.push_back(&domain);
        }
        if (polls.empty()) return Report{Report::Kind::over, "", "no domain is left"};
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
        if (left <= 0 || interrupted()) return std::nullopt;
        if (::poll(polls.data(), polls.size(), static_cast<int>(left)) <= 0) continue;
        for (size_t i = 0; i < polls.size(); ++i) {
            if (polls[i].revents == 0) continue;
            auto& domain = *polled[i];
            domain.console->read([&](std::string_view line) {
                heard_.push_back({Report::Kind::line, domain.role.name, std::string(line)});
            });
            if (domain.console->descriptor() >= 0) continue;
            domain.console->stop(milliseconds(2000));
            heard_.push_back({Report::Kind::ended, domain.role.name,
                              "its console ended; the script: " +
                                  ending_with_complaint(*domain.console, folder_ / "stderr.log")});
            domain.console.reset();
        }
        std::ranges::reverse(heard_);
    }
    auto report = std::move(heard_.back());
    heard_.pop_back();
    return report;
}

bool ExecTarget::act(const Ask& ask)
{
    const auto domain = std::ranges::find(domains_, ask.role, [](const auto& d) { return d.role.name; });
    if (domain == domains_.end()) return false;
    if (ask.action != Action::start) kill(*domain, "killed");
    if (ask.action != Action::kill && !domain->console) run(*domain);
    return true;
}

void ExecTarget::stop()
{
    for (auto& domain : domains_) kill(domain, "stopped");
    heard_.clear();
}

} // namespace argo::runner
