#include "daemon/engine/exit_code.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

#include "common/unique_fd.h"
#include "daemon/engine/sandboxes.h"

namespace nsr::daemon {
namespace {

/// A child that waits until it is let go, and then ends.
class Process {
public:
    explicit Process(int exit_code, int signal = 0) {
        int ends[2];
        EXPECT_EQ(::pipe(ends), 0);
        pid = ::fork();
        if (pid == 0) {
            ::close(ends[1]);
            char byte = 0;
            [[maybe_unused]] const auto got = ::read(ends[0], &byte, 1);
            if (signal != 0) ::raise(signal);
            ::_exit(exit_code);
        }
        ::close(ends[0]);
        writing = UniqueFd(ends[1]);
        pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        start = *process_start_time(pid);
    }
    /// It has ended, and nobody has waited for it.
    void end() {
        writing.reset();
        siginfo_t info{};
        EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
    }
    void reap() const { EXPECT_EQ(::waitpid(pid, nullptr, 0), pid); }
    int code() const { return exit_code_of(pidfd.get(), pid, start); }

    pid_t pid = 0;
    UniqueFd pidfd;
    UniqueFd writing;
    std::uint64_t start = 0;
};

TEST(ExitCode, IsThatOfAProcessThatNobodyHasWaitedFor) {
    Process ordinary(42);
    ordinary.end();
    EXPECT_EQ(ordinary.code(), 42);
    ordinary.reap();
    Process killed(0, SIGKILL);
    killed.end();
    EXPECT_EQ(killed.code(), 137);
    killed.reap();
}

TEST(ExitCode, IsKnownOfAProcessThatSomebodyHasWaitedForIfTheKernelTells) {
    Process process(42);
    process.end();
    process.reap();
    EXPECT_TRUE(process.code() == 42 || process.code() == kExitUnknown) << process.code();
}

TEST(ExitCode, OfAnotherProcessWithTheSameNumberIsNotTaken) {
    Process process(42);
    process.end();
    EXPECT_EQ(exit_code_of(-1, process.pid, process.start + 1), kExitUnknown);
    process.reap();
}

}  // namespace
}  // namespace nsr::daemon
