#include "daemon/host_resolver.h"

#include "common/files.h"

namespace nsr::daemon {

hosts::ResolvConf read_host_dns(const std::string& path) {
    auto host = hosts::parse_resolv_conf(read_file(path).value_or(""));
    if (!hosts::is_resolved_stub(host)) return host;
    const auto behind = read_file(std::string(hosts::kResolvedResolvConf));
    return behind ? hosts::parse_resolv_conf(*behind) : host;
}

}  // namespace nsr::daemon
