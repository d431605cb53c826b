// SPDX-License-Identifier: Apache-2.0 OR MIT
// The counters of a run as JSON.
#include "kvm/report.hpp"

namespace argo::kvm {

namespace {

using Json = nlohmann::ordered_json;

template <size_t count>
Json by_name(const std::array<Counter, count>& counters, const std::string_view (&names)[count])
{
    Json object;
    for (size_t i = 0; i < count; ++i) object[std::string(names[i])] = counters[i].value();
    return object;
}

Json report(const Counters& counters)
{
    return {{"starts", counters.starts.value()},
            {"exits", by_name(counters.exits, reason_names)},
            {"calls", by_name(counters.calls, mechanism_names)},
            {"no_frame", counters.no_frame.value()},
            {"events", counters.events.value()},
            {"events_held", counters.held.value()}};
}

/// Adds numbers to the numbers of the same names, all the way down.
void add(Json& sum, const Json& part)
{
    for (const auto& [name, value] : part.items()) {
        if (value.is_object()) {
            add(sum[name], value);
        } else {
            sum[name] = sum[name].get<uint64_t>() + value.get<uint64_t>();
        }
    }
}

} // namespace

nlohmann::ordered_json counters_report(const Supervisor& supervisor)
{
    Json domains;
    Json total = report(Counters{});
    for (const auto& slot : supervisor.slots()) {
        const auto part = report(slot->counters);
        add(total, part);
        domains[slot->config.name] = part;
    }
    const auto engine = supervisor.engine_counters();
    return {{"domains", domains},
            {"total", total},
            {"engine",
             {{"messages", engine.messages},
              {"payload_bytes", engine.payload_bytes},
              {"copied_bytes", engine.copied_bytes},
              {"events", engine.events},
              {"suppressed", engine.suppressed},
              {"wakeups", engine.wakeups},
              {"refused", engine.refused}}}};
}

} // namespace argo::kvm
