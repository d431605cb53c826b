// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Structures into memory, call, answers back. Where they are small, all of it is one exchange with the
// domain.
#include "harness/calls.hpp"

#include <cstring>

#include "harness/expect.hpp"
#include "harness/pattern.hpp"

namespace argo::suite {

namespace {

/// Structures side by side in the actor's memory, written together with the call.
class Block
{
  public:
    Block(Actor& actor, size_t size) : base_(actor.take(size)) {}

    /// Append; where it will be. Together `capacity` at most.
    template <class T>
    uint64_t put(const T& value)
    {
        return put_bytes(&value, sizeof value);
    }
    uint64_t put_bytes(const void* data, size_t size)
    {
        const uint64_t where = next();
        if (size > capacity - size_) error("structures larger than the harness has room for");
        if (size != 0) std::memcpy(bytes_ + size_, data, size);
        size_ += size;
        return where;
    }
    uint64_t next() const { return base_.value + size_; }

    Turn turn(uint32_t operation, uint64_t a0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0)
    {
        Turn turn = {base_, {bytes_, size_}, true, ARGO_OPERATION_WORD(operation), {a0, a1, a2, a3}, base_,
                     {}};
        if (read_back_) turn.read = {bytes_, size_};
        return turn;
    }
    /// Read all of it again after the call, for get().
    void read_back() { read_back_ = true; }
    template <class T>
    void get(size_t offset, T& value) const
    {
        std::memcpy(&value, bytes_ + offset, sizeof value);
    }

    static constexpr size_t capacity = 6 * 1024;

  private:
    Gpa base_;
    size_t size_ = 0;
    bool read_back_ = false;
    uint8_t bytes_[capacity];
};

} // namespace

int64_t query(Actor& actor, argo_info& answer, uint64_t nonce, uint64_t size)
{
    // Room for a hypervisor whose argo_info has grown.
    const Actor::Frame frame(actor);
    Block block(actor, size < ARGO_PAGE_SIZE ? size + sizeof answer : ARGO_PAGE_SIZE);
    const uint64_t where = block.put(answer);
    block.read_back();
    const int64_t result = actor.perform(block.turn(ARGO_OP_QUERY, where, size, nonce));
    block.get(0, answer);
    return result;
}

Pages fresh_pages(Actor& actor, uint32_t length, uint32_t distinct)
{
    // A length that no ring may have gets a page, for the look of it.
    const uint32_t wanted = length > actor.info().max_ring_length ? 1 : ring_pages(length);
    const uint32_t taken = distinct != 0 && distinct < wanted ? distinct : wanted;
    return {actor.alloc(taken * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE), taken == ring_pages(length) ? 0 : taken};
}

int64_t register_ring(Actor& actor, const RegisterArguments& with)
{
    Pages pages = with.pages;
    if (with.frames.empty() && pages.base.value == 0) pages = fresh_pages(actor, with.length);

    // The list of a ring that is longer than any may be is not read: one entry will do.
    uint32_t count = with.length <= actor.info().max_ring_length ? ring_pages(with.length) : 1;
    if (!with.frames.empty()) count = static_cast<uint32_t>(with.frames.size());

    const Actor::Frame frame(actor);
    Gpa list = actor.take(count * sizeof(uint64_t));
    if (!with.frames.empty()) {
        actor.write(list, with.frames.data(), with.frames.size_bytes());
    } else {
        const uint64_t first = pages.base.value / ARGO_PAGE_SIZE;
        const uint32_t distinct = pages.distinct == 0 ? count : pages.distinct;
        if (distinct == 1 || distinct >= count) {
            actor.fill_series(list, count, first, distinct);
        } else {
            actor.store(list, first);
            actor.fill_series(Gpa{list.value + sizeof first}, count - 1, first + 1, distinct - 1);
        }
    }

    Block block(actor, sizeof(argo_register));
    const uint64_t structure =
        block.put(argo_register{with.port, with.partner.value, with.reserved, with.length});
    const uint64_t claimed = with.frames.empty() ? ring_pages(with.length) : with.frames.size();
    return actor.perform(block.turn(ARGO_OP_REGISTER_RING, with.structure_gpa.value_or(structure),
                                    with.frames_gpa.value_or(list.value), with.count.value_or(claimed),
                                    with.flags));
}

int64_t unregister_ring(Actor& actor, const UnregisterArguments& with)
{
    const Actor::Frame frame(actor);
    Block block(actor, sizeof(argo_unregister));
    const uint64_t structure = block.put(argo_unregister{with.port, with.partner.value, with.reserved});
    return actor.perform(block.turn(ARGO_OP_UNREGISTER_RING, with.structure_gpa.value_or(structure)));
}

namespace {

/// The turn of a sendv: `act` gets it while its memory is there.
template <class Act>
auto with_sendv(Actor& actor, const SendArguments& with, Act act)
{
    const size_t pieces_size = with.pieces.size_bytes();
    Block block(actor, sizeof with.addresses + pieces_size);
    const uint64_t addresses = block.put(with.addresses);
    const uint64_t pieces = block.next();
    if (sizeof with.addresses + pieces_size <= Block::capacity)
        block.put_bytes(with.pieces.data(), pieces_size);
    else
        actor.write(Gpa{pieces}, with.pieces.data(), pieces_size);
    return act(block.turn(ARGO_OP_SENDV, with.addresses_gpa.value_or(addresses),
                          with.pieces_gpa.value_or(pieces), with.count.value_or(with.pieces.size()),
                          with.type));
}

argo_send_addr connection(const Actor& from, uint32_t source_port, Who to, uint32_t port)
{
    argo_send_addr addresses{};
    addresses.src = {source_port, Who(from).value, 0};
    addresses.dst = {port, to.value, 0};
    return addresses;
}

/// The same for a message of one piece, which is a pattern.
template <class Act>
auto with_pattern(Actor& from, const argo_send_addr& addresses, size_t size, uint64_t seed, uint32_t type,
                  Act act)
{
    const Gpa data = from.take(size);
    if (size != 0) from.fill_pattern(data, size, seed);
    const argo_iov piece[] = {{data.value, static_cast<uint32_t>(size), 0}};
    return with_sendv(from, {.addresses = addresses, .pieces = piece, .type = type}, act);
}

} // namespace

int64_t sendv(Actor& actor, const SendArguments& with)
{
    const Actor::Frame frame(actor);
    return with_sendv(actor, with, [&](const Turn& turn) { return actor.perform(turn); });
}

Pending begin_sendv(Actor& actor, const SendArguments& with)
{
    return Pending(actor, [&] { with_sendv(actor, with, [&](const Turn& turn) { actor.begin(turn); }); });
}

int64_t send(Actor& from, uint32_t source_port, Who to, uint32_t port, Bytes payload, uint32_t type)
{
    constexpr size_t head = sizeof(argo_send_addr) + sizeof(argo_iov);
    const Actor::Frame frame(from);
    Block block(from, head + payload.size());
    const uint64_t addresses = block.put(connection(from, source_port, to, port));
    const uint64_t data = addresses + head;
    const uint64_t piece = block.put(argo_iov{data, static_cast<uint32_t>(payload.size()), 0});
    if (head + payload.size() <= Block::capacity)
        block.put_bytes(payload.data(), payload.size());
    else
        from.write(Gpa{data}, payload.data(), payload.size());
    return from.perform(block.turn(ARGO_OP_SENDV, addresses, piece, payload.empty() ? 0 : 1, type));
}

int64_t send_pattern(Actor& from, uint32_t source_port, Who to, uint32_t port, size_t size, uint64_t seed,
                     uint32_t type)
{
    const Actor::Frame frame(from);
    return with_pattern(from, connection(from, source_port, to, port), size, seed, type,
                        [&](const Turn& turn) { return from.perform(turn); });
}

Pending begin_send_pattern(Actor& from, uint32_t source_port, Who to, uint32_t port, size_t size,
                           uint64_t seed, uint32_t type)
{
    return Pending(from, [&] {
        with_pattern(from, connection(from, source_port, to, port), size, seed, type,
                     [&](const Turn& turn) { from.begin(turn); });
    });
}

int64_t send_batch(Actor& actor, const BatchArguments& with)
{
    const Actor::Frame frame(actor);
    const Gpa where = actor.take(with.entries.size_bytes());
    actor.write(where, with.entries.data(), with.entries.size_bytes());
    const int64_t result = actor.call(ARGO_OP_SEND_BATCH, with.gpa.value_or(where.value),
                                      with.count.value_or(with.entries.size()));
    actor.read(where, with.entries.data(), with.entries.size_bytes());
    return result;
}

int64_t notify(Actor& actor, const NotifyArguments& with)
{
    const size_t entries_size = with.entries.size_bytes();
    const Actor::Frame frame(actor);
    Block block(actor, sizeof(argo_notify) + entries_size);
    const uint64_t where = block.put(
        argo_notify{with.count.value_or(static_cast<uint32_t>(with.entries.size())), with.reserved});
    block.put_bytes(with.entries.data(), entries_size);
    block.read_back();
    const int64_t result = actor.perform(block.turn(ARGO_OP_NOTIFY, with.gpa.value_or(where)));
    for (size_t i = 0; i < with.entries.size(); i++)
        block.get(sizeof(argo_notify) + i * sizeof(argo_notify_entry), with.entries[i]);
    return result;
}

int64_t notify_all(Actor& actor) { return actor.call(ARGO_OP_NOTIFY); }

argo_notify_entry ask(Actor& actor, Who domid, uint32_t port, uint32_t space_required)
{
    argo_notify_entry entry{};
    entry.ring = {port, domid.value, 0};
    entry.space_required = space_required;
    NotifyArguments with;
    with.entries = {&entry, 1};
    require_ok(notify(actor, with));
    return entry;
}

int64_t bind(Actor& actor, uint64_t index, uint8_t vector)
{
    return actor.call(ARGO_OP_VECTOR, index, ARGO_BINDING_LAPIC, actor.vcpu(), vector);
}

int64_t unbind(Actor& actor, uint64_t index) { return actor.call(ARGO_OP_VECTOR, index, ARGO_BINDING_NONE); }

} // namespace argo::suite
