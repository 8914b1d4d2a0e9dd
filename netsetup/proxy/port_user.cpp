#include "netsetup/proxy/port_user.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <sstream>

#include "common/files.h"

namespace nsr::net {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";

/// "socket:[123]" for the inodes.
std::set<std::string> links_of(const std::vector<std::string>& inodes) {
    std::set<std::string> links;
    for (const auto& inode : inodes) links.insert("socket:[" + inode + "]");
    return links;
}

bool has_any(const fs::path& process, const std::set<std::string>& links) {
    std::error_code failed;
    for (const auto& descriptor : fs::directory_iterator(process / "fd", failed)) {
        std::error_code gone;
        if (links.contains(fs::read_symlink(descriptor.path(), gone).string())) return true;
    }
    return false;
}

std::string command_of(const fs::path& process) {
    auto name = read_file(process / "comm").value_or("");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return name;
}

}  // namespace

std::vector<std::string> sockets_at(std::string_view table, std::uint16_t port, bool listening) {
    std::vector<std::string> inodes;
    std::istringstream lines{std::string(table)};
    std::string line;
    std::getline(lines, line);  // the heading
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
        words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
        const std::size_t colon = local.rfind(':');
        if (colon == std::string::npos || inode.empty() || inode == "0") continue;
        std::uint16_t at = 0;
        std::from_chars(local.data() + colon + 1, local.data() + local.size(), at, 16);
        if (at == port && (!listening || state == kListening)) inodes.push_back(inode);
    }
    return inodes;
}

std::optional<PortUser> find_port_user(const HostPort& port) {
    if (port.protocol == registry::Protocol::sctp) return std::nullopt;
    const bool tcp = port.protocol == registry::Protocol::tcp;
    std::vector<std::string> inodes;
    for (const char* family : {"", "6"}) {
        const auto table = read_file(std::string("/proc/thread-self/net/") + (tcp ? "tcp" : "udp") + family);
        if (table) std::ranges::copy(sockets_at(*table, port.port, tcp), std::back_inserter(inodes));
    }
    const auto links = links_of(inodes);
    if (links.empty()) return std::nullopt;
    std::error_code failed;
    for (const auto& process : fs::directory_iterator("/proc", failed)) {
        const std::string name = process.path().filename();
        int pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || end != name.data() + name.size()) continue;
        if (has_any(process.path(), links)) return PortUser{.pid = pid, .command = command_of(process.path())};
    }
    return std::nullopt;
}

}  // namespace nsr::net
