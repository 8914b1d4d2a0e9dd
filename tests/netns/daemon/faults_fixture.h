#pragma once

#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fault.h"
#include "daemon/engine/engine.h"
#include "registry/sqlite/sqlite_store.h"
#include "tests/support/command.h"
#include "tests/support/netns_fixture.h"

namespace nsr::daemon {

/// Which call of an operation fails, and what is known of it.
struct Fault {
    unsigned at = 0;     ///< the number of the call that fails, from 1; 0: none
    unsigned calls = 0;  ///< so far
    std::string name;    ///< of the call that failed
};
inline Fault the_fault;

/// A whole daemon but for its socket on a host of its own, as users run it: real resolver, proxy, files and database.
/// every_call_fails_once() makes each of its calls into the kernel fail, one after the other.
class FaultsTest : public test::NetNsFixture {
protected:
    static constexpr const char* kRunDir = kDefaultRunDir;
    static constexpr const char* kStateDir = "/run/state";

    void SetUp() override;
    void TearDown() override;

    void network(const std::string& name, const std::string& subnet, bool v6 = false);
    /// What a container is to have: published ports (one TCP, one UDP), and the namespace of a process (0: its own).
    struct Wish {
        bool ports = false;
        int process = 0;
    };
    static api::ContainerCreateBody body(const std::string& name, const std::string& network, Wish wish);
    void container(const std::string& name, const std::string& network, Wish wish);
    void start(const std::string& name);
    /// A process with namespaces of its own, killed at the end of the test. Its number.
    int process();

    using Step = std::function<bool()>;

    struct Terms {
        /// A step that reports a failure may be complete; then it must have left what it leaves when nothing fails.
        bool may_complete = false;
        Step first = [] { return true; };  ///< done before the first step
        /// Leads halfway to where the step leads, where a step of two operations may end; the step leads on from there.
        Step halfway = {};
    };

    /// Does `step` with each call failing once. `back` makes a step that succeeded undone.
    void every_call_fails_once(const Step& step, const Step& back, const Terms& terms);
    void every_call_fails_once(const Step& step, const Step& back) { every_call_fails_once(step, back, Terms{}); }

    std::unique_ptr<Engine> engine_;

private:
    void one_call_fails(const Step& step, const Step& back, const Terms& terms);
    /// The kernel, the namespaces, the files, the database and what is answered, as independent programs see them.
    std::string state();

    std::string before_;    ///< state() before a step
    std::string halfway_;   ///< "": there is no such
    std::string complete_;  ///< and after it
    Metrics metrics_{2};
    std::vector<int> processes_;
};

}  // namespace nsr::daemon
