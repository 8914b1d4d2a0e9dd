#include <array>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "netsetup/proxy/relay.h"

namespace nsr::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;

constexpr std::size_t kPipeSize = 16 * 1024;  // bytes on their way in one direction

asio::ip::tcp::endpoint endpoint_of(const ContainerPort& target) {
    return {asio::ip::make_address(target.address.text()), target.port};
}

class TcpRelay;

/// One client's connection and the one to the container that goes with it. Each direction is read, written, and closed
/// for itself; the pair ends when both are closed, or with the first failure.
class TcpPair : public std::enable_shared_from_this<TcpPair> {
public:
    TcpPair(ProxyContext& context, std::weak_ptr<TcpRelay> relay, Socket client)
        : context_(context),
          relay_(std::move(relay)),
          client_(std::move(client)),
          container_(context.io),
          timer_(context.io) {}

    void start(const ContainerPort& target);
    void close();

private:
    struct Direction {
        Socket& from;
        Socket& to;
        std::array<char, kPipeSize> bytes;
        bool ended = false;
    };

    void on_connected(const error_code& error);
    void read(Direction& direction);
    void on_read(Direction& direction, const error_code& error, std::size_t size);
    void end(Direction& direction);
    void finish();

    ProxyContext& context_;
    std::weak_ptr<TcpRelay> relay_;
    Socket client_;
    Socket container_;
    asio::steady_timer timer_;
    Direction in_{client_, container_, {}};
    Direction out_{container_, client_, {}};
};

class TcpRelay final : public Relay, public std::enable_shared_from_this<TcpRelay> {
public:
    TcpRelay(ProxyContext& context, UniqueFd socket, const asio::ip::tcp& family)
        : context_(context), acceptor_(context.io, family, socket.release()), retry_(context.io) {}

    void lead_to(const ContainerPort& target) override;
    void close() override;
    void forget(const std::shared_ptr<TcpPair>& pair);

private:
    void accept();
    void accept_later();
    void on_accepted(const error_code& error, Socket client);
    void count() { context_.counters.connections.set(context_.connections); }

    ProxyContext& context_;
    std::optional<ContainerPort> target_;
    asio::ip::tcp::acceptor acceptor_;
    asio::steady_timer retry_;
    std::set<std::shared_ptr<TcpPair>> pairs_;
    bool waits_for_others_ = false;  // for connections of other ports to end
    bool full_ = false;              // nothing is accepted until a pair ends; clients wait in the kernel's queue
};

void TcpRelay::lead_to(const ContainerPort& target) {
    const bool waits = !target_;
    target_ = target;
    if (waits) accept();
}

void TcpRelay::close() {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    const auto pairs = std::exchange(pairs_, {});
    context_.connections -= pairs.size();
    count();
    for (const auto& pair : pairs) pair->close();
}

void TcpRelay::forget(const std::shared_ptr<TcpPair>& pair) {
    if (pairs_.erase(pair) == 0) return;
    --context_.connections;
    count();
    if (std::exchange(full_, false)) accept();
}

void TcpRelay::accept_later() {
    retry_.expires_after(context_.limits.accept_retry);
    retry_.async_wait([self = shared_from_this()](const error_code& stopped) {
        if (!stopped && self->acceptor_.is_open()) self->accept();
    });
}

void TcpRelay::accept() {
    if (context_.connections >= context_.limits.connections_of_all) {
        if (!std::exchange(waits_for_others_, true)) context_.counters.limited.add();
        return accept_later();
    }
    waits_for_others_ = false;
    acceptor_.async_accept([self = shared_from_this()](const error_code& error, Socket client) {
        self->on_accepted(error, std::move(client));
    });
}

void TcpRelay::on_accepted(const error_code& error, Socket client) {
    if (!acceptor_.is_open()) return;
    if (error) return accept_later();
    const auto pair = std::make_shared<TcpPair>(context_, weak_from_this(), std::move(client));
    pairs_.insert(pair);
    ++context_.connections;
    count();
    context_.counters.carried.add();
    pair->start(*target_);
    if (pairs_.size() < context_.limits.connections) return accept();
    full_ = true;
    context_.counters.limited.add();
}

void TcpPair::start(const ContainerPort& target) {
    timer_.expires_after(context_.limits.connect_timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& stopped) {
        if (stopped) return;
        self->context_.counters.unreachable.add();
        self->finish();
    });
    container_.async_connect(endpoint_of(target),
                             [self = shared_from_this()](const error_code& error) { self->on_connected(error); });
}

void TcpPair::on_connected(const error_code& error) {
    if (!client_.is_open()) return;
    timer_.cancel();
    if (error) {
        context_.counters.unreachable.add();
        return finish();
    }
    error_code ignored;
    for (Socket* socket : {&client_, &container_}) {
        socket->set_option(asio::ip::tcp::no_delay(true), ignored);
        socket->set_option(asio::socket_base::keep_alive(true), ignored);
    }
    read(in_);
    read(out_);
}

void TcpPair::read(Direction& direction) {
    direction.from.async_read_some(asio::buffer(direction.bytes),
                                   [self = shared_from_this(), &direction](const error_code& error, std::size_t size) {
                                       self->on_read(direction, error, size);
                                   });
}

void TcpPair::on_read(Direction& direction, const error_code& error, std::size_t size) {
    if (error == asio::error::eof) return end(direction);
    if (error) return finish();
    asio::async_write(direction.to, asio::buffer(direction.bytes, size),
                      [self = shared_from_this(), &direction](const error_code& failed, std::size_t) {
                          if (failed) return self->finish();
                          self->read(direction);
                      });
}

/// One side will send no more; the other may go on (RFC 9293 §3.6).
void TcpPair::end(Direction& direction) {
    direction.ended = true;
    error_code ignored;
    direction.to.shutdown(Socket::shutdown_send, ignored);
    if (in_.ended && out_.ended) finish();
}

void TcpPair::close() {
    error_code ignored;
    timer_.cancel();
    client_.close(ignored);
    container_.close(ignored);
}

void TcpPair::finish() {
    close();
    if (const auto relay = relay_.lock()) relay->forget(shared_from_this());
}

}  // namespace

std::shared_ptr<Relay> make_tcp_relay(ProxyContext& context, UniqueFd socket, bool is_v6) {
    return std::make_shared<TcpRelay>(context, std::move(socket), is_v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4());
}

}  // namespace nsr::net
