#pragma once

#include <gtest/gtest.h>

#include <string>

#include "common/netns.h"
#include "common/unique_fd.h"

namespace nsr::test {

/// A test that is a host of its own: the process is in a fresh network namespace (lo up) and a fresh mount namespace
/// with an empty /run. Nothing of it outlives the test. Without root the test is skipped; with CI set it fails.
class NetNsFixture : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    /// A namespace that stands for some other machine or a container of somebody's; lo up.
    static NetNs make_namespace();

    /// A veth pair between the host and `other`: `host_end` with `host_address` here, `other_end` with `other_address`
    /// there.
    struct Wire {
        std::string host_end;
        std::string host_address;
        std::string other_end;
        std::string other_address;
    };
    static void connect(const Wire& wire, const NetNs& other);

private:
    UniqueFd home_network_;
    UniqueFd home_mounts_;
};

}  // namespace nsr::test
