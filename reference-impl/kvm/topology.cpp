// SPDX-License-Identifier: Apache-2.0 OR MIT
// The file that says which domains run.
#include "kvm/topology.hpp"

#include "kvm/image.hpp"
#include "kvm/pvh.hpp"
#include "kvm/suggest.hpp"

#include <argo/abi.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

namespace argo::kvm {

namespace {

constexpr unsigned most_domains = 256;
constexpr unsigned most_vcpus = 64;
constexpr size_t longest_name = 31;
constexpr size_t longest_path = 4095;
constexpr int64_t last_domid = ARGO_DOMID_FIRST_RESERVED - 1;

/// Where the local APICs and the I/O APIC are, and KVM's own pages; a doorbell goes below.
constexpr int64_t first_interrupt_controller = 0xfec00000;
/// Below are the ports of a PC's devices, and ours are among them.
constexpr int64_t first_free_port = 0x1000;

std::string_view describe(toml::node_type type)
{
    switch (type) {
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::array: return "a list";
    case toml::node_type::table: return "a table";
    case toml::node_type::floating_point: return "a number with a fraction";
    default: return "a date or a time";
    }
}

/// A value of the file: knows where it stands and what it is called.
class Value
{
  public:
    Value(const toml::node& node, const std::string& file, std::string name)
        : node_(node), file_(file), name_(std::move(name))
    {
    }

    template <class... Arguments>
    [[noreturn]] void refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments) const
    {
        fail(Exit::usage, "{}:{}: {} {}", file_, line(), name_,
             fmt::format(format, std::forward<Arguments>(arguments)...));
    }

    [[nodiscard]] int64_t integer() const { return as<int64_t>(toml::node_type::integer); }

    [[nodiscard]] bool boolean() const { return as<bool>(toml::node_type::boolean); }

    /// Printable ASCII: it goes to logs and to guests.
    [[nodiscard]] std::string string(size_t longest) const
    {
        const auto value = as<std::string>(toml::node_type::string);
        if (value.size() > longest) refuse("has {} characters; {} are the most", value.size(), longest);
        const auto strange = [](char c) { return c < ' ' || c > '~'; };
        if (std::ranges::any_of(value, strange)) refuse("holds a character that is not printable ASCII");
        return value;
    }

    /// One of `words`, as its index.
    [[nodiscard]] size_t choice(std::span<const std::string_view> words) const
    {
        const auto word = as<std::string>(toml::node_type::string);
        const auto found = std::ranges::find(words, std::string_view(word));
        if (found == words.end()) {
            refuse("holds '{}', and knows {}{}", word, enumerate(words), did_you_mean(word, words));
        }
        return static_cast<size_t>(found - words.begin());
    }

    /// A list of different words out of `words`, as their indices.
    [[nodiscard]] std::vector<size_t> choices(std::span<const std::string_view> words) const
    {
        std::vector<size_t> chosen;
        for (const auto& element : as<const toml::array&>(toml::node_type::array)) {
            const Value value(element, file_, name_);
            const size_t index = value.choice(words);
            if (std::ranges::find(chosen, index) != chosen.end())
                value.refuse("names '{}' twice", words[index]);
            chosen.push_back(index);
        }
        return chosen;
    }

    [[nodiscard]] const toml::table& table() const { return as<const toml::table&>(toml::node_type::table); }
    [[nodiscard]] const toml::array& list() const { return as<const toml::array&>(toml::node_type::array); }
    [[nodiscard]] const std::string& file() const noexcept { return file_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] uint32_t line() const noexcept { return node_.source().begin.line; }

  private:
    template <class T>
    [[nodiscard]] T as(toml::node_type wanted) const
    {
        if (node_.type() != wanted) refuse("is {}; it takes {}", describe(node_.type()), describe(wanted));
        if constexpr (std::is_reference_v<T>) {
            return *node_.as<std::remove_cvref_t<T>>();
        } else {
            return **node_.as<T>();
        }
    }

    const toml::node& node_;
    const std::string& file_;
    std::string name_;
};

/// What may stand in a table: one reader a key, which puts the value where it belongs.
template <class Target>
struct Key
{
    std::string_view name;
    std::function<void(Target&, const Value&)> read;
};

/// Puts into a member what `reader` makes of a value.
template <class Target, class Member, class Reader>
auto put(Member Target::*member, Reader reader)
{
    return
        [member, reader](Target& target, const Value& value) { target.*member = std::invoke(reader, value); };
}

/// A number within bounds; the remark says what it counts.
template <class Number>
auto number(int64_t lowest, int64_t highest, std::string_view remark = "")
{
    return [=](const Value& value) {
        const int64_t number = value.integer();
        if (number < lowest || number > highest) {
            value.refuse("is {}; it goes from {} to {}{}", number, lowest, highest, remark);
        }
        return static_cast<Number>(number);
    };
}

/// An address or the like, which people write in hexadecimal.
template <class Number>
auto address(int64_t lowest, int64_t highest, int64_t multiple)
{
    return [=](const Value& value) {
        const int64_t number = value.integer();
        if (number < lowest || number > highest || number % multiple != 0) {
            value.refuse("is {:#x}; it goes from {:#x} to {:#x} in steps of {}", number, lowest, highest,
                         multiple);
        }
        return static_cast<Number>(number);
    };
}

/// One of the names, in the order of the enumeration.
template <class Enumeration, size_t count>
auto name_out_of(const std::string_view (&names)[count])
{
    return [&names](const Value& value) { return static_cast<Enumeration>(value.choice(names)); };
}

auto text(size_t longest)
{
    return [longest](const Value& value) { return value.string(longest); };
}

template <class Target, size_t count>
void read_table(Target& target, const Value& value, const Key<Target> (&keys)[count])
{
    for (const auto& [name, node] : value.table()) {
        const auto key = std::ranges::find(keys, name.str(), &Key<Target>::name);
        if (key == std::end(keys)) {
            std::vector<std::string_view> names;
            std::ranges::transform(keys, std::back_inserter(names), &Key<Target>::name);
            fail(Exit::usage, "{}:{}: unknown key '{}' in {}{}", value.file(), name.source().begin.line,
                 name.str(), value.name(), did_you_mean(name.str(), names));
        }
        key->read(target, Value(node, value.file(), fmt::format("'{}' in {}", name.str(), value.name())));
    }
}

std::string read_name(const Value& value)
{
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    auto name = value.string(longest_name);
    if (name.empty() || name.find_first_not_of(allowed) != std::string::npos) {
        value.refuse("is '{}'; it takes lower-case letters, digits, '-' and '_'", name);
    }
    if (name == "host") value.refuse("is 'host', which marks the host's own lines");
    return name;
}

std::vector<Mechanism> read_mechanisms(const Value& value)
{
    std::vector<Mechanism> mechanisms;
    for (const size_t index : value.choices(mechanism_names))
        mechanisms.push_back(static_cast<Mechanism>(index));
    if (mechanisms.empty()) value.refuse("is empty; for a domain without Argo, set 'absent'");
    return mechanisms;
}

Consoles read_consoles(const Value& value)
{
    static constexpr std::string_view names[] = {"uart", "debug"};
    Consoles consoles{false, false};
    for (const size_t index : value.choices(names)) (index == 0 ? consoles.uart : consoles.debug) = true;
    return consoles;
}

std::string read_path(const Value& value)
{
    return std::filesystem::path(value.file()).parent_path() / value.string(longest_path);
}

uint64_t read_memory(const Value& value)
{
    constexpr int64_t least = GuestMemory::smallest / mebibyte;
    constexpr int64_t most = GuestMemory::largest / mebibyte;
    return number<uint64_t>(least, most, " MiB")(value) * mebibyte;
}

Doorbells read_doorbells(const Value& value)
{
    static const Key<Doorbells> keys[] = {
        {"msr", put(&Doorbells::msr, address<uint32_t>(0x40000000, 0x400003ff, 1))},
        {"mmio", put(&Doorbells::mmio, address<uint64_t>(device_hole, first_interrupt_controller - 8, 8))},
        {"pio", put(&Doorbells::pio, address<uint16_t>(first_free_port, 0xfffc, 4))},
        {"vmcall", put(&Doorbells::vmcall, address<uint32_t>(1, 0x7fffffff, 1))}, // Hyper-V's have bit 31 set
    };
    Doorbells doorbells;
    read_table(doorbells, value, keys);
    return doorbells;
}

const Key<DomainConfig> domain_keys[] = {
    {"name", put(&DomainConfig::name, read_name)},
    {"domid", put(&DomainConfig::domid, number<uint16_t>(0, last_domid, "; above are reserved numbers"))},
    {"label", put(&DomainConfig::label, text(longest_name))},
    {"memory", put(&DomainConfig::memory, read_memory)},
    {"vcpus", put(&DomainConfig::vcpus, number<unsigned>(1, most_vcpus))},
    {"image", put(&DomainConfig::image, read_path)},
    {"command_line", put(&DomainConfig::command_line, text(longest_command_line))},
    {"mechanisms", put(&DomainConfig::mechanisms, read_mechanisms)},
    {"doorbells", put(&DomainConfig::doorbells, read_doorbells)},
    {"watchdog", put(&DomainConfig::watchdog, number<std::chrono::seconds>(0, 3600, " seconds; 0 is none"))},
    {"consoles", put(&DomainConfig::consoles, read_consoles)},
    {"apic", put(&DomainConfig::apic, name_out_of<Apic>(apic_names))},
    {"irqchip", put(&DomainConfig::irqchip, name_out_of<Irqchip>(irqchip_names))},
    {"absent", put(&DomainConfig::absent, &Value::boolean)},
};

/// Adds the domain that the table says, unless it takes another one's place.
void read_domain(Topology& topology, const Value& value)
{
    DomainConfig domain;
    read_table(domain, value, domain_keys);
    for (const auto* needed : {"name", "domid", "image"}) {
        if (!value.table().contains(needed)) value.refuse("has no '{}'", needed);
    }
    for (const auto& other : topology.domains) {
        if (other.name == domain.name) value.refuse("has the name '{}' of an earlier one", domain.name);
        if (other.domid == domain.domid) {
            value.refuse("has the domid {} of '{}'; each needs its own", domain.domid, other.name);
        }
    }
    if (topology.domains.size() == most_domains)
        value.refuse("is one too many; {} are the most", most_domains);
    topology.domains.push_back(std::move(domain));
}

const Key<Topology> topology_keys[] = {
    {"policy", put(&Topology::policy, read_path)},
    {"audit_rate", put(&Topology::audit_rate, number<uint32_t>(0, 1'000'000, " a second"))},
    {"domain",
     [](Topology& topology, const Value& value) {
         for (const auto& element : value.list())
             read_domain(topology, Value(element, value.file(), "[[domain]]"));
     }},
};

} // namespace

Topology parse_topology(std::string_view text, const std::string& file)
try {
    const auto document = toml::parse(text, file);
    Topology topology;
    read_table(topology, Value(document, file, "a topology"), topology_keys);
    if (topology.domains.empty())
        fail(Exit::usage, "{}:1: there is no [[domain]]; a topology has one or more", file);
    return topology;
} catch (const toml::parse_error& error) {
    fail(Exit::usage, "{}:{}: {}", file, error.source().begin.line, error.description());
}

Topology read_topology(const std::string& file)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        fail(Exit::usage, "{}: cannot read the topology: {}", file, error ? error.message() : "not a file");
    }
    std::ifstream stream(file, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    if (!stream) fail(Exit::usage, "{}: cannot read the topology: {}", file, std::strerror(errno));
    return parse_topology(text, file);
}

} // namespace argo::kvm
