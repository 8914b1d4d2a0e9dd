#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace nsr {

/// What kind of failure an Error is, so that a caller can act on it. One table (api/errors) maps these to HTTP.
enum class Errc {
    invalid,      ///< The input is wrong; nothing happened (HTTP 400).
    forbidden,    ///< Well-formed, but not allowed on this object (403).
    not_found,    ///< The named object does not exist (404).
    conflict,     ///< The object's state or another object stands against it (409).
    unsupported,  ///< Neither we nor this kernel can do it (501).
    unavailable,  ///< The daemon cannot do it now: shutting down, or not ready (503).
    system,       ///< A system call, the kernel or the database failed (500).
};

/// A failure as a value: a code to act on and one sentence for a person, with the object's name in single quotes.
/// Texts that Docker words are Docker's, unwrapped; failures get context on the way up with wrap().
class Error {
public:
    Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

    Errc code() const { return code_; }
    const std::string& message() const { return message_; }

    /// The same failure, with what was being done in front: "attach 'web': link 'veth1': Device busy".
    Error wrap(std::string_view context) && {
        message_.insert(0, std::string(context) + ": ");
        return std::move(*this);
    }

    bool operator==(const Error&) const = default;

private:
    Errc code_;
    std::string message_;
};

template <typename T = void>
using Result = std::expected<T, Error>;

/// `return fail(Errc::invalid, "...")` from a function that returns a Result.
inline std::unexpected<Error> fail(Errc code, std::string message) {
    return std::unexpected(Error(code, std::move(message)));
}

/// Passes a failure on as it is.
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

/// Passes a failure on with what was being done in front.
inline std::unexpected<Error> fail(Error error, std::string_view context) {
    return std::unexpected(std::move(error).wrap(context));
}

/// A failed system call: `what`, then strerror(`number`), as Errc::system.
std::unexpected<Error> fail_errno(std::string_view what, int number);

/// The same for the current errno.
std::unexpected<Error> fail_errno(std::string_view what);

}  // namespace nsr
