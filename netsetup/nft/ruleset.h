#pragma once

#include <string>
#include <vector>

#include "netsetup/nft/policy.h"

/// Firewall policy as nft text: pure functions, so that golden files show every rule that we ever set. Rules name
/// interfaces by iifname and oifname only (`iif` is looked up in the caller's namespace), and every `}` stands after a
/// newline, as nft 1.0.6 wants it.
namespace nsr::net {

inline constexpr const char* kHostTable = "inet ns-register";
inline constexpr const char* kDnsTable = "ip ns-register-dns";

/// Commands that put the host's table in the place of whatever is there.
std::string render_host_table(const HostPolicy& policy);

/// Commands that turn a table of `from` into one of `to`; empty if they are equal.
std::string render_difference(const HostPolicy& from, const HostPolicy& to);

/// The definition of a container's table: port 53 of 127.0.0.11 is rewritten to the hidden port, without conntrack.
std::string dns_table();

/// Commands that make the table of `definition`, refused with Errc::conflict if there is one.
std::string create_table(const std::string& table, const std::string& definition);

/// Commands that put `definition` in the place of whatever `table` is.
std::string replace_table(const std::string& table, const std::string& definition);

/// Commands that remove `table`, there or not.
std::string remove_table(const std::string& table);

}  // namespace nsr::net
