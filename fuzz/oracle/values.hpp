// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Calls out of an input: which operation, which values, and where in guest memory the structures are.
#pragma once

#include "oracle/input.hpp"
#include "oracle/model.hpp"

#include "harness/grammar.hpp"

#include <functional>

namespace argo::fuzz {

/// A domid that is used. There are as many guests at most.
inline constexpr uint16_t domids[] = {1, 2, 3, ARGO_DOMID_FIRST_RESERVED - 1};

inline constexpr uint32_t usual_port = 10;

/// Guest memory, by use. Any step may write anywhere; these are where the ordinary ones do.
inline constexpr uint64_t scratch = 1 * page_size; ///< arguments
inline constexpr uint64_t payload = 2 * page_size; ///< two pages
inline constexpr uint32_t ring_page = 4;           ///< from this page to low_pages

/// Stores bytes in the guest; outside its memory it does nothing.
using Store = std::function<void(uint64_t gpa, const void* from, size_t bytes)>;

class Values
{
  public:
    Values(Input& input, const engine::Limits& limits, uint16_t self, Store store)
        : input_(input), limits_(limits), self_(self), store_(std::move(store))
    {
    }

    /// A call of this operation, its structures stored.
    Call call(const Operation&);

    /// A call of anything.
    Call anything();

    uint64_t address(uint64_t ordinary);
    uint64_t number(std::string_view name, unsigned bytes);

  private:
    uint32_t fill(const Structure&, uint64_t gpa);
    uint64_t argument(const Operation&, const Argument&, uint64_t written);
    uint64_t any_number();
    uint32_t length_of_ring();
    uint32_t length_of_payload();

    Input& input_;
    const engine::Limits& limits_;
    const uint16_t self_;
    const Store store_;
    uint32_t ring_length_ = 0; ///< the last one that was made
    uint32_t pieces_ = 0;      ///< of the last entry of a batch
};

/// The operation of a name, or null.
const Operation* operation(std::string_view name);

} // namespace argo::fuzz
