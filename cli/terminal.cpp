#include "cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace nsr::cli {
namespace {

constexpr std::string_view kEndOfInput = "\x04";  // what a terminal takes for it (VEOF)

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Passes on what is there. Returns false at the end of `from`.
bool carry(int from, int to) {
    std::array<char, 16384> buffer;
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return false;  // EIO: nobody has the command's side open
    write_all(to, {buffer.data(), static_cast<std::size_t>(got)});
    return true;
}

bool is_ready(int fd) {
    pollfd ready{fd, POLLIN, 0};
    return ::poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0;
}

}  // namespace

Result<Terminal> Terminal::open() {
    Terminal terminal;
    terminal.ours_ = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal.ours_ || ::grantpt(terminal.ours_.get()) != 0 || ::unlockpt(terminal.ours_.get()) != 0) {
        return fail_errno("make a terminal");
    }
    char path[64];
    if (::ptsname_r(terminal.ours_.get(), path, sizeof path) != 0) return fail_errno("name the terminal");
    terminal.theirs_ = UniqueFd(::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal.theirs_) return fail_errno("open the terminal '" + std::string(path) + "'");
    terminal.resize();
    return terminal;
}

Result<> Terminal::attach() {
    ours_.reset();
    if (::setsid() < 0 || ::ioctl(theirs_.get(), TIOCSCTTY, 0) != 0) return fail_errno("take the terminal");
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::dup2(theirs_.get(), fd) < 0) return fail_errno("take the terminal");
    }
    theirs_.reset();
    return {};
}

void Terminal::resize() const {
    winsize size{};
    for (const int fd : {STDOUT_FILENO, STDIN_FILENO}) {
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0) {
            ::ioctl(ours_.get(), TIOCSWINSZ, &size);
            return;
        }
    }
}

Result<> Terminal::start() {
    theirs_.reset();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe");
    UniqueFd told(ends[0]);
    stop_ = UniqueFd(ends[1]);
    termios mode{};
    const bool takes_input = ::tcgetattr(STDIN_FILENO, &mode) == 0;
    if (takes_input) {
        before_ = mode;
        ::cfmakeraw(&mode);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    }
    thread_ = std::jthread(
        [terminal = ours_.get(), told = std::move(told), takes_input] { relay(terminal, told.get(), takes_input); });
    return {};
}

void Terminal::relay(int terminal, int stop, bool takes_input) {
    std::array<pollfd, 3> waits{pollfd{terminal, POLLIN, 0}, pollfd{stop, POLLIN, 0},
                                pollfd{takes_input ? STDIN_FILENO : -1, POLLIN, 0}};
    for (;;) {
        if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
        if (waits[0].revents != 0 && !carry(terminal, STDOUT_FILENO)) waits[0].fd = -1;
        if (waits[2].revents != 0 && !carry(STDIN_FILENO, terminal)) {
            waits[2].fd = -1;
            write_all(terminal, kEndOfInput);
        }
        if (waits[1].revents != 0) break;
    }
    while (is_ready(terminal) && carry(terminal, STDOUT_FILENO)) {}
}

void Terminal::stop() {
    stop_.reset();
    if (thread_.joinable()) thread_.join();
    if (before_) ::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
    before_.reset();
}

}  // namespace nsr::cli
