// SPDX-License-Identifier: MIT
//
// A storage device over Argo, as small as one can be: a service in one domain, and in another a driver that
// sets its rings up before it asks for anything. A ring that the hypervisor refuses cancels the device, and
// the guest goes on without it. The platform is that of the conformance suite's image.
#include <argo/argo.hpp>

#include <cstring>
#include <string_view>

#include "harness/platform.hpp"
#include "harness/run.hpp"

namespace {

namespace platform = argo::suite::platform;
using platform::Machine;

constexpr argo::Domid service_domain{1};
constexpr argo::Port request_port{0x1000}; // the service's
constexpr argo::Port used_port{0x1000};    // the guest's: what is done
constexpr argo::Port data_port{0x1001};    // the guest's: what was read
constexpr size_t block_size = 64;
constexpr uint64_t pause = 5'000'000; // ns

alignas(ARGO_PAGE_SIZE) uint8_t first_ring[ARGO_PAGE_SIZE];
alignas(ARGO_PAGE_SIZE) uint8_t second_ring[ARGO_PAGE_SIZE];

void say(std::string_view one, std::string_view two = {}, std::string_view three = {})
{
    char line[160];
    size_t size = 0;
    for (const std::string_view part : {std::string_view("storage: "), one, two, three}) {
        const size_t fits = part.size() < sizeof line - size ? part.size() : sizeof line - size;
        std::memcpy(line + size, part.data(), fits);
        size += fits;
    }
    platform::print(line, size);
}

/// The device as a driver sees it. Rings first: their registration is where policy is asked.
class Device
{
  public:
    argo::Result<void> set_up(const argo::Hypervisor<Machine>& hypervisor)
    {
        const uint32_t length = argo::ring_length(1);
        const auto used = used_.open(hypervisor, used_port, service_domain, first_ring, length);
        if (!used) return used;
        const auto data = data_.open(hypervisor, data_port, service_domain, second_ring, length);
        if (!data) (void)used_.close(); // half a device is none
        return data;
    }

    /// Reads a block; waits for it.
    argo::Result<uint32_t> read(uint32_t block, char (&to)[block_size])
    {
        const argo::Address service{service_domain, request_port};
        while (true) {
            const auto sent = used_.send(service, &block, sizeof block);
            if (sent) break;
            if (sent.error() != argo::Error::econnrefused) return sent.error();
            platform::wait(pause); // the service is still starting
        }
        while (true) {
            if (const auto message = data_.receive(to, sizeof to)) return message->copied;
            platform::wait(pause);
        }
    }

  private:
    argo::Endpoint<Machine> used_, data_;
};

void be_guest(const argo::Hypervisor<Machine>& hypervisor)
{
    Device device;
    if (const auto ready = device.set_up(hypervisor); !ready) {
        say("a ring is refused: ", argo::name(ready.error()));
        say("the device is cancelled; going on without it");
        return;
    }
    say("the device is set up");
    char block[block_size];
    const auto size = device.read(0, block);
    if (size)
        say("block 0: ", {block, *size});
    else
        say("reading failed: ", argo::name(size.error()));
}

void be_service(const argo::Hypervisor<Machine>& hypervisor)
{
    argo::Endpoint<Machine> requests;
    if (const auto open =
            requests.open(hypervisor, request_port, argo::any_domain, first_ring, argo::ring_length(1));
        !open) {
        say("the service cannot start: ", argo::name(open.error()));
        return;
    }
    while (true) {
        uint32_t block = 0;
        const auto request = requests.receive(&block, sizeof block);
        if (!request) {
            platform::wait(pause);
            continue;
        }
        constexpr std::string_view content = "the first block of the disk";
        (void)requests.send({request->source.domain, data_port}, content.data(), content.size());
    }
}

} // namespace

void argo::suite::run()
{
    const auto hypervisor = argo::probe(platform::machine());
    if (!hypervisor) return say("there is no Argo: ", argo::name(hypervisor.error()));
    const bool service = std::string_view(platform::command_line()).find("service") != std::string_view::npos;
    (service ? be_service : be_guest)(*hypervisor);
}
