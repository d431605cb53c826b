// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// One helper for each operation. Each builds the operation's structures in the acting domain's memory, makes
// the call there and gives the raw result. A member that is left out has the value that makes the call right;
// every one can be set wrong. std::optional members replace what the helper would compute.
#pragma once

#include <argo/ring.hpp>

#include <optional>
#include <span>

#include "harness/actor.hpp"

namespace argo::suite {

/// ARGO_OP_QUERY. The bytes that the hypervisor wrote land in `answer`.
int64_t query(Actor&, argo_info& answer, uint64_t nonce = 0, uint64_t size = sizeof(argo_info));

/// The pages of a ring: `base` on; the first is used once, the others again and again when they are fewer
/// than the ring has, so that a ring of any length fits into little memory.
struct Pages
{
    Gpa base{};
    uint32_t distinct = 0; ///< zero: as many as the ring has
};
/// Fresh memory for a ring of this length; `distinct` as in Pages.
Pages fresh_pages(Actor&, uint32_t length, uint32_t distinct = 0);

struct RegisterArguments
{
    uint32_t port = 0;
    Who partner = uint16_t{0};
    uint16_t reserved = 0;
    uint32_t length = 0;
    uint64_t flags = 0;                      ///< ARGO_REGISTER_*
    Pages pages{};                           ///< the frame list is made of these, fresh ones if left out ...
    std::span<const uint64_t> frames{};      ///< ... unless it is given here
    std::optional<uint64_t> count{};         ///< pages that the call claims
    std::optional<uint64_t> structure_gpa{}; ///< where the structure is said to be
    std::optional<uint64_t> frames_gpa{};    ///< where the list is said to be
};
/// ARGO_OP_REGISTER_RING.
int64_t register_ring(Actor&, const RegisterArguments&);

/// Pages that a ring of a given length takes, and the longest ring in so many pages: guest-lib's.
using argo::ring_length;
using argo::ring_pages;

struct UnregisterArguments
{
    uint32_t port = 0;
    Who partner = uint16_t{0};
    uint16_t reserved = 0;
    std::optional<uint64_t> structure_gpa{};
};
/// ARGO_OP_UNREGISTER_RING.
int64_t unregister_ring(Actor&, const UnregisterArguments&);

struct SendArguments
{
    argo_send_addr addresses{};         ///< src.domid zero is domain 0, not "me": see send()
    std::span<const argo_iov> pieces{}; ///< their memory is the sender's
    uint64_t type = 0;
    std::optional<uint64_t> count{};         ///< pieces that the call claims
    std::optional<uint64_t> addresses_gpa{}; ///< where the addresses are said to be
    std::optional<uint64_t> pieces_gpa{};    ///< where the pieces' descriptions are said to be
};
/// ARGO_OP_SENDV.
int64_t sendv(Actor&, const SendArguments&);

/// ARGO_OP_SENDV of one piece with these bytes (no piece at all when there are none), from the sender's own
/// domid.
int64_t send(Actor& from, uint32_t source_port, Who to, uint32_t port, Bytes payload, uint32_t type = 0);
/// The same with `size` bytes of a pattern.
int64_t send_pattern(Actor& from, uint32_t source_port, Who to, uint32_t port, size_t size, uint64_t seed,
                     uint32_t type = 0);

/// A call that another domain makes while the lead makes its own.
class Pending
{
  public:
    /// `begin()` prepares memory and calls actor.begin().
    template <class Begin>
    Pending(Actor& actor, Begin begin) : actor_(actor), memory_(actor)
    {
        begin();
    }
    ~Pending() { result(); }
    Pending(const Pending&) = delete;

    /// Waits for the call's end.
    int64_t result()
    {
        if (!finished_) result_ = actor_.finish();
        finished_ = true;
        return result_;
    }

    /// The domain was killed, so there will be none.
    void abandon() { finished_ = true; }

  private:
    Actor& actor_;
    Actor::Frame memory_;
    bool finished_ = false;
    int64_t result_ = 0;
};

/// sendv() and send_pattern(), begun and not waited for.
Pending begin_sendv(Actor&, const SendArguments&);
Pending begin_send_pattern(Actor& from, uint32_t source_port, Who to, uint32_t port, size_t size,
                           uint64_t seed, uint32_t type = 0);

struct BatchArguments
{
    std::span<argo_batch_entry> entries{}; ///< answered in place; what they point to is the sender's memory
    std::optional<uint64_t> count{};       ///< entries that the call claims
    std::optional<uint64_t> gpa{};         ///< where they are said to be
};
/// ARGO_OP_SEND_BATCH.
int64_t send_batch(Actor&, const BatchArguments&);

struct NotifyArguments
{
    std::span<argo_notify_entry> entries{}; ///< answered in place
    uint32_t reserved = 0;                  ///< beside the count
    std::optional<uint32_t> count{};        ///< entries that the call claims
    std::optional<uint64_t> gpa{};          ///< where the structure is said to be
};
/// ARGO_OP_NOTIFY with entries. Without any: notify_all().
int64_t notify(Actor&, const NotifyArguments&);
/// ARGO_OP_NOTIFY without entries: wake who waits for space in the caller's rings.
int64_t notify_all(Actor&);
/// Ask about one ring: the entry as answered. Success of the call is required.
argo_notify_entry ask(Actor&, Who domid, uint32_t port, uint32_t space_required);

/// ARGO_OP_VECTOR: binding `index` becomes interrupt `vector` of the domain's own (first) vCPU.
int64_t bind(Actor&, uint64_t index, uint8_t vector);
/// ARGO_OP_VECTOR: drop binding `index`.
int64_t unbind(Actor&, uint64_t index);

} // namespace argo::suite
