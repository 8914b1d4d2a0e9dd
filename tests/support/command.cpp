#include "tests/support/command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace nsr::test {
namespace {

constexpr int kCannotStart = 127;

[[noreturn]] void become(const std::string& command, int namespace_fd, int output) {
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (namespace_fd >= 0 && ::setns(namespace_fd, CLONE_NEWNET) != 0) ::_exit(kCannotStart);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(kCannotStart);
}

Outcome run(const std::string& command, int namespace_fd) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) become(command, namespace_fd, ends[1]);
    ::close(ends[1]);
    Outcome outcome;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
        outcome.output.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
    return outcome;
}

nlohmann::json parse(const std::string& command, const Outcome& outcome) {
    EXPECT_EQ(outcome.status, 0) << command << "\n" << outcome.output;
    // `ip -j` prints nothing at all for an empty list.
    if (!outcome.ok() || outcome.output.empty()) return outcome.ok() ? nlohmann::json::array() : nlohmann::json();
    return nlohmann::json::parse(outcome.output, nullptr, false);
}

}  // namespace

Outcome run_command(const std::string& command) { return run(command, -1); }
Outcome run_command(const std::string& command, const NetNs& netns) { return run(command, netns.fd()); }

nlohmann::json run_json(const std::string& command) { return parse(command, run_command(command)); }
nlohmann::json run_json(const std::string& command, const NetNs& netns) {
    return parse(command, run_command(command, netns));
}

Background::Background(const std::string& command, const NetNs& netns) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    become(command, netns.fd(), ::open("/dev/null", O_WRONLY));
}

Background::~Background() {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

}  // namespace nsr::test
