// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the engine's tests run on: a host in memory, and domains whose "guests" are the tests themselves.
#pragma once

#include "argo/abi.h"
#include "engine/engine.hpp"
#include "engine/interrupt.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace argo::engine::test {

constexpr uint64_t page_size = ARGO_PAGE_SIZE;
constexpr uint16_t wildcard = ARGO_DOMID_WILDCARD;
constexpr uint64_t all_features = Engine::offered_features;

/// A negated error, as a guest finds it in its result.
constexpr int64_t error(int64_t number) { return -number; }

using Bytes = std::vector<uint8_t>;

/// So many bytes that are not alike, and differ from those of another seed.
inline Bytes pattern(size_t size, uint32_t seed = 1)
{
    Bytes bytes(size);
    uint32_t state = seed * 2654435761u + 12345;
    for (uint8_t& byte : bytes) {
        state = state * 1664525u + 1013904223u;
        byte = static_cast<uint8_t>(state >> 24);
    }
    return bytes;
}

struct alignas(page_size) Page
{
    std::byte bytes[page_size];
};

/// What a test decides about one domain, and what happened to it.
class Guest
{
  public:
    explicit Guest(size_t pages)
        : memory_(pages),
          start_(reinterpret_cast<std::byte*>(memory_.data())),
          allowed_(pages, Allowed::write)
    {
    }

    Domain& domain() const { return *domain_; }
    uint16_t domid() const { return domain_->domid(); }

    // Its memory.

    uint64_t memory_end() const { return memory_.size() * page_size; }

    /// Memory nobody else uses, `offset` bytes beyond a multiple of `align`.
    uint64_t allocate(size_t bytes, size_t align = 16, size_t offset = 0)
    {
        const uint64_t gpa = (next_ + align - 1) / align * align + offset;
        next_ = gpa + bytes;
        if (next_ > memory_end()) throw std::logic_error("the test needs a larger guest");
        return gpa;
    }

    uint64_t allocate_page() { return allocate(page_size, page_size) / page_size; }

    void write(uint64_t gpa, const void* from, size_t bytes)
    {
        if (bytes != 0) std::memcpy(raw(gpa, bytes), from, bytes);
    }
    void read(uint64_t gpa, void* to, size_t bytes)
    {
        if (bytes != 0) std::memcpy(to, raw(gpa, bytes), bytes);
    }

    template <class T>
    void store(uint64_t gpa, const T& value)
    {
        write(gpa, &value, sizeof value);
    }
    template <class T>
    T load(uint64_t gpa)
    {
        T value;
        read(gpa, &value, sizeof value);
        return value;
    }

    template <class T>
    uint64_t place(const T& value, size_t align = 16, size_t offset = 0)
    {
        const uint64_t gpa = allocate(sizeof value, align, offset);
        store(gpa, value);
        return gpa;
    }
    uint64_t place(const Bytes& bytes, size_t align = 16, size_t offset = 0)
    {
        const uint64_t gpa = allocate(bytes.size(), align, offset);
        write(gpa, bytes.data(), bytes.size());
        return gpa;
    }

    std::atomic_ref<uint32_t> shared(uint64_t gpa)
    {
        return std::atomic_ref(*reinterpret_cast<uint32_t*>(raw(gpa, sizeof(uint32_t))));
    }

    /// The last page of the address space is memory: what is at its end is right before what is at 0.
    void mirror_first_page_at_the_top() { memory_at_the_top_ = true; }

    void make_read_only(uint64_t gfn) { allowed_.at(gfn) = Allowed::read; }
    void take_away(uint64_t gfn) { allowed_.at(gfn) = Allowed::nothing; }
    void give_back(uint64_t gfn) { allowed_.at(gfn) = Allowed::write; }

    // Its vCPUs and interrupts.

    std::vector<uint64_t> vcpus{0};

    struct Raised
    {
        uint64_t target;
        uint64_t vector;
        auto operator<=>(const Raised&) const = default;
    };

    /// How often this interrupt was raised since it was asked last.
    unsigned events(uint64_t vector, uint64_t target = 0)
    {
        const std::lock_guard held(mutex_);
        const auto found = raised_.extract({target, vector});
        return found ? found.mapped() : 0;
    }

  private:
    friend class FakeHost;
    friend class World;

    static constexpr uint32_t most_calls = 16; // at once

    /// A vCPU that is in no call, for one call.
    class Borrowed
    {
      public:
        explicit Borrowed(Guest& guest) : guest_(guest)
        {
            while (guest_.busy_[index_].exchange(true, std::memory_order_acquire)) {
                index_ = (index_ + 1) % most_calls;
            }
        }
        ~Borrowed() { guest_.busy_[index_].store(false, std::memory_order_release); }
        Borrowed(const Borrowed&) = delete;
        uint32_t index() const { return index_; }

      private:
        Guest& guest_;
        uint32_t index_ = 0;
    };

    enum class Allowed : uint8_t
    {
        nothing,
        read,
        write
    };

    std::byte* raw(uint64_t gpa, size_t bytes)
    {
        if (gpa > memory_end() || bytes > memory_end() - gpa) throw std::logic_error("beyond guest memory");
        return start_ + gpa;
    }

    Domain* domain_ = nullptr;
    std::array<std::atomic<bool>, most_calls> busy_{};
    std::vector<Page> memory_;
    std::byte* const start_;
    std::vector<Allowed> allowed_;
    bool memory_at_the_top_ = false;
    uint64_t next_ = page_size; // nothing at 0, so that 0 is never a good address by accident
    std::mutex mutex_;
    std::map<Raised, unsigned> raised_;
};

class FakeHost final : public Host
{
  public:
    static Guest& guest(Domain& domain) { return *static_cast<Guest*>(domain.context()); }

    void* page(Domain& domain, uint64_t gfn, Access access) noexcept override
    {
        pages_asked.fetch_add(1, std::memory_order_relaxed);
        Guest& guest = FakeHost::guest(domain);
        EXPECT_LE(gfn, last_gfn);
        if (jitter) std::this_thread::yield();
        if (gfn == last_gfn && guest.memory_at_the_top_) gfn = 0;
        if (gfn >= guest.memory_.size()) return nullptr;
        const auto needed = access == Access::write ? Guest::Allowed::write : Guest::Allowed::read;
        return guest.allowed_[gfn] >= needed ? &guest.memory_[gfn] : nullptr;
    }

    void raise(Domain& domain, const Interrupt& interrupt) noexcept override
    {
        if (on_raise) on_raise(domain);
        Guest& guest = FakeHost::guest(domain);
        const std::lock_guard held(guest.mutex_);
        const auto [vcpu, vector] = destination(interrupt);
        ++guest.raised_[{vcpu, vector}];
    }

    bool offers(Domain&, uint32_t kind) noexcept override { return kinds.contains(kind); }

    bool has_vcpu(Domain& domain, uint64_t id) noexcept override
    {
        EXPECT_LE(id, UINT32_MAX);
        const auto& vcpus = FakeHost::guest(domain).vcpus;
        return std::find(vcpus.begin(), vcpus.end(), id) != vcpus.end();
    }

    bool allows(const PolicyQuestion& question) noexcept override
    {
        return !policy.function() || policy.function()(question);
    }

    void* allocate(size_t bytes) noexcept override
    {
        if (allocations_left.fetch_sub(1) <= 0) return nullptr;
        allocated += bytes;
        return ::operator new (bytes, std::align_val_t{cache_line}, std::nothrow);
    }

    void release(void* memory, size_t bytes) noexcept override
    {
        allocated -= bytes;
        ::operator delete (memory, std::align_val_t{cache_line});
    }

    void relax() noexcept override { std::this_thread::yield(); }

    static constexpr uint64_t last_gfn = UINT64_MAX / page_size;

    std::set<uint32_t> kinds{ARGO_BINDING_LAPIC, ARGO_BINDING_MSI};
    /// Policy, or none: then all is allowed. Who changes it waits until it decides every call.
    class Policy
    {
      public:
        using Function = std::function<bool(const PolicyQuestion&)>;

        Policy& operator=(Function function)
        {
            function_ = std::move(function);
            if (engine) engine->settle();
            return *this;
        }
        const Function& function() const { return function_; }
        Engine* engine = nullptr;

      private:
        Function function_;
    } policy;
    std::function<void(Domain&)> on_raise; // on the thread that raises
    bool jitter = false;                   // gives way at every look at guest memory
    std::atomic<int64_t> allocations_left{INT64_MAX};
    std::atomic<size_t> allocated{0};
    std::atomic<uint64_t> pages_asked{0};
};

/// An engine on a host, and domains on it. What the engine allocated must be given back in the end.
class World
{
  public:
    explicit World(const Limits& limits = {}, uint64_t features = all_features)
        : engine_storage_(
              std::make_unique<Engine>(host, limits, features, Identity{ARGO_IMPLEMENTATION_MODEL, 7})),
          engine(*engine_storage_)
    {
        host.policy.engine = &engine;
    }

    ~World()
    {
        for (auto& [domid, guest] : guests_) engine.destroy(guest->domain());
        engine_storage_.reset();
        EXPECT_EQ(host.allocated.load(), 0u) << "the engine leaks";
    }

    /// A new domain. Thread-safe.
    Guest& start(uint16_t domid, size_t pages = 64)
    {
        auto guest = std::make_unique<Guest>(pages);
        Shape shape{.vcpus = Guest::most_calls};
        if (windows) shape.window = {0, guest->memory_end(), guest->start_};
        guest->domain_ = engine.create(domid, guest.get(), shape);
        if (!guest->domain_) throw std::logic_error("the domain was not made");
        const std::lock_guard held(mutex_);
        return *(guests_[domid] = std::move(guest));
    }

    /// Ends a domain; the guest is gone. Thread-safe.
    void kill(Guest& guest)
    {
        const uint16_t domid = guest.domid();
        std::unique_ptr<Guest> ended; // destroyed when the engine is done with it
        {
            const std::lock_guard held(mutex_);
            ended = std::move(guests_.extract(domid).mapped());
        }
        engine.destroy(ended->domain());
    }

    int64_t call(Guest& guest, uint32_t op, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0,
                 uint64_t a3 = 0)
    {
        return call_word(guest, ARGO_OPERATION_WORD(op), {a0, a1, a2, a3});
    }

    int64_t call_word(Guest& guest, uint64_t word, const uint64_t (&arguments)[4])
    {
        const Guest::Borrowed vcpu(guest);
        return engine.call(guest.domain(), vcpu.index(), word, arguments);
    }

    bool call_frame(Guest& guest, uint64_t address, Privilege privilege = Privilege::kernel)
    {
        const Guest::Borrowed vcpu(guest);
        return engine.call_frame(guest.domain(), vcpu.index(), address, privilege);
    }

    /// Events of binding `index` come as this vector to vCPU 0.
    void bind(Guest& guest, uint64_t index, uint64_t vector)
    {
        ASSERT_EQ(call(guest, ARGO_OP_VECTOR, index, ARGO_BINDING_LAPIC, 0, vector), 0);
    }

    FakeHost host;
    bool windows = false; ///< new domains' memory is given to the engine at once, rather than page by page

  private:
    std::unique_ptr<Engine> engine_storage_;
    std::mutex mutex_;
    std::map<uint16_t, std::unique_ptr<Guest>> guests_;

  public:
    Engine& engine;
};

} // namespace argo::engine::test
