#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace nsr {

/// A number that one thread changes and any thread may read. Relaxed: readers see each counter whole, but two counters
/// need not be of the same moment. add() is a plain load and store, no locked instruction.
class Counter {
public:
    void add(std::uint64_t amount = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// What one DNS worker counts. Changed by that worker only.
struct alignas(128) DnsCounters {
    Counter queries_udp;
    Counter queries_tcp;
    Counter answers_local;      ///< answered from the zones, NODATA and NXDOMAIN included
    Counter answers_error;      ///< FORMERR, NOTIMP, REFUSED, BADVERS
    Counter dropped;            ///< not a query: too short, or a response
    Counter forwarded;          ///< handed to an upstream
    Counter forward_replies;    ///< replies of upstreams that were relayed
    Counter forward_failures;   ///< SERVFAIL because no upstream answered
    Counter forward_timeouts;   ///< single tries that got no reply in time
    Counter forward_overload;   ///< SERVFAIL because a limit of queries in flight was reached
    Counter forward_in_flight;  ///< now
    Counter tcp_connections;    ///< now
    Counter tcp_refused;        ///< closed at once because the limit of connections was reached
    Counter tcp_paused;         ///< times that a connection was not read because too much was on its way
    Counter tcp_timeouts;       ///< closed because idle or too slow
    Counter send_errors;
    Counter redirects;  ///< times that a flood of queries was led to another worker, or back
    Counter cache_hits;
    Counter cache_misses;
    Counter cache_stale;
    Counter cache_failures;    ///< SERVFAIL because asking had failed a moment before
    Counter cache_prefetches;  ///< asked again before their time was over
    Counter cache_evictions;   ///< left out because a cache was full
    Counter cache_entries;     ///< now
    Counter cache_bytes;       ///< now
};

/// What the proxy counts. Changed by the proxy's thread only.
struct ProxyCounters {
    Counter connections;  ///< now, TCP
    Counter sessions;     ///< now, UDP
    Counter carried;      ///< TCP connections and UDP sessions begun
    Counter unreachable;  ///< of these, whose container did not answer
    Counter limited;      ///< clients that met a limit
};

/// Everything that is counted, in one place; read by GET /metrics.
struct Metrics {
    explicit Metrics(unsigned workers) : dns(workers) {}

    std::vector<DnsCounters> dns;  ///< one per DNS worker
    ProxyCounters proxy;

    // Changed by the operations thread.
    Counter networks;    ///< now
    Counter containers;  ///< now, registered
    Counter running;     ///< now, running
    Counter endpoints;   ///< now, attached
    Counter operations;
    Counter operation_failures;
    Counter attaches;
    Counter detaches;
    Counter attach_microseconds;  ///< sum
    Counter detach_microseconds;  ///< sum
    Counter reconcile_repairs;    ///< things of ours in the kernel that were missing or too many at a reconcile

    Counter kernel_differences;  ///< links, addresses, routes and rules that were not as they should be
    Counter kernel_repairs;      ///< times that such were mended while the daemon ran

    // Changed by the control thread.
    Counter api_requests;
    Counter api_errors;
    Counter api_connections;  ///< now
};

}  // namespace nsr
