// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_SENDV: the message path. Book: spec/sendv.rst.
#include "argo/sendv.h"
#include "engine/engine.hpp"

namespace argo::engine {

/// The engine's own copy of what the caller wants to send; the payload stays where it is.
struct Engine::Message
{
    argo_send_addr addresses;
    argo_iov pieces[most_pieces];
    uint32_t count;
    uint32_t bytes;
    uint32_t type;

    std::span<const argo_iov> iovs() const noexcept { return {pieces, count}; }
};

/// Thread-safe; holds the destination ring's lock while the message is copied.
Result Engine::sendv(DomainState& caller, const Arguments& arguments) noexcept
{
    Message message;
    if (const Error error = fetch_message(caller, arguments, message); failed(error)) return error;
    DomainRef owner;
    RingRef ring;
    if (const Error error = find_destination(caller, message, owner, ring); failed(error)) return error;
    uint16_t binding;
    bool wanted;
    if (const Error error = deliver(caller, message, *ring, binding, wanted); failed(error)) return error;

    ring.reset(); // the host may take its time with the event
    if (wanted) {
        signal(*owner, binding);
    } else {
        tallies_.suppressed.add();
    }
    return Result::success(message.bytes);
}

/// All about the arguments, payload memory included, before anything is looked up.
/// Errors in order: ARGO-SENDV-101 to -105.
Error Engine::fetch_message(DomainState& caller, const Arguments& arguments, Message& message) noexcept
{
    const auto [addresses, iovs, count, type] = arguments;
    const GuestMemory memory = memory_of(caller);

    if (count > limits_.max_iov || type > UINT32_MAX) return Error::einval;
    message.count = static_cast<uint32_t>(count);
    message.type = static_cast<uint32_t>(type);

    if (!memory.fetch({addresses}, message.addresses)) return Error::efault;
    if (!memory.fetch({iovs}, message.pieces, count * sizeof(argo_iov))) return Error::efault;

    if (message.addresses.src.reserved != 0 || message.addresses.dst.reserved != 0) return Error::einval;
    for (const argo_iov& piece : message.iovs()) {
        if (piece.flags != 0) return Error::einval;
    }

    uint64_t bytes = 0;
    for (const argo_iov& piece : message.iovs()) bytes += piece.length;
    if (bytes > limits_.max_message) return Error::emsgsize;
    message.bytes = static_cast<uint32_t>(bytes);

    for (const argo_iov& piece : message.iovs()) {
        if (!memory.accessible({piece.base}, piece.length, Access::read)) return Error::efault;
    }
    return Error::none;
}

/// Errors in order: ARGO-SENDV-106 to -108. Policy decides before the destination is looked up.
Error Engine::find_destination(DomainState& caller, const Message& message, DomainRef& owner,
                               RingRef& ring) noexcept
{
    const auto& [source, destination] = message.addresses;

    if (source.domid != caller.domid() && source.domid != ARGO_DOMID_WILDCARD) return Error::eperm;
    if (!host_.allows({Hook::send, caller.domid(), source.port, destination.domid, destination.port})) {
        return Error::eacces;
    }
    owner = domains_.find(host_, destination.domid);
    if (!owner) return Error::eacces;
    ring = owner->rings.match(host_, destination.port, caller.domid());
    return ring ? Error::none : Error::econnrefused;
}

/// Errors in order: ARGO-SENDV-109 to -111.
Error Engine::deliver(DomainState& caller, const Message& message, Ring& ring, uint16_t& binding,
                      bool& wanted) noexcept
{
    if (message.bytes > ring.largest_payload()) return Error::emsgsize;

    const argo_message header = {
        .length = static_cast<uint32_t>(sizeof header) + message.bytes,
        .source = {.port = message.addresses.src.port, .domid = caller.domid(), .reserved = 0},
        .type = message.type,
    };
    uint64_t copied = 0;
    bool inserted;
    {
        const Held held(ring.lock, host_);
        if (!Ring::fits(message.bytes, ring.free_bytes())) {
            return wait_for_space(caller, ring, message.bytes) ? Error::eagain : Error::ebusy;
        }
        inserted = ring.insert(header, memory_of(caller), message.iovs(), copied, wanted);
        binding = ring.binding();
    }
    tallies_.copied_bytes.add(copied);
    if (!inserted) return Error::efault;
    tallies_.messages.add();
    tallies_.payload_bytes.add(message.bytes);
    return Error::none;
}

} // namespace argo::engine
