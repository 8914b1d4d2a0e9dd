#include "resolver/resolver.h"

#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "common/files.h"
#include "common/log.h"
#include "resolver/answer.h"
#include "resolver/explain.h"
#include "resolver/forward/flight.h"
#include "resolver/server/server.h"
#include "resolver/server/sockets.h"
#include "resolver/server/worker.h"
#include "resolver/zone/book.h"

namespace nsr::resolver {
namespace {

constexpr const char* kServicesFile = "/etc/services";

/// A worker and what it serves. The server is destroyed before the loop that its sockets belong to.
struct Unit {
    Unit(unsigned index, std::optional<unsigned> cpu, DnsCounters& counters, std::shared_ptr<const NetNs> home,
         ForwardLimits limits, bool merges)
        : worker(index, cpu), server(worker.io(), index, counters, std::move(home), limits, merges) {}
    ~Unit() {
        server.give([this] { server.close_all(); });
        worker.drain();
    }

    Worker worker;
    Server server;
};

/// An explanation that lacks what servers outside say.
struct Waiting {
    Explanation explanation;
    Explained then;
};

class WorkerResolver final : public Resolver {
public:
    WorkerResolver(const ResolverOptions& options, const std::shared_ptr<const NetNs>& home, Metrics& metrics,
                   ServiceTable services)
        : book_(std::move(services)) {
        const auto cpus = options.pin_workers ? usable_cpus() : std::vector<unsigned>{};
        const ForwardLimits limits{options.forward_limit, options.forward_limit_per_container, options.workers};
        for (unsigned index = 0; index < options.workers; ++index) {
            const auto cpu = cpus.empty() ? std::nullopt : std::optional(cpus[index % cpus.size()]);
            units_.push_back(
                std::make_unique<Unit>(index, cpu, metrics.dns[index], home, limits, options.udp_segmentation));
        }
        introduce();
    }

    /// All threads end before the first server goes: they give each other things to do.
    ~WorkerResolver() override {
        for (const auto& unit : units_) unit->server.give([&server = unit->server] { server.close_all(); });
        for (const auto& unit : units_) unit->worker.drain();
    }

    void put_network(const ZoneSpec& spec) override { book_.put_network(spec); }
    void remove_network(const std::string& network_id) override { book_.remove_network(network_id); }
    void put_endpoint(const std::string& network_id, const EndpointNames& names) override {
        book_.put_endpoint(network_id, names);
    }
    void remove_endpoint(const std::string& network_id, const std::string& container_id) override {
        book_.remove_endpoint(network_id, container_id);
    }
    void put_view(const ViewSpec& view) override;
    void remove_view(const std::string& container_id) override;
    void publish() override;
    void publish_quietly() override;
    void settle() override;
    Result<> open(const std::string& container_id, const NetNs& sandbox) override;
    void close(const std::string& container_id) override;
    void explain(const std::string& container_id, const std::string& name, const std::string& type,
                 Explained then) override;
    Result<Explanation> explain_on(const std::string& network_id, const std::string& name,
                                   const std::string& type) override;

private:
    void ask_upstream(const std::string& container_id, std::vector<std::uint8_t> datagram, Explanation explanation,
                      Explained then);
    void introduce();
    std::function<void(Server&)> take_changes();
    void on_all(std::function<void(unsigned index, Server&)> function, bool wake = true);
    void note_slot(const std::string& container_id);

    Book book_;
    Snapshot published_;  // the caller's own copy, for explain()
    FastRandom random_;
    std::map<std::string, Slot> open_;   // containers with listeners, and the view they are served from
    std::map<std::string, Slot> moved_;  // of these, whose view has another slot since the last publish()
    std::shared_ptr<std::latch> last_;   // of what the workers were given last
    bool closing_ = false;               // listeners may still be bound that close() was told of
    std::vector<std::unique_ptr<Unit>> units_;
};

/// Tells every server of the others.
void WorkerResolver::introduce() {
    for (const auto& unit : units_) {
        std::vector<Server*> siblings;
        for (const auto& other : units_) {
            if (other != unit) siblings.push_back(&other->server);
        }
        unit->server.give([&server = unit->server, siblings] { server.set_siblings(siblings); });
    }
}

/// Has every worker call a function on its thread, soon or when it wakes; settle() waits for that.
void WorkerResolver::on_all(std::function<void(unsigned index, Server&)> function, bool wake) {
    last_ = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(units_.size()));
    const auto shared = std::make_shared<const std::function<void(unsigned, Server&)>>(std::move(function));
    for (unsigned index = 0; index < units_.size(); ++index) {
        Server& server = units_[index]->server;
        auto letter = [&server, index, shared, done = last_] {
            (*shared)(index, server);
            done->count_down();
        };
        if (wake)
            server.give(std::move(letter));
        else
            server.leave(std::move(letter));
    }
}

void WorkerResolver::settle() {
    // Each worker takes things in order: with the last all are done.
    if (const auto last = std::exchange(last_, nullptr)) {
        for (const auto& unit : units_) unit->server.wake();
        last->wait();
    }
    closing_ = false;
}

void WorkerResolver::note_slot(const std::string& container_id) {
    const auto found = open_.find(container_id);
    if (found == open_.end()) return;
    const Slot slot = book_.view_slot(container_id);
    if (slot != found->second) moved_[container_id] = found->second = slot;
}

void WorkerResolver::put_view(const ViewSpec& view) {
    book_.put_view(view);
    note_slot(view.container_id);
}

void WorkerResolver::remove_view(const std::string& container_id) {
    book_.remove_view(container_id);
    note_slot(container_id);
}

/// What makes a worker's server answer from all that has changed.
std::function<void(Server&)> WorkerResolver::take_changes() {
    const auto changes = std::make_shared<const Publication>(book_.take_changes());
    published_.apply(*changes);
    return [changes, moved = std::exchange(moved_, {})](Server& server) {
        server.apply(*changes);
        for (const auto& [container_id, slot] : moved) server.set_view(container_id, slot);
    };
}

void WorkerResolver::publish() {
    on_all([change = take_changes()](unsigned, Server& server) { change(server); });
}

void WorkerResolver::publish_quietly() {
    on_all([change = take_changes()](unsigned, Server& server) { change(server); }, false);
}

Result<> WorkerResolver::open(const std::string& container_id, const NetNs& sandbox) {
    close(container_id);
    if (closing_) settle();  // the same namespace may be served again: its address must be free
    auto handle = sandbox.duplicate();
    if (!handle) return fail(std::move(handle).error(), "serve names to '" + container_id + "'");
    auto opened = open_listeners(sandbox, static_cast<unsigned>(units_.size()));
    if (!opened) return fail(std::move(opened).error(), "serve names to '" + container_id + "'");
    const auto sockets = std::make_shared<ListenerSockets>(std::move(*opened));
    const Slot slot = book_.view_slot(container_id);
    const SharedContainer shared{.id = container_id,
                                 .view = slot,
                                 .sandbox = std::make_shared<const NetNs>(std::move(*handle)),
                                 .steering = std::make_shared<Steering>(static_cast<unsigned>(units_.size())),
                                 .replies = std::make_shared<const UniqueFd>(std::move(sockets->replies))};
    // TCP is rare: one worker has the container's listener, another container's is another's.
    const auto owner = static_cast<unsigned>(std::hash<std::string>{}(container_id) % units_.size());
    // With the changes in one message: each wakes the workers.
    on_all([change = take_changes(), shared, sockets, owner](unsigned index, Server& server) {
        change(server);
        UniqueFd tcp = index == owner ? std::move(sockets->tcp) : UniqueFd();
        server.open(shared, std::move(sockets->udp[index]), std::move(tcp));
    });
    open_[container_id] = slot;
    return {};
}

void WorkerResolver::close(const std::string& container_id) {
    if (open_.erase(container_id) == 0) return;
    moved_.erase(container_id);
    closing_ = true;
    on_all([container_id](unsigned, Server& server) { server.close(container_id); });
}

void WorkerResolver::explain(const std::string& container_id, const std::string& name, const std::string& type,
                             Explained then) {
    const Slot slot = book_.view_slot(container_id);
    if (published_.view(slot) == nullptr) {
        return then(fail(Errc::not_found, "container '" + container_id + "' has no names to look up"));
    }
    auto explanation = explain_answer(published_, slot, random_, name, type);
    if (!explanation || !explanation->reply.empty() || !open_.contains(container_id)) {
        return then(std::move(explanation));
    }
    ask_upstream(container_id, *explain_query(name, type), std::move(*explanation), std::move(then));
}

Result<Explanation> WorkerResolver::explain_on(const std::string& network_id, const std::string& name,
                                               const std::string& type) {
    const auto zone = book_.zone(network_id);
    if (!zone) return fail(Errc::not_found, "network '" + network_id + "' has no names to look up");
    return explain_zone(zone, random_, name, type);
}

/// Through the first worker, as a query over TCP goes. Nobody waits for the answer, which may take seconds.
void WorkerResolver::ask_upstream(const std::string& container_id, std::vector<std::uint8_t> datagram,
                                  Explanation explanation, Explained then) {
    Server& server = units_[0]->server;
    server.give([&server, container_id, datagram = std::move(datagram),
                 waiting = std::make_shared<Waiting>(std::move(explanation), std::move(then))] {
        const bool asked = server.ask(container_id, datagram, [&server, waiting](dns::Bytes reply) {
            waiting->explanation.reply.assign(reply.begin(), reply.end());
            auto source = source_text(server.source());
            if (!source.empty() && !waiting->explanation.nobody_to_ask)
                waiting->explanation.trace.push_back(std::move(source));
            waiting->then(std::move(waiting->explanation));
        });
        if (!asked) waiting->then(std::move(waiting->explanation));
    });
}

}  // namespace

Result<std::unique_ptr<Resolver>> Resolver::start(ResolverOptions options, const NetNs& home, Metrics& metrics) {
    if (options.workers == 0 || metrics.dns.size() < options.workers) {
        return fail(Errc::invalid, "a resolver needs at least one worker, and counters for each");
    }
    auto handle = home.duplicate();
    if (!handle) return fail(std::move(handle).error(), "start the resolver");
    // Without the file there are no names of services, only numbers; everything else works.
    const auto services = read_file(kServicesFile);
    return std::make_unique<WorkerResolver>(options, std::make_shared<const NetNs>(std::move(*handle)), metrics,
                                            services ? ServiceTable(*services) : ServiceTable());
}

}  // namespace nsr::resolver
