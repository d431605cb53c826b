// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The domain that this code runs in.
#include "harness/local.hpp"

#include <cstring>

#include "harness/expect.hpp"
#include "harness/pattern.hpp"
#include "harness/session.hpp"

namespace argo::suite {

void LocalActor::start(const Hypervisor<platform::Machine>& hypervisor, size_t keep)
{
    const std::span<uint8_t> memory = platform::scratch();
    hypervisor_ = hypervisor;
    info_ = hypervisor.info();
    domid_ = hypervisor.self();
    vcpu_ = platform::vcpu();
    memory_end_ = platform::memory_end();
    base_ = platform::address(memory.data()).value + keep;
    size_ = memory.size() - keep;
    if (hypervisor_.major() == 0 && !upstream_.wildcard(memory.data()))
        info_.features &= ~ARGO_FEATURE_WILDCARD;
    // Whoever ran here before, as firmware, may have left something. The memory is new.
    clean(0);
}

int64_t LocalActor::clean(size_t dirty)
{
    // Reset comes first: afterwards nobody writes into the memory any more.
    int64_t result = 0;
    if (hypervisor_.major() == 0)
        upstream_.clean(), resets_++;
    else
        upstream_ = {}, result = make(ARGO_OP_RESET), resets_++;
    top_ = 0;
    zero(Gpa{base_}, dirty < size_ ? dirty : size_);
    dirty_ = 0;
    if (has(ARGO_FEATURE_VECTOR)) {
        make(ARGO_OP_VECTOR, info_.max_bindings - 1, ARGO_BINDING_LAPIC, vcpu_, harness_vector);
        make(ARGO_OP_VECTOR, 0, ARGO_BINDING_LAPIC, vcpu_, event_vector);
    }
    return result;
}

void LocalActor::heard_mail() const
{
    if (hypervisor_.major() != 0) return;
    const uint64_t start = platform::now(), limit = session->limit(quiet_time);
    while (platform::events(upstream_vector) == heard_ && platform::now() - start < limit)
        platform::wait(1'000'000);
    if (platform::events(upstream_vector) != heard_) mails_++;
    heard_ = platform::events(upstream_vector);
}

bool LocalActor::mail_was_announced() const
{
    const uint32_t before = announced_;
    announced_ = platform::events(harness_vector);
    return announced_ != before;
}

uint64_t LocalActor::delivered() const
{
    // Of the classes that cases have: the suite's platform waits by others.
    constexpr uint32_t first = 0x20, behind = 0xf0;
    uint64_t all = 0;
    for (uint32_t vcpu = 0; vcpu < platform::most_vcpus; vcpu++)
        for (uint32_t vector = first; vector < behind; vector++)
            all += platform::events(static_cast<uint8_t>(vector), vcpu);
    return all;
}

void LocalActor::part_from_mail() const
{
    if (hypervisor_.major() != 0 || !called_) return;
    called_ = false;
    const uint64_t start = platform::now(), limit = session->limit(quiet_time);
    for (uint64_t passed = 0; passed < limit; passed = platform::now() - start)
        platform::wait(limit - passed);
}

uint64_t LocalActor::binding_flags() const
{
    return has(ARGO_FEATURE_VECTOR) ? uint64_t{info_.max_bindings - 1} << ARGO_REGISTER_BINDING_SHIFT : 0;
}

void* LocalActor::at(Gpa where, size_t size)
{
    if (owns(where, size)) return platform::pointer(where, size);
    Text reason;
    reason << "the case touches memory that is not its own: " << size << " bytes at " << Hex{where.value};
    error(reason.view());
}

void LocalActor::zero(Gpa where, size_t size)
{
    if (size != 0) std::memset(at(where, size), 0, size);
}

namespace {

// A ring's pointers are read and written here, too. So a whole word is one access, ordered like a pointer's.

template <class Word>
bool is_word(const void* guest, size_t size)
{
    return size == sizeof(Word) && reinterpret_cast<uintptr_t>(guest) % sizeof(Word) == 0;
}

template <class Word>
void read_word(const void* guest, void* to)
{
    const Word word = __atomic_load_n(static_cast<const Word*>(guest), __ATOMIC_ACQUIRE);
    std::memcpy(to, &word, sizeof word);
}

template <class Word>
void write_word(void* guest, const void* from)
{
    Word word;
    std::memcpy(&word, from, sizeof word);
    __atomic_store_n(static_cast<Word*>(guest), word, __ATOMIC_RELEASE);
}

void read_guest(const void* guest, void* to, size_t size)
{
    if (is_word<uint32_t>(guest, size))
        read_word<uint32_t>(guest, to);
    else if (is_word<uint64_t>(guest, size))
        read_word<uint64_t>(guest, to);
    else
        std::memcpy(to, guest, size);
}

void write_guest(void* guest, const void* from, size_t size)
{
    if (is_word<uint32_t>(guest, size))
        write_word<uint32_t>(guest, from);
    else if (is_word<uint64_t>(guest, size))
        write_word<uint64_t>(guest, from);
    else
        std::memcpy(guest, from, size);
}

} // namespace

namespace {

/// As many frames as any ring may have.
constexpr size_t most_frames = 4096;
uint64_t frames[most_frames]; // One domain uses it, since there is one where Xen is below.

/// A frame list of a case's. Where pages have other numbers among frames than in addresses, it is made anew.
uint64_t translated(uint64_t list, uint64_t count)
{
    const auto* const theirs =
        count <= most_frames
            ? static_cast<const uint8_t*>(platform::readable(Gpa{list}, count * sizeof(uint64_t)))
            : nullptr;
    if (theirs == nullptr) return list;
    bool same = true;
    for (size_t i = 0; i < count; i++) {
        uint64_t page;
        std::memcpy(&page, theirs + i * sizeof page, sizeof page);
        frames[i] = platform::machine().frame(page);
        same = same && frames[i] == page;
    }
    return same ? list : platform::address(frames).value;
}

} // namespace

int64_t LocalActor::invoke(uint32_t word, const uint64_t (&arguments)[4], bool upstream)
{
    uint64_t a[4] = {arguments[0], arguments[1], arguments[2], arguments[3]};
    // Cases speak of guest-physical addresses and of a local APIC. A PV guest of Xen has neither.
    called_ = called_ || upstream;
    if (upstream || takes_linear(hypervisor_.mechanism().id)) {
        if (word == ARGO_OPERATION_WORD(ARGO_OP_REGISTER_RING)) a[1] = translated(a[1], a[2]);
        if (word == ARGO_OPERATION_WORD(ARGO_OP_VECTOR) && a[1] == ARGO_BINDING_LAPIC &&
            !platform::has_local_apic())
            a[1] = ARGO_BINDING_EVTCHN, a[3] = platform::channel(a[3], static_cast<uint32_t>(a[2]));
    }
    return upstream || hypervisor_.major() == 0 ? upstream_.call(word, a)
                                                : hypervisor_.call_word(word, a[0], a[1], a[2], a[3]);
}

int64_t LocalActor::perform(const Turn& turn)
{
    int64_t result = 0;
    if (!turn.write.empty())
        write_guest(at(turn.write_to, turn.write.size()), turn.write.data(), turn.write.size());
    if (turn.call) {
        if (session->options.role == Role::lead) require_in_upstream(turn.word);
        const bool upstream = turn.upstream || case_is_upstreams();
        result = invoke(turn.word, turn.arguments, upstream);
        if (turn.word == ARGO_OPERATION_WORD(ARGO_OP_RESET) && !upstream && result >= 0) resets_++;
    }
    if (!turn.read.empty())
        read_guest(at(turn.read_from, turn.read.size()), turn.read.data(), turn.read.size());
    return result;
}

void LocalActor::fill_pattern(Gpa to, size_t size, uint64_t seed, uint64_t first)
{
    if (size != 0) pattern_fill(at(to, size), size, seed, first);
}

size_t LocalActor::find_mismatch(Gpa from, size_t size, uint64_t seed, uint64_t first)
{
    return size == 0 ? 0 : pattern_mismatch(at(from, size), size, seed, first);
}

void LocalActor::fill_series(Gpa to, size_t count, uint64_t first, size_t period)
{
    if (count == 0) return;
    auto* words = static_cast<uint8_t*>(at(to, count * sizeof(uint64_t)));
    for (size_t i = 0, phase = 0; i < count; i++) {
        const uint64_t word = first + phase;
        std::memcpy(words + i * sizeof word, &word, sizeof word);
        if (++phase == period) phase = 0;
    }
}

bool LocalActor::changes_within(uint64_t ns, uint8_t vector, uint32_t so_far)
{
    const uint64_t start = platform::now();
    while (events(vector) == so_far) {
        const uint64_t passed = platform::now() - start;
        if (passed >= ns) return false;
        platform::wait(ns - passed);
    }
    return true;
}

bool LocalActor::wait_event(uint8_t vector, uint32_t beyond)
{
    return changes_within(session->limit(event_time), vector, beyond);
}

bool LocalActor::stays_quiet(uint8_t vector, uint32_t since)
{
    return !changes_within(session->limit(quiet_time), vector, since);
}

} // namespace argo::suite
