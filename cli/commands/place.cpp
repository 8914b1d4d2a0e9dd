#include "cli/commands/place.h"

#include "api/client.h"
#include "cli/commands/json.h"
#include "common/ids.h"

namespace nsr::cli {
namespace {

/// In the host's network namespace the machine's own name holds, unless one was given.
std::string host_name_of(const Json& container) {
    const std::string name = text_at(container.value("Config", Json::object()), "Hostname");
    const bool on_host = text_at(container.value("HostConfig", Json::object()), "NetworkMode") == "host";
    return on_host && name == short_id(text_at(container, "Id")) ? "" : name;
}

}  // namespace

Result<Place> place_of(Session& session, const std::string& container) {
    auto inspected = parse_reply(session.ask("GET", "/containers/" + api::encode(container) + "/json"));
    if (!inspected) return fail(std::move(inspected).error());
    Place place;
    place.sandbox = text_at(inspected->value("NetworkSettings", Json::object()), "SandboxKey");
    if (place.sandbox.empty()) {
        const bool runs = inspected->value("State", Json::object()).value("Running", false);
        return fail(Errc::conflict, "container " + container +
                                        (runs ? " has lost its network: the container that it shared"
                                                " one with is gone"
                                              : " is not running"));
    }
    place.hosts_path = text_at(*inspected, "HostsPath");
    place.resolv_conf_path = text_at(*inspected, "ResolvConfPath");
    place.hostname = host_name_of(*inspected);
    const Json config = inspected->value("Config", Json::object());
    place.user = text_at(config, "User");
    place.directory = text_at(config, "WorkingDir");
    auto variables = parse_reply(session.ask("GET", "/ns-register/containers/" + api::encode(container) + "/env"));
    if (!variables) return fail(std::move(variables).error());
    place.variables = variables->get<std::vector<std::string>>();
    return place;
}

}  // namespace nsr::cli
