#include "netsetup/proxy/port_user.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0\n"
    "   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 20 4 30 10 -1\n"
    "   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0\n";

TEST(PortUser, SocketsAreFoundByPortAndState) {
    EXPECT_THAT(sockets_at(kTable, 8080, true), ElementsAre("111"));
    EXPECT_THAT(sockets_at(kTable, 8080, false), ElementsAre("111", "222"));
    EXPECT_THAT(sockets_at(kTable, 81, true), IsEmpty());
    EXPECT_THAT(sockets_at("", 80, true), IsEmpty());
    EXPECT_THAT(sockets_at("x\n 0: zz\n", 0, false), IsEmpty());
}

}  // namespace
}  // namespace nsr::net
