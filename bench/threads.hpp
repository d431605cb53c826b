// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Threads that are measured: where they run, and how much of their CPU they had.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <ctime>
#include <thread>

namespace argo::bench {

inline unsigned cpus() { return std::max(1u, std::thread::hardware_concurrency()); }

/// A CPU for this thread as long as this lives, where the machine lets it.
class Pinned
{
  public:
    explicit Pinned(unsigned cpu)
    {
        CPU_ZERO(&before_);
        sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu % cpus(), &one);
        sched_setaffinity(0, sizeof one, &one);
    }
    ~Pinned() { sched_setaffinity(0, sizeof before_, &before_); }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;

  private:
    cpu_set_t before_;
};

/// Seconds of CPU that a thread has had so far.
inline double cpu_time(pthread_t thread)
{
    clockid_t clock;
    timespec time{};
    if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

} // namespace argo::bench
