#pragma once

#include <sys/types.h>

#include <csignal>
#include <functional>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace nsr::cli {

/// A process of ours that waits for a word before it goes on, and is looked after until it ends.
///
/// Signals: from start() on all that can be forwarded are held back in the parent, and wait() sends them on. What the
/// terminal sends to both (Ctrl-C) is not sent twice.
class Child {
public:
    /// Forks. In the parent: the child. In the child: nullopt, after `go` was told; "" if the parent died or gave up.
    static Result<std::optional<Child>> start(std::string& go);

    pid_t pid() const { return pid_; }

    /// Lets it go on.
    Result<> go(const std::string& word);
    /// Lets it end without having done anything.
    void give_up();

    /// Forwards signals until the child has ended. Returns its exit status, 128 + N if signal N ended it.
    /// `notice` is called for those that are the terminal's word to this process (SIGWINCH).
    int wait(const std::function<void(int signal)>& notice = {});

private:
    Child(pid_t pid, UniqueFd pipe, sigset_t held) : pid_(pid), pipe_(std::move(pipe)), held_(held) {}

    pid_t pid_;
    UniqueFd pipe_;
    sigset_t held_;
};

}  // namespace nsr::cli
