// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The keys of the command line, once.
#include "harness/options.hpp"

#include <cstddef>

namespace argo::suite {

namespace {

/// What stands behind the first `size` characters, without the exception that substr() may throw.
std::string_view behind(std::string_view text, size_t size)
{
    text.remove_prefix(size);
    return text;
}

/// Decimal, or hexadecimal behind 0x; up to `most`.
bool number(std::string_view text, uint64_t most, uint64_t& value)
{
    unsigned base = 10;
    if (text.starts_with("0x")) {
        base = 16;
        text.remove_prefix(2);
    }
    if (text.empty()) return false;
    value = 0;
    for (const char c : text) {
        unsigned digit = base;
        if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
        if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a' + 10);
        if (digit >= base || value > (most - digit) / base) return false;
        value = value * base + digit;
    }
    return true;
}

template <class T>
bool number_into(std::string_view text, uint64_t most, T& value)
{
    uint64_t wide = 0;
    if (!number(text, most, wide)) return false;
    value = static_cast<T>(wide);
    return true;
}

bool domid_into(std::string_view text, uint16_t& value)
{
    return number_into(text, Options::nobody - 1, value);
}

bool role_into(std::string_view text, Role& role)
{
    for (const Role candidate : {Role::lead, Role::peer, Role::third, Role::crowd}) {
        if (text != name(candidate)) continue;
        role = candidate;
        return true;
    }
    return false;
}

bool text_into(std::string_view text, std::string_view& value)
{
    value = text;
    return !text.empty();
}

bool crowd_into(std::string_view text, Options& to)
{
    const size_t dash = text.find('-');
    uint16_t first = 0, last = 0;
    if (dash == std::string_view::npos) return false;
    if (!domid_into(text.substr(0, dash), first) || !domid_into(behind(text, dash + 1), last)) return false;
    if (last < first || last - first >= Options::max_crowd) return false;
    to.crowd_first = first;
    to.crowd_last = last;
    return true;
}

struct Key
{
    std::string_view name;
    bool (*set)(Options&, std::string_view);
};

constexpr Key keys[] = {
    {"role", [](Options& to, std::string_view text) { return role_into(text, to.role); }},
    {"lead", [](Options& to, std::string_view text) { return domid_into(text, to.lead); }},
    {"peer", [](Options& to, std::string_view text) { return domid_into(text, to.peer); }},
    {"third", [](Options& to, std::string_view text) { return domid_into(text, to.third); }},
    {"crowd", [](Options& to, std::string_view text) { return crowd_into(text, to); }},
    {"profile", [](Options& to, std::string_view text) { return text_into(text, to.profile); }},
    {"filter", [](Options& to, std::string_view text) { return text_into(text, to.filter); }},
    {"sample", [](Options& to, std::string_view text) { return text_into(text, to.sample); }},
    {"environment", [](Options& to, std::string_view text) { return text_into(text, to.environment); }},
    {"after", [](Options& to, std::string_view text) { return text_into(text, to.after); }},
    {"mechanism", [](Options& to, std::string_view text) { return text_into(text, to.mechanism); }},
    {"seed", [](Options& to, std::string_view text) { return number_into(text, UINT64_MAX, to.seed); }},
    {"sequence",
     [](Options& to, std::string_view text) { return number_into(text, UINT32_MAX, to.sequence); }},
    {"crc", [](Options& to, std::string_view text) { return number_into(text, UINT32_MAX, to.crc); }},
    {"done", [](Options& to, std::string_view text) { return number_into(text, UINT32_MAX, to.done); }},
    {"policy", [](Options& to, std::string_view text) { return to.policy = text == "1"; }},
    {"races", [](Options& to, std::string_view text) { return number_into(text, UINT32_MAX, to.races); }},
    {"rounds", [](Options& to, std::string_view text) { return number_into(text, UINT32_MAX, to.rounds); }},
    {"fuzz", [](Options& to, std::string_view text) { return number_into(text, UINT32_MAX, to.fuzz); }},
    {"slow",
     [](Options& to, std::string_view text) { return text != "0" && number_into(text, 1000, to.slow); }},
};

bool take(Options& to, std::string_view word)
{
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) return false;
    for (const Key& key : keys)
        if (word.substr(0, equals) == key.name) return key.set(to, behind(word, equals + 1));
    return false;
}

} // namespace

const char* name(Role role)
{
    constexpr const char* names[] = {"lead", "peer", "third", "crowd"};
    return names[static_cast<uint8_t>(role)];
}

Options parse_options(std::string_view line)
{
    Options options;
    while (!line.empty()) {
        const size_t end = line.find(' ');
        const std::string_view word = line.substr(0, end);
        line = behind(line, end == std::string_view::npos ? line.size() : end + 1);
        if (!word.empty() && options.wrong.empty() && !take(options, word)) options.wrong = word;
    }
    return options;
}

} // namespace argo::suite
