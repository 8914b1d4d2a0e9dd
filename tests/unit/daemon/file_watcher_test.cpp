#include "daemon/file_watcher.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "common/ids.h"

namespace nsr::daemon {
namespace {

namespace fs = std::filesystem;

/// A folder that is gone afterwards, and a watcher of `host/etc/resolv.conf` in it.
class FileWatcherTest : public ::testing::Test {
protected:
    FileWatcherTest() : folder_(fs::temp_directory_path() / ("watch-" + random_hex(12))) {
        fs::create_directories(folder_ / "host/etc");
    }
    ~FileWatcherTest() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    fs::path at(const std::string& name) const { return folder_ / name; }
    void write(const std::string& name) const { std::ofstream(at(name)) << "nameserver 192.0.2.1\n"; }

    void watch() {
        watcher_.emplace(io_, at("host/etc/resolv.conf").string(), [this] { ++told_; });
        ASSERT_TRUE(watcher_->start());
        io_.poll();
        told_ = 0;
    }

    /// Whether it has told since the last call. inotify(7) queues an event before the change returns.
    bool is_told() {
        io_.restart();
        io_.poll();
        return std::exchange(told_, 0) > 0;
    }

    fs::path folder_;
    boost::asio::io_context io_;
    std::optional<FileWatcher> watcher_;
    unsigned told_ = 0;
};

TEST_F(FileWatcherTest, TellsOfAFileThatIsWrittenReplacedRemovedAndBack) {
    write("host/etc/resolv.conf");
    watch();
    EXPECT_FALSE(is_told());
    write("host/etc/resolv.conf");
    EXPECT_TRUE(is_told());
    write("host/etc/resolv.conf.tmp");
    EXPECT_FALSE(is_told()) << "another file";
    fs::rename(at("host/etc/resolv.conf.tmp"), at("host/etc/resolv.conf"));
    EXPECT_TRUE(is_told());
    write("host/etc/resolv.conf");
    EXPECT_TRUE(is_told()) << "the new one is watched as well";
    fs::remove(at("host/etc/resolv.conf"));
    EXPECT_TRUE(is_told());
    write("host/etc/resolv.conf");
    EXPECT_TRUE(is_told());
}

TEST_F(FileWatcherTest, TellsOfAFileThatIsWrittenUnderAnotherName) {
    // As when it is mounted there: the directory that it is written in is not the one on the way.
    fs::create_directories(at("run"));
    write("run/behind");
    fs::create_hard_link(at("run/behind"), at("host/etc/resolv.conf"));
    watch();
    write("run/behind");
    EXPECT_TRUE(is_told());
    fs::remove(at("host/etc/resolv.conf"));
    write("host/etc/resolv.conf");
    EXPECT_TRUE(is_told());
    write("host/etc/resolv.conf");
    EXPECT_TRUE(is_told());
}

TEST_F(FileWatcherTest, TellsOfLinksAndOfWhatTheyLeadTo) {
    fs::create_directories(at("run/a"));
    fs::create_directories(at("run/b"));
    write("run/a/resolv.conf");
    fs::create_symlink("../../run/a/resolv.conf", at("host/etc/resolv.conf"));
    watch();
    write("run/a/resolv.conf");
    EXPECT_TRUE(is_told());
    fs::create_symlink(at("run/b/stub"), at("host/etc/new"));
    fs::rename(at("host/etc/new"), at("host/etc/resolv.conf"));
    EXPECT_TRUE(is_told()) << "another target, which is not there yet";
    fs::create_symlink("real", at("run/b/stub"));
    EXPECT_TRUE(is_told());
    write("run/b/real");
    EXPECT_TRUE(is_told()) << "a link behind a link";
}

TEST_F(FileWatcherTest, TellsOfDirectoriesThatAreLinks) {
    fs::create_directories(at("run/a"));
    fs::create_directories(at("run/b"));
    fs::create_symlink("a", at("run/current"));
    fs::create_symlink(at("run/current/resolv.conf"), at("host/etc/resolv.conf"));
    watch();
    write("run/a/resolv.conf");
    EXPECT_TRUE(is_told());
    fs::create_symlink("b", at("run/new"));
    fs::rename(at("run/new"), at("run/current"));
    EXPECT_TRUE(is_told());
    write("run/b/resolv.conf");
    EXPECT_TRUE(is_told());
}

TEST_F(FileWatcherTest, TellsOfDirectoriesThatComeAndGo) {
    fs::remove(at("host/etc"));
    watch();
    fs::create_directory(at("host/etc"));
    EXPECT_TRUE(is_told());
    write("host/etc/resolv.conf");
    EXPECT_TRUE(is_told());
    fs::rename(at("host"), at("old"));
    EXPECT_TRUE(is_told());
    fs::create_directories(at("host/etc"));
    EXPECT_TRUE(is_told());
    write("host/etc/resolv.conf");
    EXPECT_TRUE(is_told()) << "below a new directory of the same name";
}

TEST_F(FileWatcherTest, EndsWhereLinksGoRound) {
    fs::create_symlink("round", at("host/etc/resolv.conf"));
    fs::create_symlink("resolv.conf", at("host/etc/round"));
    watch();
    fs::remove(at("host/etc/round"));
    write("host/etc/round");
    EXPECT_TRUE(is_told());
}

}  // namespace
}  // namespace nsr::daemon
