// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Mandatory access control: decisions, their cache, and the record of a denial. Book: spec/policy.rst.
#include "engine/policy.hpp"

namespace argo::engine {
namespace {

constexpr HookParts hooks[hook_count] = {
    // name, class, caller's port, other, other's port
    {"enable", "argo", false, false, false},    {"register", "argo_ring", true, false, false},
    {"accept", "argo_ring", true, true, false}, {"wildcard", "argo_ring", true, false, false},
    {"send", "argo_ring", true, true, true},    {"notify", "argo_ring", false, true, true},
    {"vector", "argo", false, false, false},
};

template <class T>
std::span<const T> table(const std::byte*& at, uint32_t count) noexcept
{
    const auto* const first = reinterpret_cast<const T*>(at);
    at += count * sizeof(T);
    return {first, count};
}

/// Letters, digits and '_', the first a letter; zeroes behind it.
bool good_name(const PolicyName& name) noexcept
{
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    uint32_t size = 0;
    while (size < policy_name_size && name.text[size] != 0) {
        const char c = name.text[size++];
        if (!letter(c) && (size == 1 || !((c >= '0' && c <= '9') || c == '_'))) return false;
    }
    if (size == 0 || size == policy_name_size) return false;
    while (size < policy_name_size) {
        if (name.text[size++] != 0) return false;
    }
    return true;
}

bool same(const char* one, const char* other) noexcept
{
    while (*one != 0 && *one == *other) ++one, ++other;
    return *one == *other;
}

/// Text in a buffer that may be too short for it.
class Line
{
  public:
    explicit Line(std::span<char> room) noexcept : room_(room) {}
    ~Line()
    {
        if (!room_.empty()) room_[size_] = 0;
    }

    Line& operator<<(const char* text) noexcept
    {
        while (*text != 0) put(*text++);
        return *this;
    }
    Line& decimal(uint32_t value) noexcept
    {
        if (value >= 10) decimal(value / 10);
        return put(static_cast<char>('0' + value % 10));
    }
    Line& hexadecimal(uint32_t value) noexcept
    {
        *this << "0x";
        unsigned shift = 28;
        while (shift != 0 && value >> shift == 0) shift -= 4;
        for (;; shift -= 4) {
            put("0123456789abcdef"[value >> shift & 0xf]);
            if (shift == 0) return *this;
        }
    }

  private:
    Line& put(char c) noexcept
    {
        if (size_ + 1 < room_.size()) room_[size_++] = c;
        return *this;
    }

    std::span<char> room_;
    size_t size_ = 0;
};

} // namespace

const HookParts& parts(Hook hook) noexcept { return hooks[static_cast<uint32_t>(hook)]; }

const char* Policy::fault(std::span<const std::byte> image) noexcept
{
    if (image.size() < sizeof(PolicyHeader)) return "it is shorter than its header";
    if (reinterpret_cast<uintptr_t>(image.data()) % alignof(PolicyHeader) != 0) return "it is not aligned";
    const auto& header = *reinterpret_cast<const PolicyHeader*>(image.data());
    if (header.magic != policy_magic) return "it is no policy that argo-policy compiled for the engine";
    if (header.reserved != 0) return "it is of a later version";
    if (header.labels > policy_most_labels || header.port_labels > policy_most_port_labels ||
        header.ranges > policy_most_ranges || header.rules > policy_most_rules) {
        return "it has more labels, ranges or rules than there may be";
    }
    if (header.port_labels == 0) return "it has no label for ports";
    const uint64_t size = sizeof header + uint64_t{header.labels + header.port_labels} * sizeof(PolicyName) +
                          uint64_t{header.ranges} * sizeof(PolicyRange) +
                          uint64_t{header.rules} * sizeof(PolicyRule);
    if (size != header.size || size != image.size()) return "it is cut short, or something follows it";

    const Policy policy(image);
    for (const PolicyName& name : policy.labels_) {
        if (!good_name(name)) return "a label's name is none";
    }
    for (const PolicyName& name : policy.port_labels_) {
        if (!good_name(name)) return "the name of a label of ports is none";
    }
    uint64_t next = 0;
    for (const PolicyRange& range : policy.ranges_) {
        if (range.first < next || range.last < range.first || range.reserved != 0) {
            return "its ranges of ports overlap or do not ascend";
        }
        if (range.label >= header.port_labels) return "a range has a label that is not there";
        next = uint64_t{range.last} + 1;
    }
    for (const PolicyRule& rule : policy.rules_) {
        if (rule.hooks >> hook_count != 0) return "a rule is about a hook that this engine does not have";
    }
    return nullptr;
}

Policy::Policy(std::span<const std::byte> image) noexcept
{
    const auto& header = *reinterpret_cast<const PolicyHeader*>(image.data());
    const std::byte* at = image.data() + sizeof header;
    labels_ = table<PolicyName>(at, header.labels);
    port_labels_ = table<PolicyName>(at, header.port_labels);
    ranges_ = table<PolicyRange>(at, header.ranges);
    rules_ = table<PolicyRule>(at, header.rules);
}

uint32_t Policy::label(const char* name) const noexcept
{
    for (uint32_t number = 0; number < labels_.size(); ++number) {
        if (same(labels_[number].text, name)) return number;
    }
    return none;
}

uint32_t Policy::label_of_port(uint32_t port) const noexcept
{
    size_t first = 0, end = ranges_.size();
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (port < ranges_[middle].first) {
            end = middle;
        } else if (port > ranges_[middle].last) {
            first = middle + 1;
        } else {
            return ranges_[middle].label;
        }
    }
    return 0;
}

bool Policy::allows(Hook hook, uint32_t caller, uint32_t caller_port, uint32_t other,
                    uint32_t other_port) const noexcept
{
    const HookParts& has = parts(hook);
    const uint32_t bit = 1u << static_cast<uint32_t>(hook);
    for (const PolicyRule& rule : rules_) {
        if ((rule.hooks & bit) == 0 || !rule.callers.has(caller)) continue;
        if (has.caller_port && !rule.caller_ports.has(caller_port)) continue;
        if (has.other && !rule.others.has(other)) continue;
        if (has.other_port && !rule.other_ports.has(other_port)) continue;
        return true;
    }
    return false;
}

void describe(const Denial& denial, std::span<char> text) noexcept
{
    const PolicyQuestion& question = denial.question;
    const HookParts& has = parts(question.hook);
    Line line(text);
    (line << "avc:  denied  { " << has.name << " } for domid=").decimal(question.caller);
    if (has.caller_port) (line << " port=").hexadecimal(question.caller_port);
    if (has.other) (line << " target=").decimal(question.other);
    if (has.other_port) (line << " tport=").hexadecimal(question.other_port);
    // What is acted on: a ring, which is its owner and its port; else the partner; else the caller itself.
    line << " scontext=" << denial.caller;
    if (question.hook == Hook::accept) line << ":" << denial.caller_port; // a ring accepts, a domain sends
    line << " tcontext=" << (has.other ? denial.other : denial.caller);
    if (has.other_port) line << ":" << denial.other_port;
    if (has.caller_port && !has.other) line << ":" << denial.caller_port;
    line << " tclass=" << has.object_class;
}

bool AuditAllowance::take(uint64_t now_ns, uint64_t& dropped) noexcept
{
    const uint64_t passed = now_ns > last_ ? now_ns - last_ : 0;
    last_ = now_ns;
    credit_ = passed >= burst_seconds * second - credit_ ? burst_seconds * second : credit_ + passed;
    const uint64_t price = per_second_ != 0 ? second / per_second_ : ~uint64_t{0};
    if (credit_ < price) {
        ++dropped_;
        return false;
    }
    credit_ -= price;
    dropped = dropped_;
    dropped_ = 0;
    return true;
}

bool LabelledPolicy::assign(uint16_t domid, const char* name) noexcept
{
    const uint32_t number = policy_.label(name);
    if (number == Policy::none || domid >= ARGO_DOMID_FIRST_RESERVED) return false;
    labels_[domid].store(static_cast<uint8_t>(number + 1), std::memory_order_relaxed);
    return true;
}

void LabelledPolicy::remove(uint16_t domid) noexcept
{
    if (domid < ARGO_DOMID_FIRST_RESERVED) labels_[domid].store(0, std::memory_order_relaxed);
}

LabelledPolicy* Monitor::install(LabelledPolicy* fresh) noexcept
{
    // Verdicts carry the number of their policy, so that none outlives it. After 2^28 policies numbers come
    // again.
    ++generation_;
    for (auto& entry : cache_) entry.store(0, std::memory_order_relaxed);
    if (fresh) fresh->generation_ = generation_;
    return policy_.exchange(fresh, std::memory_order_seq_cst);
}

/// Thread-safe. Two questions that share a place in the cache take turns there.
bool Monitor::decide(const LabelledPolicy& in_force, Hook hook, const uint32_t (&labels)[4]) noexcept
{
    constexpr uint64_t verdict_bit = 1, generations = (uint64_t{1} << 28) - 1;
    uint64_t question = static_cast<uint64_t>(hook);
    for (const uint32_t label : labels) question = question << 8 | label;
    const uint64_t key = (question << 28 | (in_force.generation_ & generations)) << 1;

    auto& entry = cache_[question * 0x9e3779b97f4a7c15 >> 54];
    const uint64_t known = entry.load(std::memory_order_relaxed);
    if (known != 0 && (known & ~verdict_bit) == key) {
        cached_.fetch_add(1, std::memory_order_relaxed);
        return (known & verdict_bit) != 0;
    }
    const bool allowed = in_force.policy_.allows(hook, labels[0], labels[1], labels[2], labels[3]);
    entry.store(key | (allowed ? verdict_bit : 0), std::memory_order_relaxed);
    return allowed;
}

bool Monitor::allows(const PolicyQuestion& question) noexcept
{
    const LabelledPolicy* const in_force = policy_.load(std::memory_order_seq_cst);
    if (!in_force) return true;
    asked_.fetch_add(1, std::memory_order_relaxed);

    const Policy& policy = in_force->policy_;
    const HookParts& has = parts(question.hook);
    const uint32_t labels[4] = {
        in_force->label_of(question.caller),
        has.caller_port ? policy.label_of_port(question.caller_port) : 0,
        has.other ? in_force->label_of(question.other) : 0,
        has.other_port ? policy.label_of_port(question.other_port) : 0,
    };
    // An absent domain has no label: denied, whatever any rule says, and nobody's denial. ARGO-POLICY-003.
    if (labels[0] == Policy::none || labels[2] == Policy::none) return false;
    if (decide(*in_force, question.hook, labels)) return true;

    audit_(context_, {.question = question,
                      .caller = policy.label_name(labels[0]),
                      .caller_port = has.caller_port ? policy.port_label_name(labels[1]) : nullptr,
                      .other = has.other ? policy.label_name(labels[2]) : nullptr,
                      .other_port = has.other_port ? policy.port_label_name(labels[3]) : nullptr});
    return false;
}

} // namespace argo::engine
