#include "resolver/server/udp.h"

#include <cstring>

#include <boost/asio/buffer.hpp>

#include "resolver/server/sockets.h"

namespace nsr::resolver {
namespace {

/// Batches taken from one socket before the others of the worker have their turn.
constexpr unsigned kBatchesPerTurn = 8;
/// A network of so many names is not in the CPU's cache, and so many queries have something to wait for together.
constexpr std::size_t kLargeZone = 1000;
constexpr unsigned kPrefetchMin = 4;

sockaddr_in plain(const boost::asio::ip::udp::endpoint& endpoint) {
    sockaddr_in address;
    std::memcpy(&address, endpoint.data(), sizeof address);
    return address;
}

}  // namespace

UdpListener::UdpListener(ServerState& state, std::shared_ptr<ServedContainer> container,
                         std::shared_ptr<Steering> steering, UniqueFd socket, std::shared_ptr<const UniqueFd> replies)
    : state_(state),
      container_(std::move(container)),
      steering_(std::move(steering)),
      socket_(state.io),
      replies_(std::move(replies)) {
    socket_.assign(boost::asio::ip::udp::v4(), socket.release());
}

void UdpListener::close() {
    if (replies_) state_.outbox.close(replies_->get());
    replies_.reset();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

// Receiving first and draining then is cheaper than waiting for readiness: no epoll_ctl for each wait.
void UdpListener::receive() {
    socket_.async_receive_from(boost::asio::buffer(first_), sender_,
                               [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
                                   self->on_received(error, size);
                               });
}

void UdpListener::on_received(const boost::system::error_code& error, std::size_t size) {
    if (error == boost::asio::error::operation_aborted || !socket_.is_open()) return;
    state_.inbox.take();
    if (!socket_.is_open()) return;
    if (!error) {
        state_.counters.queries_udp.add();
        state_.tick();
        const Outbox::Collection collection(state_.outbox);
        const sockaddr_in client = plain(sender_);
        const std::size_t reply = serve(state_, *container_, {first_.data(), size}, dns::Transport::udp,
                                        state_.batch.reply_buffer(), [&] { return deliver_to(client); });
        if (reply > 0) state_.batch.queue_reply(client, reply);
        steer(1 + drain());
        if (!socket_.is_open()) return;
    }
    receive();
}

/// Fetches what is known of the names that have been received into the CPU's cache.
void UdpListener::prefetch(unsigned count) const {
    const View* view = state_.snapshot.view(container_->view);
    if (view == nullptr || view->networks.empty() || count < kPrefetchMin) return;
    const Zone* zone = state_.snapshot.zone(view->networks.front().zone);
    if (zone == nullptr || zone->name_count() < kLargeZone) return;
    std::array<std::uint64_t, UdpBatch::kSize> hashes;
    unsigned names = 0;
    for (unsigned index = 0; index < count; ++index) {
        std::size_t at = dns::kHeaderSize;
        dns::Name name;
        if (name.read(state_.batch.received(index), at)) hashes[names++] = dns::hash_name(name.wire());
    }
    for (unsigned step = 0; step < Zone::kPrefetchSteps; ++step) {
        for (unsigned index = 0; index < names; ++index) zone->prefetch(hashes[index], step);
    }
}

/// Answers what else has arrived, and sends with it what was queued before: how many queries.
unsigned UdpListener::drain() {
    UdpBatch& batch = state_.batch;
    const int fd = socket_.native_handle();
    unsigned taken = 0;
    for (unsigned turn = 0; turn < kBatchesPerTurn; ++turn) {
        const unsigned count = batch.receive(fd);
        state_.inbox.take();
        if (!socket_.is_open()) {
            batch.forget_replies();
            return taken;
        }
        state_.counters.queries_udp.add(count);
        prefetch(count);
        for (unsigned index = 0; index < count; ++index) {
            const std::size_t reply = serve(state_, *container_, batch.received(index), dns::Transport::udp,
                                            batch.reply_buffer(), [&] { return deliver_to(batch.sender(index)); });
            if (reply > 0) batch.queue_reply(batch.sender(index), reply);
        }
        state_.counters.send_errors.add(batch.send(replies_->get()));
        taken += count;
        if (count < UdpBatch::kSize) break;
    }
    return taken;
}

void UdpListener::steer(unsigned queries) {
    if (!steering_->matters(state_.worker, queries)) return;
    const auto change = steering_->judge(state_.worker, queries, meter_, std::chrono::steady_clock::now());
    if (!change) return;
    // What the kernel refuses, it refuses again: then the container stays at rest.
    if (steer_by_cpu(socket_.native_handle(), steering_->workers(), change->redirect)) state_.counters.redirects.add();
    steering_->settled(*change);
}

void UdpListener::send(dns::Bytes reply, const sockaddr_in& client) {
    if (!socket_.is_open()) return;
    state_.outbox.send(replies_->get(), &client, reply);
}

Deliver UdpListener::deliver_to(const sockaddr_in& client) {
    // So small, a move_only_function holds it without allocating.
    return [self = shared_from_this(), address = client.sin_addr, port = client.sin_port](dns::Bytes reply) {
        self->send(reply, {.sin_family = AF_INET, .sin_port = port, .sin_addr = address, .sin_zero = {}});
    };
}

}  // namespace nsr::resolver
