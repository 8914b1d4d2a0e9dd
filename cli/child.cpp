#include "cli/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace nsr::cli {
namespace {

constexpr int kSignalled = 128;  // and the signal's number, as shells have it

/// Those that a command may want to know of. The rest is about the process that gets it (faults), or stops it together
/// with its group (job control).
sigset_t forwarded() {
    sigset_t set;
    ::sigfillset(&set);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU,
                             SIGCONT, SIGPIPE, SIGURG}) {
        ::sigdelset(&set, signal);
    }
    return set;
}

std::string read_word(int fd) {
    std::string word;
    char buffer[4096];
    for (;;) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return word;
        word.append(buffer, static_cast<std::size_t>(got));
    }
}

}  // namespace

Result<std::optional<Child>> Child::start(std::string& go) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe");
    UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    sigset_t before;
    const sigset_t held = forwarded();
    std::signal(SIGCHLD, SIG_DFL);  // ignored, as a caller may leave it, the end could not be waited for
    ::sigprocmask(SIG_BLOCK, &held, &before);
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno("make a process");
    if (pid > 0) return std::optional(Child(pid, std::move(writing), held));
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    writing.reset();
    go = read_word(reading.get());
    return std::nullopt;
}

Result<> Child::go(const std::string& word) {
    const ssize_t written = ::write(pipe_.get(), word.data(), word.size());
    pipe_.reset();
    if (written == static_cast<ssize_t>(word.size())) return {};
    return fail(Errc::system, "the process of the command has ended");
}

void Child::give_up() {
    pipe_.reset();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
}

int Child::wait(const std::function<void(int signal)>& notice) {
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
        if (ended == pid_) return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
        siginfo_t info{};
        const int signal = ::sigwaitinfo(&held_, &info);
        const bool is_sent = info.si_code <= 0;  // by a process: kill(2), sigqueue(3), tgkill(2)
        if (signal <= 0 || signal == SIGCHLD) continue;
        if (notice) notice(signal);
        if (is_sent) ::kill(pid_, signal);
    }
}

}  // namespace nsr::cli
