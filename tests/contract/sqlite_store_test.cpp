#include "registry/sqlite/sqlite_store.h"

#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/unique_fd.h"
#include "registry/registry.h"

// What only the store on disk has to do: survive, lock, refuse what is not its own.
namespace nsr::registry {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class SqliteFile : public testing::Test {
protected:
    SqliteFile() {
        char directory[] = "/tmp/nsr-store-XXXXXX";
        directory_ = ::mkdtemp(directory);
        path_ = directory_ + "/registry.db";
    }
    ~SqliteFile() override { std::filesystem::remove_all(directory_); }

    std::unique_ptr<Store> open() { return open_sqlite_store(path_).value(); }

    std::string directory_;
    std::string path_;
};

/// A container and its endpoint, which belong together.
Changes numbered(std::uint32_t number) {
    Changes changes;
    Container& container = changes.put_containers.emplace_back();
    container.id = "c" + std::to_string(number);
    container.name = "name-" + std::to_string(number);
    Endpoint& endpoint = changes.put_endpoints.emplace_back();
    endpoint.container_id = container.id;
    endpoint.network_name = "net1";
    endpoint.network_id = "n1";
    endpoint.phase = EndpointPhase::attached;
    endpoint.aliases = {"alias-" + std::to_string(number)};
    return changes;
}

/// Commits one transaction after the other and tells `pipe` of each that was acknowledged, until it is killed.
[[noreturn]] void commit_for_ever(const std::string& path, std::uint32_t first, int pipe) {
    const auto store = open_sqlite_store(path);
    if (!store) ::_exit(1);
    for (std::uint32_t number = first;; ++number) {
        if (!(*store)->commit(numbered(number))) ::_exit(2);
        if (::write(pipe, &number, sizeof number) != sizeof number) ::_exit(3);
    }
}

/// Lets a child commit from `first` on, kills it after at least `count` acknowledgements, and returns the last one.
std::uint32_t commit_and_kill(const std::string& path, std::uint32_t first, std::uint32_t count) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) commit_for_ever(path, first, writer.get());
    writer.reset();
    std::uint32_t last = 0;
    std::uint32_t acknowledged = 0;
    while (::read(reader.get(), &last, sizeof last) == sizeof last) {
        if (++acknowledged == count) ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
    EXPECT_GE(acknowledged, count);
    return last;
}

TEST_F(SqliteFile, LosesNothingAcknowledgedWhenItsProcessIsKilled) {
    constexpr std::uint32_t kRounds = 10;
    constexpr std::uint32_t kCommits = 40;
    std::uint32_t next = 1;
    for (std::uint32_t round = 0; round < kRounds; ++round) {
        const std::uint32_t last = commit_and_kill(path_, next, kCommits + round * 7);
        const State state = open()->load().value();
        // The one in flight may have become durable before its acknowledgement was read.
        ASSERT_GE(state.containers.size(), last);
        ASSERT_LE(state.containers.size(), last + 1);
        ASSERT_EQ(state.endpoints.size(), state.containers.size());
        for (const Endpoint& endpoint : state.endpoints) ASSERT_EQ(endpoint.aliases.size(), 1U);
        for (std::uint32_t number = 1; number <= last; ++number) {
            ASSERT_TRUE(state.containers.contains("c" + std::to_string(number)));
        }
        next = static_cast<std::uint32_t>(state.containers.size()) + 1;
    }
}

TEST_F(SqliteFile, IsForOneProcessAtATime) {
    const auto first = open();
    const auto second = open_sqlite_store(path_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), Error(Errc::conflict, "database '" + path_ + "' is in use by another process"));
}

TEST_F(SqliteFile, CanBeReadByItsOwnerOnly) {
    const auto store = open();
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
        struct stat status{};
        ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << entry.path();
    }
}

TEST_F(SqliteFile, RefusesASchemaThatIsNewerThanTheProgram) {
    open();
    SQLite::Database(path_, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 1000");
    const auto refused = open_sqlite_store(path_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::conflict);
    EXPECT_THAT(refused.error().message(), HasSubstr("its schema is version 1000, this program knows up to "));
}

TEST_F(SqliteFile, RefusesWhatIsNoDatabaseOrCannotBeMade) {
    std::ofstream(path_) << "this is a text, not a database; it is long enough to be looked at as one\n";
    const auto text = open_sqlite_store(path_);
    ASSERT_FALSE(text);
    EXPECT_THAT(text.error().message(), EndsWith("file is not a database"));
    const auto nowhere = open_sqlite_store(directory_ + "/nosuch/registry.db");
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().message(),
              "open database '" + directory_ + "/nosuch/registry.db': No such file or directory");
}

TEST_F(SqliteFile, HoldsAFullNetwork) {
    constexpr std::uint32_t kEndpoints = 65000;
    Changes all;
    for (std::uint32_t number = 0; number < kEndpoints; ++number) {
        Changes one = numbered(number);
        all.put_containers.push_back(std::move(one.put_containers.front()));
        all.put_endpoints.push_back(std::move(one.put_endpoints.front()));
    }
    {
        auto registry = Registry::load(open()).value();
        ASSERT_TRUE(registry.commit(std::move(all)));
        EXPECT_EQ(registry.endpoints_on("n1").size(), kEndpoints);
        EXPECT_TRUE(registry.commit(numbered(kEndpoints)));
    }
    const auto registry = Registry::load(open()).value();
    EXPECT_EQ(registry.endpoints_on("n1").size(), kEndpoints + 1);
    EXPECT_EQ(registry.endpoint("c7", "net1")->aliases, std::vector<std::string>{"alias-7"});
    EXPECT_EQ((*registry.find_container("name-64999"))->id, "c64999");
}

}  // namespace
}  // namespace nsr::registry
