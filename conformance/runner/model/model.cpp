// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The model's host: it starts, kills and restarts domains as it is told, and prints what becomes of them.
#include "runner/model/model.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include "engine/interrupt.hpp"
#include "engine/policy.hpp"
#include "runner/model/domain.hpp"

namespace argo::runner {

namespace {

/// Where the doorbells are. Guests learn it from CPUID; nothing depends on these very numbers.
constexpr engine::Offer offered[] = {
    {ARGO_MECHANISM_MSR, 1, 0x40000300, 0, 0},   {ARGO_MECHANISM_MMIO, 1, 0xfe000000, 0, 0},
    {ARGO_MECHANISM_PIO, 1, 0x4150, 0, 0},       {ARGO_MECHANISM_VMCALL, 1, 0x4172676f, 2, 0},
    {ARGO_MECHANISM_CPUID, 1, 0x40004150, 0, 0},
};

constexpr engine::Identity identity = {ARGO_IMPLEMENTATION_MODEL, 1};

/// A policy as it came from a file, and the labels that it gives.
struct LoadedPolicy
{
    std::vector<uint64_t> bytes; // aligned as the engine wants it
    std::unique_ptr<engine::LabelledPolicy> labelled;

    /// Throws std::invalid_argument.
    static std::unique_ptr<LoadedPolicy> read(const std::string& file)
    {
        std::ifstream stream(file, std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(stream), {});
        if (!stream) throw std::invalid_argument("policy '" + file + "' cannot be read");
        auto loaded = std::make_unique<LoadedPolicy>();
        loaded->bytes.resize(text.size() / sizeof(uint64_t) + 1);
        std::memcpy(loaded->bytes.data(), text.data(), text.size());
        const std::span image(reinterpret_cast<const std::byte*>(loaded->bytes.data()), text.size());
        if (const char* fault = engine::Policy::fault(image))
            throw std::invalid_argument("policy '" + file + "': " + fault);
        loaded->labelled = std::make_unique<engine::LabelledPolicy>(engine::Policy(image));
        return loaded;
    }
};

class ModelHost final : public engine::Host
{
  public:
    ModelHost(const ModelOptions& options, std::function<void(std::string_view)> audit)
        : options_(options),
          audit_(std::move(audit)),
          monitor_(
              [](void* host, const engine::Denial& denial) noexcept {
                  static_cast<ModelHost*>(host)->audit(denial);
              },
              this)
    {
    }

    engine::Monitor& monitor() { return monitor_; }

    void* page(engine::Domain& domain, uint64_t gfn, engine::Access) noexcept override
    {
        return simulated(domain).page(gfn);
    }
    void raise(engine::Domain& domain, const engine::Interrupt& interrupt) noexcept override
    {
        const auto [vcpu, vector] = engine::destination(interrupt);
        simulated(domain).raise(vcpu, vector);
    }
    bool offers(engine::Domain&, uint32_t) noexcept override { return true; }
    bool has_vcpu(engine::Domain&, uint64_t id) noexcept override { return id < suite::platform::most_vcpus; }
    bool allows(const engine::PolicyQuestion& question) noexcept override
    {
        return (!options_.allows || options_.allows(question)) && monitor_.allows(question);
    }
    void* allocate(size_t bytes) noexcept override
    {
        return ::operator new (bytes, std::align_val_t{engine::cache_line}, std::nothrow);
    }
    void release(void* memory, size_t) noexcept override
    {
        ::operator delete (memory, std::align_val_t{engine::cache_line});
    }
    void relax() noexcept override { std::this_thread::yield(); }

  private:
    static SimulatedDomain& simulated(engine::Domain& domain)
    {
        return *static_cast<SimulatedDomain*>(domain.context());
    }

    void audit(const engine::Denial& denial) noexcept
    {
        char text[engine::denial_length];
        engine::describe(denial, text);
        audit_(text);
    }

    const ModelOptions& options_;
    const std::function<void(std::string_view)> audit_;
    engine::Monitor monitor_;
};

/// A pipe to wake up who polls.
class Bell
{
  public:
    Bell()
    {
        if (pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0)
            throw std::system_error(errno, std::generic_category(), "pipe of the model");
    }
    ~Bell()
    {
        close(ends_[0]);
        close(ends_[1]);
    }
    Bell(const Bell&) = delete;

    int descriptor() const { return ends_[0]; }
    // A full pipe is as good as another byte in it.
    void ring() { [[maybe_unused]] const auto written = write(ends_[1], "", 1); }
    void silence()
    {
        char bytes[64];
        while (read(ends_[0], bytes, sizeof bytes) > 0) {
        }
    }

  private:
    int ends_[2];
};

class Model
{
  public:
    explicit Model(const ModelOptions& options)
        : options_(options),
          offers_(offers_of(options)),
          host_(options, [this](std::string_view record) { print("host", record); }),
          engine_(host_, options.limits, options.features, identity),
          board_{engine_,
                 identity,
                 offers_,
                 options.pages,
                 [this](std::string_view mark, std::string_view line) { print(mark, line); },
                 [this] { bell_.ring(); },
                 [this](uint16_t domid) {
                     return host_.monitor().allows({engine::Hook::enable, domid, 0, 0, 0});
                 }}
    {
        for (size_t i = 0; i < options.domains.size(); i++)
            for (size_t j = 0; j < i; j++)
                if (options.domains[i].name == options.domains[j].name)
                    throw std::invalid_argument("two domains are called '" + options.domains[i].name + "'");
        domains_.resize(options.domains.size());
        events_.resize(options.domains.size());
        if (!options.policy.empty()) load_policy(options.policy);
    }

    int run()
    {
        for (size_t i = 0; i < domains_.size(); i++) start(i);
        bool going = true;
        while (going && any_alive()) {
            pollfd waits[] = {{bell_.descriptor(), POLLIN, 0}, {options_.input, POLLIN, 0}};
            if (poll(waits, options_.control ? 2 : 1, -1) < 0 && errno != EINTR)
                throw std::system_error(errno, std::generic_category(), "poll of the model");
            bell_.silence();
            bury();
            if (options_.control && waits[1].revents != 0) going = obey();
        }
        for (size_t i = 0; i < domains_.size(); i++)
            if (domains_[i]) kill(i);
        if (!options_.counters.empty()) write_counters();
        print("host", "exited");
        return 0;
    }

  private:
    static std::vector<engine::Offer> offers_of(const ModelOptions& options)
    {
        std::vector<engine::Offer> result;
        if (options.absent) return result;
        for (const uint32_t wanted : options.mechanisms) {
            const size_t before = result.size();
            for (const engine::Offer& offer : offered)
                if (offer.mechanism == wanted) result.push_back(offer);
            if (result.size() == before)
                throw std::invalid_argument("the model does not offer mechanism " + std::to_string(wanted));
        }
        return result;
    }

    void print(std::string_view mark, std::string_view line)
    {
        const std::lock_guard lock(output_mutex_);
        std::fprintf(options_.output, "[%.*s] %.*s\n", static_cast<int>(mark.size()), mark.data(),
                     static_cast<int>(line.size()), line.data());
        std::fflush(options_.output);
    }

    void tell(size_t which, const char* what) { print("host", options_.domains[which].name + " " + what); }

    /// There is no local APIC that could be off, so no event was held.
    void write_counters() const
    {
        nlohmann::json domains = nlohmann::json::object();
        for (size_t i = 0; i < domains_.size(); i++)
            domains[options_.domains[i].name] = {{"events", events_[i]}, {"events_held", 0u}};
        std::ofstream(options_.counters) << nlohmann::json{
            {"domains", domains}, {"engine", {{"suppressed", engine_.counters().suppressed}}}};
    }

    /// What is wrong with it is told before anything changes.
    void load_policy(const std::string& file)
    {
        auto loaded = LoadedPolicy::read(file);
        for (size_t i = 0; i < domains_.size(); i++) {
            const ModelDomain& domain = options_.domains[i];
            if (!loaded->labelled->assign(domain.domid, domain.label.c_str())) {
                throw std::invalid_argument("policy '" + file + "' does not know the label '" + domain.label +
                                            "' of domain '" + domain.name + "'");
            }
            if (!domains_[i]) loaded->labelled->remove(domain.domid);
        }
        host_.monitor().install(loaded->labelled.get());
        engine_.settle();
        policy_ = std::move(loaded);
    }

    bool any_alive() const
    {
        for (const auto& body : domains_)
            if (body) return true;
        return false;
    }

    void start(size_t which)
    {
        const ModelDomain& domain = options_.domains[which];
        tell(which, "started");
        if (policy_) policy_->labelled->assign(domain.domid, domain.label.c_str());
        domains_[which] =
            std::make_unique<SimulatedDomain>(board_, domain.name, domain.domid, domain.command_line);
    }

    void end(size_t which)
    {
        events_[which] += domains_[which]->events_in_all();
        domains_[which].reset();
        if (policy_) policy_->labelled->remove(options_.domains[which].domid);
    }

    void kill(size_t which)
    {
        end(which);
        tell(which, "ended killed");
    }

    /// Domains that ended by themselves.
    void bury()
    {
        for (size_t i = 0; i < domains_.size(); i++) {
            if (!domains_[i] || !domains_[i]->done()) continue;
            end(i);
            tell(i, "ended shutdown");
        }
    }

    /// Take what there is to read. False: the model is to quit.
    bool obey()
    {
        char bytes[512];
        const ssize_t size = read(options_.input, bytes, sizeof bytes);
        if (size <= 0) return false;
        input_.append(bytes, static_cast<size_t>(size));
        for (size_t end; (end = input_.find('\n')) != std::string::npos;) {
            const std::string line = input_.substr(0, end);
            input_.erase(0, end + 1);
            if (line == "quit") return false;
            obey(line);
        }
        return true;
    }

    void obey(const std::string& line)
    {
        const size_t space = line.find(' ');
        const std::string verb = line.substr(0, space),
                          name = space == std::string::npos ? "" : line.substr(space + 1);
        if (verb == "policy") {
            try {
                load_policy(name);
            } catch (const std::invalid_argument& error) {
                std::fprintf(options_.complaints, "model: %s\n", error.what());
            }
            return;
        }
        size_t which = 0;
        while (which < domains_.size() && options_.domains[which].name != name) which++;

        const char* problem = nullptr;
        if (verb != "kill" && verb != "start" && verb != "restart")
            problem = "is no command; there are kill, start and restart with a domain, policy with a file, "
                      "and quit";
        else if (which == domains_.size())
            problem = "names no domain of this model";
        else if (verb == "kill" && !domains_[which])
            problem = "comes too late: that domain does not run";
        else if (verb == "start" && domains_[which])
            problem = "comes too early: that domain runs";
        if (problem != nullptr) {
            std::fprintf(options_.complaints, "model: '%s' %s\n", line.c_str(), problem);
            return;
        }
        if (domains_[which]) kill(which);
        if (verb != "kill") start(which);
    }

    const ModelOptions& options_;
    const std::vector<engine::Offer> offers_;
    Bell bell_;
    std::mutex output_mutex_;
    ModelHost host_;
    engine::Engine engine_;
    const ModelBoard board_;
    std::unique_ptr<LoadedPolicy> policy_; ///< the one in force
    std::vector<std::unique_ptr<SimulatedDomain>> domains_;
    std::vector<uint64_t> events_; ///< to each domain, over all its starts that have ended
    std::string input_;
};

} // namespace

int run_model(const ModelOptions& options) { return Model(options).run(); }

} // namespace argo::runner
