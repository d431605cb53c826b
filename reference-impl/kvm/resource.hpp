// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the kernel hands out and wants back: file descriptors and mappings.
#pragma once

#include "kvm/error.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

namespace argo::kvm {

/// Owns a file descriptor. Movable; empty when negative.
class FileDescriptor
{
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileDescriptor()
    {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

/// Owns a readable and writable mapping: of a file, or of fresh zeroed memory when there is none.
class Mapping
{
  public:
    Mapping(size_t size, int fd, int flags, const char* what)
    {
        void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (address == MAP_FAILED) {
            fail(Exit::failure, "cannot map {} ({} bytes): {}", what, size, std::strerror(errno));
        }
        bytes_ = {static_cast<std::byte*>(address), size};
    }
    Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    Mapping& operator=(Mapping&&) = delete;
    ~Mapping()
    {
        if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
    }

    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

  private:
    std::span<std::byte> bytes_;
};

} // namespace argo::kvm
