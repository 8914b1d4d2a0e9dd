#include "resolver/forward/tcp_channel.h"

#include <ares.h>

#include <map>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/random.h"
#include "resolver/forward/flight.h"
#include "resolver/forward/udp_pool.h"

namespace nsr::resolver {
namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr std::chrono::milliseconds kTick{100};

struct LibraryInit {
    LibraryInit() { ares_library_init(ARES_LIB_INIT_ALL); }
    ~LibraryInit() { ares_library_cleanup(); }
};

std::string server_text(const Upstream& server) {
    std::string host = server.address.text();
    if (!server.zone.empty()) host += "%" + server.zone;
    return (server.address.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(server.port);
}

}  // namespace

/// Handlers that were queued before it was given up find it gone: the loop calls them with success.
struct TcpChannel::State : std::enable_shared_from_this<TcpChannel::State> {
    /// What c-ares gives back with an answer.
    struct Waiting {
        State* state;
        Try which;
        std::uint16_t id;
    };

    /// A descriptor of c-ares in the event loop.
    struct Watched {
        stream_descriptor descriptor;
        bool wants_read = false;
        bool wants_write = false;
        bool waits_read = false;
        bool waits_write = false;
    };

    State(boost::asio::io_context& loop, std::shared_ptr<const NetNs> netns, const Upstream& server, OnReply reply)
        : io(loop), timer(loop), sandbox(std::move(netns)), on_reply(std::move(reply)) {
        static const LibraryInit kInit;
        ares_options options{};
        options.flags =
            ARES_FLAG_USEVC | ARES_FLAG_STAYOPEN | ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
        options.timeout = static_cast<int>(kForwardBudget.count());
        options.tries = 1;
        options.sock_state_cb = &State::on_socket;
        options.sock_state_cb_data = this;
        const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
        if (ares_init_options(&channel, &options, mask) != ARES_SUCCESS) channel = nullptr;
        if (channel != nullptr && ares_set_servers_ports_csv(channel, server_text(server).c_str()) != ARES_SUCCESS) {
            ares_destroy(channel);
            channel = nullptr;
        }
    }

    ~State() {
        closing = true;
        if (channel != nullptr) ares_destroy(channel);
    }

    static void on_socket(void* data, ares_socket_t fd, int readable, int writable) {
        auto* state = static_cast<State*>(data);
        if (readable == 0 && writable == 0) {
            // c-ares closes the descriptor itself, after this.
            if (const auto found = state->watched.find(fd); found != state->watched.end()) {
                found->second->descriptor.release();
                state->watched.erase(found);
            }
            return;
        }
        auto& watched = state->watched[fd];
        if (!watched) watched = std::make_shared<Watched>(Watched{stream_descriptor(state->io, fd)});
        watched->wants_read = readable != 0;
        watched->wants_write = writable != 0;
        state->watch(fd, watched);
    }

    void watch(ares_socket_t fd, const std::shared_ptr<Watched>& watched_fd) {
        if (watched_fd->wants_read && !watched_fd->waits_read) {
            watched_fd->waits_read = true;
            wait(fd, watched_fd, stream_descriptor::wait_read);
        }
        if (watched_fd->wants_write && !watched_fd->waits_write) {
            watched_fd->waits_write = true;
            wait(fd, watched_fd, stream_descriptor::wait_write);
        }
    }

    void wait(ares_socket_t fd, std::shared_ptr<Watched> entry, stream_descriptor::wait_type what) {
        entry->descriptor.async_wait(what, [this, weak = weak_from_this(), fd, entry, what](error_code error) {
            const bool is_read = what == stream_descriptor::wait_read;
            (is_read ? entry->waits_read : entry->waits_write) = false;
            const auto self = weak.lock();
            if (error || !self || closing) return;
            ares_process_fd(channel, is_read ? fd : ARES_SOCKET_BAD, is_read ? ARES_SOCKET_BAD : fd);
            const auto found = watched.find(fd);
            if (found != watched.end() && found->second == entry) watch(fd, entry);
        });
    }

    static void on_answer(void* data, int status, int, unsigned char* bytes, int size) {
        const std::unique_ptr<Waiting> waiting(static_cast<Waiting*>(data));
        State& state = *waiting->state;
        --state.pending;
        if (state.closing) return;
        const bool good = status == ARES_SUCCESS && bytes != nullptr && size > 0;
        state.on_reply(waiting->which, waiting->id,
                       good ? dns::Bytes(bytes, static_cast<std::size_t>(size)) : dns::Bytes());
    }

    /// Timeouts of c-ares, by a fixed tick: asking it for the next one is slow with many in flight.
    void tick() {
        if (is_ticking || pending == 0) return;
        is_ticking = true;
        timer.expires_after(kTick);
        timer.async_wait([this, weak = weak_from_this()](error_code error) {
            const auto self = weak.lock();
            if (error || !self || closing) return;
            is_ticking = false;
            ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
            tick();
        });
    }

    boost::asio::io_context& io;
    boost::asio::steady_timer timer;
    std::shared_ptr<const NetNs> sandbox;
    OnReply on_reply;
    ares_channel channel = nullptr;
    std::map<ares_socket_t, std::shared_ptr<Watched>> watched;
    std::size_t pending = 0;
    bool is_ticking = false;
    bool closing = false;
    TimePoint used{};
};

TcpChannel::TcpChannel(boost::asio::io_context& io, std::shared_ptr<const NetNs> sandbox, Upstream server,
                       OnReply on_reply)
    : state_(std::make_shared<State>(io, std::move(sandbox), server, std::move(on_reply))) {}

TcpChannel::~TcpChannel() { state_->closing = true; }

bool TcpChannel::send(const Try& which, dns::Buffer query, TimePoint now) {
    if (state_->channel == nullptr) return false;
    state_->used = now;
    std::uint8_t id_bytes[2];
    random_bytes(id_bytes);
    const std::uint16_t id = dns::read16(id_bytes);
    dns::write16(query.data(), id);
    auto* waiting = new State::Waiting{state_.get(), which, id};  // c-ares gives it back to on_answer, in any case
    ++state_->pending;
    // The connection is opened inside ares_send, so this must be in the namespace.
    auto started = state_->sandbox->call([&]() -> Result<> {
        ares_send(state_->channel, query.data(), static_cast<int>(query.size()), &State::on_answer, waiting);
        return {};
    });
    if (!started) {  // the namespace could not be entered, so c-ares has not seen it
        delete waiting;
        --state_->pending;
        return false;
    }
    state_->tick();
    return true;
}

bool TcpChannel::is_idle(TimePoint now) const { return state_->pending == 0 && now - state_->used >= kPoolIdle; }

}  // namespace nsr::resolver
