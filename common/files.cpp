#include "common/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "common/fault.h"
#include "common/unique_fd.h"

namespace nsr {
namespace {

Result<> write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = fault::fails("write file", ENOSPC) ? -1 : ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno("write '" + path + "'");
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<> write_all_at(int fd, std::string_view content, std::size_t offset, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = fault::fails("write file", ENOSPC)
                                    ? -1
                                    : ::pwrite(fd, content.data(), content.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno("write '" + path + "'");
        content.remove_prefix(static_cast<std::size_t>(written));
        offset += static_cast<std::size_t>(written);
    }
    return {};
}

Result<> write_synced(const std::string& path, std::string_view content, unsigned mode) {
    const UniqueFd fd(fault::fails("create file", ENOSPC)
                          ? -1
                          : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd) return fail_errno("create '" + path + "'");
    if (auto written = write_all(fd.get(), content, path); !written) return written;
    if (fault::fails("sync file", EIO) || ::fsync(fd.get()) != 0) return fail_errno("sync '" + path + "'");
    return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
    const UniqueFd fd(fault::fails("read file", EMFILE) ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT) return fail(Errc::not_found, "'" + path + "' does not exist");
    if (!fd) return fail_errno("open '" + path + "'");
    std::string content;
    char buffer[16384];
    for (;;) {
        const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno("read '" + path + "'");
        if (got == 0) return content;
        content.append(buffer, static_cast<std::size_t>(got));
    }
}

Result<> write_file_atomic(const std::string& path, std::string_view content, unsigned mode) {
    const std::string temporary = path + ".new";
    auto written = write_synced(temporary, content, mode);
    if (written) written = rename_file(temporary, path);
    if (!written) ::unlink(temporary.c_str());
    return written;
}

Result<> rename_file(const std::string& from, const std::string& to) {
    if (!fault::fails("rename file", ENOSPC) && ::rename(from.c_str(), to.c_str()) == 0) return {};
    return fail_errno("rename to '" + to + "'");
}

Result<> write_existing(const std::string& path, std::string_view content) {
    const UniqueFd fd(fault::fails("open file", EMFILE) ? -1 : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return fail_errno("open '" + path + "'");
    return write_all(fd.get(), content, path);
}

Result<> write_in_place(const std::string& path, std::string_view content) {
    const UniqueFd fd(fault::fails("open file", EMFILE) ? -1 : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT) return fail(Errc::not_found, "'" + path + "' does not exist");
    if (!fd) return fail_errno("open '" + path + "'");
    struct stat status{};
    if (fault::fails("look at file", EIO) || ::fstat(fd.get(), &status) != 0)
        return fail_errno("look at '" + path + "'");
    const auto old_size = static_cast<std::size_t>(status.st_size);
    // The kernel shows new bytes before it shows a new length: growing in the same write would show a cut file.
    if (old_size < content.size()) {
        const std::string newlines(content.size() - old_size, '\n');
        if (auto grown = write_all_at(fd.get(), newlines, old_size, path); !grown) return grown;
    }
    std::string padded(content);
    padded.resize(std::max(padded.size(), old_size), '\n');
    if (auto written = write_all_at(fd.get(), padded, 0, path); !written) return written;
    if (fault::fails("truncate file", EIO) || ::ftruncate(fd.get(), static_cast<off_t>(content.size())) != 0)
        return fail_errno("truncate '" + path + "'");
    return {};
}

Result<> make_directories(const std::string& path, unsigned mode) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if ((fault::fails("make directory", ENOSPC) || ::mkdir(part.c_str(), mode) != 0) && errno != EEXIST)
            return fail_errno("make directory '" + part + "'");
        if (slash == std::string::npos) break;
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        return fail(Errc::system, "'" + path + "' is not a directory");
    }
    return {};
}

}  // namespace nsr
