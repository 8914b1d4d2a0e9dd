#include "netsetup/nft/runner.h"

#include <linux/close_range.h>
#include <nftables/libnftables.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <semaphore>
#include <system_error>
#include <thread>

#include "common/fault.h"

namespace nsr::net {
namespace {

/// libnftables says "Error: ...: File exists" over several lines, with the command underlined; a person wants the
/// first.
Error failure_from(std::string text) {
    text.resize(std::min(text.find('\n'), text.size()));
    Errc code = Errc::system;
    if (text.ends_with("File exists")) code = Errc::conflict;
    if (text.find("No such file or directory") != std::string::npos) code = Errc::not_found;
    return {code, "nftables: " + (text.empty() ? std::string("the kernel refused") : text)};
}

/// The calling thread has a table of descriptors of its own from here on, with nothing in it but standard input, output
/// and error.
bool leave_descriptors() {
    constexpr unsigned kFirst = 3;
    if (::syscall(SYS_close_range, kFirst, UINT_MAX, CLOSE_RANGE_UNSHARE) == 0) return true;
    // Before Linux 5.9, and where a filter of system calls does not know it.
    const long end = ::sysconf(_SC_OPEN_MAX);
    if (end < 0 || ::unshare(CLONE_FILES) != 0) return false;
    for (int fd = kFirst; fd < end; ++fd) ::close(fd);
    return true;
}

/// A thread that is started meanwhile gets no signals.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

}  // namespace

/// Asked one thing at a time by whoever owns the context, who waits for the answer.
class Nft::Thread {
public:
    ~Thread() {
        if (!thread_.joinable()) return;
        stopping_ = true;
        asked_.release();
        thread_.join();
    }

    Result<> start(const NetNs& sandbox) {
        // Signals are for the daemon's own thread: their handler writes to a descriptor that this one does not have.
        const SignalsBlocked blocked;
        try {
            thread_ = std::thread([this, namespace_fd = sandbox.fd()] { serve(namespace_fd); });
        } catch (const std::system_error& error) {
            return fail(Errc::system, "nftables: no thread: " + std::string(error.what()));
        }
        pthread_setname_np(thread_.native_handle(), "nftables");
        answered_.acquire();
        if (failed_ != 0) return fail_errno("nftables: no context", failed_);
        return {};
    }

    Result<> run(std::string text, bool with_handles) {
        text_ = std::move(text);
        with_handles_ = with_handles;
        asked_.release();
        answered_.acquire();
        if (failed_ == 0) return {};
        return fail(failure_from(std::move(error_)));
    }

    std::string take_output() { return std::move(output_); }

private:
    struct Free {
        void operator()(nft_ctx* context) const { nft_ctx_free(context); }
    };
    using Context = std::unique_ptr<nft_ctx, Free>;

    /// The namespace is entered with the descriptor that its owner holds until start() has its answer.
    Context open(int namespace_fd) {
        if (::setns(namespace_fd, CLONE_NEWNET) != 0 || !leave_descriptors()) {
            failed_ = errno;
            return nullptr;
        }
        Context context(nft_ctx_new(NFT_CTX_DEFAULT));
        if (!context) {
            failed_ = ENOMEM;
            return nullptr;
        }
        nft_ctx_buffer_output(context.get());
        nft_ctx_buffer_error(context.get());
        return context;
    }

    void serve(int namespace_fd) {
        const Context context = open(namespace_fd);
        answered_.release();
        if (!context) return;
        for (asked_.acquire(); !stopping_; asked_.acquire()) {
            nft_ctx_output_set_flags(context.get(), with_handles_ ? NFT_CTX_OUTPUT_HANDLE : 0);
            failed_ = nft_run_cmd_from_buffer(context.get(), text_.c_str());
            output_ = nft_ctx_get_output_buffer(context.get());
            error_ = nft_ctx_get_error_buffer(context.get());
            answered_.release();
        }
    }

    std::binary_semaphore asked_{0};
    std::binary_semaphore answered_{0};
    // Of the owner between an answer and the next question, else of the thread.
    std::string text_;
    bool with_handles_ = false;
    bool stopping_ = false;
    int failed_ = 0;
    std::string output_;
    std::string error_;
    std::thread thread_;
};

Nft::Nft(std::unique_ptr<Thread> thread) : thread_(std::move(thread)) {}
Nft::Nft(Nft&&) noexcept = default;
Nft& Nft::operator=(Nft&&) noexcept = default;
Nft::~Nft() = default;

Result<Nft> Nft::open_in(const NetNs& sandbox) {
    if (fault::fails("enter namespace")) return fail_errno("enter a network namespace", EMFILE);
    auto thread = std::make_unique<Thread>();
    if (auto started = thread->start(sandbox); !started) return fail(std::move(started).error());
    return Nft(std::move(thread));
}

Result<> Nft::run(const std::string& text) {
    if (fault::fails("nftables")) return fail(Errc::system, "nftables: the kernel refused");
    return thread_->run(text, false);
}

Result<std::string> Nft::list_table(const std::string& table) { return list("table " + table); }

Result<std::string> Nft::list(const std::string& what, bool with_handles) {
    if (fault::fails("nftables")) return fail(Errc::system, "nftables: the kernel refused");
    auto listed = thread_->run("list " + what + "\n", with_handles);
    if (!listed && listed.error().code() == Errc::not_found) return std::string();
    if (!listed) return fail(std::move(listed).error());
    return thread_->take_output();
}

}  // namespace nsr::net
