#include "daemon/engine/interface_sysctls.h"

#include <gtest/gtest.h>

namespace nsr::daemon {
namespace {

std::string unrecognised(const std::string& text) {
    return "unrecognised network interface sysctl '" + text +
           "'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'";
}

std::string refusal(const std::string& text) {
    const auto checked = check_interface_sysctls(text);
    return checked ? "accepted" : checked.error().message();
}

TEST(InterfaceSysctls, AreNamedWithoutTheInterface) {
    EXPECT_EQ(refusal("net.ipv4.conf.IFNAME.log_martians=1"), "accepted");
    EXPECT_EQ(refusal("net.ipv6.neigh.ifname.app_solicit=2,net.mpls.conf.IFNAME.input=1"), "accepted");
    EXPECT_EQ(refusal("net.ipv4.conf.IFNAME.log_martians="), "accepted");
}

TEST(InterfaceSysctls, OfOtherFormsAreRefusedInDockersWords) {
    for (const char* text : {"net.ipv4.conf.eth0.log_martians=1", "net.ipv4.ip_forward=1", "net.core.conf.IFNAME.x=1",
                             "kernel.ipv4.conf.IFNAME.x=1", "net.ipv4.conf.IFNAME./../x=1", "net.ipv4.conf.IFNAME.=1",
                             "net.ipv4.conf.IFNAME.a.b=1", "", "log_martians=1"}) {
        EXPECT_EQ(refusal(text), unrecognised(text));
    }
    EXPECT_EQ(refusal("net.ipv4.conf.IFNAME.log_martians=1,x"), unrecognised("x"));
    EXPECT_EQ(refusal("net.ipv4.conf.IFNAME.log_martians"),
              "expected sysctl 'net.ipv4.conf.IFNAME.log_martians' to have format name=value");
}

}  // namespace
}  // namespace nsr::daemon
