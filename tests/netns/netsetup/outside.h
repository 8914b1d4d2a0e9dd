#pragma once

#include <optional>
#include <string>

#include "tests/netns/netsetup/fixture.h"

namespace nsr::net {

/// The two ends of a wire between the host and the outside world.
inline constexpr const char* kHostOutside = "198.51.100.1";
inline constexpr const char* kHostOutside6 = "2001:db8::1";
inline constexpr const char* kOutside = "198.51.100.9";

/// A host with a machine outside, which has a route to the containers but none of our policy.
class FirewallTest : public KernelTest {
protected:
    void SetUp() override;
    const NetNs& outside() { return *outside_; }

private:
    std::optional<NetNs> outside_;
};

/// A TCP server in a namespace that tells every client the client's address; it answers when the constructor returns.
class TellingServer {
public:
    TellingServer(const NetNs& netns, unsigned port, const std::string& address = "0.0.0.0");

private:
    test::Background server_;
};

/// What such a server says, or "" if none is reached within some seconds (a lost first packet is sent again after one).
std::string ask(const NetNs& from, const std::string& address, unsigned port);

/// Whether no server is reached within half a second.
bool is_closed(const NetNs& from, const std::string& address, unsigned port);

}  // namespace nsr::net
