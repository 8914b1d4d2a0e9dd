#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/ip.h"

/// What other programs' firewalls mean for our networks: what they drop, and what Docker lets us say in its own chain.
/// Pure.
namespace nsr::net {

/// A base chain of another program that sees forwarded traffic.
struct ForwardChain {
    std::string table;  ///< "ip filter"
    std::string chain;  ///< "FORWARD"
    bool drops = true;  ///< what none of its rules knows; else see drops_the_rest()

    bool operator==(const ForwardChain&) const = default;
};

/// The forward chains in what `nft list chains` prints, ours left out. Those with policy drop do, and firewalld's,
/// which accepts and rejects at its end.
std::vector<ForwardChain> find_forward_chains(std::string_view ruleset);

/// Whether a chain that accepts what none of its rules knows has a rule that drops or rejects everything, as RHEL's
/// iptables has at its end. `listing`: what `nft list` prints of the chain.
bool drops_the_rest(const ForwardChain& chain, std::string_view listing);

/// Whether traffic of this family passes the chain at all.
bool sees(const ForwardChain& chain, Family family);

bool is_firewalld(const ForwardChain& drop);

/// Those of `bridges` whose traffic such a chain does not let pass in both directions: by rules with their names, in a
/// table of the bridge family by rules with the names of the bridges or the group of our links. `listing`: what `nft
/// list` prints of the chain and of those chains in which fix_of() puts its rules; of firewalld, of its table.
std::vector<std::string> not_let_pass(const ForwardChain& drop, std::string_view listing,
                                      const std::vector<std::string>& bridges);

/// Whether Docker's chain for the rules of others is there for a family ("ip" or "ip6").
bool has_docker_user(std::string_view ruleset, std::string_view family);

/// A command line that lets the traffic of these bridges pass such a chain.
std::string fix_of(const ForwardChain& drop, bool docker_user, const std::vector<std::string>& bridges);

/// nft commands that make our rules in `FAMILY filter DOCKER-USER` (those with our comment) accept exactly what comes
/// from and goes to these bridges; "" if nothing differs. `listing`: what `nft -a list chain` prints. The rules look as
/// iptables writes them, so that Docker's own iptables goes on reading the chain.
std::string docker_user_commands(std::string_view listing, std::string_view family,
                                 const std::vector<std::string>& bridges);

}  // namespace nsr::net
