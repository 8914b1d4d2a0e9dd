#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/metrics.h"
#include "common/netns.h"
#include "common/result.h"
#include "resolver/zone/spec.h"

namespace nsr::resolver {

struct ResolverOptions {
    unsigned workers = 1;  ///< DNS worker threads, each pinned to one CPU
    bool pin_workers = true;
    unsigned forward_limit = 16384;               ///< queries that wait for upstreams, of all workers
    unsigned forward_limit_per_container = 1024;  ///< of these, of one container
    bool udp_segmentation = true;                 ///< datagrams to one address may leave as one packet: Datagrams
};

/// Answer of explain(): the reply message and how it came about.
struct Explanation {
    std::vector<std::uint8_t> reply;  ///< a DNS message; empty if none would be sent
    std::vector<std::string> trace;   ///< one sentence per step
    bool nobody_to_ask = false;       ///< not ours, and there is no server for it; the trace says why
};

/// Told what explain() has found.
using Explained = std::function<void(Result<Explanation> explanation)>;

/// The embedded DNS server: in the namespace of each container 127.0.0.11:53, UDP and TCP.
///
/// *Use.* put_* and remove_* change what is known on the side of the caller; publish() hands the changes to every
/// worker. What is asked after it has returned is answered from them, so that "attached" is true for everybody when
/// attach returns; nothing waits for a worker to get a CPU, because workers look for changes when they have received a
/// query. They take everything in the order of the calls. open() returns when the listeners are bound: what is asked
/// from then on is answered.
///
/// *Threads.* All calls come from one thread (the operations thread); only settle() waits for workers. They are stopped
/// and joined by the destructor.
///
/// *Cost.* Publishing one endpoint costs the same on a network of 10 names and of 10 000.
class Resolver {
public:
    /// `home`: the host's network namespace, from which servers of the host's resolv.conf are asked. `metrics.dns` must
    /// have at least `options.workers` elements and outlive the resolver.
    static Result<std::unique_ptr<Resolver>> start(ResolverOptions options, const NetNs& home, Metrics& metrics);
    virtual ~Resolver() = default;

    virtual void put_network(const ZoneSpec& spec) = 0;  ///< new, or with other settings; endpoints stay
    virtual void remove_network(const std::string& network_id) = 0;
    virtual void put_endpoint(const std::string& network_id, const EndpointNames& names) = 0;
    virtual void remove_endpoint(const std::string& network_id, const std::string& container_id) = 0;
    virtual void put_view(const ViewSpec& view) = 0;
    virtual void remove_view(const std::string& container_id) = 0;
    virtual void publish() = 0;
    /// The same for changes on which no question that waits for a server outside depends: wakes no worker.
    virtual void publish_quietly() { publish(); }
    /// Returns when every worker has done all that it was given before: publish(), open(), close().
    virtual void settle() = 0;

    /// Publishes, binds the listeners of a container inside its namespace and serves them from its view (without one it
    /// answers SERVFAIL). The port rewrite of the namespace is netsetup's work and precedes
    /// this. Nothing is left behind on failure; opening twice replaces.
    virtual Result<> open(const std::string& container_id, const NetNs& sandbox) = 0;
    /// Closes its listeners and forgets its queries in flight, at the latest at the next settle(). No-op if not open.
    virtual void close(const std::string& container_id) = 0;

    /// What the container is answered: the very function that answers queries, with its trace kept. `type` is a
    /// mnemonic or TYPEnnn. Errc::invalid for a bad name or type; Errc::not_found if the container has no view.
    ///
    /// `then` is called once: before this returns, or, if servers outside are asked, on a thread of the resolver when
    /// they have answered or their time is up. It is forgotten if the container is closed or the resolver ends before.
    virtual void explain(const std::string& container_id, const std::string& name, const std::string& type,
                         Explained then) = 0;

    /// What one network says of a name to whoever is on it alone, links aside; nobody outside is asked. An empty reply
    /// if it does not know the name. The same refusals; Errc::not_found if there is no such network.
    virtual Result<Explanation> explain_on(const std::string& network_id, const std::string& name,
                                           const std::string& type) = 0;
};

/// Constants shared with the port rewrite in the container's namespace (ADR 0003): the server's own address, the port
/// that containers ask, and the ports where the server really listens (below the ephemeral range, so that no client
/// socket of the container takes them by chance).
inline constexpr const char* kServerAddress = "127.0.0.11";
inline constexpr std::uint16_t kServerPort = 53;
inline constexpr std::uint16_t kHiddenUdpPort = 13053;
inline constexpr std::uint16_t kHiddenTcpPort = 13053;

}  // namespace nsr::resolver
