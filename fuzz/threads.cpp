// SPDX-License-Identifier: Apache-2.0 OR MIT
// Calls of several vCPUs and domains at once, while domains end and policies change. What each call returns
// is up to the order, so there is no model. What has to hold: results are of the operation's list, messages
// are whole and in the order of their sender, nothing is counted twice or forgotten, and no waiter's account
// leaks. With the thread sanitizer: no data race. Book: spec/ring.rst, spec/sendv.rst;
// reference-impl/engine/lock.hpp.
#include "oracle/values.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

namespace {

using namespace argo;
using namespace argo::fuzz;

constexpr uint32_t most_steps = 48;
constexpr uint32_t ring_length = 256;
constexpr uint64_t payload_page = 3; // of bytes that tell their offset, written by nobody
constexpr uint32_t waits = 3;        // max_waiters

std::byte pattern(uint64_t offset) { return static_cast<std::byte>(offset * 167 + (offset >> 3)); }

/// What the calls of all threads came to.
struct Sums
{
    std::atomic<uint64_t> messages{0}, bytes{0}, refused{0};
};

engine::Limits limits()
{
    engine::Limits limits;
    limits.max_rings = 8;
    limits.max_waiters = waits;
    limits.max_ring_waiters = 2;
    return limits;
}

class World
{
  public:
    World() : engine_(std::make_unique<engine::Engine>(host_, limits(), ~uint64_t{0}, engine::Identity{1, 7}))
    {
        host_.record = false;
        host_.jitter = true;
    }

    void run(Input input)
    {
        for (uint16_t domid = 1; domid <= 3; ++domid) guests_[domid - 1] = begin(domid);
        // Two vCPUs of domain 1, one of domain 2; the third domain's also ends it, and the host's thread
        // changes policies.
        const size_t part = input.size() / 5;
        Input parts[5] = {input.split(part), input.split(part), input.split(part), input.split(part), input};
        {
            std::jthread threads[] = {std::jthread([&] { vcpu(parts[0], 0, 0); }),
                                      std::jthread([&] { vcpu(parts[1], 0, 1); }),
                                      std::jthread([&] { vcpu(parts[2], 1, 0); }),
                                      std::jthread([&] { vcpu(parts[3], 2, 0, true); })};
            policies(parts[4]);
        }
        host_.policy = 0;
        engine_->settle();
        check_counters();
        check_accounts();
        for (auto& guest : guests_) engine_->destroy(*guest->domain);
        engine_.reset();
        if (host_.allocated != 0) found("the engine keeps memory after its end");
    }

  private:
    struct Vcpu
    {
        Guest& guest;
        uint32_t index;
        uint64_t scratch() const { return (1 + index) * page_size; }
    };

    std::unique_ptr<Guest> begin(uint16_t domid)
    {
        auto guest = std::make_unique<Guest>(domid, domid == 2 ? low_pages : 0);
        for (uint64_t i = 0; i < page_size; ++i) guest->page(payload_page)[i] = pattern(i);
        if (!fuzz::create(*engine_, *guest)) found("a domain is not made");
        return guest;
    }

    int64_t call(const Vcpu& vcpu, uint32_t number, std::array<uint64_t, 4> values)
    {
        uint64_t arguments[4];
        std::copy(values.begin(), values.end(), arguments);
        const int64_t result = fuzz::call(*engine_, vcpu.guest, vcpu.index, ARGO_OPERATION_WORD(number),
                                          arguments, engine::Privilege::kernel);
        const auto operation = std::find_if(std::begin(operations), std::end(operations),
                                            [&](const Operation& each) { return each.number == number; });
        if (result < 0) {
            sums_.refused.fetch_add(1, std::memory_order_relaxed);
            const auto& errors = operation->errors;
            if (std::find(errors.begin(), errors.end(), -result) == errors.end())
                found("an error that the operation does not have");
        }
        return result;
    }

    template <class T>
    static uint64_t put(const Vcpu& vcpu, uint32_t offset, const T& value)
    {
        std::memcpy(vcpu.guest.page(1 + vcpu.index) + offset, &value, sizeof value);
        return vcpu.scratch() + offset;
    }

    // Each ring has a page of its own, so that no two write to the same one.
    static uint64_t page_of(uint32_t port, uint16_t partner)
    {
        return ring_page + 2 * (port - usual_port) + (partner == ARGO_DOMID_WILDCARD ? 0 : 1);
    }

    int64_t register_ring(const Vcpu& vcpu, uint32_t port, uint16_t partner, uint64_t flags)
    {
        const uint64_t ring = put(vcpu, 0, argo_register{port, partner, 0, ring_length});
        return call(vcpu, ARGO_OP_REGISTER_RING, {ring, put(vcpu, 16, page_of(port, partner)), 1, flags});
    }

    int64_t unregister_ring(const Vcpu& vcpu, uint32_t port, uint16_t partner)
    {
        return call(vcpu, ARGO_OP_UNREGISTER_RING,
                    {put(vcpu, 0, argo_unregister{port, partner, 0}), 0, 0, 0});
    }

    int64_t send(const Vcpu& vcpu, uint16_t domid, uint32_t port, uint32_t at, uint32_t size)
    {
        const uint64_t ends = put(vcpu, 0, argo_send_addr{{port, vcpu.guest.domid, 0}, {port, domid, 0}});
        // Two pieces, so that a message is more than one copy.
        put(vcpu, 32, argo_iov{payload_page * page_size + at, size / 2, 0});
        put(vcpu, 48, argo_iov{payload_page * page_size + at + size / 2, size - size / 2, 0});
        const int64_t result = call(vcpu, ARGO_OP_SENDV, {ends, vcpu.scratch() + 32, 2, at});
        if (result >= 0) {
            if (result != size) found("a send returns another number of bytes");
            sums_.messages.fetch_add(1, std::memory_order_relaxed);
            sums_.bytes.fetch_add(size, std::memory_order_relaxed);
        }
        return result;
    }

    int64_t notify(const Vcpu& vcpu, uint16_t domid, uint32_t port, uint32_t space)
    {
        put(vcpu, 0, argo_notify{1, 0});
        return call(vcpu, ARGO_OP_NOTIFY,
                    {put(vcpu, 8, argo_notify_entry{{port, domid, 0}, 0, 0, space, 0}) - 8, 0, 0, 0});
    }

    /// The owner's one reader of the ring on a page: what is there is whole.
    static void receive(Guest& guest, uint64_t page)
    {
        std::byte* const start = guest.page(static_cast<uint32_t>(page));
        auto& header = *reinterpret_cast<argo_ring*>(start);
        const uint32_t tx = std::atomic_ref(header.tx_ptr).load(std::memory_order_acquire);
        uint32_t rx = std::atomic_ref(header.rx_ptr).load(std::memory_order_relaxed);
        if (tx >= ring_length || tx % ARGO_SLOT != 0) found("an impossible tx_ptr");
        for (; rx != tx;) {
            argo_message message;
            std::memcpy(&message, start + sizeof header + rx, sizeof message);
            const uint32_t unread = (tx + ring_length - rx) % ring_length;
            if (message.length < sizeof message || message.length > unread)
                found("a message of an impossible length");
            for (uint32_t i = 0; i < message.length - sizeof message; ++i) {
                if (start[sizeof header + (rx + sizeof message + i) % ring_length] !=
                    pattern(message.type + i))
                    found("a message that is not whole");
            }
            rx = (rx + (message.length + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT) % ring_length;
        }
        std::atomic_ref(header.rx_ptr).store(rx, std::memory_order_release);
    }

    void vcpu(Input input, uint32_t domain, uint32_t index, bool ends = false)
    {
        for (uint32_t step = 0; step < most_steps && !input.ended(); ++step) {
            const Vcpu self{*guests_[domain], index};
            const uint32_t port = usual_port + input.below(2);
            const uint16_t partner = input.rarely(64) ? 1 : ARGO_DOMID_WILDCARD;
            const auto other = static_cast<uint16_t>(1 + input.below(3));
            const uint32_t size = input.byte();
            switch (input.below(16)) {
            case 0:
            case 1:
                (void)register_ring(self, port, partner, uint64_t{size & ARGO_REGISTER_SUPPRESS} | 1 << 16);
                break;
            case 2: (void)unregister_ring(self, port, partner); break;
            case 3: (void)notify(self, other, port, size % ring_length); break;
            case 4: (void)call(self, ARGO_OP_NOTIFY, {0, 0, 0, 0}); break;
            case 5: (void)call(self, ARGO_OP_VECTOR, {size % 2, ARGO_BINDING_LAPIC, 0, 40}); break;
            case 6: (void)call(self, ARGO_OP_QUERY, {self.scratch() + 0x100, sizeof(argo_info), 0, 0}); break;
            case 7:
                if (size < 32) (void)call(self, ARGO_OP_RESET, {0, 0, 0, 0});
                if (size >= 128 && ends) {
                    engine_->destroy(*self.guest.domain);
                    guests_[domain] = begin(self.guest.domid);
                }
                break;
            case 8:
            case 9:
            case 11:
            case 12:
                if (index == 0) receive(self.guest, page_of(port, partner));
                break;
            case 10: {
                auto& header = *reinterpret_cast<argo_ring*>(
                    self.guest.page(static_cast<uint32_t>(page_of(port, partner))));
                std::atomic_ref(header.wish).store(size % 4, std::memory_order_relaxed);
                break;
            }
            default: (void)send(self, other, port, size * 8, size % 97); break;
            }
        }
    }

    void policies(Input input)
    {
        for (uint32_t step = 0; step < most_steps / 4 && !input.ended(); ++step) {
            host_.policy = input.rarely(192) ? 0 : input.byte();
            engine_->settle();
            std::this_thread::yield();
        }
    }

    void check_counters()
    {
        const engine::Counters counters = engine_->counters();
        if (counters.messages != sums_.messages) found("messages are not counted right");
        if (counters.payload_bytes != sums_.bytes) found("bytes are not counted right");
        if (counters.refused != sums_.refused) found("errors are not counted right");
    }

    /// When no ring is left nobody waits. Then a domain can wait at as many rings as it may, and at no more.
    void check_accounts()
    {
        for (auto& guest : guests_) {
            const Vcpu self{*guest, 0};
            for (const uint32_t port : {usual_port, usual_port + 1}) {
                for (const uint16_t partner : {uint16_t{1}, uint16_t{ARGO_DOMID_WILDCARD}})
                    (void)unregister_ring(self, port, partner);
            }
        }
        // A ring with a slot left; anything with payload waits for more.
        const Vcpu owner{*guests_[0], 0};
        for (uint32_t i = 0; i <= waits; ++i) {
            auto& header = *reinterpret_cast<argo_ring*>(guests_[0]->page(ring_page + i));
            header.rx_ptr = 16;
            header.tx_ptr = 0;
            const uint64_t ring = put(owner, 0, argo_register{100 + i, ARGO_DOMID_WILDCARD, 0, ring_length});
            if (call(owner, ARGO_OP_REGISTER_RING, {ring, put(owner, 16, uint64_t{ring_page} + i), 1, 0}) !=
                0)
                found("a ring is not registered, though there is none");
        }
        for (auto& guest : guests_) {
            for (uint32_t i = 0; i <= waits; ++i) {
                if (i == 0) (void)call(owner, ARGO_OP_NOTIFY, {0, 0, 0, 0});
                const int64_t result = send({*guest, 0}, 1, 100 + i, 0, 1);
                if (guest == guests_[2]) continue; // places at the rings are taken
                if (result != (i < waits ? -ARGO_EAGAIN : -ARGO_EBUSY)) found("a waiter's account is wrong");
            }
        }
    }

    Host host_;
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<Guest> guests_[3];
    Sums sums_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    World().run({data, size});
    return 0;
}
