// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Random calls of one domain.
//
// A guest that lends its own code to the hypervisor harms itself, and nobody learns from it. So what the
// hypervisor may write, answers and pages of rings, is in `work`, or is no memory at all; what it only reads
// is anywhere.
#include "harness/fuzz.hpp"

#include <cstring>
#include <utility>

#include "harness/pattern.hpp"

namespace argo::suite {

namespace {

using grammar::Argument;
using grammar::Kind;
using grammar::Operation;
using grammar::Role;
using grammar::Structure;

constexpr uint64_t page = ARGO_PAGE_SIZE;
constexpr uint32_t ports = 6, first_port = 0x100;
constexpr uint64_t guard_seed = 0x6a7d;

/// Pages of a domain's part, with a guard in front of each part and behind the last.
constexpr uint32_t work_at = 1, lists_at = work_at + FuzzMemory::work_pages + 1,
                   desks_at = lists_at + FuzzMemory::list_pages + 1,
                   last_guard = desks_at + FuzzMemory::desk_pages * FuzzMemory::most_streams,
                   all_pages = last_guard + 1;
constexpr uint32_t guards[] = {0, lists_at - 1, desks_at - 1, last_guard};

/// The first word behind `work`.
constexpr uint64_t guard_word = [] {
    uint64_t word = 0;
    for (uint64_t i = 0; i < 8; i++) word |= uint64_t{pattern_byte(guard_seed + lists_at - 1, i)} << 8 * i;
    return word;
}();

/// A desk: the call page's frame, then structures, then room for frames by hand, up to the second page's end.
constexpr uint64_t slots_at = 1024, slot_size = 512, by_hand_at = slots_at + 4 * slot_size;
static_assert(FuzzMemory::desk_pages * page > by_hand_at + page);

template <class T>
T& at(uint64_t where)
{
    return *static_cast<T*>(platform::pointer(Gpa{where}, sizeof(T)));
}

/// At any alignment. What is not the suite's memory stays as it is.
template <class T>
void put(uint64_t where, const T& object)
{
    void* const here = platform::pointer(Gpa{where}, sizeof object);
    if (here != nullptr) std::memcpy(here, &object, sizeof object);
}

uint64_t mixed(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

const Operation* operation_of(uint32_t word)
{
    for (const Operation& each : grammar::operations)
        if (each.number == (word & 0xffff)) return &each;
    return nullptr;
}

constexpr uint32_t major_of(uint32_t word) { return word >> 16; }

bool among(std::span<const int16_t> errors, int64_t result)
{
    for (const int error : errors)
        if (result == -static_cast<int64_t>(error)) return true;
    return false;
}

/// Whether a call with this word can have this result.
bool possible(uint32_t word, int64_t result, const argo_info& info)
{
    // Major 0 is Xen's alone, which returns 32 bits.
    if (major_of(word) == 0) return result >= 0 || among(grammar::all_errors, result);
    const Operation* const operation =
        word == ARGO_OPERATION_WORD(word & 0xffff) ? operation_of(word) : nullptr;
    if (operation == nullptr) return among(grammar::entry_errors, result);
    if (result < 0) return among(operation->errors, result);
    if (!operation->decided || (info.features & operation->feature) != operation->feature) return false;
    const int64_t most = operation->zero                      ? 0
                         : operation->number == ARGO_OP_SENDV ? int64_t{info.max_message}
                                                              : int64_t{UINT16_MAX};
    return result <= most;
}

} // namespace

void FuzzStream::begin(const FuzzMemory& memory, const Discovery& found, uint64_t seed, uint32_t number,
                       uint32_t steps)
{
    memory_ = &memory;
    mechanism_count_ = 0;
    for (uint32_t i = 0; i < found.count; i++)
        if (found.candidates[i].confirmed()) mechanisms_[mechanism_count_++] = found.candidates[i].mechanism;
    state_ = mixed(seed ^ mixed(memory.self + uint64_t{number} * 0x10000)) | 1;
    number_ = number;
    steps_ = left_ = steps;
    report_ = {};
}

uint64_t FuzzStream::random()
{
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * UINT64_C(0x2545f4914f6cdd1d) >> 11;
}

uint32_t FuzzStream::below(uint32_t bound)
{
    return static_cast<uint32_t>((random() & UINT32_MAX) * bound >> 32);
}

/// Small ones, and those at which something may change.
uint64_t FuzzStream::number()
{
    const argo_info& info = memory_->info;
    switch (below(12)) {
    case 0: return 0;
    case 1: return UINT32_MAX - below(20);
    case 2: return random();
    case 3: return UINT64_C(1) << below(64);
    case 4: {
        const uint32_t limits[] = {info.max_message, info.max_ring_length, info.max_iov,
                                   info.max_notify,  info.max_bindings,    uint32_t{page}};
        return limits[below(std::size(limits))] + uint64_t{below(3)} - 1;
    }
    case 5: return below(3 * page);
    default: return below(300);
    }
}

/// An address that is no memory of the domain's.
uint64_t FuzzStream::nowhere()
{
    constexpr uint64_t places[] = {UINT64_C(0xfee00000),
                                   UINT64_C(1) << 40,
                                   UINT64_C(1) << 46,
                                   UINT64_C(1) << 52,
                                   UINT64_C(0x00007ffffffff000),
                                   UINT64_C(0x0000800000000000),
                                   UINT64_C(0xffff800000000000),
                                   UINT64_C(0xffff830000100000),
                                   UINT64_C(0xffffffff80000000),
                                   UINT64_C(0xffffffffffffff00)};
    const uint64_t around = below(2) == 0 ? 0 : below(256);
    const uint32_t which = below(std::size(places) + 2);
    if (which < std::size(places)) return places[which] + around;
    return memory_->end + around + uint64_t{below(2)} * page;
}

/// Memory for so many bytes, where rings are as well.
uint64_t FuzzStream::lent(uint64_t size)
{
    const uint64_t all = FuzzMemory::work_pages * page;
    if (size >= all) return memory_->work;
    const auto room = static_cast<uint32_t>(all - size);
    // At the beginning of a page, across its end, anywhere.
    uint64_t offset = below(room + 1);
    if (once_in(2)) offset &= ~uint64_t{15};
    if (once_in(8)) offset = offset / page * page;
    return memory_->work + offset;
}

/// Somewhere to read from: a place of one's own, the place of rings, any memory.
uint64_t FuzzStream::readable(uint32_t slot)
{
    switch (below(12)) {
    case 0: return nowhere();
    case 1: return below(static_cast<uint32_t>(memory_->end));
    case 2: return memory_->end - below(64);
    case 3: return lent(64);
    default: return desk() + slots_at + slot * slot_size + (once_in(8) ? below(16) : 0);
    }
}

/// Of a page that may be lent, or of none.
uint64_t FuzzStream::frame_number()
{
    const uint64_t lent = platform::machine().frame(memory_->work / page + below(FuzzMemory::work_pages));
    return once_in(64) ? lent | UINT64_C(1) << (40 + below(24)) : lent;
}

uint64_t FuzzStream::value(Role role)
{
    switch (role) {
    case Role::zero: return once_in(64) ? random() : 0;
    case Role::flags: return once_in(32) ? UINT64_C(1) << below(32) : 0;
    case Role::port: {
        if (!once_in(16)) return first_port + below(ports);
        const uint64_t any = number();
        return any == ARGO_PORT_SUITE ? 0 : any;
    }
    case Role::domid:
        switch (below(8)) {
        case 0: return once_in(4) ? number() : ARGO_DOMID_WILDCARD;
        case 1: return memory_->others[0];
        case 2: return memory_->others[1];
        case 3:
        case 4: return ARGO_DOMID_WILDCARD;
        default: return memory_->self;
        }
    case Role::address: return once_in(4) ? readable(3) : lent(page);
    case Role::number: return number();
    case Role::answer: break;
    }
    return random();
}

void FuzzStream::fill(uint64_t where, const Structure& structure)
{
    auto* const bytes = static_cast<uint8_t*>(platform::pointer(Gpa{where}, structure.size));
    if (bytes == nullptr) return;
    for (const grammar::Field& field : structure.fields) {
        const uint64_t word = value(field.role);
        std::memcpy(bytes + field.offset, &word, field.size);
    }
}

bool FuzzStream::on_desk(uint64_t where, uint64_t size) const
{
    return where >= desk() + slots_at && where <= desk() + by_hand_at - size;
}

/// Bytes that are written at most, whoever changes a count meanwhile: more than may be is refused.
uint64_t FuzzStream::room_for_answers(const Structure& of, uint64_t count) const
{
    const argo_info& info = memory_->info;
    return page + (count + info.max_batch) * of.size +
           (of.tail != nullptr ? uint64_t{info.max_notify} * of.tail->size : 0);
}

/// Addresses of a message that may arrive.
argo_send_addr FuzzStream::letter()
{
    argo_send_addr addresses{};
    const uint16_t whom[] = {memory_->self, memory_->others[0], memory_->others[1]};
    addresses.src = {first_port + below(ports), memory_->self, 0};
    addresses.dst = {first_port + below(ports), whom[below(std::size(whom))], 0};
    return addresses;
}

argo_iov FuzzStream::piece() { return {value(Role::address), once_in(8) ? below(3 * page) : below(100), 0}; }

/// The address of a structure, or of so many, filled where that is possible.
uint64_t FuzzStream::structure(const Argument& argument, uint32_t slot, uint32_t count)
{
    constexpr uint32_t most_filled = 4;
    const Structure& of = *argument.structure;
    const uint32_t tail = of.tail != nullptr ? below(most_filled + 1) : 0;
    uint64_t where = 0;
    if (argument.answered) {
        // Whoever changes the count behind our back changes it to no more than may be.
        where = once_in(8) ? nowhere() : lent(room_for_answers(of, count));
    } else {
        where = readable(slot);
    }
    const uint64_t size = uint64_t{count < most_filled ? count : most_filled} * of.size +
                          uint64_t{tail} * (of.tail != nullptr ? of.tail->size : 0);
    const auto within = [&](uint64_t from, uint64_t to) { return where >= from && where <= to - size; };
    const bool ours = within(memory_->work, behind_work()) || on_desk(where, size);
    if (!ours) return where;
    for (uint32_t i = 0; i < count && i < most_filled; i++) fill(where + uint64_t{i} * of.size, of);
    if (of.tail == nullptr) return where;
    auto* const head = static_cast<uint8_t*>(platform::pointer(Gpa{where}, of.size));
    if (!once_in(8)) std::memcpy(head, &tail, sizeof tail);
    for (uint32_t i = 0; i < tail; i++) fill(where + of.size + uint64_t{i} * of.tail->size, *of.tail);
    return where;
}

void FuzzStream::compose(const Operation& operation, uint64_t (&a)[4])
{
    uint32_t counts[4];
    for (uint32_t& count : counts) count = below(5);
    for (uint32_t i = 0; i < operation.arguments.size(); i++) {
        const Argument& argument = operation.arguments[i];
        const bool counted = argument.count >= 0;
        switch (argument.kind) {
        case Kind::structure:
            a[i] = structure(argument, i, counted ? counts[static_cast<size_t>(argument.count)] : 1);
            break;
        case Kind::frames:
            a[i] = once_in(16) ? nowhere()
                               : memory_->lists + 8 * uint64_t{below(FuzzMemory::list_pages * page / 8)};
            break;
        case Kind::count: a[i] = once_in(8) ? number() : counts[i]; break;
        case Kind::flags: a[i] = once_in(4) ? number() : 0; break;
        case Kind::number: a[i] = number(); break;
        }
    }
}

/// Let the arguments fit to each other, as noise seldom does.
void FuzzStream::mend(uint32_t operation, uint64_t (&a)[4])
{
    switch (operation) {
    case ARGO_OP_REGISTER_RING: {
        const uint32_t pages = 1 + (once_in(2) ? below(4) : 0);
        uint32_t length = ring_length(pages);
        if (once_in(2)) length = ARGO_RING_MIN_LENGTH + ARGO_SLOT * below(length / ARGO_SLOT - 3);
        if (on_desk(a[0], sizeof(argo_register))) put(a[0] + offsetof(argo_register, length), length);
        a[2] = ring_pages(length);
        a[3] = uint64_t{below(4)} << ARGO_REGISTER_BINDING_SHIFT | below(4);
        break;
    }
    case ARGO_OP_SENDV: {
        a[3] &= UINT32_MAX;
        if (!on_desk(a[0], sizeof(argo_send_addr)) || !on_desk(a[1], 4 * sizeof(argo_iov)) || a[2] > 4) break;
        put(a[0], letter());
        for (uint32_t i = 0; i < a[2]; i++) put(a[1] + i * sizeof(argo_iov), piece());
        break;
    }
    case ARGO_OP_SEND_BATCH: {
        constexpr uint32_t most_filled = 4, slot = 3;
        const uint64_t iovs = desk() + slots_at + slot * slot_size;
        for (uint32_t i = 0; i < most_filled; i++) put(iovs + i * sizeof(argo_iov), piece());
        for (uint32_t i = 0; i < a[1] && i < most_filled; i++) {
            argo_batch_entry entry{};
            entry.addresses = letter();
            entry.iovs = once_in(8) ? nowhere() : iovs;
            entry.count = below(most_filled + 1);
            put(a[0] + i * sizeof entry, entry);
        }
        break;
    }
    case ARGO_OP_QUERY: a[1] = once_in(2) ? sizeof(argo_info) : ARGO_INFO_MIN_SIZE + below(200); break;
    case ARGO_OP_NOTIFY:
        if (once_in(4)) a[0] = 0;
        break;
    case ARGO_OP_VECTOR:
        a[0] = below(memory_->info.max_bindings + 1);
        if (once_in(4)) {
            a[1] = ARGO_BINDING_NONE;
            a[2] = a[3] = 0;
        } else {
            a[1] = once_in(2) ? ARGO_BINDING_LAPIC : below(6);
            a[2] = a[1] == ARGO_BINDING_MSI ? UINT64_C(0xfee00000) | memory_->vcpu << 12 : memory_->vcpu;
            a[3] = free_vector + below(16);
        }
        break;
    default: break;
    }
}

/// What would harm this guest alone.
void FuzzStream::tame(uint32_t word, uint64_t (&a)[4])
{
    const Operation* const operation = operation_of(word);
    if (operation == nullptr) return;
    for (uint32_t i = 0; i < operation->arguments.size(); i++) {
        const Argument& argument = operation->arguments[i];
        const bool memory = a[i] != 0 && a[i] < memory_->end;
        if (argument.kind == Kind::frames && a[i] < memory_->end &&
            (a[i] < memory_->lists || a[i] >= memory_->lists + FuzzMemory::list_pages * page ||
             a[i] % 8 != 0))
            a[i] = memory_->lists;
        if (argument.kind != Kind::structure || !argument.answered || !memory) continue;
        const uint64_t most = room_for_answers(*argument.structure, 0);
        if (a[i] < memory_->work || a[i] > behind_work() - most) a[i] = memory_->work;
    }
    // The highest vectors are the platform's, one of which ends in no EOI.
    if (operation->number == ARGO_OP_VECTOR && (a[3] & 0xf0) == 0xf0) a[3] ^= 0x80;
}

/// A call: its word, and its arguments.
uint32_t FuzzStream::draw(uint64_t (&a)[4])
{
    // Half of it what makes traffic.
    constexpr uint32_t traffic[] = {ARGO_OP_SENDV,           ARGO_OP_SENDV,     ARGO_OP_SENDV,
                                    ARGO_OP_REGISTER_RING,   ARGO_OP_NOTIFY,    ARGO_OP_REGISTER_RING,
                                    ARGO_OP_UNREGISTER_RING, ARGO_OP_SEND_BATCH};
    const Operation* operation = nullptr;
    if (once_in(4))
        operation = &grammar::operations[below(std::size(grammar::operations))];
    else
        operation = operation_of(traffic[below(std::size(traffic))]);
    if (operation->number == ARGO_OP_RESET && !once_in(16)) operation = operation_of(ARGO_OP_SENDV);

    compose(*operation, a);
    if (!once_in(8)) mend(operation->number, a);
    if (once_in(32)) a[below(4)] = once_in(2) ? number() : nowhere();
    uint32_t word = ARGO_OPERATION_WORD(operation->number);
    if (once_in(24)) word ^= UINT32_C(1) << below(32);
    if (once_in(32)) word = ARGO_OPERATION_WORD(below(64));
    if (once_in(8)) word &= 0xffff; // of major 0
    tame(word, a);
    return word;
}

void FuzzStream::call()
{
    uint64_t a[4] = {};
    const uint32_t word = draw(a);
    const Mechanism& mechanism = mechanisms_[once_in(2) ? 0 : below(mechanism_count_)];
    auto& machine = platform::machine();
    int64_t result = 0;
    if (passes_registers(mechanism.id)) {
        result = call_in_registers(machine, mechanism, {word, {a[0], a[1], a[2], a[3]}});
    } else {
        auto& call_page = at<CallPage>(desk());
        result = call_by(machine, mechanism, call_page, word, a[0], a[1], a[2], a[3]);
        const argo_frame& frame = call_page.frame;
        const bool same = frame.op == word && frame.flags == 0 && frame.arg[0] == a[0] &&
                          frame.arg[1] == a[1] && frame.arg[2] == a[2] && frame.arg[3] == a[3] &&
                          frame.cookie[0] == 0 && frame.cookie[1] == 0;
        if (!same) find(FuzzReport::What::frame, mechanism.id, word, a, result);
    }
    judge(mechanism.id, word, a, result);
    // A ring that is fresh is empty now and then.
    if (word == ARGO_OPERATION_WORD(ARGO_OP_REGISTER_RING) && result == 0 && once_in(2)) change_ring();
}

void FuzzStream::judge(uint32_t mechanism, uint32_t word, const uint64_t (&a)[4], int64_t result)
{
    report_.calls++;
    if (word == ARGO_OPERATION_WORD(word & 0xffff) && operation_of(word) != nullptr) {
        const auto which = operation_of(word) - grammar::operations;
        report_.made[which]++;
        if (result >= 0) report_.accepted[which]++;
    }
    if (result == unanswered)
        find(FuzzReport::What::silence, mechanism, word, a, result);
    else if (!possible(word, result, memory_->info))
        find(FuzzReport::What::result, mechanism, word, a, result);
    else if (at<uint64_t>(behind_work()) != guard_word)
        find(FuzzReport::What::memory, mechanism, word, a, result);
}

void FuzzStream::find(FuzzReport::What what, uint32_t mechanism, uint32_t word, const uint64_t (&a)[4],
                      int64_t result)
{
    if (report_.what != FuzzReport::What::nothing) return;
    report_.what = what;
    report_.stream = number_;
    report_.step = steps_ - left_;
    report_.mechanism = mechanism;
    report_.word = word;
    report_.result = result;
    std::memcpy(report_.arguments, a, sizeof a);
}

/// A frame at any place, aligned or not, across pages or no memory at all.
void FuzzStream::ring_anywhere()
{
    const Mechanism& mechanism = mechanisms_[below(mechanism_count_)];
    if (passes_registers(mechanism.id)) return call();
    argo_frame frame{};
    frame.op = draw(frame.arg);
    frame.flags = once_in(8) ? below(2) : 0;
    uint64_t where = nowhere();
    if (!once_in(4)) {
        constexpr auto room =
            static_cast<uint32_t>(FuzzMemory::desk_pages * page - by_hand_at - sizeof frame);
        where = desk() + by_hand_at + (below(room) & (once_in(2) ? ~0u : ~63u));
        std::memcpy(platform::pointer(Gpa{where}, sizeof frame), &frame, sizeof frame);
    }
    (void)ring_doorbell(platform::machine(), mechanism, Gpa{where});
    report_.calls++;
}

/// What the owner of a ring writes, and what none should.
void FuzzStream::change_ring()
{
    auto& ring = at<argo_ring>(memory_->work + below(FuzzMemory::work_pages) * page);
    const auto put = [](uint32_t& word, uint64_t value) {
        __atomic_store_n(&word, static_cast<uint32_t>(value), __ATOMIC_RELEASE);
    };
    switch (below(8)) {
    case 0: put(ring.rx_ptr, number()); break;
    case 1: put(ring.tx_ptr, number()); break;
    case 2: put(ring.wish, below(4)); break;
    case 3: put(ring.position, number()); break;
    case 4: put(ring.rx_ptr, 0), put(ring.tx_ptr, 0); break;
    default: put(ring.rx_ptr, __atomic_load_n(&ring.tx_ptr, __ATOMIC_ACQUIRE)); break;
    }
}

/// What somebody else's call may be reading right now.
void FuzzStream::change_argument()
{
    if (once_in(2)) {
        auto& entry = at<uint64_t>(memory_->lists + 8 * uint64_t{below(FuzzMemory::list_pages * page / 8)});
        __atomic_store_n(&entry, frame_number(), __ATOMIC_RELEASE);
        return;
    }
    auto& word = at<uint64_t>(desk_of(below(FuzzMemory::most_streams)) + slots_at +
                              8 * uint64_t{below((by_hand_at - slots_at) / 8)});
    __atomic_store_n(&word, once_in(2) ? number() : random(), __ATOMIC_RELEASE);
}

bool FuzzStream::step()
{
    if (over()) return false;
    switch (below(16)) {
    case 0:
    case 1:
    case 2: change_ring(); break;
    case 3: change_argument(); break;
    case 4: ring_anywhere(); break;
    default: call(); break;
    }
    __atomic_store_n(&left_, left_ - 1, __ATOMIC_RELEASE);
    return left_ != 0;
}

void add(FuzzReport& sum, const FuzzReport& more)
{
    sum.calls += more.calls;
    for (size_t i = 0; i < FuzzReport::operations; i++) {
        sum.made[i] += more.made[i];
        sum.accepted[i] += more.accepted[i];
    }
}

Fuzz::Fuzz(LocalActor& self, const Discovery& found, const FuzzPlan& plan) : self_(self), plan_(plan)
{
    base_ = self.alloc(all_pages * page, page).value;
    memory_.end = self.bad_gpa();
    memory_.work = base_ + work_at * page;
    memory_.lists = base_ + lists_at * page;
    memory_.desks = base_ + desks_at * page;
    memory_.self = static_cast<uint16_t>(self.domid());
    memory_.others[0] = plan.others[0];
    memory_.others[1] = plan.others[1];
    memory_.info = self.info();
    memory_.vcpu = self.vcpu();
    for (const uint32_t guard : guards)
        self.fill_pattern(Gpa{base_ + guard * page}, page, guard_seed + guard);
    for (uint64_t i = 0; i < FuzzMemory::list_pages * page / 8; i++) {
        const uint64_t lent = memory_.work / page + (i * 7 + i / 5) % FuzzMemory::work_pages;
        at<uint64_t>(memory_.lists + 8 * i) = platform::machine().frame(lent);
    }
    for (uint32_t i = 0; i < FuzzMemory::most_streams; i++)
        streams_[i].begin(memory_, found, plan.seed, i, plan.steps);
}

void Fuzz::play()
{
    while (streams_[0].step()) {
    }
}

bool Fuzz::over() const
{
    for (uint32_t i = 0; i < playing_; i++)
        if (!streams_[i].over()) return false;
    return true;
}

FuzzReport Fuzz::finish()
{
    FuzzReport all{};
    for (uint32_t i = 0; i < playing_; i++) {
        FuzzReport one = streams_[i].report();
        if (all.what == FuzzReport::What::nothing) std::swap(all, one);
        add(all, one);
        if (all.what != FuzzReport::What::nothing || streams_[i].over()) continue;
        all.what = FuzzReport::What::hang;
        all.stream = i;
    }
    for (const uint32_t guard : guards) {
        const uint64_t where = base_ + guard * page;
        const size_t changed = self_.find_mismatch(Gpa{where}, page, guard_seed + guard);
        if (changed == page || all.what != FuzzReport::What::nothing) continue;
        all.what = FuzzReport::What::memory;
        all.arguments[0] = where + changed;
    }
    return all;
}

FuzzRoom measure_room(LocalActor& self)
{
    constexpr uint32_t smallest = ARGO_RING_MIN_LENGTH, most = 4096;
    const auto& hypervisor = self.hypervisor();
    const auto fresh_page = [&] { return platform::pointer(self.alloc(page, page), page); };
    const auto ring = [&](uint32_t port, const void* memory) {
        return hypervisor.register_ring(Port{port}, self.domid(), memory, smallest);
    };
    FuzzRoom room{};

    self.clean();
    for (const void* const memory = fresh_page(); room.rings < most && ring(room.rings, memory);)
        room.rings++;

    // Long rings whose pages are one page.
    self.clean();
    const uint64_t frame = platform::machine().frame(self.alloc(page, page).value / page);
    const uint32_t longest = ring_pages(self.info().max_ring_length) - 1;
    const uint32_t pages = longest < page / 8 ? longest : page / 8;
    const Gpa list = self.alloc(page, page), structure = self.alloc(sizeof(argo_register));
    self.fill_series(list, pages, frame, 1);
    for (uint32_t port = 0; port < most; port++, room.pages += pages) {
        self.store(structure,
                   argo_register{port, static_cast<uint16_t>(self.domid()), 0, ring_length(pages)});
        if (hypervisor.call(ARGO_OP_REGISTER_RING, structure.value, list.value, pages) < 0) break;
    }

    // Rings that look full, and nobody reads.
    self.clean();
    auto* const full = static_cast<argo_ring*>(fresh_page());
    full->tx_ptr = smallest - ARGO_SLOT;
    for (uint32_t port = 0; port < room.rings && ring(port, full); port++) {
        const auto sent = hypervisor.send(Port{1}, {self.domid(), Port{port}}, nullptr, 0);
        if (sent.error() != Error::eagain) break;
        room.waits++;
    }
    self.clean();
    return room;
}

} // namespace argo::suite
