// SPDX-License-Identifier: MIT
//
// Who talks to whom, and where memory lies, in types that do not mix: a guest-physical address is not a
// pointer, a domid is not a port. Book: chapters address and call.
#pragma once

#include <argo/abi.h>

#include <stddef.h>
#include <stdint.h>

namespace argo {

/// A guest-physical address, in bytes.
struct Gpa
{
    uint64_t value = 0;

    friend constexpr bool operator==(Gpa, Gpa) = default;
};

/// A domain's number. Those from ARGO_DOMID_FIRST_RESERVED on are no domains.
enum class Domid : uint16_t
{
};

/// A port. Every 32-bit value is one, zero too; well-known ones are ARGO_PORT_*.
enum class Port : uint32_t
{
};

/// As partner of a ring: any sender may send there (needs feature WILDCARD).
inline constexpr Domid any_domain{ARGO_DOMID_WILDCARD};

/// One end of a connection.
struct Address
{
    Domid domain{};
    Port port{};

    friend constexpr bool operator==(const Address&, const Address&) = default;
};

/// The ABI's form of an address, its reserved field zero (ARGO-SENDV-103).
constexpr argo_addr to_abi(Address address)
{
    argo_addr result{};
    result.port = static_cast<uint32_t>(address.port);
    result.domid = static_cast<uint16_t>(address.domain);
    return result;
}

/// A piece of a message in the caller's own address space. `data` may be null when `size` is zero.
struct Piece
{
    const void* data = nullptr;
    size_t size = 0; ///< bytes
};

/// A pointer and a count: what std::span is where there is a standard library. Converts from arrays and from
/// everything that has data() and size().
template <class T>
class Span
{
  public:
    constexpr Span() = default;
    constexpr Span(T* data, size_t size) : data_(data), size_(size) {}
    template <size_t n>
    constexpr Span(T (&array)[n]) : data_(array), size_(n)
    {
    }
    template <class C>
    requires requires(C& c, T*& data, size_t& size)
    {
        data = c.data();
        size = c.size();
    }
    constexpr Span(C&& container) : data_(container.data()), size_(container.size()) {}

    constexpr T* data() const { return data_; }
    constexpr size_t size() const { return size_; }
    constexpr T* begin() const { return data_; }
    constexpr T* end() const { return data_ + size_; }
    constexpr T& operator[](size_t index) const { return data_[index]; }

  private:
    T* data_ = nullptr;
    size_t size_ = 0;
};

} // namespace argo
