#include "netsetup/nft/dns_rewrite.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "netsetup/nft/ruleset.h"
#include "netsetup/nft/runner.h"

namespace nsr::net {
namespace {

/// nft prints a table as we wrote it but for blanks, and `udp dport set 13053` and the like come back word for word.
std::string without_blanks(std::string text) {
    std::erase_if(text, [](unsigned char character) { return std::isspace(character) != 0 || character == ';'; });
    return text;
}

}  // namespace

Result<> ensure_dns_rewrite(const NetNs& sandbox) {
    auto nft = Nft::open_in(sandbox);
    if (!nft) return fail(nft.error());
    const std::string definition = dns_table();
    // Creating at once, and looking only if something is there, saves every attach the listing.
    auto created = nft->run(create_table(kDnsTable, definition));
    if (created || created.error().code() != Errc::conflict) return created;
    const auto present = nft->list_table(kDnsTable);
    if (!present) return fail(present.error());
    if (without_blanks(*present) == without_blanks(definition)) return {};
    return nft->run(replace_table(kDnsTable, definition));
}

Result<> remove_dns_rewrite(const NetNs& sandbox) {
    auto nft = Nft::open_in(sandbox);
    if (!nft) return fail(nft.error());
    return nft->run(remove_table(kDnsTable));
}

}  // namespace nsr::net
