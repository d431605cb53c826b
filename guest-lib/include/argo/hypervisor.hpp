// SPDX-License-Identifier: MIT
//
// The hypervisor as a guest sees it: one object that makes calls, raw or typed, by the one mechanism that was
// confirmed to work. Book: chapters call, query, register, unregister, sendv, send_batch, notify, vector,
// reset.
//
// A typed call returns the errors of its operation as the registry orders them, and before them those of
// every call: EPERM, EINVAL, EOPNOTSUPP, EACCES, EOPNOTSUPP, ESTALE (ARGO-CALL-101 ... -106), EFAULT if the
// doorbell refuses the call page, no_answer, bad_answer. What the library refuses by itself, without a call,
// is said at each. ESTALE means that the domain was restored elsewhere: probe again, reset, register again.
#pragma once

#include <argo/mechanism.hpp>
#include <argo/result.hpp>
#include <argo/ring.hpp>
#include <argo/xen.hpp>

namespace argo {

/// One message of a batch, and what became of it.
struct Outgoing
{
    Address destination{};
    Span<const Piece> pieces{};
    uint32_t type = 0;
    Result<uint32_t> sent = Error::no_answer; ///< payload bytes, or why not; what sendv would return
};

/// Calls by one confirmed mechanism. A small value, free to copy; the Machine must outlive it.
/// Made by probe() or confirm(); a default-constructed one reaches nobody: each call fails with no_answer.
/// Thread-safe as far as the Machine is: nothing here changes after construction.
template <Machine M>
class Hypervisor
{
  public:
    constexpr Hypervisor() = default;

    /// Tries one mechanism: query has to overwrite the result and to echo the nonce (ARGO-DISCOVERY-010), any
    /// value that an earlier answer did not have. Where there is no CPUID a firmware table names mechanisms.
    /// Where Xen offers no major 1, its own interface is spoken, major 0: with the operations register_ring,
    /// unregister_ring, sendv and notify alone, and with other precedence among errors (annex-xen).
    /// Errors: incompatible (mechanism not usable here, nothing was touched), those of query.
    static Result<Hypervisor> confirm(M& machine, const Mechanism& mechanism, uint64_t nonce)
    {
        if (!usable<M>(mechanism)) return Error::incompatible;
        Hypervisor candidate(machine, mechanism);
        // A Xen without major 1 looks at the size of its third argument before it looks at the operation.
        auto info = candidate.query(takes_linear(mechanism.id) ? static_cast<uint32_t>(nonce) : nonce);
        if constexpr (XenMachine<M>) {
            if (mechanism.id == ARGO_MECHANISM_XEN && info.error() == Error::eopnotsupp)
                info = xen::upstream_info(machine, mechanism.ebx);
        }
        if (!info) return info.error();
        candidate.info_ = *info;
        return candidate;
    }

    M& machine() const { return *machine_; }
    const Mechanism& mechanism() const { return mechanism_; }

    /// What query said when the mechanism was confirmed: limits, features, this domain's number.
    const argo_info& info() const { return info_; }
    Domid self() const { return Domid{info_.domid}; }
    /// The major that is spoken: that of these headers, or zero for Xen's own interface.
    uint8_t major() const { return static_cast<uint8_t>(info_.major); }
    bool has(uint64_t features) const { return (info_.features & features) == features; }

    /// Raw call of an operation of the major that is spoken (ARGO_OP_*). Arguments that are addresses are
    /// guest-physical, by mechanism XEN linear.
    /// Returns zero or more on success, else a negated Error, or `unanswered` (see call_by).
    int64_t call(uint32_t op, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0) const
    {
        return call_word(word_of(op), a0, a1, a2, a3);
    }

    /// Raw call with an operation word as it stands: any major, any bits.
    int64_t call_word(uint32_t word, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0) const
    {
        if (machine_ == nullptr) return unanswered;
        Borrowed page(*machine_);
        return call_by(*machine_, mechanism_, *page, word, a0, a1, a2, a3);
    }

    /// query: what this domain is and what it may use, as of now.
    /// Errors: bad_answer if the nonce does not come back.
    Result<argo_info> query(uint64_t nonce = 1) const
    {
        if (machine_ == nullptr) return Error::no_answer;
        Borrowed page(*machine_);
        argo_info info{};
        info.nonce = ~nonce;
        put(*page, 0, info);
        const int64_t size = invoke(*page, ARGO_OP_QUERY, at(*page, 0), sizeof info, nonce);
        if (size < 0) return error_of(size);
        get(*page, 0, info);
        if (info.nonce != nonce || size < ARGO_INFO_MIN_SIZE) return Error::bad_answer;
        return info;
    }

    /// register_ring: offers a ring of `length` data bytes (a multiple of ARGO_SLOT from ARGO_RING_MIN_LENGTH
    /// to max_ring_length) that begins with its header at `ring`, page-aligned and virtually contiguous.
    /// Flags: ARGO_REGISTER_*. From here until unregister_ring the hypervisor writes to these pages.
    /// Errors: EINVAL by the library (memory not page-aligned, or more than max_register_pages: use call()),
    /// then ARGO-REGISTER-101 ... -112.
    Result<void> register_ring(Port port, Domid partner, const void* ring, uint32_t length,
                               uint64_t flags = 0) const
    {
        if (machine_ == nullptr) return Error::no_answer;
        const uint32_t pages = ring_pages(length);
        if (reinterpret_cast<uintptr_t>(ring) % ARGO_PAGE_SIZE != 0 || pages > max_register_pages)
            return Error::einval;

        Borrowed page(*machine_);
        argo_register request{};
        request.port = static_cast<uint32_t>(port);
        request.partner = static_cast<uint16_t>(partner);
        request.length = length;
        put(*page, 0, request);
        for (uint32_t i = 0; i < pages; ++i) {
            const Gpa here = machine_->gpa(static_cast<const uint8_t*>(ring) + size_t{i} * ARGO_PAGE_SIZE);
            put(*page, list_offset + i * uint32_t{sizeof(uint64_t)}, here.value / ARGO_PAGE_SIZE);
        }
        return outcome(
            invoke(*page, ARGO_OP_REGISTER_RING, at(*page, 0), at(*page, list_offset), pages, flags));
    }

    /// unregister_ring: takes a ring back; its memory is the caller's again on success.
    /// Errors: ARGO-UNREGISTER-101 ... -103.
    Result<void> unregister_ring(Port port, Domid partner) const
    {
        if (machine_ == nullptr) return Error::no_answer;
        Borrowed page(*machine_);
        argo_unregister request{};
        request.port = static_cast<uint32_t>(port);
        request.partner = static_cast<uint16_t>(partner);
        put(*page, 0, request);
        return outcome(invoke(*page, ARGO_OP_UNREGISTER_RING, at(*page, 0)));
    }

    /// sendv: one message out of any number of pieces, sent from the caller's port `source`. Pieces are split
    /// where a page ends and the next one lies elsewhere; empty ones are skipped. Returns the payload bytes,
    /// the sum of the pieces. A message is sent whole or not at all.
    /// Errors: EMSGSIZE by the library (more than max_message bytes, or more scattered pages than max_iov or
    /// a call page takes), then ARGO-SENDV-101 ... -111. EAGAIN owes an event at binding 0 when there is
    /// space; after EBUSY poll. bad_answer if the hypervisor claims another number of bytes.
    Result<uint32_t> sendv(Port source, Address destination, Span<const Piece> pieces,
                           uint32_t type = 0) const
    {
        if (machine_ == nullptr) return Error::no_answer;
        Borrowed page(*machine_);
        argo_send_addr addresses{};
        addresses.src = to_abi({self(), source});
        addresses.dst = to_abi(destination);
        put(*page, 0, addresses);

        PieceList list{list_offset, max_send_pieces};
        if (!describe(*page, pieces, list)) return Error::emsgsize;
        const int64_t sent =
            invoke(*page, ARGO_OP_SENDV, at(*page, 0), at(*page, list_offset), list.count, type);
        return payload_of(sent, list.bytes);
    }

    /// sendv of one buffer.
    Result<uint32_t> send(Port source, Address destination, const void* data, size_t size,
                          uint32_t type = 0) const
    {
        const Piece piece[] = {{data, size}};
        return sendv(source, destination, piece, type);
    }

    /// send_batch: sends messages from the caller's port `source` in their order, by as few calls as
    /// max_batch, a call page and the hypervisor's patience allow; without feature BATCH by a call for each.
    /// What became of each is in its `sent`: the errors of sendv. One that is refused does not keep the
    /// others; a call that fails as a whole leaves its error in all that are not sent yet. Returns how many
    /// were accepted.
    uint32_t send_batch(Port source, Span<Outgoing> messages) const
    {
        uint32_t accepted = 0;
        for (size_t next = 0; next < messages.size();) {
            const Span<Outgoing> rest(messages.data() + next, messages.size() - next);
            size_t answered = has(ARGO_FEATURE_BATCH) ? send_some(source, rest) : 0;
            if (answered == 0) { // no batches, or this one does not fit: too many pieces, or bytes
                rest[0].sent = sendv(source, rest[0].destination, rest[0].pieces, rest[0].type);
                answered = 1;
            }
            for (size_t i = 0; i < answered; ++i) accepted += rest[i].sent ? 1u : 0u;
            next += answered;
        }
        return accepted;
    }

    /// notify without questions: wakes the senders for which there is space now in the caller's rings.
    /// Whoever consumes messages owes this call (ARGO-NOTIFY-005); Endpoint makes it by itself. Errors: none
    /// of its own.
    Result<void> notify() const { return outcome(call(ARGO_OP_NOTIFY)); }

    /// notify with questions: in each entry `ring` and `space_required` are asked, `flags` (ARGO_NOTIFY_*)
    /// and `max_message` are the answer. A space that is not there now owes an event at binding 0, unless
    /// ARGO_NOTIFY_EBUSY says otherwise. Wakes senders like notify().
    /// Errors: EINVAL by the library (more entries than max_ask), then ARGO-NOTIFY-101 ... -103.
    Result<void> ask(Span<argo_notify_entry> entries) const
    {
        if (machine_ == nullptr) return Error::no_answer;
        if (entries.size() > max_ask) return Error::einval;
        Borrowed page(*machine_);
        argo_notify head{};
        head.count = static_cast<uint32_t>(entries.size());
        put(*page, 0, head);
        for (uint32_t i = 0; i < head.count; ++i) put(*page, entry_offset(i), entries[i]);
        const int64_t result = invoke(*page, ARGO_OP_NOTIFY, at(*page, 0));
        if (result < 0) return error_of(result);
        for (uint32_t i = 0; i < head.count; ++i) {
            argo_notify_entry answer;
            get(*page, entry_offset(i), answer);
            entries[i].flags = answer.flags;
            entries[i].max_message = answer.max_message;
        }
        return {};
    }

    /// vector: makes, changes or (ARGO_BINDING_NONE) drops binding `index`, below max_bindings. For
    /// ARGO_BINDING_LAPIC `target` is the x2APIC ID of a vCPU and `value` a vector from 32 to 255; for
    /// ARGO_BINDING_MSI, where it is offered, address and data of a message. Needs feature VECTOR. Events
    /// from before were dropped: look at every ring after making a binding (ARGO-EVENT-007). Errors:
    /// ARGO-VECTOR-101 ... -103.
    Result<void> vector(uint16_t index, uint32_t kind, uint64_t target = 0, uint64_t value = 0) const
    {
        return outcome(call(ARGO_OP_VECTOR, index, kind, target, value));
    }

    /// reset: drops every ring, waiter and binding of this domain, whoever made them. The first call of a
    /// driver that owns Argo in its domain: firmware or a crashed kernel may have left rings behind. Errors:
    /// none.
    Result<void> reset() const { return outcome(call(ARGO_OP_RESET)); }

    // A call page's arguments: a structure of at most 16 bytes at 0 (query's answer is longer and alone),
    // then a list: frame numbers or pieces from 16 on, a notify's entries right behind its head. A batch has
    // its entries from 0 on, and behind them the pieces of all.
    static constexpr uint32_t list_offset = 16;
    static constexpr uint32_t list_bytes = sizeof(CallPage::arguments) - list_offset;

    /// The longest ring, in pages, that register_ring takes.
    static constexpr uint32_t max_register_pages = list_bytes / sizeof(uint64_t);
    /// The most pieces that sendv passes on, if max_iov allows them.
    static constexpr uint32_t max_send_pieces = list_bytes / sizeof(argo_iov);
    /// The most entries that ask() takes, if max_notify allows them.
    static constexpr uint32_t max_ask =
        (sizeof(CallPage::arguments) - sizeof(argo_notify)) / sizeof(argo_notify_entry);
    /// The most messages that send_batch puts into one call, if max_batch allows them and each is one piece.
    static constexpr uint32_t max_send_entries =
        sizeof(CallPage::arguments) / (sizeof(argo_batch_entry) + sizeof(argo_iov));

  private:
    Hypervisor(M& machine, const Mechanism& mechanism) : machine_(&machine), mechanism_(mechanism)
    {
        info_.major = ARGO_ABI_MAJOR;
    }

    static_assert(sizeof(argo_send_addr) <= list_offset && sizeof(argo_register) <= list_offset);

    uint32_t word_of(uint32_t op) const { return op | uint32_t{info_.major} << 16; }

    /// As the hypervisor wants to hear of this byte.
    uint64_t address_of(const void* here) const
    {
        return takes_linear(mechanism_.id) ? reinterpret_cast<uintptr_t>(here) : machine_->gpa(here).value;
    }

    static constexpr uint32_t entry_offset(uint32_t index)
    {
        return static_cast<uint32_t>(sizeof(argo_notify) + index * sizeof(argo_notify_entry));
    }

    template <class T>
    static void put(CallPage& page, uint32_t offset, const T& value)
    {
        copy(page.arguments + offset, &value, sizeof value);
    }
    template <class T>
    static void get(const CallPage& page, uint32_t offset, T& value)
    {
        copy(&value, page.arguments + offset, sizeof value);
    }
    uint64_t at(const CallPage& page, uint32_t offset) const { return address_of(page.arguments + offset); }
    int64_t invoke(CallPage& page, uint32_t op, uint64_t a0, uint64_t a1 = 0, uint64_t a2 = 0,
                   uint64_t a3 = 0) const
    {
        return call_by(*machine_, mechanism_, page, word_of(op), a0, a1, a2, a3);
    }
    static Result<void> outcome(int64_t result)
    {
        if (result < 0) return error_of(result);
        return {};
    }

    static Result<uint32_t> payload_of(int64_t sent, uint32_t bytes)
    {
        if (sent < 0) return error_of(sent);
        if (sent != bytes) return Error::bad_answer;
        return bytes;
    }

    /// Where a message's pieces are described: iovs from `offset` of a call page's arguments on.
    struct PieceList
    {
        uint32_t offset, room; ///< bytes, iovs
        uint32_t count = 0;    ///< iovs
        uint32_t bytes = 0;    ///< payload
    };

    /// Describes a message. False if it is too long, or if there are too many pieces.
    bool describe(CallPage& page, Span<const Piece> pieces, PieceList& list) const
    {
        for (const Piece& piece : pieces) {
            if (piece.size > info_.max_message - list.bytes) return false;
            list.bytes += static_cast<uint32_t>(piece.size);
            if (!append(page, piece, list)) return false;
        }
        return true;
    }

    /// Appends a piece to the list, page by page; a page that lies behind the one before it extends its iov.
    /// False if the list is full.
    bool append(CallPage& page, const Piece& piece, PieceList& list) const
    {
        const auto* here = static_cast<const uint8_t*>(piece.data);
        for (size_t left = piece.size; left != 0;) {
            const size_t to_page_end = ARGO_PAGE_SIZE - reinterpret_cast<uintptr_t>(here) % ARGO_PAGE_SIZE;
            const auto length = static_cast<uint32_t>(left < to_page_end ? left : to_page_end);
            const uint64_t base = address_of(here);

            argo_iov iov{};
            if (list.count != 0) get(page, iov_offset(list, list.count - 1), iov);
            if (list.count != 0 && iov.base + iov.length == base) {
                iov.length += length;
                put(page, iov_offset(list, list.count - 1), iov);
            } else {
                if (list.count == list.room || list.count == info_.max_iov) return false;
                iov = {};
                iov.base = base;
                iov.length = length;
                put(page, iov_offset(list, list.count++), iov);
            }
            here += length;
            left -= length;
        }
        return true;
    }
    static constexpr uint32_t iov_offset(const PieceList& list, uint32_t index)
    {
        return static_cast<uint32_t>(list.offset + index * sizeof(argo_iov));
    }

    /// One call for the first of these messages, as many as a page holds. Returns how many have their `sent`
    /// now; 0, without a call, if not even the first one fits.
    size_t send_some(Port source, Span<Outgoing> messages) const
    {
        Borrowed page(*machine_);
        const uint32_t most = info_.max_batch < max_send_entries ? info_.max_batch : max_send_entries;
        const auto room = static_cast<uint32_t>(messages.size() < most ? messages.size() : most);
        uint32_t free = batch_offset(room); // where the next message's pieces are described
        uint32_t count = 0, bytes[max_send_entries];
        for (; count < room; ++count) {
            const Outgoing& message = messages[count];
            PieceList list{free, static_cast<uint32_t>((sizeof page->arguments - free) / sizeof(argo_iov))};
            if (!describe(*page, message.pieces, list)) break;
            argo_batch_entry entry{};
            entry.addresses.src = to_abi({self(), source});
            entry.addresses.dst = to_abi(message.destination);
            entry.iovs = list.count != 0 ? at(*page, free) : 0;
            entry.count = list.count;
            entry.type = message.type;
            entry.result = unanswered;
            put(*page, batch_offset(count), entry);
            bytes[count] = list.bytes;
            free = iov_offset(list, list.count);
        }
        if (count == 0) return 0;

        const int64_t answered = invoke(*page, ARGO_OP_SEND_BATCH, at(*page, 0), count);
        if (answered <= 0 || answered > count) {
            for (Outgoing& message : messages)
                message.sent = answered < 0 ? error_of(answered) : Error::bad_answer;
            return messages.size();
        }
        for (uint32_t i = 0; i < answered; ++i) {
            argo_batch_entry entry;
            get(*page, batch_offset(i), entry);
            messages[i].sent = payload_of(entry.result, bytes[i]);
        }
        return static_cast<size_t>(answered);
    }
    static constexpr uint32_t batch_offset(uint32_t index)
    {
        return static_cast<uint32_t>(index * sizeof(argo_batch_entry));
    }

    M* machine_ = nullptr;
    Mechanism mechanism_{};
    argo_info info_{};
};

} // namespace argo
