// SPDX-License-Identifier: Apache-2.0 OR MIT
// Standard output, shared by all guests: lines are queued by whoever has one and written by the main loop
// alone, so that no guest ever waits for a slow reader, nor the host for a stuck one. What guests may queue
// is bounded by their allowances (console.hpp).
#pragma once

#include "kvm/console.hpp"

#include <functional>
#include <mutex>
#include <string>

namespace argo::kvm {

class Output final : public LineSink
{
  public:
    /// `fd` outlives the output. `changed` is called from any thread when there is something to write.
    Output(int fd, std::function<void()> changed);

    void line(std::string_view mark, std::string_view text) override;
    /// To standard error, at once.
    void diagnostic(std::string_view text) override;

    /// What follows is for the main loop.
    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] bool pending();
    /// Writes a piece that does not block after poll has found the descriptor writable. False: nobody reads
    /// it now or ever again; what is queued and what will be is forgotten.
    bool write_piece();
    /// Writes what is queued, for no longer than a moment.
    void drain();

  private:
    const int fd_;
    const std::function<void()> changed_;
    std::mutex mutex_;  ///< guards queue_ and closed_
    std::string queue_; ///< whole lines
    bool closed_ = false;
    std::string current_; ///< what is being written, taken from the queue,
    size_t written_ = 0;  ///< and how far that is
};

} // namespace argo::kvm
