#pragma once

#include <netlink/msg.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "common/ip.h"

namespace nsr::net::netlink {

/// One rtnetlink request under construction: header, family header, attributes. A request that outgrew its buffer says
/// so when it is sent. Requests are values without a socket, so that tests can look at their bytes.
class Message {
public:
    /// `flags`: NLM_F_* beside NLM_F_REQUEST and NLM_F_ACK, which every request gets.
    template <typename Header>
        requires std::is_trivially_copyable_v<Header>
    Message(std::uint16_t type, int flags, const Header& header) : Message(type, flags) {
        append(&header, sizeof header);
    }

    void put(int attribute, std::uint32_t value) { put_data(attribute, &value, sizeof value); }
    void put(int attribute, std::uint16_t value) { put_data(attribute, &value, sizeof value); }
    void put(int attribute, std::uint8_t value) { put_data(attribute, &value, sizeof value); }
    void put(int attribute, const std::string& text) { put_data(attribute, text.c_str(), text.size() + 1); }
    void put(int attribute, std::span<const std::uint8_t> bytes) { put_data(attribute, bytes.data(), bytes.size()); }
    void put(int attribute, const IpAddress& address) { put(attribute, address.bytes()); }
    void put(int attribute, const MacAddress& mac) { put(attribute, std::span<const std::uint8_t>(mac.bytes())); }

    /// Puts what `fill` puts, nested in `attribute`.
    template <std::invocable Fill>
    void nest(int attribute, Fill&& fill) {
        nlattr* const start = begin(attribute);
        std::forward<Fill>(fill)();
        end(start);
    }

    /// A bare structure, as the veth peer's ifinfomsg inside VETH_INFO_PEER.
    template <typename Header>
        requires std::is_trivially_copyable_v<Header>
    void put_raw(const Header& header) {
        append(&header, sizeof header);
    }

    /// Whether everything fitted.
    bool whole() const { return whole_; }
    nl_msg* get() { return message_.get(); }
    /// The message as it would be sent, header included.
    std::span<const std::uint8_t> bytes() const;

private:
    struct Free {
        void operator()(nl_msg* message) const { nlmsg_free(message); }
    };

    Message(std::uint16_t type, int flags);
    void append(const void* data, std::size_t size);
    void put_data(int attribute, const void* data, std::size_t size);
    nlattr* begin(int attribute);
    void end(nlattr* start);

    std::unique_ptr<nl_msg, Free> message_;
    bool whole_ = true;
};

/// The IPv4 or IPv6 address in an attribute, by its length; none if there is no attribute.
std::optional<IpAddress> address_in(nlattr* attribute);

/// AF_INET or AF_INET6.
std::uint8_t number_of(Family family);

}  // namespace nsr::net::netlink
