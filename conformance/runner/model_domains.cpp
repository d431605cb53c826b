// SPDX-License-Identifier: Apache-2.0 OR MIT
// `model-domains TOPOLOGY`: what target model starts. Runs the model with the domains of a topology file as
// target_domains.cpp writes it for argo-vmm; keys that only a VMM needs have no meaning here.
#include "runner/commands.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "runner/errors.hpp"
#include "runner/model/model.hpp"

namespace argo::runner {

namespace {

ModelDomain domain_of(const toml::table& table, const std::string& file)
{
    const auto name = table["name"].value<std::string>();
    const auto domid = table["domid"].value<uint16_t>();
    const auto command_line = table["command_line"].value<std::string>();
    if (!name || !domid || !command_line) {
        throw UsageError(fmt::format("{}:{}: a domain of the model needs 'name', 'domid' and 'command_line'",
                                     file, table.source().begin.line));
    }
    return {*name, *domid, *command_line, table["label"].value_or("")};
}

} // namespace

Exit model_domains_command(const std::filesystem::path& topology)
{
    const auto file = topology.string();
    ModelOptions options;
    try {
        const auto document = toml::parse_file(file);
        options.policy = document["policy"].value_or("");
        options.counters = topology.parent_path() / "counters.json";
        const auto* domains = document["domain"].as_array();
        if (domains == nullptr) throw UsageError(fmt::format("{}: no [[domain]] in it", file));
        for (const auto& element : *domains) {
            const auto* table = element.as_table();
            if (table == nullptr) throw UsageError(fmt::format("{}: a domain is a table", file));
            options.domains.push_back(domain_of(*table, file));
            options.absent = options.absent || (*table)["absent"].value_or(false);
        }
    } catch (const toml::parse_error& error) {
        throw UsageError(fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
    }
    return static_cast<Exit>(run_model(options));
}

} // namespace argo::runner
