#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/child.h"
#include "cli/commands/commands.h"
#include "cli/commands/create.h"
#include "cli/commands/json.h"
#include "cli/commands/place.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "common/files.h"
#include "registry/labels.h"

/// `run`: a container, and one command in it that it lives as long as.
///
/// The process of the command exists first and waits; the container is registered with it, so that the daemon, which
/// holds a pidfd, removes the container however the command or this program ends. Then the process goes on: it enters
/// the container and becomes the command.
namespace nsr::cli {
namespace {

struct RunFlags {
    CreateFlags create;
    bool detach = false;
    bool interactive = false;  ///< with a terminal: its input must be one
    bool tty = false;
    bool remove = true;
};

/// One run, as the processes that take part in it see it.
struct Run {
    const RunFlags& flags;
    std::optional<Terminal> terminal = {};  ///< -t
    UniqueFd started;  ///< -d: who waits for the start reads the id, and the exit status if there is one already
};

int status_of(const Error& error) {
    switch (error.code()) {
        case Errc::not_found:
            return kNoSuchCommand;
        case Errc::forbidden:
            return kNotExecutable;
        default:
            return kCannotStart;
    }
}

void tell(const Run& run, const std::string& text) {
    if (!run.started) return;
    // If nobody waits any more there is nobody to tell.
    [[maybe_unused]] const ssize_t written = ::write(run.started.get(), text.data(), text.size());
}

/// Standard input, output and error lead nowhere. Returns where error messages went before.
UniqueFd leave_terminal() {
    UniqueFd before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    const UniqueFd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere.get(), fd);
    return before;
}

/// In the process of the command. Returns only if it could not become the command.
void become_command(Session& session, Run& run, const std::string& id, pid_t parent) {
    if (id.empty()) return session.set_status(kCannotStart);
    auto place = place_of(session, id);
    if (!place) {
        session.report(place.error());
        return session.set_status(kCannotStart);
    }
    if (!run.flags.detach) place->parent = parent;
    const UniqueFd errors(run.flags.detach ? leave_terminal().release()
                                           : ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    place->has_terminal = run.terminal.has_value();
    const Result<> attached = run.terminal ? run.terminal->attach() : Result<>();
    const Error error = attached ? execute(*place, session.command()) : attached.error();
    if (errors) ::dup2(errors.get(), STDERR_FILENO);
    session.report(error.message(), status_of(error));
    tell(run, " " + std::to_string(session.status()));
}

/// The id of the container, which runs. What could not be started is not kept.
Result<std::string> start_container(Session& session, const CreateFlags& flags) {
    auto id = create_for_start(session, flags);
    if (!id) return id;
    auto started = session.ask("POST", "/containers/" + *id + "/start");
    if (started) return id;
    if (auto removed = session.ask("DELETE", "/containers/" + *id + "?force=1"); !removed) {
        session.report(removed.error());
    }
    return fail(std::move(started).error());
}

/// Where the daemon will look for the exit status that it could not be told; "" if it will not.
std::string exit_notice_path(Session& session, const std::string& id) {
    const auto inspected = parse_reply(session.ask("GET", "/containers/" + id + "/json"));
    const std::string hosts = inspected ? text_at(*inspected, "HostsPath") : "";
    return hosts.empty() ? "" : hosts.substr(0, hosts.rfind('/') + 1) + registry::kExitNotice;
}

/// Until the command ends. Returns its exit status.
int look_after(Session& session, Child& child, Run& run) {
    if (!run.terminal) return child.wait();
    Terminal& terminal = *run.terminal;
    if (auto started = terminal.start(); !started) session.report(started.error());
    const int status = child.wait([&terminal](int signal) {
        if (signal == SIGWINCH) terminal.resize();
    });
    terminal.stop();
    return status;
}

/// The command has ended. A daemon that is not there finds that out at its next start.
void tell_end(Session& session, const std::string& id, int status, const std::string& notice) {
    session.disconnect();  // after a long time, so not by the old connection
    const auto told = session.ask("POST", "/ns-register/containers/" + id + "/exited?code=" + std::to_string(status));
    if (told || told.error().code() == Errc::not_found) return;  // the daemon may have removed the container by itself
    if (told.error().code() != Errc::unavailable) return session.report(told.error());
    if (notice.empty()) return;
    if (auto written = write_file_atomic(notice, std::to_string(status), 0600); !written) {
        session.report(written.error());
    }
}

void supervise(Session& session, Run& run) {
    const pid_t parent = ::getpid();
    std::string id;
    if (run.flags.tty) {
        auto terminal = Terminal::open();
        if (!terminal) return session.report(terminal.error().message(), kCannotStart);
        run.terminal.emplace(std::move(*terminal));
    }
    auto child = Child::start(id);
    if (!child) return session.report(child.error().message(), kCannotStart);
    if (!*child) return become_command(session, run, id, parent);

    CreateFlags flags = run.flags.create;
    flags.command = session.command();
    flags.labels.push_back(std::string(registry::kProcessLabel) + "=" + std::to_string((*child)->pid()));
    if (run.flags.remove) flags.labels.push_back(std::string(registry::kRemoveLabel) + "=true");
    auto started = start_container(session, flags);
    if (!started) {
        (*child)->give_up();
        session.report(started.error());
        return session.set_status(kCannotStart);
    }
    tell(run, *started);
    run.started.reset();
    if (run.flags.detach) leave_terminal();
    const std::string notice = run.flags.remove ? "" : exit_notice_path(session, *started);
    if (auto going = (*child)->go(*started); !going) session.report(going.error());
    const int status = look_after(session, **child, run);
    tell_end(session, *started, status, notice);
    session.set_status(status);
}

std::string read_all(int fd) {
    std::string text;
    char buffer[256];
    for (;;) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
    }
}

/// A process in the background looks after the command; this one ends when the command has begun.
void run_detached(Session& session, const RunFlags& flags) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return session.report(Error(Errc::system, "cannot make a pipe"));
    UniqueFd reading(ends[0]);
    Run run{.flags = flags, .started = UniqueFd(ends[1])};
    const pid_t pid = ::fork();
    if (pid < 0) return session.report("cannot make a process", kCannotStart);
    if (pid == 0) {
        reading.reset();
        ::setsid();
        return supervise(session, run);
    }
    run.started.reset();
    const std::string told = read_all(reading.get());
    const std::size_t blank = told.find(' ');
    if (!told.empty() && blank == std::string::npos) return print_line(told);
    ::waitpid(pid, nullptr, 0);  // until the container is gone again
    session.set_status(told.empty() ? kCannotStart : std::stoi(told.substr(blank + 1)));
}

void run(Session& session, const RunFlags& flags) {
    if (session.command().empty()) {
        return session.report("run needs a command: run [FLAGS] -- COMMAND [ARGUMENT...]", kCannotStart);
    }
    if (!flags.create.pid.empty()) {
        return session.report("conflicting options: the namespace of a process and a command to run", kCannotStart);
    }
    if (flags.tty && flags.interactive && !flags.detach && ::isatty(STDIN_FILENO) == 0) {
        return session.report("the input device is not a TTY", kFailed);
    }
    if (flags.detach) return run_detached(session, flags);
    Run here{.flags = flags, .started = {}};
    supervise(session, here);
}

}  // namespace

void add_run_command(CLI::App& app, Session& session) {
    auto* verb = app.add_subcommand("run", "Run a command in a container of its own: run [FLAGS] -- COMMAND");
    auto flags = std::make_shared<RunFlags>();
    add_create_flags(*verb, flags->create);
    verb->add_flag("-d,--detach", flags->detach, "leave it in the background, and print its id");
    verb->add_flag("-i,--interactive", flags->interactive,
                   "its input is the caller's (always so); with -t, a terminal");
    verb->add_flag("-t,--tty", flags->tty, "give it a terminal of its own");
    verb->add_flag("--rm", flags->remove, "remove it at the end (default; --rm=false keeps it)");
    verb->add_option("-u,--user", flags->create.user, "NAME|UID[:GROUP|GID]");
    verb->add_option("-w,--workdir", flags->create.directory, "the directory to start in");
    verb->add_option("--stop-signal", flags->create.stop_signal, "what stop sends (default SIGTERM)");
    verb->add_option("--stop-timeout", flags->create.stop_timeout, "seconds until stop kills (default 10)");
    verb->callback([&session, flags] { run(session, *flags); });
}

}  // namespace nsr::cli
