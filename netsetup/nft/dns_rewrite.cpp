#include "netsetup/nft/dns_rewrite.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <string>

#include "netsetup/netlink/dns_table.h"
#include "netsetup/nft/ruleset.h"
#include "netsetup/nft/runner.h"

namespace nsr::net {
namespace {

/// nft prints a table as we wrote it but for blanks, and `udp dport set 13053` and the like come back word for word.
std::string without_blanks(std::string text) {
    std::erase_if(text, [](unsigned char character) { return std::isspace(character) != 0 || character == ';'; });
    return text;
}

Result<bool> is_right(Nft& nft) {
    const auto present = nft.list_table(kDnsTable);
    if (!present) return fail(present.error());
    return without_blanks(*present) == without_blanks(dns_table());
}

/// The table that is there becomes what it should be.
Result<> ensure_equal(const NetNs& sandbox) {
    auto nft = Nft::open_in(sandbox);
    if (!nft) return fail(nft.error());
    const auto right = is_right(*nft);
    if (!right) return fail(right.error());
    if (*right) return {};
    return nft->run(replace_table(kDnsTable, dns_table()));
}

}  // namespace

Result<> ensure_dns_rewrite(const NetNs& sandbox) {
    // Listing only if something is there saves every attach that.
    auto netfilter = netlink::Socket::open_in(sandbox, netlink::Subsystem::netfilter);
    if (!netfilter) return fail(netfilter.error());
    const auto present = netlink::has_dns_table(*netfilter);
    if (!present) return fail(present.error());
    if (*present) return ensure_equal(sandbox);
    const auto created = netlink::create_dns_table(*netfilter);
    if (created) return {};
    if (created.error().number != EEXIST) return netlink::refuse("add table 'ns-register-dns'", created.error());
    return ensure_equal(sandbox);
}

Result<bool> has_dns_rewrite(const NetNs& sandbox) {
    auto nft = Nft::open_in(sandbox);
    if (!nft) return fail(nft.error());
    return is_right(*nft);
}

Result<netlink::Socket> remove_dns_rewrite(const NetNs& sandbox) {
    auto netfilter = netlink::Socket::open_in(sandbox, netlink::Subsystem::netfilter);
    if (!netfilter) return netfilter;
    const auto deleted = netlink::delete_dns_table(*netfilter);
    if (!deleted) return netlink::refuse("delete table 'ns-register-dns'", deleted.error());
    return netfilter;
}

}  // namespace nsr::net
