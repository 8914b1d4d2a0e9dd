#include <gtest/gtest.h>

#include <array>
#include <string>

#include "common/files.h"
#include "tests/support/golden.h"

namespace nsr::net {
namespace {

/// A chapter of docs/nftables.md: a golden file and what it shows.
struct Chapter {
    const char* title;
    const char* file;
    const char* text;
};

constexpr std::array kChapters{
    Chapter{
        "Two networks", "two-networks.nft",
        "What leaves a network for the outside gets the host's address; what enters must answer to something. Traffic "
        "between the networks is dropped by the last rule of `forward`."},
    Chapter{"An internal network", "internal.nft", "Nothing enters or leaves, and published ports have no effect."},
    Chapter{"IPv4 and IPv6", "dual-stack.nft", "Each family has sets of its own."},
    Chapter{"Published ports", "published.nft",
            "Port 8080 on every address, 8081 on the loopback alone, UDP, SCTP. `publish4_at` goes before `publish4`."},
    Chapter{"Ranges of ports", "ranges.nft",
            "Equal numbers on both sides are one element; shifted ones have an element for every port."},
    Chapter{
        "Ports that not everybody may reach", "guarded-ports.nft",
        "`loopback4`: ports at 127.0.0.0/8 are for the host alone, even where all links let such packets in "
        "(`net.ipv4.conf.all.route_localnet`). `proxied6`: IPv6 ports that the proxy carries to a container without "
        "IPv6; internal networks are not let to them."},
    Chapter{"Gateway mode routed", "routed.nft",
            "No NAT: published ports and ping are let in under the container's address."},
    Chapter{
        "Without masquerade and icc", "no-masquerade-no-icc.nft",
        "The isolated bridge ports keep the containers apart; the `drop` in `inside` counts where br_netfilter is on. "
        "Neighbours get to published ports by the proxy (`beside4`): translated inside the bridge, their packets would "
        "go "
        "from one isolated port to another. 81 is one that the proxy does not carry."},
    Chapter{"A host that forwarded nothing before", "apart.nft",
            "The kernel forwards between all links or none. Where ns-registerd turned that on (`net.ipv4.ip_forward`, "
            "`net.ipv6.conf.all.forwarding`), nothing passes between the links that were there at that moment, so that "
            "the host becomes no router for others; links that come later, Docker's bridges among them, are not "
            "touched. `RUN_DIR/kept-apart-ipv4` and `-ipv6` remember the links until the next boot, and `doctor` names "
            "them. A host that forwarded before goes on as it did: a router sets the two settings at boot, or removes "
            "the files and restarts ns-registerd."},
    Chapter{"One network more", "difference-add.nft",
            "The change of an existing table is one transaction of elements."},
    Chapter{"A port that moves to another container", "difference-port.nft", "Two elements."},
    Chapter{"In a container", "dns.nft",
            "Port 53 of 127.0.0.11, without connection tracking ([0003](adr/0003-port-53-rewrite.md))."},
};

std::string golden(const char* name) {
    auto text = read_file(test::source_file(std::string("tests/golden/nft/") + name));
    EXPECT_TRUE(text.has_value()) << name;
    return text.value_or("");
}

TEST(NftablesPage, IsMadeOfTheGoldenFiles) {
    std::string page =
        "# The rules that ns-register sets\n\nOn the host all of it stands in `table inet ns-register`, in a container "
        "in `table ip "
        "ns-register-dns`; no other table is read or changed. Why they look like this: "
        "[0011](adr/0011-one-table-of-sets.md).\nThis page is made from the files that the tests compare with "
        "(`NSR_UPDATE_GOLDEN=1`). `nft list table inet ns-register` shows the table of a running host.\n";
    for (const Chapter& chapter : kChapters) {
        page +=
            std::string("\n## ") + chapter.title + "\n\n" + chapter.text + "\n\n```\n" + golden(chapter.file) + "```\n";
    }
    test::expect_golden("../../docs/nftables.md", page);
}

}  // namespace
}  // namespace nsr::net
