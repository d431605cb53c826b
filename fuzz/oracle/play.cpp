// SPDX-License-Identifier: Apache-2.0 OR MIT
// An input as a program, played on the engine and on the model.
#include "oracle/play.hpp"

#include "oracle/values.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace argo::fuzz {
namespace {

constexpr unsigned most_steps = 64;

engine::Limits limits_of(Input& input)
{
    engine::Limits limits;
    limits.max_rings = 6 - input.below(6);
    constexpr uint32_t lengths[] = {12224, 65472, 4032, 4000, 48, 0, 0xffffffff};
    limits.max_ring_length = input.rarely(48) ? input.one_of(lengths) : 8128;
    constexpr uint32_t messages[] = {100, 4000, 0};
    limits.max_message = input.rarely(48) ? input.one_of(messages) : 0xffffffff;
    limits.max_iov = 4 + input.below(4);
    limits.max_notify = 4 + input.below(4);
    limits.max_ring_waiters = 1 + input.below(3);
    limits.max_waiters = 1 + input.below(3);
    limits.max_pages = 20 - input.below(16);
    limits.max_batch = input.rarely(24) ? 0 : ARGO_MIN_MAX_BATCH;
    limits.max_bindings = input.rarely(24) ? 0 : 3;
    return limits;
}

uint64_t features_of(Input& input) { return input.rarely(48) ? input.byte() : ~uint64_t{0}; }

class Play
{
  public:
    Play(const char* mix, Input input)
        : input_(input),
          words_(words(mix)),
          window_(input_.below(3) * low_pages / 2),
          engine_(std::make_unique<engine::Engine>(host_, limits_of(input_), features_of(input_),
                                                   engine::Identity{ARGO_IMPLEMENTATION_MODEL, 7})),
          model_(engine_->limits(), engine_->features())
    {
    }

    void run()
    {
        begin(domids[0]);
        begin(domids[1]);
        if (!input_.rarely(64)) prepare();
        for (unsigned steps = 0; steps < most_steps && !input_.ended(); ++steps) {
            step(words_[input_.below(static_cast<uint32_t>(words_.size()))]);
            compare();
        }
        while (!guests_.empty()) {
            end(guests_.begin()->first);
            compare();
        }
        engine_.reset();
        if (host_.allocated != 0) found("the engine keeps memory after its end");
    }

  private:
    static std::vector<std::string> words(std::string_view mix)
    {
        std::vector<std::string> words;
        while (!mix.empty()) {
            words.emplace_back(mix.substr(0, mix.find(' ')));
            mix.remove_prefix(std::min(mix.size(), words.back().size() + 1));
        }
        return words;
    }

    /// Each domain gets a binding, and a ring for anybody.
    void prepare()
    {
        for (const auto& each : guests_) {
            Guest& guest = *each.second;
            const auto make = [&](uint64_t operation, std::array<uint64_t, 4> arguments) {
                Call made{ARGO_OPERATION_WORD(operation), {}, false};
                std::copy(arguments.begin(), arguments.end(), made.arguments);
                call(guest, made);
                compare();
            };
            make(ARGO_OP_VECTOR, {0, ARGO_BINDING_LAPIC, 0, 40});
            make(ARGO_OP_VECTOR, {1, ARGO_BINDING_LAPIC, 1, 41});
            const argo_register ring{usual_port, ARGO_DOMID_WILDCARD, 0, 96u << input_.byte() % 5};
            const uint64_t gfn = ring_page;
            store(guest, scratch, &ring, sizeof ring);
            store(guest, scratch + sizeof ring, &gfn, sizeof gfn);
            const uint64_t suppress = input_.rarely(128) ? ARGO_REGISTER_SUPPRESS : 0;
            make(ARGO_OP_REGISTER_RING, {scratch, scratch + sizeof ring, 1, suppress | 1 << 16});
        }
    }

    void step(const std::string& what)
    {
        Guest* const guest = this->guest();
        if (tracing()) std::fprintf(stderr, "%s of %d\n", what.c_str(), guest ? guest->domid : -1);
        if (what == "domain") return domain();
        if (what == "policy") return policy();
        if (what == "scarce") {
            host_.allocations_left = input_.below(4);
            return;
        }
        if (what == "fault") {
            fault_ = 1 + input_.below(16);
            return;
        }
        if (!guest) return;
        if (what == "receive") return receive(*guest);
        if (what == "header") return header(*guest);
        if (what == "memory") return memory(*guest);
        if (what == "page") return page(*guest);
        Values values(input_, model_.limits(), guest->domid, storer(*guest));
        const Operation* const wanted = operation(what);
        if (!wanted && what != "any") found(("no such step: " + what).c_str());
        const Call made = wanted ? values.call(*wanted) : values.anything();
        call(*guest, made, input_.rarely(64) ? std::optional(values.address(0)) : std::nullopt);
    }

    // The world

    Guest* guest()
    {
        const auto found = guests_.find(domids[input_.below(std::size(domids)) % 4]);
        if (found != guests_.end()) return found->second.get();
        return guests_.empty() ? nullptr : guests_.begin()->second.get();
    }

    void begin(uint16_t domid)
    {
        auto guest = std::make_unique<Guest>(domid, window_);
        if (!fuzz::create(*engine_, *guest)) {
            if (host_.allocations_left > 0) found("a domain is not made, though there is memory");
            return;
        }
        if (guest->domain->domid() != domid) found("a domain has another domid");
        model_.create(*guest);
        guests_[domid] = std::move(guest);
    }

    void end(uint16_t domid)
    {
        engine_->destroy(*guests_.at(domid)->domain);
        model_.destroy(domid);
        guests_.erase(domid);
    }

    void domain()
    {
        const uint16_t domid = domids[input_.below(std::size(domids))];
        const auto there = guests_.find(domid);
        if (there == guests_.end()) {
            begin(domid);
        } else if (input_.rarely(128)) {
            engine_->restore(*there->second->domain);
            model_.restore(domid);
        } else {
            Guest second(domid, 0);
            if (fuzz::create(*engine_, second)) found("two domains of one domid");
            end(domid);
        }
        host_.allocations_left = INT64_MAX;
    }

    void policy()
    {
        model_.policy = input_.rarely(96) ? 0 : input_.byte();
        host_.policy = model_.policy;
        engine_->settle();
    }

    /// Guest and model alike.
    void store(Guest& guest, uint64_t gpa, const void* from, size_t bytes)
    {
        for (size_t i = 0; i < bytes; ++i, ++gpa) {
            const uint32_t page = page_index(gpa / page_size);
            if (page == pages) continue;
            const std::byte byte = static_cast<const std::byte*>(from)[i];
            guest.page(page)[gpa % page_size] = byte;
            model_.find(guest.domid)->memory[page * page_size + gpa % page_size] = byte;
        }
    }

    Store storer(Guest& guest)
    {
        return
            [this, &guest](uint64_t gpa, const void* from, size_t bytes) { store(guest, gpa, from, bytes); };
    }

    ModelRing* ring(Guest& guest)
    {
        auto& rings = model_.find(guest.domid)->rings;
        return rings.empty() ? nullptr : &rings[input_.below(static_cast<uint32_t>(rings.size()))];
    }

    static uint64_t gpa(const ModelRing& ring, uint64_t offset)
    {
        const uint32_t page = ring.pages[offset / page_size];
        return (page == low_pages ? last_gfn : page) * page_size + offset % page_size;
    }

    uint32_t word(Guest& guest, uint64_t gpa)
    {
        uint32_t word;
        std::memcpy(&word, guest.page(page_index(gpa / page_size)) + gpa % page_size, sizeof word);
        return word;
    }

    /// As a receiver does; or it gives everything up.
    void receive(Guest& guest)
    {
        const ModelRing* const ring = this->ring(guest);
        if (!ring) return;
        const uint64_t header = gpa(*ring, 0);
        const uint32_t tx = word(guest, header + offsetof(argo_ring, tx_ptr));
        uint32_t rx = word(guest, header + offsetof(argo_ring, rx_ptr));
        if (input_.rarely(64)) {
            rx = tx;
        } else if (rx != tx && rx < ring->length && rx % ARGO_SLOT == 0) {
            const uint32_t length = word(guest, gpa(*ring, sizeof(argo_ring) + rx));
            if (length >= ARGO_SLOT && length < ring->length)
                rx = (rx + (length + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT) % ring->length;
        }
        store(guest, header, &rx, sizeof rx);
    }

    void header(Guest& guest)
    {
        const ModelRing* const ring = this->ring(guest);
        if (!ring) return;
        if (input_.rarely(96)) { // a wish that one of the next messages meets, or just misses
            const uint32_t tx = word(guest, gpa(*ring, offsetof(argo_ring, tx_ptr)));
            const uint32_t distance = input_.below(6) * ARGO_SLOT + input_.below(3) - 1;
            const uint32_t wish[] = {ARGO_WISH_PAST, (tx + distance) % ring->length};
            store(guest, gpa(*ring, offsetof(argo_ring, wish)), wish, sizeof wish);
            return;
        }
        Values values(input_, model_.limits(), guest.domid, storer(guest));
        const Field& field =
            argo_ring_fields[input_.below(input_.rarely(16) ? std::size(argo_ring_fields) : 4)];
        const auto value = static_cast<uint32_t>(values.number(field.name, field.size));
        store(guest, gpa(*ring, field.offset), &value, sizeof value);
    }

    void memory(Guest& guest)
    {
        Values values(input_, model_.limits(), guest.domid, storer(guest));
        const uint64_t where = values.address(payload + input_.byte() * 16);
        for (unsigned left = 1 + input_.below(8); left != 0; --left) {
            const auto value = input_.take<uint64_t>();
            store(guest, where + left * sizeof value, &value, sizeof value);
        }
    }

    void page(Guest& guest)
    {
        const uint32_t page = input_.below(pages);
        if (!guest.in_window(page))
            guest.rights[page] = input_.rarely(128) ? Rights::write : static_cast<Rights>(input_.below(3));
    }

    // Calls

    /// By registers, or by a frame at this address.
    void call(Guest& guest, const Call& call, std::optional<uint64_t> by_frame = {})
    {
        const uint32_t vcpu = call.user ? 0 : input_.below(vcpus_at_once);
        const auto privilege = call.user ? engine::Privilege::user : engine::Privilege::kernel;
        const auto number = static_cast<uint32_t>(call.word & 0xffff);
        const uint64_t frame = by_frame.value_or(0);
        if (by_frame) {
            argo_frame contents = {};
            contents.op = static_cast<uint32_t>(call.word);
            contents.flags = static_cast<uint32_t>(call.word >> 32);
            std::memcpy(contents.arg, call.arguments, sizeof contents.arg);
            store(guest, frame, &contents, sizeof contents);
        }

        // Under a fault, and where memory is scarce, the call may also fail, and then nothing has happened.
        const bool scarce = host_.allocations_left < 16;
        const bool fault = fault_ != 0 && number != ARGO_OP_NOTIFY && number != ARGO_OP_SEND_BATCH &&
                           number != ARGO_OP_RESET;
        std::optional<Model> before;
        if (fault || scarce) before = model_;
        if (fault) host_.looks_left = fault_ + (by_frame ? 1 : 0);
        fault_ = 0;

        int64_t result = 0, expected = 0;
        bool made = true, should = true;
        if (by_frame) {
            made = fuzz::call_frame(*engine_, guest, vcpu, frame, privilege);
            if (made)
                model_.batch_result =
                    result_in(guest.page(page_index(frame / page_size)) + frame % page_size);
            should = model_.call_frame(guest.domid, frame, call.user);
            if (made && should) {
                result = result_in(guest.page(page_index(frame / page_size)) + frame % page_size);
                expected = result_in(model_.at(*model_.find(guest.domid), frame, Access::write));
            }
        } else {
            result = fuzz::call(*engine_, guest, vcpu, call.word, call.arguments, privilege);
            model_.batch_result = result;
            expected = model_.call(guest.domid, call);
        }
        host_.looks_left = INT64_MAX;
        host_.allocations_left = INT64_MAX;

        if (tracing()) {
            std::fprintf(stderr,
                         "  %s%" PRIx64 "(%" PRIx64 ", %" PRIx64 ", %" PRIx64 ", %" PRIx64 ") = %" PRId64
                         ", %s\n",
                         by_frame ? "frame " : "", call.word, call.arguments[0], call.arguments[1],
                         call.arguments[2], call.arguments[3], result, model_.told);
        }
        if (made != should) found(made ? "a frame is taken that is none" : "a frame is not taken");
        if (result == expected) return;
        const bool entered = !std::string_view(model_.told).starts_with("CALL");
        const bool excused =
            (fault && entered && result == -ARGO_EFAULT) ||
            (scarce && expected >= 0 && number == ARGO_OP_REGISTER_RING && result == -ARGO_ENOMEM);
        if (!excused) wrong_result(result, expected);
        undo(std::move(*before), guest, call, by_frame ? frame + offsetof(argo_frame, result) : 0, result);
    }

    static int64_t result_in(const std::byte* frame)
    {
        int64_t result;
        std::memcpy(&result, frame + offsetof(argo_frame, result), sizeof result);
        return result;
    }

    /// The call has failed in its middle: only what its description allows has changed.
    void undo(Model before, Guest& guest, const Call& call, uint64_t result_at, int64_t result)
    {
        const auto number = static_cast<uint32_t>(call.word & 0xffff);
        const uint64_t copied = engine_->counters().copied_bytes;
        model_ = std::move(before);
        ++model_.counters.calls[number];
        ++model_.counters.refused;
        model_.counters.copied_bytes = copied;
        if (number == ARGO_OP_SENDV) model_.believe_free_parts();
        if (number == ARGO_OP_QUERY)
            model_.believe(*model_.find(guest.domid), call.arguments[0], sizeof(argo_info));
        if (result_at == 0) return;
        for (size_t i = 0; i < sizeof result; ++i) {
            *model_.at(*model_.find(guest.domid), result_at + i, Access::write) =
                reinterpret_cast<const std::byte*>(&result)[i];
        }
    }

    [[noreturn]] void wrong_result(int64_t result, int64_t expected)
    {
        std::fprintf(stderr, "argo-fuzz: result %" PRId64 ", and the book says %" PRId64 " (%s)\n", result,
                     expected, model_.told);
        found("a wrong result");
    }

    // What has to be alike

    void compare()
    {
        const auto raised = host_.take_events(), owed = model_.take_events();
        if (raised != owed) {
            for (const auto* events : {&raised, &owed}) {
                for (const Event& event : *events) {
                    std::fprintf(stderr,
                                 "argo-fuzz: %s: domain %u, binding %u, kind %u, target %" PRIx64
                                 ", value %" PRIx64 "\n",
                                 events == &raised ? "raised" : "owed", event.domid, event.index, event.kind,
                                 event.target, event.value);
                }
            }
            found("other events than the book says");
        }
        for (const auto& [domid, guest] : guests_) {
            const ModelDomain& model = *model_.find(domid);
            for (uint32_t page = 0; page < pages; ++page) {
                const std::byte* const is = guest->page(page);
                const std::byte* const should = &model.memory[page * page_size];
                if (std::memcmp(is, should, page_size) == 0) continue;
                const auto at = std::mismatch(is, is + page_size, should).first - is;
                std::fprintf(
                    stderr, "argo-fuzz: domain %u, page %u, byte %td: is %02x, should be %02x (%s)\n", domid,
                    page, at, static_cast<unsigned>(is[at]), static_cast<unsigned>(should[at]), model_.told);
                found("a byte of a guest's memory is wrong");
            }
        }
        compare_counters();
    }

    void compare_counters()
    {
        const engine::Counters is = engine_->counters(), &should = model_.counters;
        const struct
        {
            const char* name;
            uint64_t is, should;
        } rows[] = {{"messages", is.messages, should.messages},
                    {"payload_bytes", is.payload_bytes, should.payload_bytes},
                    {"copied_bytes", is.copied_bytes, should.copied_bytes},
                    {"events", is.events, should.events},
                    {"suppressed", is.suppressed, should.suppressed},
                    {"wakeups", is.wakeups, should.wakeups},
                    {"refused", is.refused, should.refused}};
        for (const auto& row : rows) {
            if (row.is == row.should) continue;
            std::fprintf(stderr, "argo-fuzz: %s: counted %" PRIu64 ", there were %" PRIu64 "\n", row.name,
                         row.is, row.should);
            found("a counter is wrong");
        }
        if (!std::equal(std::begin(is.calls), std::end(is.calls), std::begin(should.calls)))
            found("a counter of calls is wrong");
    }

    Input input_;
    const std::vector<std::string> words_;
    Host host_;
    const uint32_t window_;
    std::map<uint16_t, std::unique_ptr<Guest>> guests_;
    std::unique_ptr<engine::Engine> engine_;
    Model model_;
    uint32_t fault_ = 0;
};

} // namespace

void play(const char* mix, Input input) { Play(mix, input).run(); }

} // namespace argo::fuzz
