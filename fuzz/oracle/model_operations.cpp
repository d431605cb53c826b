// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the book says each operation does. Errors stand in the order of the registry's tables.
#include "oracle/model.hpp"

#include <algorithm>
#include <cstring>

namespace argo::fuzz {
namespace {

constexpr uint32_t slots(uint64_t bytes)
{
    return static_cast<uint32_t>((bytes + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT);
}

constexpr uint64_t pages_of(uint64_t length)
{
    return (sizeof(argo_ring) + length + page_size - 1) / page_size;
}

} // namespace

// Chapter query

int64_t Model::query(ModelDomain& caller, const Arguments& arguments)
{
    const uint64_t info = arguments[0], size = arguments[1];
    if (size < ARGO_INFO_MIN_SIZE) return refuse(ARGO_EINVAL, "QUERY-101");
    const uint64_t bytes = std::min<uint64_t>(size, sizeof(argo_info));
    if (!accessible(caller, info, bytes, Access::write)) return refuse(ARGO_EFAULT, "QUERY-102");

    argo_info answer = {};
    answer.nonce = arguments[2];
    answer.major = ARGO_ABI_MAJOR;
    answer.minor = ARGO_ABI_MINOR;
    answer.domid = caller.guest->domid;
    answer.implementation = ARGO_IMPLEMENTATION_MODEL;
    answer.implementation_version = 7;
    answer.features = features_;
    answer.max_rings = limits_.max_rings;
    answer.max_ring_length = limits_.max_ring_length;
    answer.max_message = limits_.max_message;
    answer.max_iov = limits_.max_iov;
    answer.max_notify = limits_.max_notify;
    answer.max_ring_waiters = limits_.max_ring_waiters;
    answer.max_waiters = limits_.max_waiters;
    answer.max_pages = limits_.max_pages;
    answer.max_bindings = limits_.max_bindings;
    answer.max_batch = limits_.max_batch;
    if (caller.incarnation) answer.incarnation = *caller.incarnation;
    write(caller, info, &answer, bytes);
    if (!caller.incarnation &&
        bytes >= offsetof(argo_info, features)) { // its number is the hypervisor's choice
        const uint64_t where = info + offsetof(argo_info, incarnation);
        believe(caller, where, sizeof answer.incarnation);
        uint64_t told_now = 0;
        (void)read(caller, where, &told_now, sizeof told_now);
        if (caller.former == told_now) found("a restore has not changed the incarnation");
        caller.incarnation = told_now;
    } else if (!caller.incarnation && bytes > offsetof(argo_info, incarnation)) {
        believe(caller, info + offsetof(argo_info, incarnation),
                static_cast<uint32_t>(bytes - offsetof(argo_info, incarnation)));
    }
    return sizeof answer;
}

// Chapter register

int64_t Model::register_ring(ModelDomain& caller, const Arguments& arguments)
{
    const auto [address, frames, count, flags] = arguments;
    const uint16_t self = caller.guest->domid;

    if (count > pages_of(limits_.max_ring_length)) return refuse(ARGO_EINVAL, "REGISTER-101");

    uint64_t known = ARGO_REGISTER_FAIL_EXIST;
    if (features_ & ARGO_FEATURE_SUPPRESS) known |= ARGO_REGISTER_SUPPRESS;
    if (features_ & ARGO_FEATURE_VECTOR) known |= ARGO_REGISTER_BINDING_MASK;
    const auto binding = static_cast<uint16_t>(flags >> 16);
    if (flags & ~known) return refuse(ARGO_EINVAL, "REGISTER-102");
    if (binding != 0 && binding >= limits_.max_bindings) return refuse(ARGO_EINVAL, "REGISTER-102");

    argo_register wanted;
    if (!read(caller, address, &wanted, sizeof wanted)) return refuse(ARGO_EFAULT, "REGISTER-103");
    std::vector<uint64_t> gfns(count);
    if (!read(caller, frames, gfns.data(), count * sizeof(uint64_t)))
        return refuse(ARGO_EFAULT, "REGISTER-103");
    if (wanted.reserved != 0) return refuse(ARGO_EINVAL, "REGISTER-104");
    if (wanted.length < ARGO_RING_MIN_LENGTH || wanted.length > limits_.max_ring_length ||
        wanted.length % ARGO_SLOT != 0) {
        return refuse(ARGO_EINVAL, "REGISTER-105");
    }
    if (count != pages_of(wanted.length)) return refuse(ARGO_EINVAL, "REGISTER-106");

    const bool anybody = wanted.partner == ARGO_DOMID_WILDCARD;
    if (anybody && !(features_ & ARGO_FEATURE_WILDCARD)) return refuse(ARGO_EPERM, "REGISTER-107");
    const auto asks = anybody ? engine::Hook::wildcard : engine::Hook::accept;
    if (!allowed(engine::Hook::register_ring, self, wanted.port, wanted.partner, 0) ||
        !allowed(asks, self, wanted.port, wanted.partner, 0) || (!anybody && !find(wanted.partner))) {
        return refuse(ARGO_EACCES, "REGISTER-108");
    }

    const auto old = std::find_if(caller.rings.begin(), caller.rings.end(), [&](const ModelRing& ring) {
        return ring.port == wanted.port && ring.partner == wanted.partner;
    });
    const bool exists = old != caller.rings.end();
    if (exists && ((flags & ARGO_REGISTER_FAIL_EXIST) || old->length != wanted.length))
        return refuse(ARGO_EEXIST, "REGISTER-109");

    uint64_t held = 0;
    for (const ModelRing& ring : caller.rings) held += ring.pages.size();
    if (!exists && (caller.rings.size() + 1 > limits_.max_rings || held + count > limits_.max_pages))
        return refuse(ARGO_ENOSPC, "REGISTER-110");

    std::vector<uint32_t> memory;
    for (const uint64_t gfn : gfns) {
        if (gfn > last_gfn || !at(caller, gfn * page_size, Access::write))
            return refuse(ARGO_EFAULT, "REGISTER-111");
        memory.push_back(page_index(gfn));
    }

    ModelRing& ring = exists ? *old : caller.rings.emplace_back();
    ring.port = wanted.port;
    ring.partner = wanted.partner;
    ring.length = wanted.length;
    ring.pages = memory;
    ring.binding = binding;
    ring.suppress = (flags & ARGO_REGISTER_SUPPRESS) != 0;
    ring.tx = word_of(caller, ring, offsetof(argo_ring, tx_ptr));
    if (ring.tx >= ring.length || ring.tx % ARGO_SLOT != 0) { // REGISTER-003, -004
        ring.tx = rx_of(caller, ring);
        set_word(caller, ring, offsetof(argo_ring, tx_ptr), ring.tx);
    }
    wake(caller, ring, false); // REGISTER-014
    return 0;
}

// Chapter unregister

int64_t Model::unregister_ring(ModelDomain& caller, const Arguments& arguments)
{
    argo_unregister which;
    if (!read(caller, arguments[0], &which, sizeof which)) return refuse(ARGO_EFAULT, "UNREGISTER-101");
    if (which.reserved != 0) return refuse(ARGO_EINVAL, "UNREGISTER-102");
    for (size_t i = 0; i < caller.rings.size(); ++i) {
        if (caller.rings[i].port != which.port || caller.rings[i].partner != which.partner) continue;
        end_ring(caller, i);
        return 0;
    }
    return refuse(ARGO_ENOENT, "UNREGISTER-103");
}

// Chapter sendv

int64_t Model::sendv(ModelDomain& caller, const Arguments& arguments)
{
    const auto [addresses, iovs, count, type] = arguments;
    if (count > limits_.max_iov || type > UINT32_MAX) return refuse(ARGO_EINVAL, "SENDV-101");
    argo_send_addr ends;
    if (!read(caller, addresses, &ends, sizeof ends)) return refuse(ARGO_EFAULT, "SENDV-102");
    return send(caller, ends, iovs, static_cast<uint32_t>(count), static_cast<uint32_t>(type));
}

/// From SENDV-102 on, with both addresses read.
int64_t Model::send(ModelDomain& caller, const argo_send_addr& ends, uint64_t iovs, uint32_t count,
                    uint32_t type)
{
    const uint16_t self = caller.guest->domid;
    std::vector<argo_iov> pieces(count);
    if (!read(caller, iovs, pieces.data(), count * sizeof(argo_iov))) return refuse(ARGO_EFAULT, "SENDV-102");
    if (ends.src.reserved != 0 || ends.dst.reserved != 0) return refuse(ARGO_EINVAL, "SENDV-103");
    uint64_t bytes = 0;
    for (const argo_iov& piece : pieces) {
        if (piece.flags != 0) return refuse(ARGO_EINVAL, "SENDV-103");
        bytes += piece.length;
    }
    if (bytes > limits_.max_message) return refuse(ARGO_EMSGSIZE, "SENDV-104");
    for (const argo_iov& piece : pieces) {
        if (!accessible(caller, piece.base, piece.length, Access::read))
            return refuse(ARGO_EFAULT, "SENDV-105");
    }

    if (ends.src.domid != self && ends.src.domid != ARGO_DOMID_WILDCARD)
        return refuse(ARGO_EPERM, "SENDV-106");
    ModelDomain* const owner = find(ends.dst.domid);
    if (!allowed(engine::Hook::send, self, ends.src.port, ends.dst.domid, ends.dst.port) || !owner)
        return refuse(ARGO_EACCES, "SENDV-107");
    ModelRing* const ring = match(*owner, ends.dst.port, self);
    if (!ring) return refuse(ARGO_ECONNREFUSED, "SENDV-108");

    const auto payload = static_cast<uint32_t>(bytes);
    if (payload > ring->length - ARGO_RING_OVERHEAD) return refuse(ARGO_EMSGSIZE, "SENDV-109");
    if (!fits(payload, free_bytes(*owner, *ring))) {
        return wait(caller, *ring, payload) ? refuse(ARGO_EAGAIN, "SENDV-111")
                                            : refuse(ARGO_EBUSY, "SENDV-110");
    }

    const argo_message message{.length = payload + uint32_t{sizeof(argo_message)},
                               .source = {.port = ends.src.port, .domid = self, .reserved = 0},
                               .type = type};
    put(*owner, *ring, caller, message, pieces);
    ++counters.messages;
    counters.payload_bytes += payload;
    counters.copied_bytes += payload;
    return payload;
}

/// SENDV-010 to -016, RING-001 to -004, EVENT-001, and chapter suppress.
void Model::put(ModelDomain& owner, ModelRing& ring, ModelDomain& sender, const argo_message& message,
                const std::vector<argo_iov>& pieces)
{
    const uint32_t before = ring.tx;
    const uint32_t taken = slots(message.length);

    // Where the message goes, byte by byte; and whether anything else is at stake there.
    std::vector<std::byte*> places(message.length);
    for (uint32_t i = 0; i < message.length; ++i)
        places[i] = byte_of(owner, ring, sizeof(argo_ring) + (before + uint64_t{i}) % ring.length);
    std::vector<std::byte*> sorted = places;
    std::sort(sorted.begin(), sorted.end());
    bool open = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
    std::vector<std::byte*> sources;
    for (const argo_iov& piece : pieces) {
        for (uint64_t i = 0; i < piece.length; ++i) {
            sources.push_back(at(sender, piece.base + i, Access::read));
            open = open || std::binary_search(sorted.begin(), sorted.end(), sources.back());
        }
    }
    if (open) {
        for (const std::byte* place : places) {
            const auto offset = static_cast<size_t>(place - owner.memory.data());
            believe(owner, static_cast<uint32_t>(offset / page_size),
                    static_cast<uint32_t>(offset % page_size), 1);
        }
    } else {
        std::byte header[sizeof message];
        std::memcpy(header, &message, sizeof header);
        for (size_t i = 0; i < sizeof header; ++i) *places[i] = header[i];
        for (size_t i = 0; i < sources.size(); ++i) *places[sizeof header + i] = *sources[i];
    }

    ring.tx = static_cast<uint32_t>((uint64_t{before} + taken) % ring.length);
    set_word(owner, ring, offsetof(argo_ring, tx_ptr), ring.tx);

    bool wanted = true;
    if (ring.suppress) {
        const uint32_t wish = word_of(owner, ring, offsetof(argo_ring, wish));
        const uint32_t position = word_of(owner, ring, offsetof(argo_ring, position));
        if (wish == ARGO_WISH_NONE) wanted = false;
        if (wish == ARGO_WISH_PAST && position < ring.length)
            wanted = (uint64_t{position} + ring.length - before) % ring.length < taken;
    }
    if (!wanted) {
        ++counters.suppressed;
    } else if (in_batch_) {
        burst_.insert({owner.guest->domid, ring.binding});
    } else {
        signal(owner, ring.binding);
    }
}

// Chapter send_batch

int64_t Model::send_batch(ModelDomain& caller, const Arguments& arguments)
{
    const uint64_t entries = arguments[0], count = arguments[1];
    if (count > limits_.max_batch) return refuse(ARGO_EINVAL, "BATCH-101");
    if (!accessible(caller, entries, count * sizeof(argo_batch_entry), Access::write))
        return refuse(ARGO_EFAULT, "BATCH-102");

    // Where it stops is the hypervisor's own matter. BATCH-008, -009.
    const uint64_t least = std::min<uint64_t>(count, 1);
    const uint64_t answered =
        batch_result >= static_cast<int64_t>(least) && batch_result <= static_cast<int64_t>(count)
            ? static_cast<uint64_t>(batch_result)
            : least;
    in_batch_ = true;
    for (uint64_t i = 0; i < answered; ++i) {
        const uint64_t where = entries + i * sizeof(argo_batch_entry);
        argo_batch_entry entry;
        (void)read(caller, where, &entry, sizeof entry);
        int64_t result;
        if (entry.reserved != 0) {
            result = -int64_t{ARGO_EINVAL}; // BATCH-004
        } else if (entry.count > limits_.max_iov) {
            result = -int64_t{ARGO_EINVAL}; // SENDV-101
        } else {
            result = send(caller, entry.addresses, entry.iovs, entry.count, entry.type);
        }
        write(caller, where + offsetof(argo_batch_entry, result), &result, sizeof result);
    }
    in_batch_ = false;
    for (const auto& [owner, binding] : burst_) signal(*find(owner), binding); // BATCH-011, -012
    burst_.clear();
    told = "success";
    return static_cast<int64_t>(answered);
}

// Chapter notify

int64_t Model::notify(ModelDomain& caller, const Arguments& arguments)
{
    const uint64_t address = arguments[0];
    const uint16_t self = caller.guest->domid;
    argo_notify head = {};
    if (address != 0) {
        if (!read(caller, address, &head, sizeof head)) return refuse(ARGO_EFAULT, "NOTIFY-101");
        if (head.count > limits_.max_notify || head.reserved != 0) return refuse(ARGO_EINVAL, "NOTIFY-102");
        if (!accessible(caller, address + sizeof head, uint64_t{head.count} * sizeof(argo_notify_entry),
                        Access::write))
            return refuse(ARGO_EFAULT, "NOTIFY-103");
    }

    for (ModelRing& ring : caller.rings) wake(caller, ring, false); // NOTIFY-001, -002

    for (uint32_t i = 0; i < head.count; ++i) {
        const uint64_t where = address + sizeof head + uint64_t{i} * sizeof(argo_notify_entry);
        argo_notify_entry entry;
        (void)read(caller, where, &entry, sizeof entry);
        uint32_t flags = 0, most = 0;
        const auto& asked = entry.ring;
        ModelDomain* const owner = find(asked.domid);
        ModelRing* ring = nullptr;
        if (asked.reserved == 0 && entry.reserved == 0 &&
            allowed(engine::Hook::notify, self, 0, asked.domid, asked.port) && owner) {
            ring = match(*owner, asked.port, self);
        }
        if (ring) {
            const uint32_t free = free_bytes(*owner, *ring);
            most = ring->length - ARGO_RING_OVERHEAD; // NOTIFY-015
            flags = ARGO_NOTIFY_EXISTS;
            if (ring->partner == ARGO_DOMID_WILDCARD) flags |= ARGO_NOTIFY_SHARED;
            if (free == ring->length) flags |= ARGO_NOTIFY_EMPTY;
            if (entry.space_required > most || entry.space_required > limits_.max_message) {
                flags |= ARGO_NOTIFY_EMSGSIZE;
            } else if (fits(entry.space_required, free)) {
                flags |= ARGO_NOTIFY_SUFFICIENT;
                std::erase_if(ring->waiting,
                              [&](const Waiting& each) { return each.account == caller.account; });
            } else if (!wait(caller, *ring, entry.space_required)) {
                flags |= ARGO_NOTIFY_EBUSY;
            }
        }
        const auto answer = static_cast<uint16_t>(flags);
        write(caller, where + offsetof(argo_notify_entry, flags), &answer, sizeof answer);
        write(caller, where + offsetof(argo_notify_entry, max_message), &most, sizeof most);
    }
    return 0;
}

// Chapter vector

int64_t Model::vector(ModelDomain& caller, const Arguments& arguments)
{
    const auto [index, kind, target, value] = arguments;
    const auto is_vcpu = [](uint64_t id) {
        return std::find(std::begin(vcpus), std::end(vcpus), id) != std::end(vcpus);
    };
    if (index >= limits_.max_bindings) return refuse(ARGO_EINVAL, "VECTOR-101");
    const auto which = static_cast<uint16_t>(index);
    if (kind == ARGO_BINDING_NONE) {
        if (target != 0 || value != 0) return refuse(ARGO_EINVAL, "VECTOR-103");
        caller.bindings.erase(which);
        return 0;
    }
    if (kind != ARGO_BINDING_LAPIC && kind != ARGO_BINDING_MSI) return refuse(ARGO_EINVAL, "VECTOR-102");
    const bool right = kind == ARGO_BINDING_LAPIC
                           ? is_vcpu(target) && value >= 32 && value <= 255
                           : target >> 20 == 0xfee && (target & 0xfff) == 0 &&
                                 (target >> 12 & 0xff) != 0xff && is_vcpu(target >> 12 & 0xff) &&
                                 (value & ~uint64_t{0x41ff}) == 0 && (value & 0xff) >= 32;
    if (!right) return refuse(ARGO_EINVAL, "VECTOR-103");
    if (!allowed(engine::Hook::vector, caller.guest->domid, 0, 0, 0))
        return refuse(ARGO_EACCES, "VECTOR-104");
    caller.bindings[which] = {static_cast<uint32_t>(kind), target, value};
    return 0;
}

// Chapter reset

int64_t Model::reset(ModelDomain& caller)
{
    drop_everything(caller);
    caller.stale = false;
    return 0;
}

// Chapter ring

std::byte* Model::byte_of(ModelDomain& owner, const ModelRing& ring, uint64_t offset)
{
    return &owner.memory[ring.pages[offset / page_size] * page_size + offset % page_size];
}

uint32_t Model::word_of(ModelDomain& owner, const ModelRing& ring, uint32_t offset)
{
    uint32_t word;
    std::memcpy(&word, byte_of(owner, ring, offset), sizeof word);
    return word;
}

void Model::set_word(ModelDomain& owner, const ModelRing& ring, uint32_t offset, uint32_t value)
{
    std::memcpy(byte_of(owner, ring, offset), &value, sizeof value);
}

/// RING-005, -006.
uint32_t Model::rx_of(ModelDomain& owner, const ModelRing& ring)
{
    const uint64_t rx = word_of(owner, ring, offsetof(argo_ring, rx_ptr));
    const uint64_t rounded = (rx + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT;
    return rounded < ring.length ? static_cast<uint32_t>(rounded) : 0;
}

uint32_t Model::free_bytes(ModelDomain& owner, const ModelRing& ring)
{
    const uint64_t unread = (uint64_t{ring.tx} + ring.length - rx_of(owner, ring)) % ring.length;
    return static_cast<uint32_t>(ring.length - unread);
}

/// SENDV-031.
bool Model::fits(uint32_t payload, uint32_t free)
{
    return sizeof(argo_message) + (uint64_t{payload} + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT < free;
}

/// SENDV-001 to -003.
ModelRing* Model::match(ModelDomain& owner, uint32_t port, uint16_t sender)
{
    for (const uint16_t partner : {sender, uint16_t{ARGO_DOMID_WILDCARD}}) {
        for (ModelRing& ring : owner.rings) {
            if (ring.port == port && ring.partner == partner) return &ring;
        }
    }
    return nullptr;
}

// Chapter event, and who waits

void Model::signal(ModelDomain& domain, uint16_t index)
{
    const auto binding = domain.bindings.find(index);
    if (binding == domain.bindings.end()) return; // EVENT-006
    const auto [kind, target, value] = binding->second;
    events_.push_back({domain.guest->domid, index, kind, target, value});
    ++counters.events;
}

/// SENDV-032, SENDV-110, NOTIFY-019, -020, -024.
bool Model::wait(ModelDomain& sender, ModelRing& ring, uint32_t space)
{
    const auto mine = [&](const Waiting& each) { return each.account == sender.account; };
    const auto waiting = std::find_if(ring.waiting.begin(), ring.waiting.end(), mine);
    if (waiting != ring.waiting.end()) {
        waiting->space = std::max(waiting->space, space);
        return true;
    }
    size_t rings = 0;
    for (const auto& [domid, owner] : domains_) {
        for (const ModelRing& each : owner.rings)
            rings += static_cast<size_t>(std::count_if(each.waiting.begin(), each.waiting.end(), mine));
    }
    if (ring.waiting.size() >= limits_.max_ring_waiters || rings >= limits_.max_waiters) return false;
    ring.waiting.push_back({sender.account, space});
    return true;
}

/// NOTIFY-001, -002, -004, UNREGISTER-004, EVENT-004.
void Model::wake(ModelDomain& owner, ModelRing& ring, bool all)
{
    const uint32_t free = free_bytes(owner, ring);
    std::vector<Waiting> woken;
    std::erase_if(ring.waiting, [&](const Waiting& each) {
        const bool now = all || fits(each.space, free);
        if (now) woken.push_back(each);
        return now;
    });
    for (const Waiting& each : woken) {
        for (auto& [domid, domain] : domains_) {
            if (domain.account != each.account) continue;
            ++counters.wakeups;
            signal(domain, 0);
        }
    }
}

void Model::end_ring(ModelDomain& owner, size_t which)
{
    wake(owner, owner.rings[which], true);
    owner.rings.erase(owner.rings.begin() + static_cast<std::ptrdiff_t>(which));
}

} // namespace argo::fuzz
