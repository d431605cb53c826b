// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Calls of FLASK's, and Xen's log.
#include "guest/xen_flask.hpp"

namespace argo::guest::xen {

namespace {

int64_t flask(FlaskCall& ask, Flask command)
{
    ask.command = command;
    ask.version = flask_version;
    return call(Hypercall::xsm_op, &ask);
}

} // namespace

uint32_t label_of(std::string_view context)
{
    FlaskCall ask{};
    ask.label = {0, static_cast<uint32_t>(context.size()), context.data()};
    constexpr uint32_t any = 1; // Without FLASK nobody asks for it.
    constexpr int64_t not_built = -38;
    const int64_t result = flask(ask, Flask::context_to_sid);
    return result == 0 ? ask.label.number : result == not_built ? any : 0;
}

int64_t label_ports(uint32_t low, uint32_t high, uint32_t label)
{
    FlaskCall ask{};
    ask.range = {flask_argo_port, label, low, high};
    return flask(ask, Flask::add_ocontext);
}

int64_t set_boolean(std::string_view name, bool value)
{
    FlaskCall ask{};
    ask.boolean.number = UINT32_MAX; // by its name
    ask.boolean.value = value;
    ask.boolean.size = static_cast<uint32_t>(name.size());
    ask.boolean.name = name.data();
    return flask(ask, Flask::set_boolean);
}

int64_t put_booleans_in_force()
{
    FlaskCall ask{};
    return flask(ask, Flask::commit_booleans);
}

int64_t load_policy(std::span<const uint8_t> policy)
{
    FlaskCall ask{};
    ask.policy = {policy.data(), static_cast<uint32_t>(policy.size())};
    return flask(ask, Flask::load);
}

std::string_view read_log()
{
    static char text[log_at_once];
    static uint32_t position = 0;
    SysctlCall ask{};
    ask.command = sysctl_read_console;
    ask.version = sysctl_version;
    ask.incremental = 1;
    ask.position = position;
    ask.text = text;
    ask.size = sizeof text;
    if (call(Hypercall::sysctl, &ask) != 0) return {};
    position = ask.position;
    return {text, ask.size};
}

} // namespace argo::guest::xen
