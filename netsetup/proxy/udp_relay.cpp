#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "netsetup/proxy/relay.h"

namespace nsr::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::ip::udp::socket;
using Clock = std::chrono::steady_clock;

constexpr unsigned kDatagramsPerTurn = 32;  // taken from one socket before the others have their turn

/// Ancillary data that says which address of the host a datagram was sent to (ip(7), ipv6(7)), and that makes the reply
/// leave from it.
using Arrival = std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))>;

struct ClientAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

/// A client: its address and port, and the address of ours that it asked.
struct Client {
    ClientAddress address;
    alignas(cmsghdr) Arrival arrival{};
    std::size_t arrival_size = 0;
};

/// What tells clients apart, in bytes: family, port and address.
std::string key_of(const ClientAddress& address) {
    return {reinterpret_cast<const char*>(&address.storage), address.size};
}

/// The address alone.
std::string source_of(const ClientAddress& address) {
    if (address.storage.ss_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
        return {reinterpret_cast<const char*>(&v4->sin_addr), sizeof v4->sin_addr};
    }
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    return {reinterpret_cast<const char*>(&v6->sin6_addr), sizeof v6->sin6_addr};
}

/// The interface by which it came must not bind the reply: the way back is the routing table's.
void forget_interface(Client& client) {
    msghdr message{};
    message.msg_control = client.arrival.data();
    message.msg_controllen = client.arrival_size;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(header), sizeof info);
            info.ipi_ifindex = 0;
            std::memcpy(CMSG_DATA(header), &info, sizeof info);
        }
    }
}

ssize_t receive(int fd, std::vector<char>& buffer, Client& client) {
    iovec vector{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &client.address.storage;
    message.msg_namelen = sizeof client.address.storage;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = client.arrival.data();
    message.msg_controllen = client.arrival.size();
    const ssize_t size = ::recvmsg(fd, &message, MSG_DONTWAIT);
    client.address.size = message.msg_namelen;
    client.arrival_size = message.msg_controllen;
    forget_interface(client);
    return size;
}

void send(int fd, const char* data, std::size_t size, Client& client) {
    iovec vector{const_cast<char*>(data), size};
    msghdr message{};
    message.msg_name = &client.address.storage;
    message.msg_namelen = client.address.size;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = client.arrival.data();
    message.msg_controllen = client.arrival_size;
    ::sendmsg(fd, &message, MSG_DONTWAIT);  // a datagram that does not go is lost, as datagrams are
}

asio::ip::udp::endpoint endpoint_of(const ContainerPort& target) {
    return {asio::ip::make_address(target.address.text()), target.port};
}

class UdpRelay;

/// A client's socket to the container.
class UdpSession : public std::enable_shared_from_this<UdpSession> {
public:
    UdpSession(ProxyContext& context, std::weak_ptr<UdpRelay> relay, const Client& client)
        : context_(context), relay_(std::move(relay)), client_(client), socket_(context.io) {}

    bool open(const ContainerPort& target);
    void carry(const Client& client, const char* data, std::size_t size);
    void close();
    std::string source() const { return source_of(client_.address); }
    Clock::time_point last_used() const { return last_used_; }

private:
    void wait();
    void on_readable(const error_code& error);

    ProxyContext& context_;
    std::weak_ptr<UdpRelay> relay_;
    Client client_;
    Socket socket_;
    Clock::time_point last_used_ = Clock::now();
};

class UdpRelay final : public Relay, public std::enable_shared_from_this<UdpRelay> {
public:
    UdpRelay(ProxyContext& context, UniqueFd socket, const asio::ip::udp& family)
        : context_(context), socket_(context.io, family, socket.release()), timer_(context.io) {}

    void lead_to(const ContainerPort& target) override;
    void close() override;

    void reply(const char* data, std::size_t size, Client& client) {
        send(socket_.native_handle(), data, size, client);
    }

private:
    void wait();
    void on_readable(const error_code& error);
    void take(const Client& client, std::size_t size);
    std::shared_ptr<UdpSession> session_of(const Client& client);
    void watch();
    void forget_idle();
    void close_sessions();
    void count() { context_.counters.sessions.set(context_.sessions); }

    ProxyContext& context_;
    std::optional<ContainerPort> target_;
    Socket socket_;
    asio::steady_timer timer_;
    std::map<std::string, std::shared_ptr<UdpSession>> sessions_;  // by client
    std::map<std::string, std::size_t> of_source_;
};

// ---- UdpSession

bool UdpSession::open(const ContainerPort& target) {
    error_code error;
    const auto endpoint = endpoint_of(target);
    socket_.open(endpoint.protocol(), error);
    if (!error) socket_.connect(endpoint, error);
    if (error) return false;
    wait();
    return true;
}

void UdpSession::carry(const Client& client, const char* data, std::size_t size) {
    last_used_ = Clock::now();
    client_ = client;  // it may ask another address of ours now
    ::send(socket_.native_handle(), data, size, MSG_DONTWAIT);
}

void UdpSession::close() {
    error_code ignored;
    socket_.close(ignored);
}

void UdpSession::wait() {
    socket_.async_wait(Socket::wait_read,
                       [self = shared_from_this()](const error_code& error) { self->on_readable(error); });
}

void UdpSession::on_readable(const error_code& error) {
    const auto relay = relay_.lock();
    if (error || relay == nullptr || !socket_.is_open()) return;
    for (unsigned turn = 0; turn < kDatagramsPerTurn; ++turn) {
        auto& buffer = context_.datagram;
        const ssize_t size = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        // "Connection refused" is a port unreachable of the container: it may be listening by the next datagram.
        if (size < 0) break;
        last_used_ = Clock::now();
        relay->reply(buffer.data(), static_cast<std::size_t>(size), client_);
    }
    wait();
}

// ---- UdpRelay

void UdpRelay::lead_to(const ContainerPort& target) {
    if (target_ == target) return;
    const bool waits = !target_;
    target_ = target;
    close_sessions();
    if (waits) wait();
}

void UdpRelay::close() {
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    close_sessions();
}

void UdpRelay::close_sessions() {
    for (auto& [key, session] : sessions_) session->close();
    context_.sessions -= sessions_.size();
    sessions_.clear();
    of_source_.clear();
    count();
}

void UdpRelay::wait() {
    socket_.async_wait(Socket::wait_read,
                       [self = shared_from_this()](const error_code& error) { self->on_readable(error); });
}

void UdpRelay::on_readable(const error_code& error) {
    if (error || !socket_.is_open()) return;
    for (unsigned turn = 0; turn < kDatagramsPerTurn; ++turn) {
        Client client;
        const ssize_t size = receive(socket_.native_handle(), context_.datagram, client);
        if (size < 0) break;
        take(client, static_cast<std::size_t>(size));
    }
    wait();
}

void UdpRelay::take(const Client& client, std::size_t size) {
    if (const auto session = session_of(client)) session->carry(client, context_.datagram.data(), size);
}

std::shared_ptr<UdpSession> UdpRelay::session_of(const Client& client) {
    const std::string key = key_of(client.address);
    if (const auto found = sessions_.find(key); found != sessions_.end()) return found->second;

    const std::string source = source_of(client.address);
    const auto known = of_source_.find(source);
    if (sessions_.size() >= context_.limits.sessions || context_.sessions >= context_.limits.sessions_of_all ||
        (known != of_source_.end() && known->second >= context_.limits.sessions_of_source)) {
        context_.counters.limited.add();
        return nullptr;
    }
    const auto session = std::make_shared<UdpSession>(context_, weak_from_this(), client);
    if (!session->open(*target_)) {
        context_.counters.unreachable.add();
        return nullptr;
    }
    if (sessions_.empty()) watch();
    sessions_.emplace(key, session);
    ++of_source_[source];
    ++context_.sessions;
    context_.counters.carried.add();
    count();
    return session;
}

/// Runs while there are sessions: twice per idle time.
void UdpRelay::watch() {
    timer_.expires_after(std::chrono::milliseconds(context_.limits.session_idle) / 2);
    timer_.async_wait([self = shared_from_this()](const error_code& stopped) {
        if (stopped) return;
        self->forget_idle();
        if (!self->sessions_.empty()) self->watch();
    });
}

void UdpRelay::forget_idle() {
    const auto limit = Clock::now() - context_.limits.session_idle;
    for (auto it = sessions_.begin(); it != sessions_.end();) {
        if (it->second->last_used() > limit) {
            ++it;
            continue;
        }
        const auto source = of_source_.find(it->second->source());
        if (--source->second == 0) of_source_.erase(source);
        it->second->close();
        it = sessions_.erase(it);
        --context_.sessions;
    }
    count();
}

}  // namespace

std::shared_ptr<Relay> make_udp_relay(ProxyContext& context, UniqueFd socket, bool is_v6) {
    return std::make_shared<UdpRelay>(context, std::move(socket), is_v6 ? asio::ip::udp::v6() : asio::ip::udp::v4());
}

}  // namespace nsr::net
