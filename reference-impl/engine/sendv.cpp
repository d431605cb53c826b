// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_SENDV: the message path. Book: spec/sendv.rst.
#include "argo/sendv.h"
#include "engine/engine.hpp"

namespace argo::engine {
namespace {

constexpr uint32_t short_message = Near::reach; // bytes that are copied in about the time that a lock takes

} // namespace

/// The engine's own copy of what the caller wants to send; the payload stays where it is.
struct Engine::Message
{
    argo_send_addr addresses;
    argo_iov pieces[most_pieces];
    uint32_t count;
    uint32_t bytes;
    uint32_t type;
    bool certain; ///< the payload is in the sender's window, so that nothing can keep it from being copied

    std::span<const argo_iov> iovs() const noexcept { return {pieces, count}; }
};

/// Thread-safe.
Result Engine::sendv(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    Message message;
    if (const Error error = fetch_message(vcpu, arguments, message); failed(error)) return error;
    Routes::Route route;
    if (const Error error = find_destination(vcpu, message.addresses, route); failed(error)) return error;
    Ring::Published published;
    if (const Error error = deliver(vcpu, message, route, published); failed(error)) return error;

    if (published.wanted) tell(vcpu, *route.owner, published.binding);
    return Result::success(message.bytes);
}

/// What most messages are: short, in one piece, in memory that needs no look-up, to where one went lately,
/// into a ring that takes it at once. Decides nothing that sendv decides otherwise: in all other cases it
/// returns a negative number, and nothing happened but that arguments were read, which sendv then takes over:
/// nothing is read twice (ARGO-CALL-008).
/// ARGO_ENGINE_AT_ONCE=0 builds an engine that does without: sendv alone has to be right then.
[[gnu::always_inline]] inline int64_t Engine::send_at_once(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    constexpr int64_t no = -1;
    const Near near = vcpu.near;
    if (!near.holds_structure({arguments[0]}) || !near.holds_structure({arguments[1]})) return no;
    const uint64_t count = arguments[2], type = arguments[3];
    if (count != 1 || type > UINT32_MAX) return no;
    std::byte* const send_at = near.at({arguments[0]});
    std::byte* const piece_at = near.at({arguments[1]});
    if (!in_words<uint64_t>(send_at, reinterpret_cast<uintptr_t>(piece_at))) return no;
    const Routes::Name name{load_word(send_at), load_word(send_at + sizeof(uint64_t))};
    const Gpa base{load_word(piece_at)};
    const uint64_t bytes = load_word(piece_at + sizeof(uint64_t)); // and flags above them
    const auto leave_to_sendv = [&] {
        vcpu.taken_over = {.filled = true, .send = name, .piece = {base.value, bytes}};
        return no;
    };
    if (!near.holds_reach(base) || bytes >= too_long_at_once_) return leave_to_sendv();

    const Inside inside(*this, vcpu);
    // What is of this generation says that the caller may use Argo, and is not stale.
    const Routes::Route* const route = vcpu.routes.find(name, generation_.load(std::memory_order_acquire));
    if (!route) return leave_to_sendv();

    // The message's header: length and port, then domid and type.
    const uint64_t header[2] = {(bytes + sizeof(argo_message)) | name.source << 32, vcpu.domid | type << 32};
    Ring::Published published;
    Ring& ring = *route->ring;
    ring.lock.acquire(host_);
    const bool inserted = ring.insert(header, near.at(base), static_cast<uint32_t>(bytes), published);
    ring.lock.release();
    if (!inserted) return leave_to_sendv();
    vcpu.tallies.sent_at_once.add();
    vcpu.tallies.payload_bytes.add(bytes);
    if (published.wanted) tell(vcpu, *route->owner, published.binding);
    return static_cast<int64_t>(bytes);
}

/// About a message that its owner wants to hear of.
void Engine::tell(Vcpu& vcpu, DomainState& owner, uint16_t binding) noexcept
{
    vcpu.tallies.wanted.add();
    readers_.leave_for_domains(vcpu); // the host may take its time with the event
    signal(vcpu, owner, binding);
    readers_.leave_domains(vcpu);
}

/// All about the arguments, payload memory included, before anything is looked up.
/// Errors in order: ARGO-SENDV-101 to -105.
Error Engine::fetch_message(Vcpu& vcpu, const Arguments& arguments, Message& message) noexcept
{
    DomainState& caller = vcpu.domain;
    const auto [addresses, iovs, count, type] = arguments;

    if (count > limits_.max_iov || type > UINT32_MAX) return Error::einval;
    message.count = static_cast<uint32_t>(count);
    message.type = static_cast<uint32_t>(type);

    if (vcpu.taken_over.filled) {
        __builtin_memcpy(&message.addresses, &vcpu.taken_over.send, sizeof message.addresses);
        __builtin_memcpy(&message.pieces[0], &vcpu.taken_over.piece, sizeof message.pieces[0]);
        return check_pieces(caller, message);
    }
    if (!memory_of(caller).fetch({addresses}, message.addresses)) return Error::efault;
    return fetch_pieces(caller, iovs, message);
}

/// The rest of it; there are max_iov pieces at most.
Error Engine::fetch_pieces(DomainState& caller, uint64_t iovs, Message& message) noexcept
{
    const GuestMemory memory = memory_of(caller);

    if (message.count == 1) {
        if (!memory.fetch({iovs}, message.pieces[0])) return Error::efault;
    } else if (!memory.fetch({iovs}, message.pieces, message.count * sizeof(argo_iov))) {
        return Error::efault;
    }
    return check_pieces(caller, message);
}

Error Engine::check_pieces(DomainState& caller, Message& message) noexcept
{
    const GuestMemory memory = memory_of(caller);
    uint64_t bytes = 0;
    uint32_t flags = 0;
    message.certain = true;
    for (const argo_iov& piece : message.iovs()) {
        flags |= piece.flags;
        bytes += piece.length;
        message.certain =
            message.certain && (piece.length == 0 || memory.in_window({piece.base}, piece.length));
    }
    if ((message.addresses.src.reserved | message.addresses.dst.reserved) != 0) return Error::einval;
    if (flags != 0) return Error::einval;
    if (bytes > limits_.max_message) return Error::emsgsize;
    message.bytes = static_cast<uint32_t>(bytes);

    if (!message.certain) [[unlikely]] {
        for (const argo_iov& piece : message.iovs()) {
            if (!memory.accessible({piece.base}, piece.length, Access::read)) return Error::efault;
        }
    }
    return Error::none;
}

/// Errors in order: ARGO-SENDV-106 to -108. Policy decides before the destination is looked up.
Error Engine::find_destination(Vcpu& vcpu, const argo_send_addr& send, Routes::Route& route) noexcept
{
    const uint64_t generation = vcpu.ready;
    if (const Routes::Route* const known = vcpu.routes.find(Routes::Name(send), generation)) {
        route = *known;
        return Error::none;
    }
    const DomainState& caller = vcpu.domain;
    const auto& [source, destination] = send;

    if (source.domid != caller.domid() && source.domid != ARGO_DOMID_WILDCARD) return Error::eperm;
    if (!host_.allows({Hook::send, caller.domid(), source.port, destination.domid, destination.port})) {
        return Error::eacces;
    }
    route.owner = domains_.find(destination.domid);
    if (!route.owner) return Error::eacces;
    route.ring = route.owner->rings.match(destination.port, caller.domid());
    if (!route.ring) return Error::econnrefused;
    vcpu.routes.keep(Routes::Name(send), generation, route);
    return Error::none;
}

/// Errors in order: ARGO-SENDV-109 to -111. The ring is locked while its space is looked at and given. It
/// stays so while a short message is copied, which takes no longer than to lock it again; and while one is
/// copied that may turn out not to be there: it is the last one then, and its place is taken back.
Error Engine::deliver(Vcpu& vcpu, const Message& message, const Routes::Route& route,
                      Ring::Published& published) noexcept
{
    DomainState& caller = vcpu.domain;
    Ring& ring = *route.ring;
    if (message.bytes > ring.largest_payload()) return Error::emsgsize;

    const argo_message header = {
        .length = static_cast<uint32_t>(sizeof header) + message.bytes,
        .source = {.port = message.addresses.src.port, .domid = caller.domid(), .reserved = 0},
        .type = message.type,
    };
    const GuestMemory sender = memory_of(caller);
    Ring::Place place;
    bool done = false;
    {
        const Held held(ring.lock, host_);
        if (!Ring::fits(message.bytes, free_bytes(*route.owner, ring, message.bytes))) [[unlikely]] {
            return wait_for_space(caller, ring, message.bytes) ? Error::eagain : Error::ebusy;
        }
        if (!message.certain) [[unlikely]]
            ring.wait_until_settled(host_);
        place = ring.give_place(message.bytes);
        if (!message.certain || (message.bytes <= short_message && ring.only(place))) {
            const uint64_t copied = ring.fill(place, header, sender, message.iovs());
            if (copied != message.bytes) [[unlikely]] {
                ring.take_back(place);
                vcpu.tallies.lost_bytes.add(copied);
                return Error::efault;
            }
            published = ring.publish(host_, place);
            done = true;
        }
    }
    if (!done) {
        ring.fill(place, header, sender, message.iovs());
        published = ring.publish(host_, place);
    }
    vcpu.tallies.messages.add();
    vcpu.tallies.payload_bytes.add(message.bytes);
    return Error::none;
}

/// The message of a batch's entry, which has no more than max_iov pieces. Its event is left to the caller.
Result Engine::send(Vcpu& vcpu, const argo_batch_entry& entry, Sent& sent) noexcept
{
    Message message;
    message.addresses = entry.addresses;
    message.count = entry.count;
    message.bytes = 0;
    message.type = entry.type;
    const Error error = fetch_pieces(vcpu.domain, entry.iovs, message);
    sent.bytes = message.bytes;
    if (failed(error)) return error;
    Routes::Route route;
    if (const Error refusal = find_destination(vcpu, message.addresses, route); failed(refusal))
        return refusal;
    Ring::Published published;
    if (const Error refusal = deliver(vcpu, message, route, published); failed(refusal)) return refusal;

    if (published.wanted) {
        vcpu.tallies.wanted.add();
        sent.owner = route.owner;
        sent.binding = published.binding;
    }
    return Result::success(message.bytes);
}

} // namespace argo::engine
