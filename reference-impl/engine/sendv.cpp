// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_SENDV: the message path. Book: spec/sendv.rst.
#include "argo/sendv.h"
#include "engine/engine.hpp"

namespace argo::engine {
namespace {

constexpr uint32_t short_message = 1024; // bytes that are copied in about the time that a lock takes

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
inline Result Engine::sendv(Vcpu& vcpu, const Arguments& arguments) noexcept
{
    Message message;
    if (const Error error = fetch_message(vcpu.domain, arguments, message); failed(error)) return error;
    Routes::Route route;
    if (const Error error = find_destination(vcpu, message.addresses, route); failed(error)) return error;
    Ring::Published published;
    if (const Error error = deliver(vcpu, message, route, published); failed(error)) return error;

    if (published.wanted) {
        vcpu.tallies.wanted.add();
        readers_.leave_rings(vcpu); // the host may take its time with the event
        signal(vcpu, *route.owner, published.binding);
    }
    return Result::success(message.bytes);
}

/// All about the arguments, payload memory included, before anything is looked up.
/// Errors in order: ARGO-SENDV-101 to -105.
inline Error Engine::fetch_message(DomainState& caller, const Arguments& arguments, Message& message) noexcept
{
    const auto [addresses, iovs, count, type] = arguments;
    const GuestMemory memory = memory_of(caller);

    if (count > limits_.max_iov || type > UINT32_MAX) return Error::einval;
    message.count = static_cast<uint32_t>(count);
    message.type = static_cast<uint32_t>(type);

    if (!memory.fetch({addresses}, message.addresses)) return Error::efault;
    if (count == 1) [[likely]] {
        if (!memory.fetch({iovs}, message.pieces[0])) return Error::efault;
    } else if (!memory.fetch({iovs}, message.pieces, count * sizeof(argo_iov))) {
        return Error::efault;
    }

    uint64_t bytes = 0;
    uint32_t flags = 0;
    message.certain = true;
    for (const argo_iov& piece : message.iovs()) {
        flags |= piece.flags;
        bytes += piece.length;
        message.certain = message.certain && memory.in_window({piece.base}, piece.length);
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
inline Error Engine::find_destination(Vcpu& vcpu, const argo_send_addr& send, Routes::Route& route) noexcept
{
    const uint64_t generation = vcpu.ready;
    if (const Routes::Route* const known = vcpu.routes.find(send, generation)) [[likely]] {
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
    vcpu.routes.keep(send, generation, route);
    return Error::none;
}

/// Errors in order: ARGO-SENDV-109 to -111. The ring is locked while its space is looked at and given. It
/// stays so while a short message is copied, which takes no longer than to lock it again; and while one is
/// copied that may turn out not to be there: it is the last one then, and its place is taken back.
inline Error Engine::deliver(Vcpu& vcpu, const Message& message, const Routes::Route& route,
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
        if (!message.certain || (message.bytes <= short_message && ring.only(place))) [[likely]] {
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

} // namespace argo::engine
