#include "daemon/engine/netns_files.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "common/files.h"

namespace nsr::daemon {
namespace {

namespace fs = std::filesystem;

class NetnsFilesTest : public ::testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/netns-files-test-XXXXXX";
        directory_ = ::mkdtemp(name);
        etc_ = directory_ + "/etc";
        fs::create_directory(etc_);
    }
    void TearDown() override { fs::remove_all(directory_); }

    NetnsFiles files() const { return {etc_, "/var/lib/x/containers"}; }
    std::string target(const std::string& file) const { return fs::read_symlink(etc_ + "/" + file); }

    std::string directory_;
    std::string etc_;
};

TEST_F(NetnsFilesTest, LeadToTheFilesAndGoWithTheirDirectory) {
    ASSERT_TRUE(files().put("web", "4f1c"));
    EXPECT_EQ(target("web/hosts"), "/var/lib/x/containers/4f1c/hosts");
    EXPECT_EQ(target("web/resolv.conf"), "/var/lib/x/containers/4f1c/resolv.conf");
    ASSERT_TRUE(files().put("web", "77aa"));
    EXPECT_EQ(target("web/hosts"), "/var/lib/x/containers/77aa/hosts");
    ASSERT_TRUE(files().remove("web"));
    EXPECT_TRUE(fs::is_empty(etc_));
    EXPECT_TRUE(files().remove("web"));
}

TEST_F(NetnsFilesTest, LeaveAloneWhatIsNotOurs) {
    ASSERT_TRUE(make_directories(etc_ + "/web"));
    ASSERT_TRUE(write_file_atomic(etc_ + "/web/resolv.conf", "nameserver 192.0.2.1\n"));
    fs::create_symlink("/somewhere/else", etc_ + "/web/nsswitch.conf");
    ASSERT_TRUE(files().put("web", "4f1c"));
    EXPECT_EQ(read_file(etc_ + "/web/resolv.conf").value(), "nameserver 192.0.2.1\n");
    ASSERT_TRUE(files().remove("web"));
    EXPECT_FALSE(fs::is_symlink(etc_ + "/web/hosts"));
    EXPECT_TRUE(fs::exists(etc_ + "/web/resolv.conf"));
    EXPECT_TRUE(fs::is_symlink(etc_ + "/web/nsswitch.conf"));
}

TEST_F(NetnsFilesTest, AreSweptAndMadeAnewAfterACrash) {
    ASSERT_TRUE(files().put("old", "4f1c"));
    ASSERT_TRUE(files().put("web", "4f1c"));
    ASSERT_TRUE(make_directories(etc_ + "/foreign"));
    EXPECT_EQ(files().put_only({{"web", "77aa"}, {"new", "0b0b"}}), 1U);
    EXPECT_FALSE(fs::exists(etc_ + "/old"));
    EXPECT_TRUE(fs::exists(etc_ + "/foreign"));
    EXPECT_EQ(target("web/hosts"), "/var/lib/x/containers/77aa/hosts");
    EXPECT_EQ(target("new/hosts"), "/var/lib/x/containers/0b0b/hosts");
}

}  // namespace
}  // namespace nsr::daemon
