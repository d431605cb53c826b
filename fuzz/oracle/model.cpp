// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the book says a hypervisor does: entry, memory, domains. The operations are in model_operations.cpp.
#include "oracle/model.hpp"

#include "harness/grammar.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace argo::fuzz {

int64_t Model::refuse(int64_t error, const char* requirement)
{
    told = requirement;
    return -error;
}

bool Model::allowed(engine::Hook hook, uint16_t caller, uint32_t caller_port, uint16_t other,
                    uint32_t other_port) const
{
    return fuzz::allows(policy, {hook, caller, caller_port, other, other_port});
}

ModelDomain* Model::find(uint16_t domid)
{
    const auto found = domains_.find(domid);
    return found == domains_.end() ? nullptr : &found->second;
}

std::vector<Event> Model::take_events()
{
    std::vector<Event> events = std::move(events_);
    events_.clear();
    std::sort(events.begin(), events.end());
    return events;
}

// Memory

std::byte* Model::at(ModelDomain& domain, uint64_t gpa, Access access)
{
    const uint32_t page = page_index(gpa / page_size);
    if (page == pages || !permits(domain.guest->rights[page], access)) return nullptr;
    return &domain.memory[page * page_size + gpa % page_size];
}

/// The end of a range is an address, too: so the last byte of the address space belongs to none.
bool Model::accessible(ModelDomain& domain, uint64_t gpa, uint64_t bytes, Access access)
{
    if (bytes == 0) return true;
    if (gpa + bytes < gpa) return false;
    for (uint64_t gfn = gpa / page_size; gfn <= (gpa + bytes - 1) / page_size; ++gfn) {
        if (!at(domain, gfn * page_size, access)) return false;
    }
    return true;
}

bool Model::read(ModelDomain& domain, uint64_t gpa, void* to, uint64_t bytes)
{
    if (!accessible(domain, gpa, bytes, Access::read)) return false;
    for (uint64_t i = 0; i < bytes; ++i) static_cast<std::byte*>(to)[i] = *at(domain, gpa + i, Access::read);
    return true;
}

void Model::write(ModelDomain& domain, uint64_t gpa, const void* from, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes; ++i)
        *at(domain, gpa + i, Access::write) = static_cast<const std::byte*>(from)[i];
}

void Model::believe(ModelDomain& domain, uint32_t page, uint32_t offset, uint32_t bytes)
{
    std::memcpy(&domain.memory[page * page_size + offset], domain.guest->page(page) + offset, bytes);
}

void Model::believe(ModelDomain& domain, uint64_t gpa, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; ++i) {
        const uint32_t page = page_index((gpa + i) / page_size);
        if (page != pages) believe(domain, page, static_cast<uint32_t>((gpa + i) % page_size), 1);
    }
}

void Model::believe_free_parts()
{
    for (auto& [domid, owner] : domains_) {
        for (const ModelRing& ring : owner.rings) {
            const uint32_t free = free_bytes(owner, ring);
            for (uint32_t i = 0; i < free; ++i) {
                const uint64_t offset = sizeof(argo_ring) + (ring.tx + i) % ring.length;
                believe(owner, ring.pages[offset / page_size], static_cast<uint32_t>(offset % page_size), 1);
            }
        }
    }
}

// Domains: chapter lifecycle

void Model::create(Guest& guest)
{
    domains_.insert_or_assign(guest.domid, ModelDomain{.guest = &guest,
                                                       .memory = std::vector<std::byte>(pages * page_size),
                                                       .rings = {},
                                                       .bindings = {},
                                                       .account = ++accounts_,
                                                       .incarnation = {},
                                                       .former = {}});
}

/// LIFECYCLE-001 to -003. It does not hear of its own end.
void Model::destroy(uint16_t domid)
{
    ModelDomain ended = std::move(*find(domid));
    domains_.erase(domid);
    drop_everything(ended);
    for (auto& [other, owner] : domains_) {
        for (size_t i = owner.rings.size(); i-- != 0;) {
            if (owner.rings[i].partner != domid) continue;
            const uint16_t binding = owner.rings[i].binding;
            end_ring(owner, i);
            signal(owner, binding);
        }
    }
}

/// LIFECYCLE-005.
void Model::restore(uint16_t domid)
{
    ModelDomain& domain = *find(domid);
    domain.stale = true;
    if (domain.incarnation) domain.former = std::exchange(domain.incarnation, std::nullopt);
    drop_everything(domain);
}

/// RESET-001 to -004.
void Model::drop_everything(ModelDomain& domain)
{
    domain.bindings.clear();
    domain.account = ++accounts_;
    for (auto& [domid, owner] : domains_) { // who waits is of a living account; dead waiters are none
        for (ModelRing& ring : owner.rings) {
            std::erase_if(ring.waiting, [&](const Waiting& waiting) {
                return std::none_of(domains_.begin(), domains_.end(),
                                    [&](const auto& each) { return each.second.account == waiting.account; });
            });
        }
    }
    while (!domain.rings.empty()) end_ring(domain, domain.rings.size() - 1);
}

// Calls: chapter call

int64_t Model::call(uint16_t domid, const Call& call)
{
    ModelDomain& caller = *find(domid);
    const auto number = static_cast<uint32_t>(call.word & 0xffff);
    const auto major = static_cast<uint32_t>(call.word >> 16 & 0xff);
    const int64_t result = [&]() -> int64_t {
        if (call.user) return refuse(ARGO_EPERM, "CALL-101");
        if (call.word >> 24 != 0) return refuse(ARGO_EINVAL, "CALL-102");
        if (major != ARGO_ABI_MAJOR) return refuse(ARGO_EOPNOTSUPP, "CALL-103");
        if (!allowed(engine::Hook::enable, domid, 0, 0, 0)) return refuse(ARGO_EACCES, "CALL-104");
        const auto operation = std::find_if(std::begin(operations), std::end(operations),
                                            [&](const Operation& each) { return each.number == number; });
        if (operation == std::end(operations) || !operation->decided ||
            (operation->feature & ~features_) != 0) {
            return refuse(ARGO_EOPNOTSUPP, "CALL-105");
        }
        if (caller.stale && number != ARGO_OP_QUERY && number != ARGO_OP_RESET)
            return refuse(ARGO_ESTALE, "CALL-106");
        for (size_t unused = operation->arguments.size(); unused < 4; ++unused) {
            if (call.arguments[unused] != 0) return refuse(ARGO_EINVAL, "CALL-107");
        }
        ++counters.calls[number];
        told = "success";
        switch (number) {
        case ARGO_OP_QUERY: return query(caller, call.arguments);
        case ARGO_OP_REGISTER_RING: return register_ring(caller, call.arguments);
        case ARGO_OP_UNREGISTER_RING: return unregister_ring(caller, call.arguments);
        case ARGO_OP_SENDV: return sendv(caller, call.arguments);
        case ARGO_OP_SEND_BATCH: return send_batch(caller, call.arguments);
        case ARGO_OP_NOTIFY: return notify(caller, call.arguments);
        case ARGO_OP_VECTOR: return vector(caller, call.arguments);
        case ARGO_OP_RESET: return reset(caller);
        }
        found("the engine offers an operation that the model does not know");
    }();
    if (result < 0) ++counters.refused;
    return result;
}

/// CALL-002: of the frame nothing but the result is written.
bool Model::call_frame(uint16_t domid, uint64_t address, bool user)
{
    ModelDomain& caller = *find(domid);
    std::byte* const place = address % ARGO_FRAME_ALIGN == 0 ? at(caller, address, Access::write) : nullptr;
    if (!place) return false;
    argo_frame frame;
    std::memcpy(&frame, place, sizeof frame);
    Call made{.word = frame.op | uint64_t{frame.flags} << 32, .arguments = {}, .user = user};
    std::memcpy(made.arguments, frame.arg, sizeof frame.arg);
    const int64_t result = call(domid, made);
    std::memcpy(place + offsetof(argo_frame, result), &result, sizeof result);
    return true;
}

} // namespace argo::fuzz
