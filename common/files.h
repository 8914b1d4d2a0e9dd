#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace nsr {

/// The whole content of a file. Errc::not_found if there is none.
Result<std::string> read_file(const std::string& path);

/// Replaces a file in one step (write beside it, sync, rename): a reader sees the old or the new content, whole.
/// What was written beside it goes when it fails.
Result<> write_file_atomic(const std::string& path, std::string_view content, unsigned mode = 0644);

/// rename(2): replaces what has that name.
Result<> rename_file(const std::string& from, const std::string& to);

/// Writes to a file that exists, without creating it: for /proc/sys.
Result<> write_existing(const std::string& path, std::string_view content);

/// Replaces the content of a file that exists and may be bind-mounted elsewhere, so that it keeps its inode: padded
/// with newlines to the greater length, written over in one write, truncated. A reader never sees an empty file, a cut
/// one or an old tail; during the write it may see old and new bytes mixed, and during the truncation zeros behind the
/// last line, where newlines were (Linux gives no more). Errc::not_found if there is no file.
Result<> write_in_place(const std::string& path, std::string_view content);

/// Makes a directory and those above it.
Result<> make_directories(const std::string& path, unsigned mode = 0755);

}  // namespace nsr
