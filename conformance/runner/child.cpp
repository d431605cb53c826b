// SPDX-License-Identifier: Apache-2.0 OR MIT
// Child processes.
#include "runner/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner/errors.hpp"

namespace argo::runner {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

volatile std::sig_atomic_t interrupts = 0;

void note_interrupt(int) { interrupts = 1; }

void close_once(int& descriptor)
{
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
}

struct Pipe
{
    int read_end = -1;
    int write_end = -1;

    Pipe()
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            throw Unavailable(fmt::format("pipe: {}", std::strerror(errno)));
        read_end = ends[0];
        write_end = ends[1];
    }
    ~Pipe()
    {
        close_once(read_end);
        close_once(write_end);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
};

/// The child's side between fork and exec: async-signal-safe calls only. Does not return.
[[noreturn]] void become(char* const* arguments, int input, int output, int errors, int failure)
{
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // also when this program is killed in a way that leaves it no time
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
    ::execvp(arguments[0], arguments);
    const int reason = errno;
    [[maybe_unused]] const auto written = ::write(failure, &reason, sizeof reason);
    ::_exit(127);
}

} // namespace

Child::Child(const std::vector<std::string>& arguments, const std::filesystem::path& errors)
{
    Pipe input;
    Pipe output;
    Pipe failure; // closed by a successful exec, or says why there was none
    const int errors_file = ::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (errors_file < 0) throw Unavailable(fmt::format("{}: {}", errors.string(), std::strerror(errno)));

    std::vector<char*> words;
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);

    pid_ = ::fork();
    if (pid_ == 0) become(words.data(), input.read_end, output.write_end, errors_file, failure.write_end);
    ::close(errors_file);
    if (pid_ < 0) throw Unavailable(fmt::format("fork: {}", std::strerror(errno)));
    ::setpgid(pid_, pid_); // in both, so that neither has to wait for the other
    close_once(failure.write_end);
    int reason = 0;
    if (::read(failure.read_end, &reason, sizeof reason) == sizeof reason) {
        stop(milliseconds(0));
        throw Unavailable(fmt::format("{}: {}", arguments[0], std::strerror(reason)));
    }
    std::swap(input_, input.write_end);
    std::swap(output_, output.read_end);
    ::fcntl(output_, F_SETFL, O_NONBLOCK);
    ::fcntl(input_, F_SETFL, O_NONBLOCK);
}

Child::~Child()
{
    stop(milliseconds(0));
    close_once(input_);
    close_once(output_);
}

void Child::tell(std::string_view line)
{
    if (input_ < 0) return;
    const auto text = std::string(line) + "\n";
    // A few bytes into an empty pipe: all of it or, where nobody reads, nothing.
    if (::write(input_, text.data(), text.size()) < 0) hang_up();
}

void Child::hang_up() { close_once(input_); }

void Child::read(const std::function<void(std::string_view)>& line)
{
    if (output_ < 0) return;
    std::array<char, 64 * 1024> buffer; // NOLINT: filled by read
    const auto n = ::read(output_, buffer.data(), buffer.size());
    if (n > 0) {
        splitter_.feed({buffer.data(), static_cast<size_t>(n)}, line);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        splitter_.finish(line);
        close_once(output_);
    }
}

/// Waits without reaping: as long as the child is a zombie, its number names no other group.
bool Child::finished(milliseconds limit) const noexcept
{
    const auto until = steady_clock::now() + limit;
    while (true) {
        siginfo_t info{};
        const auto waited = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
        if (waited == 0 && info.si_pid == pid_) return true;
        if (steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(milliseconds(2));
    }
}

void Child::stop(milliseconds grace)
{
    if (pid_ < 0) return;
    if (!finished(grace)) {
        ::kill(-pid_, SIGTERM);
        if (grace > milliseconds(0)) finished(milliseconds(500));
    }
    ::kill(-pid_, SIGKILL); // the child, or what it left behind in its group
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    ending_ = WIFSIGNALED(status)
                  ? fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)))
                  : fmt::format("exit code {}", WEXITSTATUS(status));
    pid_ = -1;
}

Ran run_to_end(const std::vector<std::string>& arguments, const std::filesystem::path& errors,
               milliseconds limit)
{
    constexpr size_t longest = 1024 * 1024;
    Ran ran;
    Child child(arguments, errors);
    child.hang_up();
    const auto until = steady_clock::now() + limit;
    while (child.descriptor() >= 0 && ran.output.size() < longest && !interrupted()) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now()).count();
        if (left <= 0) break;
        pollfd poll{child.descriptor(), POLLIN, 0};
        if (::poll(&poll, 1, static_cast<int>(left)) > 0) {
            child.read([&](std::string_view line) { ran.output.append(line).append("\n"); });
        }
    }
    const bool finished = child.descriptor() < 0;
    child.stop(finished ? milliseconds(500) : milliseconds(0));
    ran.ending = finished ? child.ending() : fmt::format("no end within {} ms", limit.count());
    ran.good = finished && child.succeeded();
    return ran;
}

std::string ending_with_complaint(const Child& child, const std::filesystem::path& errors)
{
    const auto& ending = child.ending();
    if (!ending.starts_with("exit code") || child.succeeded()) return ending;
    std::ifstream file(errors);
    std::string complaint;
    for (std::string line; std::getline(file, line);) complaint = std::move(line);
    return complaint.empty() ? ending : fmt::format("{}: {}", ending, complaint);
}

void catch_interrupts()
{
    struct sigaction action = {};
    action.sa_handler = note_interrupt; // without SA_RESTART: a poll ends at once
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() noexcept { return interrupts != 0; }

} // namespace argo::runner
