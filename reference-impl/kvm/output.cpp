// SPDX-License-Identifier: Apache-2.0 OR MIT
// Standard output, shared by all guests.
#include "kvm/output.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <iterator>

namespace argo::kvm {

Output::Output(int fd, std::function<void()> changed) : fd_(fd), changed_(std::move(changed)) {}

void Output::line(std::string_view mark, std::string_view text)
{
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        fmt::format_to(std::back_inserter(queue_), "[{}] {}\n", mark, text);
    }
    changed_();
}

void Output::diagnostic(std::string_view text) { fmt::print(stderr, "argo-vmm: {}\n", text); }

bool Output::pending()
{
    const std::lock_guard lock(mutex_);
    return written_ < current_.size() || !queue_.empty();
}

bool Output::write_piece()
{
    if (written_ == current_.size()) {
        const std::lock_guard lock(mutex_);
        current_.clear();
        current_.swap(queue_);
        written_ = 0;
    }
    const size_t piece =
        std::min<size_t>(current_.size() - written_, PIPE_BUF); // a writable pipe takes this whole
    const ssize_t result = ::write(fd_, current_.data() + written_, piece);
    if (result >= 0) {
        written_ += static_cast<size_t>(result);
    } else if (errno != EINTR && errno != EAGAIN) {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        queue_.clear();
        current_.clear();
        written_ = 0;
        return false;
    }
    return true;
}

void Output::drain()
{
    constexpr std::chrono::milliseconds patience{500};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (pending() && std::chrono::steady_clock::now() < deadline) {
        pollfd writable{fd_, POLLOUT, 0};
        if (::poll(&writable, 1, static_cast<int>(patience.count())) == 1 && !write_piece()) return;
    }
}

} // namespace argo::kvm
