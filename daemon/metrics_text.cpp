#include "daemon/metrics_text.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace nsr::daemon {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

struct DnsRow {
    const char* name;
    const char* help;
    MetricType type;
    Counter DnsCounters::* counter;
};

constexpr DnsRow kDnsRows[] = {
    {"nsr_dns_queries_udp_total", "Queries over UDP.", MetricType::Counter, &DnsCounters::queries_udp},
    {"nsr_dns_queries_tcp_total", "Queries over TCP.", MetricType::Counter, &DnsCounters::queries_tcp},
    {"nsr_dns_answers_local_total", "Answers from registered names.", MetricType::Counter, &DnsCounters::answers_local},
    {"nsr_dns_answers_error_total", "FORMERR, NOTIMP, REFUSED and BADVERS.", MetricType::Counter,
     &DnsCounters::answers_error},
    {"nsr_dns_dropped_total", "Datagrams that are no query.", MetricType::Counter, &DnsCounters::dropped},
    {"nsr_dns_forwarded_total", "Queries handed to an upstream.", MetricType::Counter, &DnsCounters::forwarded},
    {"nsr_dns_forward_replies_total", "Replies of upstreams that were relayed.", MetricType::Counter,
     &DnsCounters::forward_replies},
    {"nsr_dns_forward_failures_total", "SERVFAIL because no upstream answered.", MetricType::Counter,
     &DnsCounters::forward_failures},
    {"nsr_dns_forward_timeouts_total", "Single tries without a reply in time.", MetricType::Counter,
     &DnsCounters::forward_timeouts},
    {"nsr_dns_forward_overload_total", "SERVFAIL because a limit of queries in flight was reached.",
     MetricType::Counter, &DnsCounters::forward_overload},
    {"nsr_dns_forward_in_flight", "Queries that wait for an upstream.", MetricType::Gauge,
     &DnsCounters::forward_in_flight},
    {"nsr_dns_tcp_connections", "TCP connections of clients.", MetricType::Gauge, &DnsCounters::tcp_connections},
    {"nsr_dns_tcp_refused_total", "TCP connections closed because a limit was reached.", MetricType::Counter,
     &DnsCounters::tcp_refused},
    {"nsr_dns_tcp_paused_total", "Times that a TCP connection had to wait with its next query.", MetricType::Counter,
     &DnsCounters::tcp_paused},
    {"nsr_dns_tcp_timeouts_total", "TCP connections closed because idle or slow.", MetricType::Counter,
     &DnsCounters::tcp_timeouts},
    {"nsr_dns_redirects_total", "Times that a flood of queries was led to another worker, or back.",
     MetricType::Counter, &DnsCounters::redirects},
    {"nsr_dns_send_errors_total", "Replies that could not be sent.", MetricType::Counter, &DnsCounters::send_errors},
    {"nsr_dns_cache_hits_total", "Answers from the cache.", MetricType::Counter, &DnsCounters::cache_hits},
    {"nsr_dns_cache_misses_total", "Questions that were not in the cache.", MetricType::Counter,
     &DnsCounters::cache_misses},
    {"nsr_dns_cache_stale_total", "Answers from the cache after their time.", MetricType::Counter,
     &DnsCounters::cache_stale},
    {"nsr_dns_cache_failures_total", "SERVFAIL because asking had failed a moment before.", MetricType::Counter,
     &DnsCounters::cache_failures},
    {"nsr_dns_cache_prefetches_total", "Answers fetched again before their time was over.", MetricType::Counter,
     &DnsCounters::cache_prefetches},
    {"nsr_dns_cache_evictions_total", "Answers left out because a cache was full.", MetricType::Counter,
     &DnsCounters::cache_evictions},
    {"nsr_dns_cache_bytes", "Bytes of the caches.", MetricType::Gauge, &DnsCounters::cache_bytes},
    {"nsr_dns_cache_entries", "Answers in the cache.", MetricType::Gauge, &DnsCounters::cache_entries},
};

struct Row {
    const char* name;
    const char* help;
    MetricType type;
    Counter Metrics::* counter;
    double scale = 1;
};

struct ProxyRow {
    const char* name;
    const char* help;
    MetricType type;
    Counter ProxyCounters::* counter;
};

constexpr ProxyRow kProxyRows[] = {
    {"nsr_proxy_connections", "TCP connections through the port proxy.", MetricType::Gauge,
     &ProxyCounters::connections},
    {"nsr_proxy_sessions", "UDP clients of the port proxy.", MetricType::Gauge, &ProxyCounters::sessions},
    {"nsr_proxy_carried_total", "TCP connections and UDP clients of the port proxy so far.", MetricType::Counter,
     &ProxyCounters::carried},
    {"nsr_proxy_unreachable_total", "Of these, whose container did not answer.", MetricType::Counter,
     &ProxyCounters::unreachable},
    {"nsr_proxy_limited_total", "Clients that met a limit of the port proxy.", MetricType::Counter,
     &ProxyCounters::limited},
};

constexpr double kMicro = 1e-6;

constexpr Row kRows[] = {
    {"nsr_networks", "Networks.", MetricType::Gauge, &Metrics::networks},
    {"nsr_containers", "Registered containers.", MetricType::Gauge, &Metrics::containers},
    {"nsr_containers_running", "Running containers.", MetricType::Gauge, &Metrics::running},
    {"nsr_endpoints", "Attached endpoints.", MetricType::Gauge, &Metrics::endpoints},
    {"nsr_operations_total", "Operations.", MetricType::Counter, &Metrics::operations},
    {"nsr_operation_failures_total", "Operations that failed or were refused.", MetricType::Counter,
     &Metrics::operation_failures},
    {"nsr_attaches_total", "Containers started.", MetricType::Counter, &Metrics::attaches},
    {"nsr_detaches_total", "Containers stopped.", MetricType::Counter, &Metrics::detaches},
    {"nsr_attach_seconds_total", "Time that starts took.", MetricType::Counter, &Metrics::attach_microseconds, kMicro},
    {"nsr_detach_seconds_total", "Time that stops took.", MetricType::Counter, &Metrics::detach_microseconds, kMicro},
    {"nsr_reconcile_repairs_total", "Links and namespaces that nobody wanted any more, removed at start-up.",
     MetricType::Counter, &Metrics::reconcile_repairs},
    {"nsr_kernel_differences_total", "Links, addresses, routes and rules that were not as they should be.",
     MetricType::Counter, &Metrics::kernel_differences},
    {"nsr_kernel_repairs_total", "Times that such were mended.", MetricType::Counter, &Metrics::kernel_repairs},
    {"nsr_api_requests_total", "API requests.", MetricType::Counter, &Metrics::api_requests},
    {"nsr_api_errors_total", "API requests that got an error status.", MetricType::Counter, &Metrics::api_errors},
    {"nsr_api_connections", "API connections.", MetricType::Gauge, &Metrics::api_connections},
};

prometheus::ClientMetric sample(MetricType type, double value) {
    prometheus::ClientMetric metric;
    if (type == MetricType::Counter)
        metric.counter.value = value;
    else
        metric.gauge.value = value;
    return metric;
}

}  // namespace

std::string metrics_text(const Metrics& metrics) {
    std::vector<MetricFamily> families;
    for (const auto& row : kRows) {
        const double value = static_cast<double>((metrics.*row.counter).value()) * row.scale;
        families.push_back({row.name, row.help, row.type, {sample(row.type, value)}});
    }
    for (const auto& row : kProxyRows) {
        const auto value = static_cast<double>((metrics.proxy.*row.counter).value());
        families.push_back({row.name, row.help, row.type, {sample(row.type, value)}});
    }
    for (const auto& row : kDnsRows) {
        MetricFamily family{row.name, row.help, row.type, {}};
        for (std::size_t worker = 0; worker < metrics.dns.size(); ++worker) {
            auto metric = sample(row.type, static_cast<double>((metrics.dns[worker].*row.counter).value()));
            metric.label.push_back({"worker", std::to_string(worker)});
            family.metric.push_back(std::move(metric));
        }
        families.push_back(std::move(family));
    }
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace nsr::daemon
