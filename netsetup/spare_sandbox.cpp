#include "netsetup/spare_sandbox.h"

#include <sys/prctl.h>

#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

#include "netsetup/nft/dns_rewrite.h"
#include "netsetup/sandbox.h"

namespace nsr::net {
namespace {

using Clock = std::chrono::steady_clock;

std::optional<SpareSandbox::Ready> make() {
    auto sandbox = NetNs::create();
    if (!sandbox || !set_sandbox_sysctls(*sandbox)) return std::nullopt;
    auto inside = netlink::Socket::open_in(*sandbox);
    if (!inside || !ensure_loopback(*inside) || !ensure_dns_rewrite(*sandbox)) return std::nullopt;
    return SpareSandbox::Ready{std::move(*sandbox), std::move(*inside), Clock::now()};
}

bool is_old(const SpareSandbox::Ready& ready) { return Clock::now() - ready.made > SpareSandbox::kLife; }

}  // namespace

SpareSandbox::SpareSandbox()
    : guard_(make_work_guard(io_)), thread_([this] {
          ::prctl(PR_SET_NAME, "sandboxes", 0, 0, 0);
          io_.run();
      }) {}

SpareSandbox::~SpareSandbox() {
    io_.stop();
    thread_.join();
}

void SpareSandbox::order() {
    using namespace std::chrono_literals;
    if (coming_.valid() && coming_.wait_for(0s) != std::future_status::ready) return;
    if (auto ready = take()) {
        std::promise<std::optional<Ready>> kept;
        coming_ = kept.get_future();
        kept.set_value(std::move(ready));
        return;
    }
    auto promise = std::make_shared<std::promise<std::optional<Ready>>>();
    coming_ = promise->get_future();
    boost::asio::post(io_, [promise] { promise->set_value(make()); });
}

std::optional<SpareSandbox::Ready> SpareSandbox::take() {
    if (!coming_.valid()) return std::nullopt;
    auto ready = coming_.get();
    if (ready && is_old(*ready)) return std::nullopt;
    return ready;
}

}  // namespace nsr::net
