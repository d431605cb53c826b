// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// One domain of the model.
//
// A domain is killed between two instructions of its own; here that is whenever it calls the platform, which
// it does in every loop. Its stack is left where it is, like a guest's: nothing on it runs again, destructors
// included.
#include "runner/model/domain.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <system_error>

#include "harness/run.hpp"

namespace argo::runner {

namespace {

constexpr uint32_t argo_block = ARGO_CPUID_FIRST + ARGO_CPUID_STEP;

// Guest-physical memory: a page that nobody has, the call pages, the suite's.
constexpr size_t first_call_page = 1, call_pages = 4, first_scratch_page = 16;

thread_local SimulatedDomain* current = nullptr;
/// The first one ends at once when the domain does, the others with a step.
thread_local uint32_t current_vcpu = 0;

std::span<uint8_t> map(size_t size)
{
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "memory of a domain");
    return {static_cast<uint8_t*>(memory), size};
}

} // namespace

SimulatedDomain::SimulatedDomain(const ModelBoard& board, std::string name, uint16_t domid,
                                 std::string command_line)
    : board_(board),
      name_(std::move(name)),
      command_line_(std::move(command_line)),
      memory_(map(size_t{board.pages} * ARGO_PAGE_SIZE)),
      domain_(board.engine.create(domid, this,
                                  {.vcpus = suite::platform::most_vcpus,
                                   .window = {ARGO_PAGE_SIZE, memory_.size() - ARGO_PAGE_SIZE,
                                              std::as_writable_bytes(memory_).data() + ARGO_PAGE_SIZE}})),
      sees_argo_(board.sees_argo(domid))
{
    if (domain_ == nullptr) {
        munmap(memory_.data(), memory_.size());
        throw std::invalid_argument("domain '" + name_ + "': " + std::to_string(domid) + " is no free domid");
    }
    vcpus_[0].on = true;
    vcpu_ = std::thread([this] { run(); });
}

SimulatedDomain::~SimulatedDomain()
{
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    vcpu_.join();
    board_.engine.destroy(*domain_);
    munmap(memory_.data(), memory_.size());
}

SimulatedDomain& SimulatedDomain::here() { return *current; }

void SimulatedDomain::run()
{
    current = this;
    if (setjmp(end_) == 0) suite::run();
    // Steps of the others work on what is this thread's.
    for (uint32_t number = 1; number < vcpus_.size(); number++) stop_vcpu(number);
    if (stop_) return;
    done_ = true;
    board_.ended();
}

void SimulatedDomain::check_alive()
{
    if (stop_ && current_vcpu == 0) std::longjmp(end_, 1);
}

void* SimulatedDomain::page(uint64_t gfn)
{
    return gfn != 0 && gfn < board_.pages ? memory_.data() + gfn * ARGO_PAGE_SIZE : nullptr;
}

void SimulatedDomain::raise(uint32_t vcpu, uint8_t vector)
{
    {
        // Under the lock, so that a vCPU that has looked and is about to wait hears of it.
        const std::lock_guard lock(mutex_);
        vcpus_[vcpu].held.set(vector);
        take(vcpus_[vcpu]);
    }
    wake_.notify_all();
}

/// The highest vector first, as a local APIC has it. The lock is held.
void SimulatedDomain::take(Vcpu& vcpu)
{
    constexpr unsigned vectors_of_class = 16;
    if (!vcpu.on) return;
    for (unsigned vector = 255; vector / vectors_of_class > vcpu.priority / vectors_of_class; vector--) {
        if (!vcpu.held.test(vector)) continue;
        vcpu.held.reset(vector);
        vcpu.last[vector] = ++vcpu.taken_in_all;
        vcpu.taken[vector]++;
    }
}

const char* SimulatedDomain::command_line() { return command_line_.c_str(); }

void SimulatedDomain::print(std::string_view line)
{
    check_alive();
    board_.print(name_, line);
}

uint64_t SimulatedDomain::now()
{
    check_alive();
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

void SimulatedDomain::wait(uint64_t ns)
{
    constexpr uint64_t longest = 10'000'000'000;
    {
        std::unique_lock lock(mutex_);
        Vcpu& vcpu = vcpus_[0];
        wake_.wait_for(lock, std::chrono::nanoseconds(std::min(ns, longest)),
                       [&] { return stop_ || vcpu.taken_in_all != vcpu.seen; });
        vcpu.seen = vcpu.taken_in_all;
    }
    check_alive();
}

uint32_t SimulatedDomain::events(uint8_t vector, uint32_t vcpu)
{
    check_alive();
    return vcpus_[vcpu].taken[vector];
}

uint32_t SimulatedDomain::last_event(uint8_t vector)
{
    check_alive();
    return vcpus_[0].last[vector];
}

void SimulatedDomain::hold_events(uint8_t vector)
{
    check_alive();
    const std::lock_guard lock(mutex_);
    vcpus_[0].priority = vector;
    take(vcpus_[0]);
}

CpuidRegisters SimulatedDomain::cpuid(uint32_t leaf, uint32_t subleaf)
{
    constexpr uint32_t feature_leaf = 1, hypervisor_bit = uint32_t{1} << 31;
    if (leaf == feature_leaf) return {0, 0, hypervisor_bit, 0};
    if (board_.offers.empty() || !sees_argo_) return {};
    const auto r = engine::cpuid_leaf(board_.offers, board_.identity, argo_block, leaf, subleaf);
    return {r.eax, r.ebx, r.ecx, r.edx};
}

bool SimulatedDomain::ring(uint32_t mechanism, uint64_t where, uint64_t frame)
{
    check_alive();
    bool done = false;
    for (const engine::Offer& offer : board_.offers) {
        if (offer.mechanism != mechanism || (offer.ebx | uint64_t{offer.ecx} << 32) != where) continue;
        done = board_.engine.call_frame(*domain_, current_vcpu, frame);
        break;
    }
    check_alive();
    return done;
}

bool SimulatedDomain::call(uint32_t mechanism, uint64_t ebx, uint32_t ecx, uint64_t word,
                           const uint64_t (&arguments)[4], int64_t& result)
{
    check_alive();
    for (const engine::Offer& offer : board_.offers) {
        if (offer.mechanism != mechanism || offer.ebx != ebx || offer.ecx != ecx) continue;
        result = board_.engine.call(*domain_, current_vcpu, word, arguments);
        check_alive();
        return true;
    }
    return false;
}

CallPage& SimulatedDomain::borrow()
{
    if (borrowed_ == call_pages) throw std::logic_error("a domain makes too many calls at once");
    return *reinterpret_cast<CallPage*>(memory_.data() + (first_call_page + borrowed_++) * ARGO_PAGE_SIZE);
}

void SimulatedDomain::give_back(CallPage&) { borrowed_--; }

bool SimulatedDomain::start_vcpu(uint32_t number, bool (*step)(void*), void* argument)
{
    check_alive();
    stop_vcpu(number);
    Vcpu& vcpu = vcpus_[number];
    {
        const std::lock_guard lock(mutex_);
        vcpu.on = true;
        take(vcpu);
    }
    vcpu.thread = std::thread([=, this, &vcpu] {
        current = this;
        current_vcpu = number;
        while (vcpu.on) {
            if (step(argument)) continue;
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return !vcpu.on || vcpu.taken_in_all != vcpu.seen; });
            vcpu.seen = vcpu.taken_in_all;
        }
    });
    return true;
}

void SimulatedDomain::stop_vcpu(uint32_t number)
{
    Vcpu& vcpu = vcpus_[number];
    {
        const std::lock_guard lock(mutex_);
        vcpu.on = false;
    }
    wake_.notify_all();
    if (vcpu.thread.joinable()) vcpu.thread.join();
}

std::span<uint8_t> SimulatedDomain::scratch() const
{
    return memory_.subspan(first_scratch_page * ARGO_PAGE_SIZE);
}

} // namespace argo::runner
