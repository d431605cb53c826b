// SPDX-License-Identifier: Apache-2.0 OR MIT
// Rules as type enforcement rules for Xen's FLASK. A ring's type is computed from the types of its owner and
// its port; a type of a ring is made only where some rule speaks of it, since nothing is allowed to the
// others anyway.
#include "policy/compile.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace argo::policy {

namespace {

std::string_view stem(std::string_view label)
{
    if (label.ends_with("_t") && label.size() > 2) label.remove_suffix(2);
    return label;
}

class Module
{
  public:
    Module(const Rules& rules, const FlaskOptions& options) : rules_(rules), options_(options) {}

    FlaskPolicy text()
    {
        require_separable();
        for (const auto& rule : rules_.rules) write(rule);
        name_types();

        FlaskPolicy out;
        out.module = fmt::format("# Access control of Argo, from {}. Made by argo-policy; do not edit.\n\n",
                                 rules_.file.substr(rules_.file.rfind('/') + 1));
        if (options_.declare_domains) {
            for (const auto& label : rules_.labels) declare(label, out.module);
        }
        for (unsigned port = 1; port < rules_.port_labels.size(); ++port)
            out.module += fmt::format("type {};\n", port_type(port));
        for (const auto& [type, ring] : types_) out.module += fmt::format("type {};\n", type);
        out.module += '\n';
        for (const auto& [type, ring] : types_) {
            out.module += fmt::format("type_transition {} {}:argo_ring {};\n", rules_.labels[ring.first],
                                      port_type(ring.second), type);
        }
        out.module += '\n';
        write_blocks(out.module);
        for (const auto& range : rules_.ranges) {
            out.ranges += fmt::format("{:#x}-{:#x} system_u:object_r:{}\n", range.first, range.last,
                                      port_type(range.label));
        }
        return out;
    }

  private:
    using Ring = std::pair<unsigned, unsigned>; ///< owner, port
    using Lines = std::set<std::string>;

    /// Ports without a label have the type of Xen's initial sid for them.
    std::string port_type(unsigned port) const
    {
        return port == 0 ? "argo_port_t" : rules_.port_labels[port] + "_port_t";
    }
    std::string ring_type(Ring ring)
    {
        rings_.insert(ring);
        return fmt::format("{}_{}_ring_t", stem(rules_.labels[ring.first]), rules_.port_labels[ring.second]);
    }

    /// Calls `visit` with each label in the set.
    template <class Visit>
    static void each(const Labels& labels, Visit visit)
    {
        for (unsigned number = 0; number < labels.size(); ++number) {
            if (labels[number]) visit(number);
        }
    }

    template <class Visit>
    void each_peer(const Rule& rule, unsigned domain, Visit visit)
    {
        for (unsigned peer = 0; peer < rules_.labels.size(); ++peer) {
            if (rule.peer(domain, peer)) visit(peer);
        }
    }

    /// As Xen's own module domU does: domain 0 makes it, manages it and may move it.
    static void declare(const std::string& label, std::string& out)
    {
        // Types that Xen's policy has in any case, for its initial sids.
        if (label == "dom0_t" || label == "domU_t" || label == "dm_dom_t") return;
        out += fmt::format("declare_domain({0})\n"
                           "domain_self_comms({0})\n"
                           "create_domain(dom0_t, {0})\n"
                           "manage_domain(dom0_t, {0})\n"
                           "domain_comms(dom0_t, {0})\n"
                           "migrate_domain_out(dom0_t, {0})\n"
                           "role system_r types {0};\n",
                           label);
    }

    void write_blocks(std::string& out) const
    {
        for (const auto& boolean : rules_.booleans)
            out += fmt::format("bool {} {};\n", boolean.name, boolean.value);
        for (const auto& [condition, lines] : blocks_) {
            const auto [boolean, when] = condition;
            if (boolean >= 0) {
                out += fmt::format("if ({}{}) {{\n", when ? "" : "!",
                                   rules_.booleans[static_cast<size_t>(boolean)].name);
            }
            for (const auto& line : lines) out += (boolean >= 0 ? "    " : "") + line + "\n";
            if (boolean >= 0) out += "}\n";
        }
    }

    void write(const Rule& rule)
    {
        auto& lines = blocks_[{rule.boolean, rule.when}];
        const auto allow = [&](std::string_view from, std::string_view to, std::string_view what) {
            lines.insert(fmt::format("allow {} {}:{};", from, to, what));
        };
        each(rule.domains, [&](unsigned domain) {
            const auto& from = rules_.labels[domain];
            // What Xen asks of whole domains comes first, so whoever may do something to some port may do it
            // there. A domain that means itself meets the type with _self; another one with the same label
            // does not.
            const auto allow_domain = [&](unsigned peer, std::string_view what) {
                allow(from, rules_.labels[peer], what);
                if (peer == domain) allow(from, from + "_self", what);
            };
            if (rule.has(Hook::enable)) allow(from, "xen_t", "argo enable");
            if (rule.has(Hook::vector)) allow(from, "xen_t", "argo vector");
            if (rule.has(Hook::wildcard) && rule.ports.any())
                allow(from, "xen_t", "argo register_any_source");
            each(rule.ports, [&](unsigned port) {
                if (rule.has(Hook::register_ring)) {
                    allow(from, port_type(port), "argo_port bind");
                    allow(from, ring_type({domain, port}), "argo_ring register");
                }
                if (rule.has(Hook::wildcard)) allow(from, ring_type({domain, port}), "argo_ring wildcard");
                if (rule.has(Hook::send)) allow(from, port_type(port), "argo_port send");
                if (!rule.has(Hook::accept)) return;
                each_peer(rule, domain, [&](unsigned peer) {
                    allow_domain(peer, "argo register_single_source");
                    allow(ring_type({domain, port}), rules_.labels[peer], "argo_ring accept");
                });
            });
            each_peer(rule, domain, [&](unsigned peer) {
                each(rule.peer_ports, [&](unsigned port) {
                    if (!rule.has(Hook::send) && !rule.has(Hook::notify)) return;
                    allow_domain(peer, "argo send");
                    if (rule.has(Hook::send)) allow(from, ring_type({peer, port}), "argo_ring send");
                    if (rule.has(Hook::notify)) allow(from, ring_type({peer, port}), "argo_ring notify");
                });
            });
        });
    }

    void name_types()
    {
        std::map<std::string, std::string> others; // types that are no rings', and what they are
        for (const auto& label : rules_.labels) others[label] = "a label";
        for (unsigned port = 0; port < rules_.port_labels.size(); ++port) {
            if (!others.emplace(port_type(port), "the type of a port").second)
                trouble("{}: '{}' would be the type of ports '{}', and of something else; rename one",
                        rules_.file, port_type(port), rules_.port_labels[port]);
        }
        for (const auto& ring : rings_) {
            const auto type = ring_type(ring);
            const auto [at, fresh] = types_.emplace(type, ring);
            if (!fresh || others.contains(type)) {
                trouble(
                    "{}: '{}' would be the type of rings of '{}' on '{}', and of something else; rename one",
                    rules_.file, type, rules_.labels[ring.first], rules_.port_labels[ring.second]);
            }
        }
    }

    /// FLASK asks for source port and ring apart. What it then allows has to be what the rules allow,
    /// whatever the booleans are.
    void require_separable()
    {
        auto rules = rules_;
        for (unsigned values = 0; values >> rules.booleans.size() == 0; ++values) {
            for (size_t i = 0; i < rules.booleans.size(); ++i)
                rules.booleans[i].value = (values >> i & 1) != 0;
            for (unsigned domain = 0; domain < rules.labels.size(); ++domain)
                require_separable(rules, domain);
        }
    }

    void require_separable(const Rules& rules, unsigned domain) const
    {
        // By source port: where one may send to, and the rule that says so last.
        using Destinations = std::vector<Labels>; // by peer
        std::map<unsigned, std::pair<Destinations, unsigned>> by_port;
        for (const auto& rule : rules.rules) {
            if (!rule.has(Hook::send) || !rules.in_force(rule) || !rule.domains[domain]) continue;
            each(rule.ports, [&](unsigned port) {
                auto& [to, line] = by_port[port];
                to.resize(rules.labels.size());
                for (unsigned peer = 0; peer < rules.labels.size(); ++peer) {
                    if (rule.peer(domain, peer)) to[peer] |= rule.peer_ports;
                }
                line = rule.line;
            });
        }
        for (const auto& [port, reach] : by_port) {
            const auto& [first, first_reach] = *by_port.begin();
            if (reach.first == first_reach.first) continue;
            trouble("{}:{}: FLASK judges source port and destination apart, but '{}' may send from '{}' "
                    "elsewhere "
                    "than from '{}' (line {}); give both the same destinations, or two domains two labels",
                    rules.file, reach.second, rules.labels[domain], rules.port_labels[port],
                    rules.port_labels[first], first_reach.second);
        }
    }

    const Rules& rules_;
    const FlaskOptions& options_;
    std::set<Ring> rings_;
    std::map<std::string, Ring> types_;
    std::map<std::pair<int, bool>, Lines> blocks_; ///< by boolean, -1: none
};

} // namespace

FlaskPolicy compile_for_flask(const Rules& rules, const FlaskOptions& options)
{
    return Module(rules, options).text();
}

} // namespace argo::policy
