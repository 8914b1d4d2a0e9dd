#include <nlohmann/json.hpp>

#include "daemon/engine/container_files.h"

/// What ContainerFiles remembers, as JSON.
namespace nsr::daemon {
namespace {

using Json = nlohmann::json;

Json json_of(const std::vector<hosts::HostsLine>& lines) {
    Json list = Json::array();
    for (const auto& line : lines) list.push_back({{"address", line.address.text()}, {"names", line.names}});
    return list;
}

Json json_of(const FixedLink& link) {
    Json addresses = Json::array();
    for (const auto& address : link.addresses) addresses.push_back(address.text());
    return {{"target_id", link.target_id},
            {"target", link.target},
            {"alias", link.alias},
            {"names", link.names},
            {"addresses", std::move(addresses)}};
}

Json json_of(const FileContents& contents) {
    Json links = Json::array();
    for (const auto& link : contents.links) links.push_back(json_of(link));
    return {{"ipv6_loopback", contents.hosts.ipv6_loopback},
            {"extra", json_of(contents.hosts.extra)},
            {"link_lines", json_of(contents.hosts.links)},
            {"own", json_of(contents.hosts.own)},
            {"hosts_copy", contents.hosts_copy},
            {"resolv_conf", contents.resolv_conf},
            {"links", std::move(links)},
            {"variables", contents.variables}};
}

/// Throws nlohmann's exceptions for what is missing or of another type, and for an address that is none.
IpAddress address_from(const Json& json) {
    const auto address = IpAddress::parse(json.get<std::string>());
    return address ? *address : throw Json::other_error::create(500, "no address", nullptr);
}

std::vector<hosts::HostsLine> lines_from(const Json& json) {
    std::vector<hosts::HostsLine> lines;
    for (const auto& line : json) lines.push_back({address_from(line.at("address")), line.at("names")});
    return lines;
}

FileContents contents_from(const Json& json) {
    FileContents contents;
    contents.hosts.ipv6_loopback = json.at("ipv6_loopback");
    contents.hosts.extra = lines_from(json.at("extra"));
    contents.hosts.links = lines_from(json.at("link_lines"));
    contents.hosts.own = lines_from(json.at("own"));
    contents.hosts_copy = json.at("hosts_copy");
    contents.resolv_conf = json.at("resolv_conf");
    contents.variables = json.at("variables").get<std::vector<std::string>>();
    for (const auto& each : json.at("links")) {
        FixedLink link{each.at("target_id"), each.at("target"), each.at("alias"), each.at("names"), {}};
        for (const auto& address : each.at("addresses")) link.addresses.push_back(address_from(address));
        contents.links.push_back(std::move(link));
    }
    return contents;
}

}  // namespace

std::string written_text(const Written& written) {
    Json json{{"now", json_of(written.now)}};
    if (written.was) json["was"] = json_of(*written.was);
    // Variables may hold any bytes.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Written> parse_written(std::string_view text) {
    try {
        const Json json = Json::parse(text);
        Written written{.now = contents_from(json.at("now")), .was = {}};
        if (json.contains("was")) written.was = contents_from(json.at("was"));
        return written;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace nsr::daemon
