#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/ip.h"

/// A container's /etc/hosts (docker-behaviour part 3). Pure.
namespace nsr::hosts {

/// "ADDRESS<tab>NAME NAME ...".
struct HostsLine {
    IpAddress address;
    std::vector<std::string> names;

    bool operator==(const HostsLine&) const = default;
};

/// What a container's file is made of, in this order (H-02). host-gateway is an address by now (H-07).
struct HostsInputs {
    bool ipv6_loopback = true;     ///< lo has ::1; without it the five fixed IPv6 lines are left out (H-01)
    std::vector<HostsLine> extra;  ///< --add-host, in the order given
    std::vector<HostsLine> links;  ///< of legacy links
    std::vector<HostsLine> own;    ///< per network: IPv4, then IPv6

    bool operator==(const HostsInputs&) const = default;
};

/// A new file: what a start writes.
std::string render_hosts(const HostsInputs& inputs);

/// The text of a file that was written for `before` and may have been edited since, changed to say `after` (H-12): a
/// line whose address has changed is changed where it stands, lines that are gone are taken out, new ones are appended,
/// and all other lines stay as they are. A line of ours is known by its address and its first names; names that a user
/// has added to it stay.
std::string update_hosts(std::string_view current, const HostsInputs& before, const HostsInputs& after);

/// The same for a file whose last change was begun and perhaps not made: any line of `was` and of `now` may stand
/// there.
std::string repair_hosts(std::string_view current, const HostsInputs& was, const HostsInputs& now,
                         const HostsInputs& after);

/// Names of a container's own lines (H-03, H-04): the hostname with the domain, and its first label if that is shorter.
std::vector<std::string> own_names(std::string_view hostname, std::string_view domainname);

/// Names of a legacy link's lines (L-01): alias, the target's hostname, the target's name unless it is the alias.
std::vector<std::string> link_names(std::string_view alias, std::string_view hostname, std::string_view name);

}  // namespace nsr::hosts
