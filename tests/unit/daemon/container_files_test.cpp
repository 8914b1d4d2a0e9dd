#include "daemon/engine/container_files.h"

#include <sys/stat.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files.h"

namespace nsr::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kId = "4f1c";

FileContents contents(const char* own, const char* resolv_conf = "nameserver 127.0.0.11\n") {
    FileContents contents;
    contents.hosts.ipv6_loopback = false;
    contents.hosts.own = {{*IpAddress::parse(own), {"web"}}};
    contents.resolv_conf = resolv_conf;
    return contents;
}

class ContainerFilesTest : public ::testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/files-test-XXXXXX";
        directory_ = ::mkdtemp(name);
        files_.emplace(directory_);
        ASSERT_TRUE(files_->write(kId, contents("10.77.0.2")));
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::string hosts() const { return read_file(files_->hosts_path(kId)).value(); }
    std::string resolv_conf() const { return read_file(files_->resolv_conf_path(kId)).value(); }
    /// As an editor that keeps the inode does it.
    void edit(const std::string& path, const std::string& text) {
        std::filesystem::resize_file(path, 0);
        ASSERT_TRUE(write_existing(path, text));
    }
    /// The daemon dies and another one takes over.
    void restart() {
        files_.emplace(directory_);
        files_->restore(kId);
    }

    std::string directory_;
    std::optional<ContainerFiles> files_;
};

TEST_F(ContainerFilesTest, AreReadableByEverybodyWhateverTheUmask) {
    const mode_t before = ::umask(0077);
    EXPECT_TRUE(files_->write("77aa", contents("10.77.0.3")));
    ::umask(before);
    struct stat status{};
    ASSERT_EQ(::stat(files_->hosts_path("77aa").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

TEST_F(ContainerFilesTest, KeepTheirInodesOverUpdatesAndStarts) {
    struct stat first{};
    struct stat last{};
    ASSERT_EQ(::stat(files_->hosts_path(kId).c_str(), &first), 0);
    ASSERT_TRUE(files_->update(kId, contents("10.77.0.3")));
    ASSERT_TRUE(files_->write(kId, contents("10.77.0.4")));
    ASSERT_EQ(::stat(files_->hosts_path(kId).c_str(), &last), 0);
    EXPECT_EQ(first.st_ino, last.st_ino);
    EXPECT_EQ(hosts(), "127.0.0.1\tlocalhost\n10.77.0.4\tweb\n");
}

TEST_F(ContainerFilesTest, UpdateKeepsTheUsersLinesInHosts) {
    edit(files_->hosts_path(kId), "192.0.2.9 mine\n10.77.0.2\tweb\n127.0.0.1\tlocalhost\n");
    ASSERT_TRUE(files_->update(kId, contents("10.77.0.3")));
    EXPECT_EQ(hosts(), "192.0.2.9 mine\n10.77.0.3\tweb\n127.0.0.1\tlocalhost\n");
}

TEST_F(ContainerFilesTest, AnEditedResolvConfIsLeftAloneUntilTheNextStart) {
    edit(files_->resolv_conf_path(kId), "nameserver 192.0.2.53\n");
    ASSERT_TRUE(files_->update(kId, contents("10.77.0.2", "nameserver 198.51.100.53\n")));
    EXPECT_THAT(resolv_conf(), HasSubstr("192.0.2.53"));
    restart();
    ASSERT_TRUE(files_->update(kId, contents("10.77.0.2", "nameserver 198.51.100.54\n")));
    EXPECT_THAT(resolv_conf(), HasSubstr("192.0.2.53"));
    ASSERT_TRUE(files_->write(kId, contents("10.77.0.2", "nameserver 198.51.100.53\n")));
    EXPECT_EQ(resolv_conf(), "nameserver 198.51.100.53\n");
}

TEST_F(ContainerFilesTest, AnUpdateThatACrashCutShortIsFinishedByTheNext) {
    for (const bool hosts_written : {false, true}) {
        SCOPED_TRACE(hosts_written);
        ASSERT_TRUE(files_->write(kId, contents("10.77.0.2")));
        edit(files_->hosts_path(kId), hosts_written ? "127.0.0.1\tlocalhost\n10.77.0.3\tweb\n# me\n"
                                                    : "127.0.0.1\tlocalhost\n10.77.0.2\tweb\n# me\n");
        Written written{.now = contents("10.77.0.3"), .was = contents("10.77.0.2")};
        ASSERT_TRUE(write_file_atomic(directory_ + "/" + kId + "/written", written_text(written)));
        restart();
        ASSERT_TRUE(files_->update(kId, contents("10.77.0.4")));
        EXPECT_THAT(hosts(), HasSubstr("10.77.0.4\tweb\n"));
        EXPECT_THAT(hosts(), HasSubstr("# me\n"));
        EXPECT_THAT(hosts(), Not(HasSubstr("10.77.0.2")));
        EXPECT_THAT(hosts(), Not(HasSubstr("10.77.0.3")));
    }
}

TEST_F(ContainerFilesTest, WhatIsMissingOrBrokenIsWrittenAnew) {
    for (const char* name : {"hosts", "resolv.conf", "written"}) {
        std::filesystem::remove(directory_ + "/" + kId + "/" + name);
        restart();
        ASSERT_TRUE(files_->update(kId, contents("10.77.0.2")));
        EXPECT_EQ(hosts(), "127.0.0.1\tlocalhost\n10.77.0.2\tweb\n");
        EXPECT_EQ(resolv_conf(), "nameserver 127.0.0.11\n");
    }
    edit(directory_ + "/" + kId + "/written", "{\"now\":");
    restart();
    EXPECT_EQ(files_->written(kId), nullptr);
    EXPECT_TRUE(files_->update(kId, contents("10.77.0.2")));
}

TEST_F(ContainerFilesTest, WhatIsWrittenIsReadAgainWhole) {
    Written written{.now = contents("10.77.0.2"), .was = contents("fd00::2")};
    written.now.variables = {"DB_NAME=/web/db", "EMPTY=", "TWO=a\nb"};
    written.now.links = {{"77aa", "db", "d", {"d", "db"}, {*IpAddress::parse("172.17.0.2")}}};
    written.now.hosts_copy = "127.0.0.1 localhost\n";
    EXPECT_EQ(parse_written(written_text(written)), written);
}

TEST_F(ContainerFilesTest, DirectoriesOfUnknownContainersGo) {
    ASSERT_TRUE(files_->write("77aa", contents("10.77.0.3")));
    EXPECT_EQ(files_->remove_others({kId}), 1U);
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/77aa"));
    ASSERT_TRUE(files_->remove(kId));
    EXPECT_THAT(std::filesystem::is_empty(directory_), true);
    EXPECT_EQ(files_->remove_others({}), 0U);
}

}  // namespace
}  // namespace nsr::daemon
