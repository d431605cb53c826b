// SPDX-License-Identifier: Apache-2.0 OR MIT
// Calls out of an input.
#include "oracle/values.hpp"

#include <algorithm>

namespace argo::fuzz {
namespace {

constexpr uint32_t ports[] = {usual_port, usual_port, usual_port, usual_port, 11, 11, 0, UINT32_MAX};

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

const Operation* operation(std::string_view name)
{
    const auto found = std::find_if(std::begin(operations), std::end(operations),
                                    [&](const Operation& each) { return each.name == name; });
    return found == std::end(operations) ? nullptr : found;
}

uint64_t Values::any_number()
{
    switch (input_.below(6)) {
    case 0: return input_.byte();
    case 1: return input_.take<uint16_t>();
    case 2: return input_.take<uint32_t>();
    case 3: return input_.take<uint64_t>();
    case 4: return ~uint64_t{input_.byte()};
    default: return uint64_t{1} << input_.below(64);
    }
}

/// Near the ends of pages and of the address space, or anywhere.
uint64_t Values::address(uint64_t ordinary)
{
    const uint8_t kind = input_.byte();
    if (kind < 192) return ordinary;
    constexpr uint64_t offsets[] = {
        0, 1, 4, 8, 16, 64, page_size - 1, page_size - 4, page_size - 8, page_size - 16};
    if (kind < 240) {
        const uint64_t gfn = input_.below(low_pages + 2);
        const bool round = input_.rarely(128);
        return gfn * page_size + (round ? input_.take<uint16_t>() % page_size : input_.one_of(offsets));
    }
    if (kind < 252) return ~uint64_t{0} - input_.byte();
    return input_.take<uint64_t>();
}

uint32_t Values::length_of_ring()
{
    const uint8_t kind = input_.byte();
    if (kind < 160) return ARGO_RING_MIN_LENGTH + kind % 16 * ARGO_SLOT;
    const uint32_t pages = 1 + kind % 3;
    const uint32_t full = pages * static_cast<uint32_t>(page_size) - uint32_t{sizeof(argo_ring)};
    if (kind < 232) return full - input_.byte() % 8 * ARGO_SLOT;
    if (kind < 248) return limits_.max_ring_length + (kind % 4) * 8 - 8;
    return static_cast<uint32_t>(any_number());
}

uint32_t Values::length_of_payload()
{
    const uint8_t kind = input_.byte();
    if (kind < 192) return kind % 64;
    constexpr uint32_t edges[] = {15, 16, 17, 4095, 4096, 4097};
    if (kind < 224) return input_.one_of(edges);
    if (kind < 240) return input_.take<uint16_t>() % 0x3000;
    if (kind < 248) return limits_.max_message + kind % 4 - 1;
    return static_cast<uint32_t>(any_number());
}

/// A value for a field or an argument of this name.
uint64_t Values::number(std::string_view name, unsigned bytes)
{
    if (name == "src.domid")
        return input_.rarely(16) ? any_number() : input_.rarely(64) ? ARGO_DOMID_WILDCARD : self_;
    name.remove_prefix(name.find_last_of('.') + 1); // no dot: nothing
    if (name == "port") return input_.rarely(6) ? any_number() : input_.one_of(ports);
    if (is_one_of(name, {"domid", "partner"})) {
        const uint8_t kind = input_.byte();
        if (kind < 64) return name == "partner" ? ARGO_DOMID_WILDCARD : self_;
        if (kind < 192) return domids[kind % 2];
        if (kind < 224) return domids[kind % std::size(domids)];
        constexpr uint16_t odd[] = {0, ARGO_DOMID_FIRST_RESERVED, ARGO_DOMID_IMPLICIT, 0xffff};
        return kind < 240 ? odd[kind % std::size(odd)] : any_number();
    }
    if (name.starts_with("reserved")) return input_.rarely(6) ? any_number() : 0;
    if (name == "space_required") return length_of_payload();
    if (name == "base") return address(payload + input_.byte() * 16);
    if (name == "element") { // a gfn
        const uint8_t kind = input_.byte();
        if (kind < 224) return ring_page + kind % (low_pages - ring_page);
        constexpr uint64_t odd[] = {0, scratch / page_size, low_pages, last_gfn, last_gfn + 1, UINT64_MAX};
        return kind < 248 ? odd[kind % std::size(odd)] : any_number();
    }
    if (name == "index") return input_.rarely(16) ? any_number() : input_.below(limits_.max_bindings + 1);
    if (name == "kind") return input_.rarely(16) ? any_number() : (1 + input_.below(4)) % 4;
    if (name == "target") {
        const uint8_t kind = input_.byte();
        constexpr uint64_t address = 0xfee0'0000;
        if (kind < 128) return kind % 3 == 2 ? 5 : kind % 3;
        if (kind < 224) return address | uint64_t{input_.byte() % 8u} << 12;
        return kind < 240 ? address ^ uint64_t { 1 } << input_.below(64) : any_number();
    }
    if (name == "value") return input_.rarely(64) ? any_number() : 32 + input_.below(224);
    if (name == "size") return input_.rarely(64) ? any_number() % 200 : sizeof(argo_info);
    if (name == "flags") {
        const uint8_t kind = input_.byte();
        if (kind < 96 || bytes < 8) return kind < 240 ? 0 : any_number();
        if (kind < 240) return (kind & 3) | uint64_t{input_.below(limits_.max_bindings + 2)} << 16;
        return any_number();
    }
    if (is_one_of(name, {"rx_ptr", "tx_ptr", "position"})) {
        const uint8_t kind = input_.byte();
        return kind < 128   ? kind * ARGO_SLOT
               : kind < 192 ? kind * 3u
               : kind < 224 ? ~(kind % 32u)
                            : any_number();
    }
    if (name == "wish") return input_.rarely(32) ? any_number() : input_.below(3);
    return any_number();
}

/// Stores a structure, with what stands behind it. Returns how many there are of that.
uint32_t Values::fill(const Structure& structure, uint64_t gpa)
{
    uint32_t tail = 0;
    for (const Field& field : structure.fields) {
        const std::string_view name = field.name, whose = structure.name;
        uint64_t value;
        if (name.ends_with("count") && whose == "argo_batch_entry") {
            value = pieces_;
        } else if (name == "iovs") {
            // The pieces of each entry stand behind all entries.
            const uint64_t at = address(scratch + 0x800 + gpa % 0x400);
            pieces_ = input_.below(4);
            for (uint32_t i = 0; i < pieces_; ++i) fill(argo_iov_structure, at + i * sizeof(argo_iov));
            if (input_.rarely(8)) pieces_ = static_cast<uint32_t>(any_number());
            value = at;
        } else if (name == "count" && structure.tail) {
            tail = input_.rarely(16) ? static_cast<uint32_t>(any_number()) : input_.below(4);
            value = tail;
        } else if (name == "length") {
            value = whose == "argo_iov" ? length_of_payload() : ring_length_ = length_of_ring();
        } else {
            value = number(name, field.size);
        }
        store_(gpa + field.offset, &value, field.size);
    }
    if (structure.tail) {
        for (uint32_t i = 0; i < std::min(tail, 8u); ++i)
            fill(*structure.tail, gpa + structure.size + i * structure.tail->size);
    }
    return tail;
}

uint64_t Values::argument(const Operation& operation, const Argument& argument, uint64_t written)
{
    const std::string_view name = argument.name;
    if (name == "count") {
        const uint64_t ordinary = operation.number == ARGO_OP_REGISTER_RING
                                      ? (sizeof(argo_ring) + ring_length_ + page_size - 1) / page_size
                                      : written;
        const uint8_t kind = input_.byte();
        if (kind < 232) return ordinary;
        return kind < 248 ? ordinary + kind % 3 - 1 : any_number();
    }
    return number(name, 8);
}

Call Values::call(const Operation& operation)
{
    Call call{.word = ARGO_OPERATION_WORD(uint64_t{operation.number}), .arguments = {}, .user = false};
    uint64_t elements = 0;
    for (size_t i = 0; i < operation.arguments.size(); ++i) {
        const Argument& argument = operation.arguments[i];
        if (!argument.structure) {
            call.arguments[i] = this->argument(operation, argument, elements);
            continue;
        }
        const Structure& structure = *argument.structure;
        const uint64_t gpa = call.arguments[i] = address(scratch + i * 0x400);
        if (argument.count < 0) {
            fill(structure, gpa);
            continue;
        }
        // A frame list is of the length that the ring has; others have a few elements.
        const bool frames = operation.number == ARGO_OP_REGISTER_RING;
        elements = frames ? std::min<uint64_t>(ring_length_ / page_size + 1, 20) : input_.below(5);
        const uint8_t first = frames ? input_.byte() : 0;
        for (uint64_t n = 0; n < elements; ++n) {
            if (frames && first < 208) { // adjacent pages, not always in their order
                const uint64_t gfn = ring_page + (first + n) % (low_pages - ring_page);
                store_(gpa + n * 8, &gfn, 8);
            } else {
                fill(structure, gpa + n * structure.size);
            }
        }
    }
    return call;
}

Call Values::anything()
{
    Call call{};
    if (input_.rarely(128)) {
        call = this->call(operations[input_.below(std::size(operations))]);
    } else {
        call.word = ARGO_OPERATION_WORD(uint64_t{input_.byte()} % 64);
        for (uint64_t& argument : call.arguments) argument = input_.rarely(128) ? address(scratch) : 0;
    }
    if (input_.rarely(96)) call.word ^= uint64_t{1} << input_.below(64);
    if (input_.rarely(8)) call.word = input_.take<uint64_t>();
    call.user = input_.rarely(16);
    return call;
}

} // namespace argo::fuzz
