#include "resolver/forward/udp_pool.h"

#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/random.h"

namespace nsr::resolver {
namespace {

using boost::system::error_code;

constexpr int kReceiveBuffer = 1024 * 1024;
constexpr unsigned kBatch = 32;          // datagrams read with one system call
constexpr unsigned kBatchesPerTurn = 8;  // before others of the worker have their turn

/// Where replies are read into: one for each worker, for a reply is used up before the next batch is read.
class ReceiveBatch {
public:
    ReceiveBatch() : bytes_(kBatch * dns::kMessageMax) {
        for (unsigned index = 0; index < kBatch; ++index) {
            vectors_[index] = {&bytes_[index * dns::kMessageMax], dns::kMessageMax};
            messages_[index].msg_hdr.msg_iov = &vectors_[index];
            messages_[index].msg_hdr.msg_iovlen = 1;
        }
    }
    ReceiveBatch(const ReceiveBatch&) = delete;
    ReceiveBatch& operator=(const ReceiveBatch&) = delete;

    /// How many datagrams have come; if none, the reason is in errno.
    unsigned receive(int fd) {
        return static_cast<unsigned>(std::max(0, ::recvmmsg(fd, messages_.data(), kBatch, MSG_DONTWAIT, nullptr)));
    }
    dns::Bytes reply(unsigned index) const {
        return dns::Bytes(bytes_).subspan(index * dns::kMessageMax, messages_[index].msg_len);
    }

private:
    std::vector<std::uint8_t> bytes_;
    std::array<iovec, kBatch> vectors_{};
    std::array<mmsghdr, kBatch> messages_{};
};

/// Ids that cannot be guessed, fetched from the kernel in bulk.
std::uint16_t random_id() {
    thread_local std::array<std::uint8_t, 512> pool;
    thread_local std::size_t used = pool.size();
    if (used == pool.size()) {
        random_bytes(pool);
        used = 0;
    }
    used += 2;
    return dns::read16(&pool[used - 2]);
}

/// Whether nothing that is sent arrives: the errors of which the kernel tells a connected socket unasked, such as a
/// port or a firewall that refuses (icmp_err_convert in net/ipv4/icmp.c, tab_unreach in net/ipv6/icmp.c). Others pass,
/// as those of a router do while its routes change.
bool is_final(const sock_extended_err& error) {
    constexpr std::uint8_t kUnreachable = 3;
    constexpr std::uint8_t kUnreachable6 = 1;
    constexpr unsigned kFinal = 0b1110'0111'1100'1100;  // by code
    constexpr unsigned kFinal6 = 0b111'0010;
    if (error.ee_origin == SO_EE_ORIGIN_ICMP) {
        return error.ee_type == kUnreachable && (kFinal >> error.ee_code & 1U) != 0;
    }
    return error.ee_origin == SO_EE_ORIGIN_ICMP6 && error.ee_type == kUnreachable6 &&
           (kFinal6 >> error.ee_code & 1U) != 0;
}

/// Takes what ICMP has said of a socket's datagrams (ip(7), IP_RECVERR); whether none reaches the server.
bool take_errors(int fd) {
    bool is_unreachable = false;
    std::array<std::uint8_t, 512> control;
    for (;;) {
        msghdr message{};
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return is_unreachable;
        const cmsghdr* const header = CMSG_FIRSTHDR(&message);
        if (header == nullptr) continue;
        sock_extended_err error{};
        std::memcpy(&error, CMSG_DATA(header), sizeof error);
        is_unreachable = is_unreachable || is_final(error);
    }
}

socklen_t address_of(const Upstream& server, sockaddr_storage& storage) {
    std::memset(&storage, 0, sizeof storage);
    if (server.address.is_v4()) {
        auto& address = reinterpret_cast<sockaddr_in&>(storage);
        address.sin_family = AF_INET;
        address.sin_port = htons(server.port);
        std::memcpy(&address.sin_addr, server.address.bytes().data(), 4);
        return sizeof address;
    }
    auto& address = reinterpret_cast<sockaddr_in6&>(storage);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(server.port);
    std::memcpy(&address.sin6_addr, server.address.bytes().data(), 16);
    address.sin6_scope_id = server.zone.empty() ? 0 : ::if_nametoindex(server.zone.c_str());
    return sizeof address;
}

Result<UniqueFd> open_connected(const Upstream& server) {
    UniqueFd fd(::socket(server.address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail_errno("open a UDP socket");
    const int size = kReceiveBuffer;
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
        (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);  // smaller, but it works
    }
    // Every error is kept until it is read: without that, one that comes between two queries is told to the second of
    // them and then forgotten, and a server that sends few of them (net.ipv4.icmp_ratelimit) seems to be silent.
    const int on = 1;
    const bool is_v4 = server.address.is_v4();
    const int level = is_v4 ? SOL_IP : SOL_IPV6;
    if (::setsockopt(fd.get(), level, is_v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on) != 0) {
        return fail_errno("ask for ICMP errors");
    }
    sockaddr_storage address;
    const socklen_t length = address_of(server, address);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return fail_errno("connect");
    return fd;
}

}  // namespace

/// One source port. Remembers which id belongs to which try.
class UdpPool::Socket : public std::enable_shared_from_this<Socket> {
public:
    Socket(boost::asio::io_context& io, Outbox& outbox, UniqueFd fd, bool is_v4, OnReply on_reply, TimePoint now)
        : socket_(io), outbox_(outbox), on_reply_(std::move(on_reply)), born_(now) {
        socket_.assign(is_v4 ? boost::asio::ip::udp::v4() : boost::asio::ip::udp::v6(), fd.release());
    }

    void start() { receive(); }

    bool send(const Try& which, dns::Buffer query, TimePoint now) {
        std::uint16_t id = random_id();
        while (waiting_.contains(id)) id = random_id();
        dns::write16(query.data(), id);
        if (outbox_.send(socket_.native_handle(), nullptr, query) != 0) return false;
        waiting_[id] = {which, turn_};
        last_ = now;
        return true;
    }

    bool is_old(TimePoint now) const { return now - born_ >= kUdpSocketAge; }
    /// Old replies may come for as long as a query may take.
    bool is_done(TimePoint now) const { return waiting_.empty() || now - last_ >= 2 * kUdpSocketAge; }
    bool is_waiting() const { return !waiting_.empty(); }
    bool is_full() const { return waiting_.size() >= 32768; }

    void close() {
        if (socket_.is_open()) outbox_.close(socket_.native_handle());
        error_code ignored;
        socket_.close(ignored);
    }

private:
    /// Waits for readiness: the buffer is shared, so nothing may be read into it before its turn.
    void receive() {
        socket_.async_wait(boost::asio::socket_base::wait_read, [self = shared_from_this()](error_code error) {
            if (error || !self->socket_.is_open()) return;
            self->drain();
            if (self->socket_.is_open()) self->receive();
        });
    }

    void drain() {
        thread_local ReceiveBatch batch;
        const Outbox::Collection collection(outbox_);
        if (take_errors(socket_.native_handle())) {
            is_refused_ = true;
            ++turn_;
        }
        for (unsigned turn = 0; turn < kBatchesPerTurn && socket_.is_open(); ++turn) {
            const unsigned count = batch.receive(socket_.native_handle());
            if (count == 0 && errno == EAGAIN) return fail_refused();
            for (unsigned index = 0; index < count && socket_.is_open(); ++index) take(batch.reply(index));
            if (count > 0 && count < kBatch) return fail_refused();
        }
    }

    void take(dns::Bytes reply) {
        if (reply.size() < dns::kHeaderSize) return;
        const std::uint16_t id = dns::read16(reply.data());
        const auto found = waiting_.find(id);
        if (found == waiting_.end()) return;
        // What is done with the reply may send the next query from this socket, and so move `found`.
        if (on_reply_(Try(found->second.which), id, reply)) waiting_.erase(id);
    }

    /// Nobody listens there, or somebody on the way lets nothing through (an ICMP error): what was sent before that was
    /// known fails, unless its reply has come after all.
    void fail_refused() {
        if (!std::exchange(is_refused_, false) || !socket_.is_open()) return;
        std::vector<std::pair<std::uint16_t, Try>> failed;
        for (const auto& [id, sent] : waiting_) {
            if (sent.turn != turn_) failed.emplace_back(id, sent.which);
        }
        for (const auto& [id, which] : failed) waiting_.erase(id);
        for (const auto& [id, which] : failed) on_reply_(which, id, {});
    }

    struct Sent {
        Try which;
        unsigned turn;  ///< of the socket, when it was sent
    };

    boost::asio::ip::udp::socket socket_;
    Outbox& outbox_;
    OnReply on_reply_;
    TimePoint born_;
    TimePoint last_{};
    std::unordered_map<std::uint16_t, Sent> waiting_;
    unsigned turn_ = 0;        ///< how often it was refused
    bool is_refused_ = false;  ///< and replies that have come before may not all be read
};

UdpPool::UdpPool(boost::asio::io_context& io, Outbox& outbox, std::shared_ptr<const NetNs> sandbox, Upstream server,
                 OnReply on_reply)
    : io_(io),
      outbox_(outbox),
      sandbox_(std::move(sandbox)),
      server_(std::move(server)),
      on_reply_(std::move(on_reply)) {}

UdpPool::~UdpPool() { close(); }

/// Some queries in a row leave from one port, so that their replies are read together.
bool UdpPool::send(const Try& which, dns::Buffer query, TimePoint now) {
    used_ = now;
    if (current_.empty() || ++sent_ >= kUdpTurn) {
        sent_ = 0;
        next_turn(now);
    }
    if (current_.empty()) return false;
    auto& chosen = current_[next_];
    if (chosen->is_old(now) || chosen->is_full()) {
        if (auto fresh = open(now)) {
            retire(std::exchange(chosen, std::move(fresh)));
        }
    }
    if (chosen->send(which, query, now)) return true;
    // Perhaps its source address is gone (a connected socket keeps the one that it was given): once more from a new
    // one.
    auto fresh = open(now);
    if (!fresh) return false;
    retire(std::exchange(chosen, std::move(fresh)));
    return chosen->send(which, query, now);
}

/// However often sending fails, no more sockets stay open than replies may come to.
void UdpPool::retire(std::shared_ptr<Socket> socket) {
    if (!socket->is_waiting()) return socket->close();
    retired_.push_back(std::move(socket));
    if (retired_.size() <= kUdpRetiredMax) return;
    retired_.front()->close();
    retired_.erase(retired_.begin());
}

void UdpPool::retire() {
    for (auto& socket : std::exchange(current_, {})) retire(std::move(socket));
}

/// The next socket: a new one while there are few, then any but the one before.
void UdpPool::next_turn(TimePoint now) {
    if (current_.size() < kUdpPoolSize) {
        if (auto socket = open(now)) current_.push_back(std::move(socket));
        if (!current_.empty()) next_ = current_.size() - 1;
        return;
    }
    next_ = (next_ + 1 + random_id() % (kUdpPoolSize - 1)) % kUdpPoolSize;
}

std::shared_ptr<UdpPool::Socket> UdpPool::open(TimePoint now) {
    auto fd = sandbox_->call([this] { return open_connected(server_); });
    if (!fd) return nullptr;
    auto socket = std::make_shared<Socket>(io_, outbox_, std::move(*fd), server_.address.is_v4(), on_reply_, now);
    socket->start();
    return socket;
}

void UdpPool::tidy(TimePoint now) {
    std::erase_if(retired_, [now](const auto& socket) {
        if (!socket->is_done(now)) return false;
        socket->close();
        return true;
    });
}

void UdpPool::close() {
    for (auto* sockets : {&current_, &retired_}) {
        for (auto& socket : *sockets) socket->close();
        sockets->clear();
    }
}

}  // namespace nsr::resolver
