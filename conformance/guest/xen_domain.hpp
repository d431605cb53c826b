// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A domain that domain 0 makes: memory, the image in it, what a loader leaves beside, vCPUs, and a console.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "guest/xen_abi.hpp"

namespace argo::guest::xen {

struct Plan
{
    uint16_t domid = 0;
    bool pv = false;
    uint32_t label = 0; ///< FLASK's number for it
    uint32_t vcpus = 1;
    uint32_t pages = 0;
    std::string_view command_line{};
};

class Domain
{
  public:
    /// Where and why building went wrong.
    struct Failure
    {
        const char* what = nullptr; ///< null: it did not
        int64_t error = 0;
    };

    /// Make the domain and let it run. After a failure nothing of it is left.
    Failure build(const Plan&, std::span<const uint8_t> image);
    /// Take it down, whatever it does. Its memory is back when this returns.
    void destroy();

    bool running() const { return running_; }
    /// Whether it ended by itself, and how.
    bool ended(ShutdownReason& how) const;

    /// The next bytes that it printed; empty: none. They are gone at the next call.
    std::string_view heard();
    uint32_t port() const { return port_; }

  private:
    Failure construct(const Plan&, std::span<const uint8_t> image);

    uint16_t domid_ = 0;
    bool running_ = false;
    ConsoleRing* console_ = nullptr; ///< this domain's, mapped here
    uint32_t port_ = 0;
    uint32_t taken_ = 0; ///< bytes given away and not yet returned to the ring
};

} // namespace argo::guest::xen
