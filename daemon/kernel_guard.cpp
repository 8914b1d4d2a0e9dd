#include "daemon/kernel_guard.h"

namespace nsr::daemon {
namespace {

/// How often the kernel is compared with what it should be, noticed or not.
constexpr std::chrono::seconds kCheckInterval{60};
/// How long others may go on changing our table before we look: a reload of theirs is several transactions. It is also
/// what keeps two programs that undo each other's work from using up the machine.
constexpr std::chrono::milliseconds kSettle{200};

using boost::system::error_code;

}  // namespace

KernelGuard::~KernelGuard() {
    // The descriptor is the network set-up's.
    if (events_.is_open()) events_.release();
}

void KernelGuard::start() {
    if (const int descriptor = engine_.firewall_events(); descriptor >= 0) {
        events_.assign(descriptor);
        wait_for_events();
    }
    wait_for_check();
}

void KernelGuard::wait_for_events() {
    events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this, alive = std::weak_ptr(alive_)](const error_code& error) {
                           if (error || alive.expired()) return;
                           settle_timer_.expires_after(kSettle);
                           settle_timer_.async_wait([this, alive](const error_code& aborted) {
                               if (aborted || alive.expired()) return;
                               engine_.firewall_changed();
                               wait_for_events();
                           });
                       });
}

void KernelGuard::wait_for_check() {
    check_timer_.expires_after(kCheckInterval);
    check_timer_.async_wait([this, alive = std::weak_ptr(alive_)](const error_code& error) {
        if (error || alive.expired()) return;
        engine_.check_kernel();
        wait_for_check();
    });
}

}  // namespace nsr::daemon
