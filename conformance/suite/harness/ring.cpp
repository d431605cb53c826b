// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A registered ring in the hands of a case.
#include "harness/ring.hpp"

#include <cstring>

#include "harness/session.hpp"

namespace argo::suite {

namespace {

constexpr uint32_t round_up(uint32_t bytes) { return (bytes + ARGO_SLOT - 1) & ~(ARGO_SLOT - 1); }

} // namespace

bool Message::is(Bytes expected) const
{
    return expected.size() == size() && size() <= capacity &&
           std::memcmp(bytes, expected.data(), size()) == 0;
}

namespace {

/// Put `now` into the case's list of rings where `before` is; null is an empty place.
void note(const Ring* before, const Ring* now)
{
    for (const Ring*& ring : session->progress.rings) {
        if (ring != before) continue;
        ring = now;
        return;
    }
}

} // namespace

Ring::Ring(Actor& owner, uint32_t port, Who partner, uint32_t length, Pages pages)
    : owner_(&owner), port_(port), partner_(partner), length_(length), pages_(pages)
{
    note(nullptr, this);
}

Ring::Ring(Ring&& other) noexcept : Ring(other)
{
    other.registered_ = false;
    note(&other, this);
}

Ring::~Ring()
{
    note(this, nullptr);
    if (registered_) unregister();
}

int64_t Ring::unregister()
{
    registered_ = false;
    return unregister_ring(*owner_, {.port = port_, .partner = partner_});
}

Gpa Ring::at(uint32_t position) const
{
    const uint64_t offset = sizeof(argo_ring) + uint64_t{position};
    uint64_t page = offset / ARGO_PAGE_SIZE;
    if (pages_.distinct == 1)
        page = 0;
    else if (pages_.distinct != 0 && page != 0)
        page = 1 + (page - 1) % (pages_.distinct - 1);
    return Gpa{pages_.base.value + page * ARGO_PAGE_SIZE + offset % ARGO_PAGE_SIZE};
}

namespace {

/// Calls visit(gpa, offset, size) for each run of bytes that lie together in the owner's memory.
template <class Visit>
void runs(const Ring& ring, uint32_t position, size_t size, Visit visit)
{
    for (size_t done = 0; done < size;) {
        const Gpa here = ring.at(position);
        size_t run = ring.length() - position;
        if (ring.pages().distinct != 0 && run > ARGO_PAGE_SIZE - here.value % ARGO_PAGE_SIZE)
            run = ARGO_PAGE_SIZE - here.value % ARGO_PAGE_SIZE;
        if (run > size - done) run = size - done;
        visit(here, done, run);
        done += run;
        position = static_cast<uint32_t>((position + run) % ring.length());
    }
}

} // namespace

void Ring::read(uint32_t position, void* data, size_t size) const
{
    runs(*this, position, size, [&](Gpa here, size_t done, size_t run) {
        owner_->read(here, static_cast<uint8_t*>(data) + done, run);
    });
}

void Ring::write(uint32_t position, const void* data, size_t size)
{
    runs(*this, position, size, [&](Gpa here, size_t done, size_t run) {
        owner_->write(here, static_cast<const uint8_t*>(data) + done, run);
    });
}

void Ring::set_rx(uint32_t value)
{
    owner_->store(Gpa{pages_.base.value + offsetof(argo_ring, rx_ptr)}, value);
}
void Ring::set_tx(uint32_t value)
{
    owner_->store(Gpa{pages_.base.value + offsetof(argo_ring, tx_ptr)}, value);
}

uint32_t Ring::start(const Pointers& at) const { return at.rx < length_ ? round_up(at.rx) % length_ : 0; }

uint32_t Ring::unread_of(const Pointers& at) const
{
    if (at.tx >= length_ || at.tx % ARGO_SLOT != 0) {
        Text finding;
        finding << "the ring on port " << port_ << " of " << length_ << " bytes has tx_ptr " << at.tx;
        fail(finding.view());
        return 0;
    }
    const uint32_t from = start(at);
    return at.tx >= from ? at.tx - from : length_ - from + at.tx;
}

std::optional<Message> Ring::peek() const
{
    const Pointers now = pointers();
    const uint32_t unread = unread_of(now);
    if (unread == 0) return {};

    struct
    {
        argo_message header;
        uint8_t payload[Message::capacity];
    } found;
    const uint32_t position = start(now);
    read(position, &found, unread < sizeof found ? unread : sizeof found);

    if (found.header.length < sizeof(argo_message) || found.header.length > unread) {
        Text finding;
        finding << "the ring on port " << port_ << " has " << unread << " unread bytes at " << position
                << ", and a message of length " << found.header.length << " in them";
        fail(finding.view());
        return {};
    }
    std::optional<Message> message(std::in_place);
    message->length = found.header.length;
    message->source = found.header.source;
    message->type = found.header.type;
    message->position = position;
    std::memcpy(message->bytes, found.payload, message->payload().size());
    return message;
}

std::optional<Message> Ring::receive()
{
    auto message = peek();
    if (message) set_rx((message->position + round_up(message->length)) % length_);
    return message;
}

void Ring::drain() { set_rx(tx()); }

void Ring::describe() const
{
    constexpr uint32_t most = 192, line = 16;
    const Pointers now = pointers();
    Text head;
    head << "ring of " << owner_->role() << ", port " << port_ << ", length " << length_ << ": rx_ptr "
         << now.rx << ", tx_ptr " << now.tx;
    Protocol::say(head.view());
    if (now.tx >= length_) return;

    uint32_t from = start(now);
    uint32_t size = (now.tx + length_ - from) % length_;
    if (size == 0) {
        size = length_ < most ? length_ : most;
        from = (now.tx + length_ - size) % length_;
    }
    uint8_t bytes[most];
    if (size > most) size = most;
    read(from, bytes, size);
    bool starred = false; // lines like the one before are one star, as hexdump has it
    for (uint32_t done = 0; done < size; done += line) {
        const bool same =
            done != 0 && done + line <= size && std::memcmp(bytes + done, bytes + done - line, line) == 0;
        if (same && !starred) Protocol::say("  *");
        starred = same;
        if (same) continue;
        Text text;
        text << (now.rx == now.tx ? "  read " : "  unread ") << (from + done) % length_ << ':';
        for (uint32_t i = done; i < size && i < done + line; i++) (text << ' ').hex(bytes[i], 2);
        Protocol::say(text.view());
    }
}

void describe_rings()
{
    for (const Ring* ring : session->progress.rings)
        if (ring != nullptr && ring->owner().idle()) ring->describe();
}

size_t Ring::find_mismatch(const Message& message, uint64_t seed) const
{
    const uint32_t start = (message.position + static_cast<uint32_t>(sizeof(argo_message))) % length_;
    size_t mismatch = message.size();
    runs(*this, start, message.size(), [&](Gpa here, size_t done, size_t run) {
        if (mismatch < done) return;
        const size_t found = owner_->find_mismatch(here, run, seed, done);
        if (found < run) mismatch = done + found;
    });
    return mismatch;
}

Ring open_ring(Actor& owner, uint32_t port, Who partner, uint32_t length, uint64_t flags, uint32_t distinct)
{
    const Pages pages = fresh_pages(owner, length, distinct);
    require_ok(register_ring(
        owner, {.port = port, .partner = partner, .length = length, .flags = flags, .pages = pages}));
    return Ring(owner, port, partner, length, pages);
}

Ring open_loopback(uint32_t length, uint32_t port, uint64_t flags)
{
    return open_ring(lead(), port, lead(), length, flags);
}

} // namespace argo::suite
