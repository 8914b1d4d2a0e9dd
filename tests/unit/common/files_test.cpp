#include "common/files.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/unique_fd.h"

namespace nsr {
namespace {

/// A file without a place in any directory.
class Anonymous {
public:
    explicit Anonymous(std::string_view content) : fd_(::memfd_create("test", MFD_CLOEXEC)) {
        EXPECT_EQ(::write(fd_.get(), content.data(), content.size()), std::ssize(content));
    }
    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

private:
    UniqueFd fd_;
};

TEST(WriteInPlace, ReplacesLongerAndShorterContentWhole) {
    const Anonymous file("old content\n");
    ASSERT_TRUE(write_in_place(file.path(), "new\n"));
    EXPECT_EQ(read_file(file.path()), "new\n");
    ASSERT_TRUE(write_in_place(file.path(), "much longer than before\n"));
    EXPECT_EQ(read_file(file.path()), "much longer than before\n");
    ASSERT_TRUE(write_in_place(file.path(), ""));
    EXPECT_EQ(read_file(file.path()), "");
}

TEST(WriteInPlace, MakesNoFile) {
    const auto written = write_in_place("/proc/self/fd/nosuch", "text");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error(), Error(Errc::not_found, "'/proc/self/fd/nosuch' does not exist"));
}

}  // namespace
}  // namespace nsr
