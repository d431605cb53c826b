// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A domain's memory, as the engine touches it. Guests may write to it at any time, also from another vCPU
// while a call reads: so everything is copied out once, and only the copy is looked at.
// Book: spec/call.rst, ARGO-CALL-006 to -008.
#pragma once

#include "argo/call.h"
#include "engine/host.hpp"

#include <atomic>

namespace argo::engine {

/// A guest-physical address. Not a pointer.
struct Gpa
{
    uint64_t value;

    constexpr Gpa operator+(uint64_t bytes) const noexcept { return {value + bytes}; }
};

/// Copies guest memory out, word by word, each loaded exactly once. A plain copy does not promise that: a
/// compiler may load from the guest again what it has no register for. The guest's side is aligned for Word.
template <class Word>
inline void load_words(std::byte* to, std::byte* guest, size_t bytes) noexcept
{
    for (size_t i = 0; i < bytes; i += sizeof(Word)) {
        auto& shared = *reinterpret_cast<Word*>(guest + i);
        const Word word = std::atomic_ref<Word>(shared).load(std::memory_order_relaxed);
        __builtin_memcpy(to + i, &word, sizeof word);
    }
}

/// One aligned word.
inline uint64_t load_word(std::byte* guest) noexcept
{
    return std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(guest)).load(std::memory_order_relaxed);
}

/// The way back.
template <class Word>
inline void store_words(std::byte* guest, const std::byte* from, size_t bytes) noexcept
{
    for (size_t i = 0; i < bytes; i += sizeof(Word)) {
        auto& shared = *reinterpret_cast<Word*>(guest + i);
        Word word;
        __builtin_memcpy(&word, from + i, sizeof word);
        std::atomic_ref<Word>(shared).store(word, std::memory_order_relaxed);
    }
}

/// Whether guest memory can be taken in words of this size. Most structures are laid out so that they can.
template <class Word>
inline bool in_words(const std::byte* guest, size_t bytes) noexcept
{
    return (reinterpret_cast<uintptr_t>(guest) | bytes) % sizeof(Word) == 0;
}

inline void load_once(std::byte* to, std::byte* guest, size_t bytes) noexcept
{
    if (in_words<uint64_t>(guest, bytes)) return load_words<uint64_t>(to, guest, bytes);
    if (in_words<uint32_t>(guest, bytes)) return load_words<uint32_t>(to, guest, bytes);
    load_words<uint8_t>(to, guest, bytes);
}

/// The same for one structure, which is in few words of 8 bytes if the guest laid it out well.
template <class Structure>
inline void load_once(Structure& to, std::byte* guest) noexcept
{
    auto* const bytes = reinterpret_cast<std::byte*>(&to);
    if constexpr (sizeof to == 2 * sizeof(uint64_t)) {
        if (in_words<uint64_t>(guest, sizeof to)) [[likely]] {
            load_words<uint64_t>(bytes, guest, sizeof(uint64_t));
            load_words<uint64_t>(bytes + sizeof(uint64_t), guest + sizeof(uint64_t), sizeof(uint64_t));
            return;
        }
    }
    load_once(bytes, guest, sizeof to);
}

inline void store_once(std::byte* guest, const std::byte* from, size_t bytes) noexcept
{
    if (in_words<uint64_t>(guest, bytes)) return store_words<uint64_t>(guest, from, bytes);
    if (in_words<uint32_t>(guest, bytes)) return store_words<uint32_t>(guest, from, bytes);
    store_words<uint8_t>(guest, from, bytes);
}

/// A domain's window, for a look as short as can be: whether a structure of 16 bytes, or `reach` bytes
/// whatever is there, may be touched without a further one.
class Near
{
  public:
    static constexpr uint32_t reach = 4096;

    explicit Near(const Window& window) noexcept
        : first_(window.first),
          structures_(starts(window, structure)),
          starts_(starts(window, reach)),
          host_(window.host)
    {
    }

    bool holds_structure(Gpa gpa) const noexcept { return gpa.value - first_ < structures_; }
    bool holds_reach(Gpa gpa) const noexcept { return gpa.value - first_ < starts_; }
    std::byte* at(Gpa gpa) const noexcept { return host_ + (gpa.value - first_); }

  private:
    static constexpr uint32_t structure = 16;

    static uint64_t starts(const Window& window, uint64_t bytes) noexcept
    {
        return window.bytes >= bytes ? window.bytes - bytes + 1 : 0;
    }

    uint64_t first_;
    uint64_t structures_, starts_;
    std::byte* host_;
};

/// The memory of one domain. Cheap to make and to copy. Thread-safe.
class GuestMemory
{
  public:
    GuestMemory(Host& host, Domain& domain) noexcept : host_(host), domain_(domain) {}

    /// Host address of all of these bytes if they are in the domain's window, else null.
    std::byte* in_window(Gpa gpa, uint64_t bytes) const noexcept
    {
        const Window& window = domain_.window();
        const uint64_t offset = gpa.value - window.first;
        return offset < window.bytes && bytes <= window.bytes - offset ? window.host + offset : nullptr;
    }

    /// Whether all of these bytes may be accessed. No bytes always may. A range that wraps around may not,
    /// nor one that touches the very last byte, so that the end of a range is an address too.
    bool accessible(Gpa gpa, uint64_t bytes, Access access) const noexcept
    {
        if (bytes == 0 || in_window(gpa, bytes)) return true;
        if (bytes > UINT64_MAX - gpa.value) return false;
        const uint64_t last = (gpa.value + bytes - 1) / ARGO_PAGE_SIZE;
        for (uint64_t gfn = gpa.value / ARGO_PAGE_SIZE; gfn <= last; ++gfn) {
            if (!host_.page(domain_, gfn, access)) return false;
        }
        return true;
    }

    /// Copies out, each byte read once. False if not all of it is guest memory; `to` is then undefined.
    bool fetch(Gpa gpa, void* to, size_t bytes) const noexcept
    {
        auto* destination = static_cast<std::byte*>(to);
        if (std::byte* const source = in_window(gpa, bytes)) {
            load_once(destination, source, bytes);
            return true;
        }
        if (bytes > UINT64_MAX - gpa.value) return false;
        while (bytes != 0) {
            const size_t chunk = within_page(gpa, bytes);
            std::byte* const source = at(gpa, Access::read);
            if (!source) return false;
            load_once(destination, source, chunk);
            destination += chunk;
            gpa = gpa + chunk;
            bytes -= chunk;
        }
        return true;
    }

    template <class Structure>
    bool fetch(Gpa gpa, Structure& to) const noexcept
    {
        if (std::byte* const source = in_window(gpa, sizeof to)) [[likely]] {
            load_once(to, source);
            return true;
        }
        return fetch(gpa, &to, sizeof to);
    }

    /// Copies in: all of it, or nothing and false.
    bool store(Gpa gpa, const void* from, size_t bytes) const noexcept
    {
        if (std::byte* const destination = in_window(gpa, bytes)) {
            store_once(destination, static_cast<const std::byte*>(from), bytes);
            return true;
        }
        if (!accessible(gpa, bytes, Access::write)) return false;
        auto* source = static_cast<const std::byte*>(from);
        while (bytes != 0) {
            const size_t chunk = within_page(gpa, bytes);
            std::byte* const destination = at(gpa, Access::write);
            if (!destination) return false;
            store_once(destination, source, chunk);
            source += chunk;
            gpa = gpa + chunk;
            bytes -= chunk;
        }
        return true;
    }

    template <class Value>
    bool store(Gpa gpa, const Value& from) const noexcept
    {
        return store(gpa, &from, sizeof from);
    }

    /// Host address of one byte and of those after it on its page; null if it is not guest memory.
    std::byte* at(Gpa gpa, Access access) const noexcept
    {
        if (std::byte* const byte = in_window(gpa, 1)) return byte;
        void* const page = host_.page(domain_, gpa.value / ARGO_PAGE_SIZE, access);
        return page ? static_cast<std::byte*>(page) + gpa.value % ARGO_PAGE_SIZE : nullptr;
    }

    /// How many of these bytes lie on the page of the first.
    static size_t within_page(Gpa gpa, size_t bytes) noexcept
    {
        const uint64_t rest = ARGO_PAGE_SIZE - gpa.value % ARGO_PAGE_SIZE;
        return bytes < rest ? bytes : static_cast<size_t>(rest);
    }

  private:
    Host& host_;
    Domain& domain_;
};

} // namespace argo::engine
