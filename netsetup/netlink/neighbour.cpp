#include "netsetup/netlink/neighbour.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

namespace nsr::net::netlink {

Reply correct_neighbour(Socket& socket, int link, const IpAddress& address, const MacAddress& mac) {
    ndmsg header{};
    header.ndm_family = number_of(address.family());
    header.ndm_ifindex = link;
    header.ndm_state = NUD_STALE;  // believed, and asked again in time
    Message message(RTM_NEWNEIGH, NLM_F_REPLACE, header);
    message.put(NDA_DST, address);
    message.put(NDA_LLADDR, mac);
    return socket.exchange(std::move(message));
}

}  // namespace nsr::net::netlink
