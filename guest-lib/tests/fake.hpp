// SPDX-License-Identifier: MIT
//
// A machine and a hypervisor to test the library against: scripted CPUID, doorbells that behave or misbehave,
// memory whose guest-physical pages lie elsewhere than its virtual ones, and just enough of Argo to talk to
// oneself and to one peer. It is no model of the ABI: it checks little, and answers as the tests want.
#pragma once

#include <argo/argo.hpp>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace fake {

/// What a doorbell does when it is rung.
enum class Doorbell
{
    works,
    faults,      ///< #GP
    silent,      ///< nothing happens: the sentinel stays
    wrong_nonce, ///< query succeeds, but the nonce is another
    refuses,     ///< every call is EACCES
};

/// Guest memory: `pages` pages, in the caller's address space adjacent. In guest-physical space the lower
/// half's are two pages apart and in reverse, so that none follows another; the upper half's are adjacent.
class Memory
{
  public:
    static constexpr size_t pages = 64, half = pages / 2;
    static constexpr uint64_t scattered = 0x100000, adjacent = 0x800000, nowhere = 0xffff'ffff'0000'0000;

    uint8_t* page(size_t index) { return bytes_[index]; }
    size_t index(const void* p) const
    {
        const auto* byte = static_cast<const uint8_t*>(p);
        const auto* first = bytes_[0];
        return byte >= first && byte < first + sizeof bytes_
                   ? static_cast<size_t>(byte - first) / ARGO_PAGE_SIZE
                   : pages;
    }
    /// Guest-physical address of a byte; of one that is not guest memory, an address without memory.
    argo::Gpa gpa(const void* p) const
    {
        const size_t i = index(p);
        const uint64_t offset = reinterpret_cast<uintptr_t>(p) % ARGO_PAGE_SIZE;
        if (i >= pages) return {nowhere + offset};
        return {shift + offset +
                (i < half ? scattered + (half - i) * 2 * ARGO_PAGE_SIZE
                          : adjacent + (i - half) * ARGO_PAGE_SIZE)};
    }
    /// The byte at a guest-physical address, or null.
    uint8_t* at(uint64_t gpa)
    {
        const uint64_t offset = gpa % ARGO_PAGE_SIZE;
        const uint64_t frame = (gpa - shift - offset) / ARGO_PAGE_SIZE;
        const uint64_t low = scattered / ARGO_PAGE_SIZE, high = adjacent / ARGO_PAGE_SIZE;
        if (frame >= high && frame < high + half) return bytes_[half + (frame - high)] + offset;
        if (frame > low && frame <= low + half * 2 && frame % 2 == 0)
            return bytes_[half - (frame - low) / 2] + offset;
        return nullptr;
    }
    bool read(uint64_t gpa, void* to, size_t size)
    {
        for (size_t i = 0; i < size; ++i) {
            const uint8_t* byte = at(gpa + i);
            if (byte == nullptr) return false;
            static_cast<uint8_t*>(to)[i] = *byte;
        }
        return true;
    }
    bool write(uint64_t gpa, const void* from, size_t size)
    {
        for (size_t i = 0; i < size; ++i) {
            uint8_t* byte = at(gpa + i);
            if (byte == nullptr) return false;
            *byte = static_cast<const uint8_t*>(from)[i];
        }
        return true;
    }

    uint64_t shift = 0; ///< a multiple of pages, added to every address, to place the memory high

  private:
    alignas(ARGO_PAGE_SIZE) uint8_t bytes_[pages][ARGO_PAGE_SIZE]{};
};

struct Call
{
    uint32_t word;
    uint64_t arg[4];
};

/// A ring as the hypervisor knows it.
struct Ring
{
    std::vector<uint64_t> frames;
    uint32_t length = 0, tx = 0;
    uint64_t flags = 0;
    std::optional<uint32_t> waiter; ///< payload bytes that the peer waits for
};

class Hypervisor
{
  public:
    static constexpr uint16_t self = 5, peer = 9;

    explicit Hypervisor(Memory& memory) : memory_(memory)
    {
        info.major = ARGO_ABI_MAJOR;
        info.domid = self;
        info.features = ARGO_FEATURE_WILDCARD | ARGO_FEATURE_VECTOR;
        info.max_rings = 16;
        info.max_ring_length = 0xffffc0;
        info.max_message = 0xffffa0;
        info.max_iov = 64;
        info.max_notify = 256;
        info.max_bindings = 16;
    }

    /// A frame arrived. False: its address is no frame.
    bool call(uint64_t address, Doorbell behaviour)
    {
        argo_frame frame;
        if (address % ARGO_FRAME_ALIGN != 0 || !memory_.read(address, &frame, sizeof frame)) return false;
        Call call{frame.op, {frame.arg[0], frame.arg[1], frame.arg[2], frame.arg[3]}};
        calls.push_back(call);
        const int64_t result = behaviour == Doorbell::refuses ? -ARGO_EACCES : answer(call, behaviour);
        memory_.write(address + offsetof(argo_frame, result), &result, sizeof result);
        return true;
    }

    /// The peer sends. Returns payload bytes or a negated error; -EAGAIN leaves a waiter.
    int64_t peer_sends(uint32_t port, const void* data, uint32_t size, uint32_t type = 0)
    {
        return insert({self, port}, {peer, 1}, data, size, type);
    }

    size_t count(uint32_t op) const
    {
        size_t n = 0;
        for (const Call& call : calls) n += call.word == ARGO_OPERATION_WORD(op);
        return n;
    }

    argo_info info{};
    std::deque<Call> calls;                                     ///< every call, oldest first
    std::map<std::pair<uint32_t, uint16_t>, Ring> rings;        ///< by port and partner
    std::map<uint32_t, int64_t> forced;                         ///< operation: its result, whatever is asked
    std::map<uint64_t, std::pair<uint64_t, uint64_t>> bindings; ///< index: kind, value
    std::vector<argo_iov> iovs;                                 ///< of the last sendv
    std::vector<uint8_t> payload;                               ///< of the last sendv, wherever it went
    std::vector<std::pair<argo_batch_entry, std::vector<uint8_t>>> batches; ///< entries with their payloads
    uint64_t patience = UINT64_MAX;          ///< entries of a batch that are answered
    size_t wakeups = 0;                      ///< of the peer
    std::function<void(const Call&)> before; ///< runs before each call is answered

  private:
    struct End
    {
        uint16_t domid;
        uint32_t port;
    };

    int64_t answer(const Call& call, Doorbell behaviour)
    {
        if (before) before(call);
        if (call.word >> 16 != ARGO_ABI_MAJOR) return -ARGO_EOPNOTSUPP;
        const uint32_t op = call.word & 0xffff;
        if (const auto it = forced.find(op); it != forced.end()) return it->second;
        switch (op) {
        case ARGO_OP_QUERY: return query(call, behaviour);
        case ARGO_OP_REGISTER_RING: return register_ring(call);
        case ARGO_OP_UNREGISTER_RING: return unregister_ring(call);
        case ARGO_OP_SENDV: return sendv(call);
        case ARGO_OP_SEND_BATCH: return send_batch(call);
        case ARGO_OP_NOTIFY: return notify(call);
        case ARGO_OP_VECTOR: bindings[call.arg[0]] = {call.arg[1], call.arg[3]}; return 0;
        case ARGO_OP_RESET:
            rings.clear();
            bindings.clear();
            return 0;
        default: return -ARGO_EOPNOTSUPP;
        }
    }

    int64_t query(const Call& call, Doorbell behaviour)
    {
        argo_info answer = info;
        answer.nonce = behaviour == Doorbell::wrong_nonce ? call.arg[2] + 1 : call.arg[2];
        const size_t size = call.arg[1] < sizeof answer ? size_t{call.arg[1]} : sizeof answer;
        return memory_.write(call.arg[0], &answer, size) ? int64_t{sizeof answer} : -ARGO_EFAULT;
    }

    int64_t register_ring(const Call& call)
    {
        argo_register request;
        std::vector<uint64_t> frames(call.arg[2]);
        if (!memory_.read(call.arg[0], &request, sizeof request) ||
            !memory_.read(call.arg[1], frames.data(), frames.size() * sizeof(uint64_t)))
            return -ARGO_EFAULT;
        if (request.length < ARGO_RING_MIN_LENGTH || request.length % ARGO_SLOT != 0 ||
            frames.size() != (request.length + sizeof(argo_ring) + ARGO_PAGE_SIZE - 1) / ARGO_PAGE_SIZE)
            return -ARGO_EINVAL;
        for (const uint64_t frame : frames)
            if (memory_.at(frame * ARGO_PAGE_SIZE) == nullptr) return -ARGO_EFAULT;
        const auto key = std::pair{request.port, request.partner};
        if (rings.contains(key) &&
            ((call.arg[3] & ARGO_REGISTER_FAIL_EXIST) != 0 || rings[key].length != request.length))
            return -ARGO_EEXIST;

        Ring& ring = rings[key];
        ring.frames = std::move(frames);
        ring.length = request.length;
        ring.flags = call.arg[3];
        uint32_t tx = word(ring, offsetof(argo_ring, tx_ptr));
        if (tx >= ring.length || tx % ARGO_SLOT != 0)
            set_word(ring, offsetof(argo_ring, tx_ptr), tx = rx(ring));
        ring.tx = tx;
        wake(ring);
        return 0;
    }

    int64_t unregister_ring(const Call& call)
    {
        argo_unregister request;
        if (!memory_.read(call.arg[0], &request, sizeof request)) return -ARGO_EFAULT;
        const auto it = rings.find({request.port, request.partner});
        if (it == rings.end()) return -ARGO_ENOENT;
        wakeups += it->second.waiter.has_value();
        rings.erase(it);
        return 0;
    }

    int64_t sendv(const Call& call)
    {
        argo_send_addr addresses;
        if (call.arg[2] > info.max_iov) return -ARGO_EINVAL;
        iovs.resize(call.arg[2]);
        if (!memory_.read(call.arg[0], &addresses, sizeof addresses) ||
            !memory_.read(call.arg[1], iovs.data(), iovs.size() * sizeof(argo_iov)))
            return -ARGO_EFAULT;
        payload.clear();
        for (const argo_iov& iov : iovs) {
            const size_t end = payload.size();
            payload.resize(end + iov.length);
            if (!memory_.read(iov.base, payload.data() + end, iov.length)) return -ARGO_EFAULT;
        }
        const auto size = static_cast<uint32_t>(payload.size());
        if (addresses.src.domid != self) return -ARGO_EPERM;
        if (addresses.dst.domid == peer) return size; // the peer takes everything
        return insert({addresses.dst.domid, addresses.dst.port}, {self, addresses.src.port}, payload.data(),
                      size, static_cast<uint32_t>(call.arg[3]));
    }

    /// Answers `patience` entries at most, each as a sendv.
    int64_t send_batch(const Call& call)
    {
        if ((info.features & ARGO_FEATURE_BATCH) == 0) return -ARGO_EOPNOTSUPP;
        if (call.arg[1] > info.max_batch) return -ARGO_EINVAL;
        uint64_t done = 0;
        for (; done < call.arg[1] && done < patience; ++done) {
            const uint64_t where = call.arg[0] + done * sizeof(argo_batch_entry);
            argo_batch_entry entry;
            if (!memory_.read(where, &entry, sizeof entry)) return -ARGO_EFAULT;
            const int64_t result =
                sendv({call.word,
                       {where + offsetof(argo_batch_entry, addresses), entry.iovs, entry.count, entry.type}});
            memory_.write(where + offsetof(argo_batch_entry, result), &result, sizeof result);
            batches.push_back({entry, payload});
        }
        return static_cast<int64_t>(done);
    }

    int64_t notify(const Call& call)
    {
        for (auto& [key, ring] : rings) wake(ring);
        if (call.arg[0] == 0) return 0;
        argo_notify head;
        if (!memory_.read(call.arg[0], &head, sizeof head)) return -ARGO_EFAULT;
        for (uint32_t i = 0; i < head.count; ++i) {
            const uint64_t where = call.arg[0] + sizeof head + i * sizeof(argo_notify_entry);
            argo_notify_entry entry;
            if (!memory_.read(where, &entry, sizeof entry)) return -ARGO_EFAULT;
            Ring* ring = match({entry.ring.domid, entry.ring.port}, self);
            entry.flags = ring != nullptr ? ARGO_NOTIFY_EXISTS : 0;
            entry.max_message = ring != nullptr ? ring->length - ARGO_RING_OVERHEAD : 0;
            entry.space_required = 0xdead; // not the hypervisor's to write: the library must not take it over
            memory_.write(where, &entry, sizeof entry);
        }
        return 0;
    }

    Ring* match(End to, uint16_t from)
    {
        for (const uint16_t partner : {from, uint16_t{ARGO_DOMID_WILDCARD}})
            if (const auto it = rings.find({to.port, partner}); to.domid == self && it != rings.end())
                return &it->second;
        return nullptr;
    }

    int64_t insert(End to, End from, const void* data, uint32_t size, uint32_t type)
    {
        Ring* ring = match(to, from.domid);
        if (ring == nullptr) return -ARGO_ECONNREFUSED;
        if (size > ring->length - ARGO_RING_OVERHEAD) return -ARGO_EMSGSIZE;
        if (!fits(*ring, size)) {
            ring->waiter = std::max(ring->waiter.value_or(0), size);
            return -ARGO_EAGAIN;
        }
        argo_message header{};
        header.length = size + uint32_t{sizeof header};
        header.source.domid = from.domid;
        header.source.port = from.port;
        header.type = type;
        std::vector<uint8_t> message(header.length);
        std::memcpy(message.data(), &header, sizeof header);
        if (size != 0) std::memcpy(message.data() + sizeof header, data, size);
        for (const uint8_t b : message) {
            *byte(*ring, uint32_t{sizeof(argo_ring)} + ring->tx) = b;
            ring->tx = (ring->tx + 1) % ring->length;
        }
        ring->tx = (ring->tx + 15) / 16 * 16 % ring->length;
        set_word(*ring, offsetof(argo_ring, tx_ptr), ring->tx);
        return size;
    }

    /// Whether a payload fits now: one slot stays free.
    bool fits(const Ring& ring, uint32_t size)
    {
        const uint32_t used = (ring.tx + ring.length - rx(ring)) % ring.length;
        return used + sizeof(argo_message) + (size + 15) / 16 * 16 < ring.length;
    }
    void wake(Ring& ring)
    {
        if (!ring.waiter || !fits(ring, *ring.waiter)) return;
        ring.waiter.reset();
        ++wakeups;
    }
    uint32_t rx(const Ring& ring)
    {
        const uint32_t rx = word(ring, offsetof(argo_ring, rx_ptr));
        return rx <= ring.length - 16 ? (rx + 15) / 16 * 16 : 0;
    }
    uint8_t* byte(const Ring& ring, size_t offset)
    {
        return memory_.at(ring.frames[offset / ARGO_PAGE_SIZE] * ARGO_PAGE_SIZE + offset % ARGO_PAGE_SIZE);
    }
    uint32_t word(const Ring& ring, size_t offset)
    {
        uint32_t value;
        std::memcpy(&value, byte(ring, offset), sizeof value);
        return value;
    }
    void set_word(const Ring& ring, size_t offset, uint32_t value)
    {
        std::memcpy(byte(ring, offset), &value, sizeof value);
    }

    Memory& memory_;
};

/// Satisfies argo::X86Machine.
class Machine
{
  public:
    // What the library sees.

    argo::CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf)
    {
        ++cpuids;
        if (override_cpuid)
            if (const auto answer = override_cpuid(leaf, subleaf)) return *answer;
        const auto it = leaves.find({leaf, subleaf});
        return it != leaves.end() ? it->second : argo::CpuidRegisters{};
    }
    bool wrmsr(uint32_t index, uint64_t value)
    {
        ++doorbells;
        const auto it = msrs.find(index);
        if (it == msrs.end() || it->second == Doorbell::faults) return false;
        return it->second == Doorbell::silent || hypervisor.call(value, it->second);
    }
    void out32(uint16_t port, uint32_t value) { ring(ports, port, uint64_t{value} * ARGO_FRAME_ALIGN); }
    void store32(argo::Gpa to, uint32_t value) { ring(stores, to.value, uint64_t{value} * ARGO_FRAME_ALIGN); }
    void store64(argo::Gpa to, uint64_t value) { ring(stores, to.value, value); }
    argo::Gpa gpa(const void* p)
    {
        untranslated += memory.index(p) == Memory::pages;
        return memory.gpa(p);
    }
    argo::CallPage& borrow()
    {
        ++lent;
        auto* page = reinterpret_cast<argo::CallPage*>(memory.page(next_call_page));
        std::memset(static_cast<void*>(page), 0xa5, sizeof *page); // what the last borrower left
        return *page;
    }
    void give_back(argo::CallPage& page)
    {
        --lent;
        std::memset(static_cast<void*>(&page), 0x5a, sizeof page);
    }

    // How a test sets it up.

    /// A block of Argo's at `base` that offers major 1 and lists these mechanisms.
    void offer(uint32_t base, const std::vector<argo::Mechanism>& list)
    {
        leaves[{1, 0}].ecx |= uint32_t{1} << 31;
        leaves[{base, 0}] = {base + 2, ARGO_CPUID_SIGNATURE_EBX, ARGO_CPUID_SIGNATURE_ECX,
                             ARGO_CPUID_SIGNATURE_EDX};
        leaves[{base + 1, 0}] = {ARGO_ABI_MAJOR | ARGO_ABI_MAJOR << 8 | 3u << 16, 0x8001, 42, 0};
        for (uint32_t n = 0; n < list.size(); ++n)
            leaves[{base + 2, n}] = {list[n].id | uint32_t{list[n].revision} << 16, list[n].ebx, list[n].ecx,
                                     list[n].edx};
    }
    /// The usual: a block at the first base, and a working MSR.
    void offer_msr()
    {
        offer(ARGO_CPUID_FIRST, {{ARGO_MECHANISM_MSR, 1, 0x40000300, 0, 0}});
        msrs[0x40000300] = Doorbell::works;
    }

    Memory memory;
    Hypervisor hypervisor{memory};
    std::map<std::pair<uint32_t, uint32_t>, argo::CpuidRegisters> leaves;
    std::function<std::optional<argo::CpuidRegisters>(uint32_t, uint32_t)> override_cpuid;
    std::map<uint64_t, Doorbell> msrs, ports, stores;
    size_t next_call_page = 0;
    size_t cpuids = 0;       ///< executed
    size_t doorbells = 0;    ///< rung, whatever came of it: WRMSR, OUT and stores
    size_t untranslated = 0; ///< addresses asked for that are not guest memory
    int lent = 0;            ///< call pages out

  private:
    void ring(const std::map<uint64_t, Doorbell>& which, uint64_t where, uint64_t frame)
    {
        ++doorbells;
        const auto it = which.find(where);
        if (it == which.end() || it->second == Doorbell::silent || it->second == Doorbell::faults) return;
        hypervisor.call(frame, it->second);
    }
};

static_assert(argo::X86Machine<Machine>);

} // namespace fake
