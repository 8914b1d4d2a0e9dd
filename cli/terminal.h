#pragma once

#include <termios.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "common/result.h"
#include "common/unique_fd.h"

namespace nsr::cli {

/// A terminal of a command's own (`run -t`), and the caller's input and output that lead to it.
///
/// The command's side is opened before the fork, so that both know it; attach() belongs to the command's process, the
/// rest to the one that looks after it.
class Terminal {
public:
    static Result<Terminal> open();

    /// In the process of the command: its standard input, output and error, and its controlling terminal.
    Result<> attach();

    /// Carries bytes both ways until stop(). The caller's terminal, if its input is one, passes every key on meanwhile
    /// (raw mode). Signals that a thread must not get are to be blocked before.
    Result<> start();
    /// The window of the caller's terminal may have another size.
    void resize() const;
    /// What the command has said still goes out, then the caller's terminal is as before.
    void stop();

private:
    /// A thread's part: leaves when `stop` closes.
    static void relay(int terminal, int stop, bool takes_input);

    UniqueFd ours_;
    UniqueFd theirs_;
    UniqueFd stop_;
    std::optional<termios> before_;  ///< of the caller's terminal
    std::jthread thread_;
};

}  // namespace nsr::cli
