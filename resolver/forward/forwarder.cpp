#include "resolver/forward/forwarder.h"

#include <array>

#include "resolver/answer.h"

namespace nsr::resolver {

struct Forwarder::State {
    DnsCounters& counters;
};

Forwarder::Forwarder(boost::asio::io_context&, DnsCounters& counters, std::shared_ptr<const NetNs>)
    : state_(std::make_unique<State>(counters)) {}
Forwarder::~Forwarder() = default;

void Forwarder::ask(const ForwardRequest& request, Deliver deliver) {
    std::array<std::uint8_t, dns::kEdnsLimit> reply;
    const std::size_t size = write_error(request.datagram, request.query, dns::Rcode::servfail,
                                         dns::Ede::no_reachable_authority, reply);
    state_->counters.forward_failures.add();
    deliver({reply.data(), size});
}

void Forwarder::close(const std::shared_ptr<ForwardClient>& client) { client->closed = true; }
void Forwarder::forget(const std::vector<dns::Name>&) {}
void Forwarder::close_all() {}

}  // namespace nsr::resolver
