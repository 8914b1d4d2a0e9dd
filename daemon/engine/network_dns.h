#pragma once

#include <vector>

#include "hosts/resolv_conf.h"
#include "registry/model.h"
#include "resolver/zone/spec.h"

/// What the `ns-register.dns` options of a network say. They are validated when it is made.
namespace nsr::daemon {

/// ns-register.dns.cache: bytes for what upstreams say; 0 if nothing is kept.
std::size_t cache_bytes_of(const registry::Network& network);

/// ns-register.dns.upstream: the servers for its containers; empty if it has none of its own.
std::vector<hosts::NameServer> servers_of(const registry::Network& network);

/// ns-register.dns.forward.DOMAIN: the servers for the names of a domain, without our own address (logged, D-82).
std::vector<resolver::DomainUpstreams> domains_of(const registry::Network& network);

/// Servers as the resolver takes them: a loopback address is the host's own (D-65), and the embedded server's address
/// is left out (D-82); those go to `own`.
std::vector<resolver::Upstream> without_own(const std::vector<hosts::NameServer>& servers,
                                            std::vector<hosts::NameServer>& own);

}  // namespace nsr::daemon
