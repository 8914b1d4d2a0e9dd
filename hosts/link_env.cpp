#include "hosts/link_env.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace nsr::hosts {
namespace {

using registry::PortProto;
using registry::Protocol;

constexpr std::string_view kNotCopied[] = {"HOME", "PATH"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// "db-main" -> "DB_MAIN"; nothing else changes (L-13).
std::string prefix_of(std::string_view alias) {
    std::string prefix(alias);
    for (char& c : prefix) c = c == '-' ? '_' : upper(c);
    return prefix;
}

std::string_view name_of(Protocol protocol) {
    return protocol == Protocol::tcp ? "tcp" : protocol == Protocol::udp ? "udp" : "sctp";
}

std::string upper_name_of(Protocol protocol) {
    std::string name(name_of(protocol));
    for (char& c : name) c = upper(c);
    return name;
}

/// tcp first, then by number, each once.
std::vector<PortProto> sorted(std::vector<PortProto> ports) {
    static_assert(Protocol::tcp < Protocol::udp && Protocol::tcp < Protocol::sctp);
    std::ranges::sort(ports, {}, [](const PortProto& each) { return std::pair(each.protocol, each.port); });
    ports.erase(std::ranges::unique(ports).begin(), ports.end());
    return ports;
}

class PortVariables {
public:
    PortVariables(std::string prefix, const IpAddress& address)
        : prefix_(std::move(prefix)),
          host_(address.is_v6() ? "[" + address.text() + "]" : address.text()),
          address_(address.text()) {}

    void add_all(const std::vector<PortProto>& ports) {
        if (!ports.empty()) variables_.push_back(prefix_ + "_PORT=" + url(ports.front()));
        std::size_t run = 0;  // where the run of consecutive numbers began
        for (std::size_t index = 0; index < ports.size(); ++index) {
            add(ports[index]);
            const bool goes_on = index + 1 < ports.size() && ports[index + 1].protocol == ports[index].protocol &&
                                 ports[index + 1].port == ports[index].port + 1;
            if (goes_on) continue;
            if (index > run) add_run(ports[run], ports[index]);
            run = index + 1;
        }
    }

    std::vector<std::string> take() { return std::move(variables_); }

private:
    std::string url(const PortProto& port) const {
        return std::string(name_of(port.protocol)) + "://" + host_ + ":" + std::to_string(port.port);
    }

    std::string base(const PortProto& port) const {
        return prefix_ + "_PORT_" + std::to_string(port.port) + "_" + upper_name_of(port.protocol);
    }

    void add(const PortProto& port) {
        variables_.push_back(base(port) + "=" + url(port));
        variables_.push_back(base(port) + "_ADDR=" + address_);
        variables_.push_back(base(port) + "_PORT=" + std::to_string(port.port));
        variables_.push_back(base(port) + "_PROTO=" + std::string(name_of(port.protocol)));
    }

    void add_run(const PortProto& first, const PortProto& last) {
        variables_.push_back(base(first) + "_START=" + url(first));
        variables_.push_back(base(first) + "_PORT_START=" + std::to_string(first.port));
        variables_.push_back(base(first) + "_END=" + url(last));
        variables_.push_back(base(first) + "_PORT_END=" + std::to_string(last.port));
    }

    std::string prefix_;
    std::string host_;
    std::string address_;
    std::vector<std::string> variables_;
};

}  // namespace

std::vector<std::string> link_variables(const LinkSource& link) {
    const std::string prefix = prefix_of(link.alias);
    PortVariables ports(prefix, link.address);
    ports.add_all(sorted(link.ports));
    std::vector<std::string> variables = ports.take();
    variables.push_back(prefix + "_NAME=/" + link.container + "/" + link.alias);
    for (const std::string& variable : link.env) {
        const std::size_t equals = variable.find('=');
        if (equals == std::string::npos) continue;
        if (std::ranges::find(kNotCopied, variable.substr(0, equals)) != std::end(kNotCopied)) continue;
        variables.push_back(prefix + "_ENV_" + variable);
    }
    return variables;
}

std::vector<std::string> merge_variables(const std::vector<std::string>& of_links,
                                         const std::vector<std::string>& own) {
    std::vector<std::string> merged;
    std::unordered_map<std::string, std::size_t> place;
    for (const auto* list : {&of_links, &own}) {
        for (const std::string& variable : *list) {
            const auto [found, is_new] = place.try_emplace(variable.substr(0, variable.find('=')), merged.size());
            if (is_new) merged.push_back(variable);
            if (!is_new) merged[found->second] = variable;
        }
    }
    return merged;
}

}  // namespace nsr::hosts
