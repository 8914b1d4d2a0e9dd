#include "resolver/server/tcp.h"

#include <algorithm>
#include <array>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace nsr::resolver {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kLengthSize = 2;   // RFC 1035 §4.2.2
constexpr std::size_t kReadSize = 4096;  // most queries fit many times
constexpr unsigned kQueriesPerTurn = 32;

}  // namespace

// ---- TcpListener

TcpListener::TcpListener(ServerState& state, std::shared_ptr<ServedContainer> container, UniqueFd socket)
    : state_(state), container_(std::move(container)), acceptor_(state.io), retry_(state.io) {
    acceptor_.assign(asio::ip::tcp::v4(), socket.release());
}

void TcpListener::close() {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    const auto connections = std::exchange(connections_, {});
    for (const auto& connection : connections) connection->close();
}

void TcpListener::forget(const std::shared_ptr<TcpConnection>& connection) { connections_.erase(connection); }

void TcpListener::accept() {
    acceptor_.async_accept([self = shared_from_this()](const error_code& error, asio::ip::tcp::socket socket) {
        self->on_accepted(error, std::move(socket));
    });
}

void TcpListener::on_accepted(const error_code& error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (error) {
        retry_.expires_after(kTcpAcceptRetry);
        retry_.async_wait([self = shared_from_this()](const error_code& stopped) {
            if (!stopped && self->acceptor_.is_open()) self->accept();
        });
        return;
    }
    if (connections_.size() >= state_.tcp_limits.connections) {
        state_.counters.tcp_refused.add();
        error_code ignored;
        socket.close(ignored);
    } else {
        auto connection = std::make_shared<TcpConnection>(state_, container_, weak_from_this(), std::move(socket));
        connections_.insert(connection);
        connection->start();
    }
    accept();
}

// ---- TcpConnection

TcpConnection::TcpConnection(ServerState& state, std::shared_ptr<ServedContainer> container,
                             std::weak_ptr<TcpListener> listener, asio::ip::tcp::socket socket)
    : state_(state),
      container_(std::move(container)),
      listener_(std::move(listener)),
      socket_(std::move(socket)),
      timer_(state.io),
      deadline_(Clock::now() + state.tcp_limits.first_query),
      end_(Clock::now() + state.tcp_limits.total) {}

void TcpConnection::start() {
    state_.counters.tcp_connections.set(state_.counters.tcp_connections.value() + 1);
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    watch();
    read();
}

void TcpConnection::close() {
    if (!socket_.is_open()) return;
    state_.counters.tcp_connections.set(state_.counters.tcp_connections.value() - 1);
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
}

void TcpConnection::finish() {
    const auto self = shared_from_this();
    close();
    if (const auto listener = listener_.lock()) listener->forget(self);
}

/// One timer for all limits: it runs to the deadline of the moment and then looks whether that has moved.
void TcpConnection::watch() {
    timer_.expires_at(std::min(deadline_, end_));
    timer_.async_wait([self = shared_from_this()](const error_code& stopped) {
        if (stopped || !self->socket_.is_open()) return;
        if (Clock::now() < std::min(self->deadline_, self->end_)) return self->watch();
        self->state_.counters.tcp_timeouts.add();
        self->finish();
    });
}

void TcpConnection::read() {
    reading_ = true;
    const dns::Buffer room = input_.room(kReadSize);
    socket_.async_read_some(asio::buffer(room.data(), room.size()),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                                self->input_.keep(size);
                                self->on_read(error, size);
                            });
}

void TcpConnection::on_read(const error_code& error, std::size_t) {
    reading_ = false;
    state_.inbox.take();
    if (!socket_.is_open()) return;
    if (error && error != asio::error::eof) return finish();
    if (error) ended_ = true;
    go_on();
}

/// Answers what has been read, then reads or waits, or ends if nothing more can come.
void TcpConnection::go_on() {
    // During a read the input is the kernel's, and holds no whole query (see below).
    if (!reading_ && !waits_turn_) take_frames();
    if (!writing_ && !unsent_.empty()) write();
    if (!socket_.is_open() || reading_ || waits_turn_) return;
    // A query that found no room is taken when the write has ended: a read before that might wait for ever.
    const bool was_paused = std::exchange(paused_, !has_room() || input_.has_next());
    if (paused_ && !was_paused) state_.counters.tcp_paused.add();
    if (!ended_ && !paused_) return read();
    if (ended_ && !writing_ && in_flight_ == 0) finish();
}

/// So many queries at a time: others of the worker must not wait for a connection that is always busy.
void TcpConnection::take_frames() {
    for (unsigned taken = 0; has_room(); ++taken) {
        if (taken == kQueriesPerTurn && input_.has_next()) return wait_turn();
        const auto query = input_.next();
        if (!query) return;
        // A frame without content asks nothing; it does not count as a sign of life either.
        if (query->empty()) continue;
        touch();
        answer_one(*query);
    }
}

void TcpConnection::wait_turn() {
    waits_turn_ = true;
    asio::post(state_.io, [self = shared_from_this()] {
        self->waits_turn_ = false;
        if (self->socket_.is_open()) self->go_on();
    });
}

void TcpConnection::answer_one(dns::Bytes query) {
    state_.counters.queries_tcp.add();
    state_.tick();
    const std::size_t size = serve(state_, *container_, query, dns::Transport::tcp, state_.tcp_out, [this] {
        ++in_flight_;
        return Deliver([self = shared_from_this()](dns::Bytes reply) { self->on_forwarded(reply); });
    });
    if (size > 0) queue({state_.tcp_out.data(), size});
}

void TcpConnection::queue(dns::Bytes reply) {
    std::array<std::uint8_t, kLengthSize> length;
    dns::write16(length.data(), static_cast<std::uint16_t>(reply.size()));
    unsent_.insert(unsent_.end(), length.begin(), length.end());
    unsent_.insert(unsent_.end(), reply.begin(), reply.end());
}

void TcpConnection::write() {
    writing_ = true;
    sending_.clear();
    std::swap(sending_, unsent_);
    asio::async_write(
        socket_, asio::buffer(sending_),
        [self = shared_from_this()](const error_code& error, std::size_t size) { self->on_written(error, size); });
}

void TcpConnection::on_written(const error_code& error, std::size_t) {
    writing_ = false;
    if (!socket_.is_open()) return;
    if (error) return finish();
    touch();
    go_on();
}

void TcpConnection::on_forwarded(dns::Bytes reply) {
    --in_flight_;
    if (!socket_.is_open()) return;
    touch();
    queue(reply);
    // A reply that is there at once comes while frames are being taken; their loop goes on by itself. Otherwise this is
    // the end of a wait, and the next event of the connection.
    if (!writing_) write();
}

}  // namespace nsr::resolver
