#include <cstdint>
#include <cstdlib>

#include "hosts/hosts_file.h"

namespace {

using namespace nsr::hosts;

HostsInputs with(const char* link_address, const char* own_address) {
    HostsInputs inputs;
    inputs.links = {{.address = *nsr::IpAddress::parse(link_address), .names = {"db", "h", "cat-db"}}};
    inputs.own = {{.address = *nsr::IpAddress::parse(own_address), .names = {"app"}}};
    return inputs;
}

}  // namespace

// Any file that a user has made of ours: a change is done once, and nothing is lost on the way there and back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const HostsInputs before = with("172.17.0.2", "172.17.0.3");
    const HostsInputs after = with("172.17.0.4", "172.17.0.3");
    const std::string changed = update_hosts(text, before, after);
    if (update_hosts(changed, after, after) != changed) std::abort();
    const std::string back = update_hosts(changed, after, before);
    if (update_hosts(back, before, after) != changed) std::abort();
    if (changed.size() + 2 < size / 2) std::abort();
    if (update_hosts(changed, after, HostsInputs{}).size() > changed.size()) std::abort();
    return 0;
}
