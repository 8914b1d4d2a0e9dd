#pragma once

#include "common/netns.h"
#include "netsetup/netlink/socket.h"

namespace nsr::net::netlink {

/// Makes the table of nft/ruleset's dns_table() by nfnetlink directly; EEXIST if there is a table of that name. It is
/// the one piece of nftables that every attach pays for: libnftables needs 340 us for it where this needs 60, because
/// it reads the whole ruleset of the namespace, and parses, first.
Reply create_dns_table(Socket& netfilter);

/// Whether there is a table of that name; takes some microseconds. A creation that the kernel refuses would wait 15 ms
/// for its clean-up.
Result<bool> has_dns_table(Socket& netfilter);

/// Removes it, there or not. Closing the socket soon after that waits 15 ms for the kernel's clean-up.
Reply delete_dns_table(Socket& netfilter);

}  // namespace nsr::net::netlink
