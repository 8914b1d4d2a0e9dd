#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/client.h"
#include "common/result.h"

namespace nsr::cli {

/// Exit statuses. Verbs that Docker has end with 1 on any refusal, as Docker's do; our own tell refusals apart.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kNotFound = 3;
inline constexpr int kConflict = 4;
inline constexpr int kUnreachable = 5;
inline constexpr int kCannotStart = 125;  ///< create and attach with wrong flags, as `docker run`
inline constexpr int kNotExecutable = 126;
inline constexpr int kNoSuchCommand = 127;

/// Whose verb it is, which decides the exit status of a refusal.
enum class Verb : bool { dockers, ours };

/// The refusal of an empty name, in Docker's words. `kind` is "container" or "network".
Error empty_name(std::string_view kind);

/// One run of the command line: the connection, made when first needed, and the exit status so far.
class Session {
public:
    explicit Session(std::string socket) : socket_(std::move(socket)) {}

    /// The body of the daemon's reply; a refusal is an error with the daemon's message. A target that lacks the name of
    /// a container or network leads nowhere: it is refused here, in Docker's words.
    Result<std::string> ask(std::string_view method, std::string_view target, std::string_view body = {});

    /// Prints "Error: MESSAGE" and remembers the exit status. The first error decides.
    void report(const Error& error, Verb verb = Verb::dockers);

    /// The same with a certain status.
    void report(std::string_view message, int status);

    /// The next ask() connects again.
    void disconnect() { client_.reset(); }

    int status() const { return status_; }
    /// Decides the exit status, whatever was reported.
    void set_status(int status) { status_ = status; }
    /// The words behind `exec CONTAINER [--]` or `run ... --`.
    const std::vector<std::string>& command() const { return command_; }
    void set_command(std::vector<std::string> command) { command_ = std::move(command); }
    void set_socket(std::string socket) { socket_ = std::move(socket); }

private:
    std::string socket_;
    std::vector<std::string> command_;
    std::optional<api::Client> client_;
    int status_ = kOk;
};

}  // namespace nsr::cli
