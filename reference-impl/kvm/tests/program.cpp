// SPDX-License-Identifier: Apache-2.0 OR MIT
// argo-vmm as its users run it.
#include "program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <thread>

namespace argo::kvm {

using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s;
using Clock = std::chrono::steady_clock;

struct Pipe
{
    FileDescriptor read;
    FileDescriptor write;
};

Pipe make_pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(Exit::failure, "no pipe: {}", std::strerror(errno));
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

} // namespace

Program::Program(const std::vector<std::string>& arguments, User user)
{
    auto input = make_pipe();
    auto output = make_pipe();
    auto errors = make_pipe();

    std::string program = ARGO_VMM;
    std::vector<std::string> copies = arguments;
    std::vector<char*> pointers{program.data()};
    for (auto& copy : copies) pointers.push_back(copy.data());
    pointers.push_back(nullptr);

    process_ = ::fork();
    if (process_ == 0) {
        ::dup2(input.read.get(), STDIN_FILENO);
        ::dup2(output.write.get(), STDOUT_FILENO);
        ::dup2(errors.write.get(), STDERR_FILENO);
        constexpr id_t nobody = 65534;
        if (user == User::nobody && ::setuid(nobody) != 0) ::_exit(126);
        ::execv(program.c_str(), pointers.data());
        ::_exit(127);
    }
    if (process_ < 0) fail(Exit::failure, "no process: {}", std::strerror(errno));
    input_ = std::move(input.write);
    output_ = std::move(output.read);
    errors_ = std::move(errors.read);
}

Program::~Program()
{
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

void Program::write(const std::string& input)
{
    if (::write(input_.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
        fail(Exit::failure, "the program does not read: {}", std::strerror(errno));
    }
}

void Program::close_input() { input_ = FileDescriptor(); }
void Program::close_output() { output_ = FileDescriptor(); }
void Program::signal(int number) const
{
    if (process_ > 0) ::kill(process_, number);
}

/// False at the end of both outputs, or when the time is over.
bool Program::read_more(Clock::time_point deadline)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    std::array<pollfd, 2> sources{{{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}}};
    if (left <= 0ms || ::poll(sources.data(), sources.size(), static_cast<int>(left.count())) <= 0)
        return false;

    const auto read = [](pollfd source, FileDescriptor& file, std::string& text) {
        if (!source.revents) return;
        std::array<char, 65536> piece;
        const auto size = ::read(file.get(), piece.data(), piece.size());
        if (size > 0) {
            text.append(piece.data(), static_cast<size_t>(size));
        } else {
            file = FileDescriptor();
        }
    };
    read(sources[0], output_, output_text_);
    read(sources[1], errors_, errors_text_);
    return output_ || errors_;
}

bool Program::expect(const std::string& text)
{
    const auto deadline = Clock::now() + patience;
    while (output_text_.find(text) == std::string::npos) {
        if (!read_more(deadline)) return output_text_.find(text) != std::string::npos;
    }
    return true;
}

Result Program::finish()
{
    const auto deadline = Clock::now() + patience;
    while (read_more(deadline)) {
    }
    int status = 0;
    while (::waitpid(process_, &status, WNOHANG) == 0) {
        if (Clock::now() > deadline) return {-1000, output_text_, errors_text_};
        std::this_thread::sleep_for(1ms);
    }
    process_ = -1;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), output_text_, errors_text_};
}

Result Program::run(const std::vector<std::string>& arguments, User user)
{
    Program program(arguments, user);
    program.close_input();
    return program.finish();
}

} // namespace argo::kvm
