// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Memory of domains, and their sleep: a futex, as near to a halted vCPU as a thread comes.
#include "guest.hpp"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace argo::bench {
namespace {

std::byte* map(size_t bytes)
{
    const auto fail = [](const char* what) { throw std::system_error(errno, std::generic_category(), what); };
    const int file = memfd_create("argo-bench", MFD_CLOEXEC);
    if (file < 0) fail("memfd_create");
    if (ftruncate(file, static_cast<off_t>(bytes)) != 0) fail("ftruncate");
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    if (memory == MAP_FAILED) fail("mmap");
    close(file);
    return static_cast<std::byte*>(memory);
}

long futex(std::atomic<uint32_t>& word, int operation, uint32_t value)
{
    return syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

} // namespace

Guest::Guest(size_t bytes)
    : bytes_((bytes + page_size - 1) / page_size * page_size), base_(map(bytes_)), high_(bytes_)
{
}

Guest::~Guest() { munmap(base_, bytes_); }

uint64_t Guest::allocate(size_t bytes, size_t align)
{
    const bool pages = align == page_size;
    const uint64_t gpa = pages ? low_ : (high_ - std::min(bytes, high_)) / align * align;
    const uint64_t low = pages ? (low_ + bytes + page_size - 1) / page_size * page_size : low_;
    const uint64_t high = pages ? high_ : gpa;
    if (low > high || bytes > bytes_) throw std::length_error("the benchmark needs a larger guest");
    low_ = low;
    high_ = high;
    return gpa;
}

void Guest::raise() noexcept
{
    events_.fetch_add(1);
    if (sleeps_.load()) futex(events_, FUTEX_WAKE_PRIVATE, 1);
}

uint32_t Guest::wait(uint32_t seen) noexcept
{
    sleeps_.store(true);
    while (events_.load() == seen) futex(events_, FUTEX_WAIT_PRIVATE, seen);
    sleeps_.store(false);
    return events_.load();
}

void* Host::allocate(size_t bytes) noexcept
{
    return ::operator new (bytes, std::align_val_t{engine::cache_line}, std::nothrow);
}
void Host::release(void* memory, size_t bytes) noexcept
{
    ::operator delete (memory, bytes, std::align_val_t{engine::cache_line});
}
void Host::relax() noexcept { std::this_thread::yield(); }

} // namespace argo::bench
