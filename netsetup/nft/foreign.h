#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What other programs' firewalls mean for our networks: what they drop, and what Docker lets us say in its own chain.
/// Pure.
namespace nsr::net {

/// A base chain of another program that drops forwarded traffic which it does not know.
struct ForwardDrop {
    std::string table;  ///< "ip filter"
    std::string chain;  ///< "FORWARD"

    bool operator==(const ForwardDrop&) const = default;
};

/// The forward chains with policy drop in what `nft list ruleset` prints, ours left out; and firewalld's, which accepts
/// and rejects at its end.
std::vector<ForwardDrop> find_forward_drops(std::string_view ruleset);

bool is_firewalld(const ForwardDrop& drop);

/// Those of `bridges` whose traffic such a chain does not let pass in both directions. `listing`: what `nft list`
/// prints of the chain and of those chains in which fix_of() puts its rules; of firewalld, of its table.
std::vector<std::string> not_let_pass(const ForwardDrop& drop, std::string_view listing,
                                      const std::vector<std::string>& bridges);

/// Whether Docker's chain for the rules of others is there for a family ("ip" or "ip6").
bool has_docker_user(std::string_view ruleset, std::string_view family);

/// A command line that lets the traffic of these bridges pass such a chain.
std::string fix_of(const ForwardDrop& drop, bool docker_user, const std::vector<std::string>& bridges);

/// nft commands that make our rules in `FAMILY filter DOCKER-USER` (those with our comment) accept exactly what comes
/// from and goes to these bridges; "" if nothing differs. `listing`: what `nft -a list chain` prints. The rules look as
/// iptables writes them, so that Docker's own iptables goes on reading the chain.
std::string docker_user_commands(std::string_view listing, std::string_view family,
                                 const std::vector<std::string>& bridges);

}  // namespace nsr::net
