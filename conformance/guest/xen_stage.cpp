// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Domain 0 as the stage. Its module says which domains there are, and carries the image; the second serial
// port is the way to the host, and speaks what argo-vmm speaks:
//
//     out:  [lead] a console line    [host] peer started    [host] peer ended killed    [host] exited
//           [host] avc:  denied ...
//     in:   kill peer    start peer    restart peer    policy open    policy open <boolean>=1 ...    quit
//
// The module is text, lines of
//
//     ports <low> <high> <label>
//     policy <name> <bytes>
//     domain <name> <domid> <pv|pvh> <vcpus> <label> <pages> <command line>
//
// up to a line "end", then the policies and the image, each behind zeros up to a multiple of a page. `policy`
// puts one of them in force, or values of booleans, all at once.
#include <algorithm>
#include <cstring>

#include "guest/console.hpp"
#include "guest/panic.hpp"
#include "guest/surroundings.hpp"
#include "guest/xen.hpp"
#include "guest/xen_domain.hpp"
#include "guest/xen_flask.hpp"
#include "harness/text.hpp"

namespace argo::guest::xen {

namespace {

using suite::Text;

constexpr size_t max_actors = 40, max_policies = 8;

struct Actor
{
    std::string_view name{};
    Plan plan{};
    Domain domain{};
    Text line{}; ///< what it printed since the last '\n'
    Text command_line{};
    bool renew = false; ///< it asked for that
};

Actor actors[max_actors];
size_t actor_count = 0;
std::span<const uint8_t> image;

struct Policy
{
    std::string_view name{};
    std::span<const uint8_t> bytes{};
};

Policy policies[max_policies];
size_t policy_count = 0;

void tell(std::string_view who, std::string_view text)
{
    print_on_second_port("[");
    print_on_second_port(who);
    print_on_second_port("] ");
    print_on_second_port(text);
    print_on_second_port("\n");
}

[[noreturn]] void give_up(std::string_view why)
{
    tell("host", why);
    while (true) surroundings().shut_down(true);
}

void tell_end(const Actor& actor, std::string_view how)
{
    Text text;
    text << actor.name << " ended " << how;
    tell("host", text.view());
}

/// The next word of a line, which is then shorter.
std::string_view word_of(std::string_view& line)
{
    const size_t size = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, size);
    line.remove_prefix(std::min(size + 1, line.size()));
    return word;
}

uint32_t number_of(std::string_view word)
{
    uint32_t number = 0;
    for (const char c : word) {
        if (c < '0' || c > '9') give_up("stage: a number in the module is none");
        number = number * 10 + static_cast<uint32_t>(c - '0');
    }
    return number;
}

[[noreturn]] void give_up(std::string_view what, std::string_view which)
{
    Text text;
    text << "stage: " << what << ' ' << which;
    give_up(text.view());
}

uint32_t known_label(std::string_view label)
{
    const uint32_t number = label_of(label);
    if (number == 0) give_up("the policy does not know the label", label);
    return number;
}

void read_ports(std::string_view line)
{
    const uint32_t low = number_of(word_of(line)), high = number_of(word_of(line));
    if (label_ports(low, high, known_label(line)) != 0) give_up("Xen takes no ports with the label", line);
}

void read_domain(std::string_view line)
{
    Actor& actor = actors[actor_count++];
    actor.name = word_of(line);
    actor.plan.domid = static_cast<uint16_t>(number_of(word_of(line)));
    actor.plan.pv = word_of(line) == "pv";
    actor.plan.vcpus = number_of(word_of(line));
    actor.plan.label = known_label(word_of(line));
    actor.plan.pages = number_of(word_of(line));
    actor.plan.command_line = line;
}

void read_module(std::span<const uint8_t> module)
{
    size_t sizes[max_policies];
    std::string_view rest(reinterpret_cast<const char*>(module.data()), module.size());
    while (true) {
        const size_t size = rest.find('\n');
        if (size == rest.npos) give_up("stage: the module has no line 'end'");
        std::string_view line = rest.substr(0, size);
        rest.remove_prefix(size + 1);
        const std::string_view key = word_of(line);
        if (key == "end") break;
        if (key == "ports") {
            read_ports(line);
        } else if (key == "policy" && policy_count != max_policies) {
            policies[policy_count].name = word_of(line);
            sizes[policy_count++] = number_of(line);
        } else if (key == "domain" && actor_count != max_actors) {
            read_domain(line);
        } else {
            give_up("stage: the module is not understood");
        }
    }
    size_t used = module.size() - rest.size();
    const auto next_page = [&] {
        used = (used + page_size - 1) / page_size * page_size;
        if (used > module.size()) give_up("stage: the module ends too early");
        return module.subspan(used);
    };
    for (size_t i = 0; i < policy_count; i++) {
        const auto bytes = next_page();
        if (sizes[i] > bytes.size()) give_up("stage: the module ends too early");
        policies[i].bytes = bytes.first(sizes[i]);
        used += sizes[i];
    }
    image = next_page();
}

void start(Actor& actor, std::string_view command_line)
{
    Plan plan = actor.plan;
    plan.command_line = command_line;
    actor.renew = false;
    const auto failure = actor.domain.build(plan, image);
    Text text;
    if (failure.what == nullptr) {
        text << actor.name << " started";
        return tell("host", text.view());
    }
    text << "crash: building it failed at " << failure.what << " with " << failure.error;
    tell_end(actor, text.view());
}

/// A whole line: for the host, or, before a reboot, for the stage.
void take_line(Actor& actor, std::string_view line)
{
    if (!line.starts_with(renewal_mark)) {
        tell(actor.name, line);
        return;
    }
    line.remove_prefix(renewal_mark.size());
    actor.command_line.clear();
    actor.command_line << actor.plan.command_line << ' ' << line;
    actor.renew = true;
}

/// Pass on FLASK's records of what Argo was denied until now.
void pass_records_on()
{
    static Text line;
    std::string_view log;
    do {
        log = read_log();
        for (const char c : log) {
            if (c != '\n') {
                line << c;
                continue;
            }
            auto text = line.view();
            text.remove_prefix(std::min(text.find("avc:  denied"), text.size()));
            if (text.find("tclass=argo") != text.npos) tell("host", text);
            line.clear();
        }
    } while (log.size() == log_at_once);
}

/// Pass on what it printed, line by line. It waits until a line was read: what Xen has logged by now is of
/// before, and stands before it.
void listen_to(Actor& actor)
{
    for (auto heard = actor.domain.heard(); !heard.empty(); heard = actor.domain.heard()) {
        pass_records_on();
        for (const char c : heard) {
            if (c != '\n') {
                actor.line << c;
                continue;
            }
            take_line(actor, actor.line.view());
            actor.line.clear();
        }
    }
}

void end(Actor& actor, std::string_view how)
{
    listen_to(actor);
    if (!actor.line.empty()) tell(actor.name, actor.line.view());
    actor.line.clear();
    actor.domain.destroy();
    tell_end(actor, how);
}

void look_after(Actor& actor)
{
    ShutdownReason how{};
    if (!actor.domain.ended(how)) return;
    switch (how) {
    case ShutdownReason::reboot:
        listen_to(actor);
        if (actor.renew) {
            actor.domain.destroy();
            start(actor, actor.command_line.view());
            break;
        }
        [[fallthrough]];
    case ShutdownReason::poweroff: end(actor, "shutdown"); break;
    case ShutdownReason::watchdog: end(actor, "watchdog: Xen's"); break;
    default: end(actor, "crash: the domain died"); break;
    }
}

/// One that the module has, or these values of booleans.
int64_t put_in_force(std::string_view name, std::string_view values)
{
    if (values.empty()) {
        for (size_t i = 0; i < policy_count; i++)
            if (policies[i].name == name) return load_policy(policies[i].bytes);
        return -error_no_entry;
    }
    while (!values.empty()) {
        const std::string_view value = word_of(values);
        const bool set = value.ends_with("=1");
        if (!set && !value.ends_with("=0")) return -error_no_entry;
        if (const auto e = set_boolean({value.data(), value.size() - 2}, set)) return e;
    }
    return put_booleans_in_force();
}

void change_policy(std::string_view command)
{
    const std::string_view name = word_of(command);
    const int64_t result = put_in_force(name, command);
    Text text;
    text << "policy " << name;
    if (result == 0)
        text << " loaded";
    else
        text << " is refused, error " << result;
    tell("host", text.view());
}

void obey(std::string_view command)
{
    const std::string_view verb = word_of(command);
    if (verb == "quit") give_up("exited");
    if (verb == "policy") return change_policy(command);
    for (size_t i = 0; i < actor_count; i++) {
        Actor& actor = actors[i];
        if (actor.name != command) continue;
        if (verb != "start" && actor.domain.running()) end(actor, "killed");
        if (verb != "kill" && !actor.domain.running()) start(actor, actor.plan.command_line);
    }
}

void read_commands()
{
    static Text line;
    for (int byte = read_second_port(); byte >= 0; byte = read_second_port()) {
        if (byte != '\n') {
            line << static_cast<char>(byte);
            continue;
        }
        obey(line.view());
        line.clear();
    }
}

} // namespace

void run_stage(std::span<const uint8_t> module)
{
    if (!set_up_second_port()) panic("panic: the stage has no second serial port");
    const uint32_t exceptions_port = bind_virq(virq_domain_exception);
    listen_to(exceptions_port);
    read_module(module);
    // In their order: the lead runs already while the others are made, and waits for them when it needs them.
    for (size_t i = 0; i < actor_count; i++) start(actors[i], actors[i].plan.command_line);
    constexpr uint64_t turn = 5'000'000; // ns; nobody tells when the host has said something
    while (true) {
        bool any = false;
        const bool some_ended = came(exceptions_port);
        for (size_t i = 0; i < actor_count; i++) {
            listen_to(actors[i]);
            if (some_ended) look_after(actors[i]);
            any |= actors[i].domain.running();
        }
        read_commands();
        pass_records_on();
        if (!any) give_up("exited");
        wait(turn);
    }
}

} // namespace argo::guest::xen
