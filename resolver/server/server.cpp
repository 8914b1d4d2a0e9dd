#include "resolver/server/server.h"

#include <boost/asio/post.hpp>

#include "resolver/dns/chain.h"
#include "resolver/dns/query.h"
#include "resolver/server/tcp.h"
#include "resolver/server/udp.h"

namespace nsr::resolver {

namespace {

dns::CookieKey make_key() {
    dns::CookieKey key;
    random_bytes(key);
    return key;
}

/// Of this run of the daemon: what cookies it has given are forgotten with it, and clients get new ones.
const dns::CookieKey kCookieKey = make_key();

}  // namespace

ServerState::ServerState(boost::asio::io_context& loop, unsigned number, DnsCounters& dns_counters,
                         std::shared_ptr<const NetNs> home, ForwardLimits limits, bool merges)
    : io(loop),
      worker(number),
      counters(dns_counters),
      outbox(dns_counters, merges),
      forwarder(loop, outbox, dns_counters, std::move(home), limits),
      batch(merges),
      tcp_out(dns::kMessageMax) {
    snapshot.cookie_key = kCookieKey;
}

void forward(ServerState& state, const ServedContainer& container, dns::Bytes datagram, const dns::Query& query,
             dns::Transport transport, dns::Bytes chain, Deliver deliver) {
    const View* view = state.snapshot.view(container.view);
    if (chain.empty()) {
        state.forwarder.ask({datagram, query, transport, *view, container.forward}, std::move(deliver));
        return;
    }
    const auto datagram_for_target = dns::write_target_query(datagram, query, chain);
    dns::Query target;
    dns::read_query(datagram_for_target, target);  // a name of ours in place of another: it can be read
    const ForwardRequest request{datagram_for_target, target, transport, *view, container.forward};
    auto finish = [query, chain = std::vector(chain.begin(), chain.end()), transport,
                   deliver = std::move(deliver)](dns::Bytes reply) mutable {
        std::vector<std::uint8_t> out(query.reply_limit(transport));
        const auto size = dns::write_chain_reply(chain, query, reply, out.size(), out);
        deliver(dns::Bytes(out).first(size));
    };
    std::vector<std::uint8_t> cached(target.reply_limit(transport));
    const std::size_t size = state.forwarder.answer_cached(request, cached);
    if (size > 0) return finish(dns::Bytes(cached).first(size));
    state.forwarder.ask(request, std::move(finish));
}

Server::Server(boost::asio::io_context& io, unsigned worker, DnsCounters& counters, std::shared_ptr<const NetNs> home,
               ForwardLimits limits, bool merges)
    : state_(io, worker, counters, std::move(home), limits, merges) {}

Server::~Server() = default;

void Server::give(Inbox::Function function) {
    state_.inbox.give(std::move(function));
    wake();
}

void Server::leave(Inbox::Function function) {
    state_.inbox.give(std::move(function));
    if (left_.fetch_add(1) % kLeftUnread == kLeftUnread - 1) wake();
}

void Server::wake() {
    if (woken_.exchange(true)) return;
    boost::asio::post(state_.io, [this] {
        woken_.exchange(false);  // reads what wake() wrote, and so sees what was given before
        state_.inbox.take();
    });
}

void Server::apply(const Publication& publication) {
    state_.snapshot.apply(publication);
    state_.forwarder.apply(publication);
}

void Server::open(const SharedContainer& shared, UniqueFd udp, UniqueFd tcp) {
    close(shared.id);
    auto container = std::make_shared<ServedContainer>();
    container->view = shared.view;
    container->forward = std::make_shared<ForwardClient>(shared.sandbox);
    container->forward->container_id = shared.id;
    container->forward->in_flight = shared.in_flight;
    Listeners listeners{
        container, std::make_shared<UdpListener>(state_, container, shared.steering, std::move(udp), shared.replies),
        nullptr};
    listeners.udp->start();
    if (tcp) {
        listeners.tcp = std::make_shared<TcpListener>(state_, container, std::move(tcp));
        listeners.tcp->start();
    }
    open_.emplace(shared.id, std::move(listeners));
}

void Server::set_view(const std::string& container_id, Slot view) {
    if (const auto found = open_.find(container_id); found != open_.end()) found->second.container->view = view;
}

void Server::close(const std::string& container_id) {
    const auto found = open_.find(container_id);
    if (found == open_.end()) return;
    close(found->second);
    open_.erase(found);
}

void Server::close(Listeners& listeners) {
    listeners.udp->close();
    if (listeners.tcp) listeners.tcp->close();
    state_.forwarder.close(listeners.container->forward);
}

bool Server::ask(const std::string& container_id, dns::Bytes datagram, Deliver deliver) {
    const auto found = open_.find(container_id);
    if (found == open_.end()) return false;
    auto shared = std::make_shared<Deliver>(std::move(deliver));
    const std::size_t size = serve(state_, *found->second.container, datagram, dns::Transport::tcp, state_.tcp_out,
                                   [&] { return Deliver([shared](dns::Bytes reply) { (*shared)(reply); }); });
    if (size > 0) (*shared)(dns::Bytes(state_.tcp_out).first(size));
    return true;
}

void Server::set_siblings(std::vector<Server*> siblings) {
    siblings_ = std::move(siblings);
    state_.forwarder.set_siblings([this](const Question& question) { return seek(question); });
}

bool Server::seek(const Question& question) {
    if (siblings_.empty()) return false;
    pass_on(
        std::make_shared<Search>(Search{this, question.id, question.client->container_id, question.query, siblings_}));
    return true;
}

void Server::pass_on(const std::shared_ptr<Search>& search) {
    if (search->kept || search->left.empty()) {
        search->origin->give(
            [search] { search->origin->state_.forwarder.siblings_said(search->question, std::move(search->kept)); });
        return;
    }
    Server* next = search->left.back();
    search->left.pop_back();
    next->give([next, search] { next->look(search); });
}

void Server::look(const std::shared_ptr<Search>& search) {
    const auto found = open_.find(search->container_id);
    const View* view = found == open_.end() ? nullptr : state_.snapshot.view(found->second.container->view);
    if (view != nullptr) {
        const auto& client = found->second.container->forward;
        search->kept = state_.forwarder.kept({{}, search->query, dns::Transport::udp, *view, client});
    }
    pass_on(search);
}

void Server::close_all() {
    siblings_.clear();
    for (auto& [id, listeners] : open_) close(listeners);
    open_.clear();
    state_.forwarder.close_all();
}

}  // namespace nsr::resolver
