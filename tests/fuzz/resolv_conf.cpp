#include <cstdint>
#include <cstdlib>

#include "hosts/resolv_conf.h"
#include "hosts/upstreams.h"

// Any file of the host: it is read, every kind of container gets a file of its own, and that one is read back as it was
// meant.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nsr::hosts;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ResolvConfInputs inputs;
    inputs.host = parse_resolv_conf(text);
    choose_upstreams({}, {}, inputs.host);

    const ResolvConf embedded = parse_resolv_conf(render_resolv_conf(inputs));
    if (embedded.servers.size() != 1 || embedded.servers.front().text() != "127.0.0.11") std::abort();
    if (!ndots_of(embedded.options)) std::abort();

    inputs.use = ResolvConfUse::direct;
    const ResolvConf direct = parse_resolv_conf(render_resolv_conf(inputs));
    for (const NameServer& server : direct.servers) {
        if (server.address.is_loopback()) std::abort();
    }
    if (direct.options != inputs.host.options || direct.other != inputs.host.other) std::abort();

    inputs.use = ResolvConfUse::host;
    if (render_resolv_conf(inputs) != text) std::abort();

    if (const auto server = parse_name_server(text)) {
        if (parse_name_server(server->text()) != *server) std::abort();
    }
    return 0;
}
