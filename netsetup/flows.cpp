#include "netsetup/flows.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/files.h"
#include "netsetup/netlink/conntrack.h"

namespace nsr::net {
namespace {

using netlink::Flow;
using netlink::FlowFilter;

constexpr const char* kCount = "/proc/sys/net/netfilter/nf_conntrack_count";
// Each question costs a walk over all buckets of the kernel's table (10 to 20 ms, measured with 262 144 of them), and
// each flow in the answer a little. So a small table is read whole, once; of a large one few addresses are asked for
// one by one.
constexpr unsigned kSmallTable = 10'000;
constexpr std::size_t kSingleQuestions = 8;

/// How many flows there are; none where there is no connection tracking.
unsigned tracked_count() {
    const auto text = read_file(kCount);
    unsigned count = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), count);
    return count;
}

bool is_led(const Flow& flow) {
    return flow.reply.source != flow.original.destination || flow.reply.source_port != flow.original.destination_port;
}

bool is_masqueraded(const Flow& flow) {
    return flow.reply.destination != flow.original.source || flow.reply.destination_port != flow.original.source_port;
}

template <typename Wanted>
Result<unsigned> forget(netlink::Socket& conntrack, const FlowFilter& filter, const Wanted& wanted) {
    const auto flows = netlink::list_flows(conntrack, filter);
    if (!flows) return fail(flows.error());
    unsigned count = 0;
    for (const Flow& flow : *flows) {
        if (!wanted(flow)) continue;
        if (auto deleted = netlink::delete_flow(conntrack, flow); !deleted) return fail(std::move(deleted).error());
        ++count;
    }
    return count;
}

std::vector<FlowFilter> questions_for(const std::set<IpAddress>& addresses, unsigned tracked) {
    std::vector<FlowFilter> questions;
    if (tracked > kSmallTable && addresses.size() <= kSingleQuestions) {
        for (const IpAddress& address : addresses) {
            questions.push_back({.family = address.family(), .original_source = address});
            questions.push_back({.family = address.family(), .reply_source = address});
        }
        return questions;
    }
    for (const Family family : {Family::v4, Family::v6}) {
        const bool any =
            std::ranges::any_of(addresses, [family](const IpAddress& each) { return each.family() == family; });
        if (any) questions.push_back({.family = family});
    }
    return questions;
}

/// A flow that passes the host untranslated looks like one that ends here; it comes again as it was.
bool ends_at(const Flow& flow, const std::set<HostPort>& ports) {
    if (is_led(flow) || is_masqueraded(flow)) return false;
    const IpAddress& address = flow.original.destination;
    const IpAddress any = address.is_v4() ? IpAddress() : IpAddress::v6(std::array<std::uint8_t, 16>{});
    const std::uint16_t port = flow.original.destination_port;
    return ports.contains({registry::Protocol::udp, address, port}) ||
           ports.contains({registry::Protocol::udp, any, port});
}

std::set<Family> families_of(const StalePorts& ports) {
    std::set<Family> families;
    for (const HostPort& port : ports.opened) families.insert(port.address.family());
    for (const auto& [address, port] : ports.closed) families.insert(address.family());
    return families;
}

}  // namespace

Result<unsigned> forget_addresses(netlink::Socket& conntrack, const std::set<IpAddress>& addresses) {
    unsigned count = 0;
    const unsigned tracked = addresses.empty() ? 0 : tracked_count();
    if (tracked == 0) return count;
    for (const FlowFilter& question : questions_for(addresses, tracked)) {
        auto forgotten = forget(conntrack, question, [&](const Flow& flow) {
            return flow.answered && (addresses.contains(flow.original.source) || addresses.contains(flow.reply.source));
        });
        if (!forgotten) return forgotten;
        count += *forgotten;
    }
    return count;
}

Result<unsigned> forget_ports(netlink::Socket& conntrack, const StalePorts& ports) {
    unsigned count = 0;
    if (ports.empty() || tracked_count() == 0) return count;
    for (const Family family : families_of(ports)) {
        auto forgotten =
            forget(conntrack, {.family = family, .protocol = std::uint8_t{IPPROTO_UDP}}, [&](const Flow& flow) {
                return flow.original.protocol == IPPROTO_UDP &&
                       (ends_at(flow, ports.opened) ||
                        (is_led(flow) && ports.closed.contains({flow.reply.source, flow.reply.source_port})));
            });
        if (!forgotten) return forgotten;
        count += *forgotten;
    }
    return count;
}

}  // namespace nsr::net
