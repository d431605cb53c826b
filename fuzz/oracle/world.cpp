// SPDX-License-Identifier: Apache-2.0 OR MIT
// The hypervisor that the engine is fuzzed in.
#include "oracle/world.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

namespace argo::fuzz {

bool allows(uint32_t policy, const engine::PolicyQuestion& question) noexcept
{
    if (policy == 0) return true;
    uint64_t mixed = policy;
    for (const uint64_t part :
         {static_cast<uint64_t>(question.hook), uint64_t{question.caller}, uint64_t{question.caller_port},
          uint64_t{question.other}, uint64_t{question.other_port}}) {
        mixed = (mixed ^ part) * 0x9e37'79b9'7f4a'7c15u;
        mixed ^= mixed >> 29;
    }
    return mixed % (question.hook == engine::Hook::enable ? 16 : 5) != 0;
}

void Guest::Free::operator()(std::byte* memory) const noexcept
{
    ::operator delete (memory, std::align_val_t{page_size});
}

Guest::Memory Guest::allocate(uint32_t count)
{
    auto* const memory =
        static_cast<std::byte*>(::operator new (count* page_size, std::align_val_t{page_size}));
    std::memset(memory, 0, count * page_size);
    return Memory(memory);
}

Guest::Guest(uint16_t domid_, uint32_t window) : domid(domid_), window_(window)
{
    if (window != 0) memory_.push_back(allocate(window));
    for (uint32_t i = 0; i < pages; ++i) {
        if (i >= window) memory_.push_back(allocate(1));
        pages_[i] = i < window ? memory_.front().get() + i * page_size : memory_.back().get();
    }
}

void* Host::page(engine::Domain& domain, uint64_t gfn, Access access) noexcept
{
    if (gfn > last_gfn) found("the engine asks for a page beyond the address space");
    const auto& guest = *static_cast<const Guest*>(domain.context());
    if (jitter) {
        thread_local uint32_t looks = 0;
        if (++looks % 8 == 0) std::this_thread::yield();
    }
    if (looks_left.fetch_sub(1, std::memory_order_relaxed) <= 0) return nullptr;
    const uint32_t index = page_index(gfn);
    if (index == pages || !permits(guest.rights[index], access)) return nullptr;
    return guest.page(index);
}

void Host::raise(engine::Domain& domain, const engine::Interrupt& interrupt) noexcept
{
    if (!record) return;
    const std::lock_guard held(mutex_);
    events_.push_back({domain.domid(), interrupt.index, interrupt.kind, interrupt.target, interrupt.value});
}

bool Host::offers(engine::Domain&, uint32_t kind) noexcept
{
    return kind == ARGO_BINDING_LAPIC || kind == ARGO_BINDING_MSI;
}

bool Host::has_vcpu(engine::Domain&, uint64_t id) noexcept
{
    return std::find(std::begin(vcpus), std::end(vcpus), id) != std::end(vcpus);
}

bool Host::allows(const engine::PolicyQuestion& question) noexcept { return fuzz::allows(policy, question); }

void* Host::allocate(size_t bytes) noexcept
{
    if (allocations_left.fetch_sub(1, std::memory_order_relaxed) <= 0) return nullptr;
    allocated += static_cast<int64_t>(bytes);
    return ::operator new (bytes, std::align_val_t{engine::cache_line}, std::nothrow);
}

void Host::release(void* memory, size_t bytes) noexcept
{
    allocated -= static_cast<int64_t>(bytes);
    ::operator delete (memory, std::align_val_t{engine::cache_line});
}

void Host::relax() noexcept { std::this_thread::yield(); }

std::vector<Event> Host::take_events()
{
    const std::lock_guard held(mutex_);
    std::vector<Event> events = std::move(events_);
    events_.clear();
    std::sort(events.begin(), events.end());
    return events;
}

engine::Domain* create(engine::Engine& engine, Guest& guest)
{
    engine::Shape shape{.vcpus = vcpus_at_once};
    if (guest.in_window(0)) shape.window = {0, guest.window() * page_size, guest.page(0)};
    return guest.domain = engine.create(guest.domid, &guest, shape);
}

int64_t call(engine::Engine& engine, Guest& guest, uint32_t vcpu, uint64_t word,
             const uint64_t (&arguments)[4], engine::Privilege privilege)
{
    return engine.call(*guest.domain, vcpu, word, arguments, privilege);
}

bool call_frame(engine::Engine& engine, Guest& guest, uint32_t vcpu, uint64_t address,
                engine::Privilege privilege)
{
    return engine.call_frame(*guest.domain, vcpu, address, privilege);
}

void found(const char* what) noexcept
{
    std::fprintf(stderr, "argo-fuzz: FOUND: %s\n", what);
    std::abort();
}

bool tracing() noexcept
{
    static const bool on = std::getenv("ARGO_FUZZ_TRACE") != nullptr;
    return on;
}

} // namespace argo::fuzz
