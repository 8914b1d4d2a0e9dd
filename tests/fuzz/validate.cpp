#include <cstdint>
#include <cstdlib>

#include "registry/validate.h"

// Any text from outside, given to every check and parser: what is taken keeps its promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nsr::registry;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto has = [&](const char* bytes) { return text.find_first_of(bytes) != std::string::npos; };
    if (check_container_name(text) && (has("/ :*\n") || size > 253)) std::abort();
    if (check_network_name(text) && (has("/ :*\n") || size > 253)) std::abort();
    if (check_alias(text) && has("/ :\n")) std::abort();
    static_cast<void>(check_hostname("hostname", text));
    static_cast<void>(check_extra_host(text));
    static_cast<void>(check_dns_server(text));
    static_cast<void>(check_dns_search(text));

    if (const auto link = parse_link(text); link && (link->target.empty() || link->alias.empty())) std::abort();
    if (const auto ports = parse_exposed(text); ports && ports->empty()) std::abort();
    if (const auto bindings = parse_publish(text)) {
        for (const PortBinding& binding : *bindings) {
            if (binding.host_port_last < binding.host_port_first) std::abort();
        }
    }
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    for (const char* driver : {"bridge", "macvlan", "ipvlan"}) {
        static_cast<void>(check_network_options(driver, {{key, value}}));
    }
    return 0;
}
