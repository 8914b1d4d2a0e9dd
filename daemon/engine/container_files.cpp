#include "daemon/engine/container_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "common/fault.h"
#include "common/files.h"
#include "common/unique_fd.h"
#include "registry/labels.h"

namespace nsr::daemon {
namespace {

constexpr unsigned kFileMode = 0644;
constexpr unsigned kDirectoryMode = 0755;

/// Makes sure that there is such a file, readable by everybody whatever our umask: it is /etc/hosts to somebody.
Result<> ensure_file(const std::string& path) {
    const UniqueFd fd(fault::fails("create file", ENOSPC)
                          ? -1
                          : ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (!fd) return fail_errno("create '" + path + "'");
    if (fault::fails("set file mode", EIO) || ::fchmod(fd.get(), kFileMode) != 0)
        return fail_errno("set the mode of '" + path + "'");
    return {};
}

Result<> put_in_place(const std::string& path, std::string_view content) {
    if (auto made = ensure_file(path); !made) return made;
    return write_in_place(path, content);
}

/// Replaced by a rename, so that it is never half there; not synced (see ContainerFiles).
Result<> replace(const std::string& path, std::string_view content) {
    const std::string temporary = path + ".new";
    auto written = put_in_place(temporary, content);
    if (written) written = rename_file(temporary, path);
    if (!written) ::unlink(temporary.c_str());
    return written;
}

/// A change that was cut short may have left newlines at the end.
std::string_view without_padding(std::string_view text) { return text.substr(0, text.find_last_not_of('\n') + 1); }

bool is_ours(std::string_view current, const Written& written) {
    const auto same = [&](const FileContents& contents) {
        return without_padding(current) == without_padding(contents.resolv_conf);
    };
    return same(written.now) || (written.was && same(*written.was));
}

std::string hosts_text(const FileContents& contents) {
    return contents.hosts_copy.empty() ? hosts::render_hosts(contents.hosts) : contents.hosts_copy;
}

}  // namespace

const FileContents* ContainerFiles::written(const std::string& id) const {
    const auto found = written_.find(id);
    return found == written_.end() ? nullptr : &found->second.now;
}

Result<> ContainerFiles::remember(const std::string& id, Written written) {
    if (auto done = replace(file(id, "written"), written_text(written)); !done) return done;
    if (written.now.links.empty())
        linked_.erase(id);
    else
        linked_.insert(id);
    written_[id] = std::move(written);
    return {};
}

Result<> ContainerFiles::write(const std::string& id, const FileContents& contents) {
    if (auto made = make_directories(directory_ + "/" + id, kDirectoryMode); !made) return made;
    if (auto done = put_in_place(hosts_path(id), hosts_text(contents)); !done) return done;
    if (auto done = put_in_place(resolv_conf_path(id), contents.resolv_conf); !done) return done;
    return remember(id, {.now = contents, .was = {}});
}

Result<> ContainerFiles::update(const std::string& id, FileContents contents) {
    const auto found = written_.find(id);
    if (found == written_.end() || ::access(hosts_path(id).c_str(), F_OK) != 0 ||
        ::access(resolv_conf_path(id).c_str(), F_OK) != 0) {
        return write(id, contents);
    }
    const Written before = found->second;
    auto current = read_file(resolv_conf_path(id));
    if (!current) return fail(std::move(current).error());
    if (!is_ours(*current, before)) contents.resolv_conf = before.now.resolv_conf;
    if (!before.was && before.now == contents) return {};

    if (auto begun = remember(id, {.now = contents, .was = before.now}); !begun) return begun;
    auto changed = change_hosts(id, before);
    if (changed && is_ours(*current, before)) changed = change_resolv_conf(id, contents, *current);
    if (!changed) return changed;
    return remember(id, {.now = std::move(contents), .was = {}});
}

Result<> ContainerFiles::change_hosts(const std::string& id, const Written& before) {
    const FileContents& now = written_.at(id).now;
    if (!now.hosts_copy.empty()) return {};
    auto current = read_file(hosts_path(id));
    if (!current) return fail(std::move(current).error());
    const std::string text = before.was ? hosts::repair_hosts(std::string(without_padding(*current)) + "\n",
                                                              before.was->hosts, before.now.hosts, now.hosts)
                                        : hosts::update_hosts(*current, before.now.hosts, now.hosts);
    return text == *current ? Result<>() : write_in_place(hosts_path(id), text);
}

Result<> ContainerFiles::change_resolv_conf(const std::string& id, const FileContents& contents,
                                            std::string_view current) {
    if (contents.resolv_conf == current) return {};
    return write_in_place(resolv_conf_path(id), contents.resolv_conf);
}

void ContainerFiles::restore(const std::string& id) {
    auto text = read_file(file(id, "written"));
    auto written = text ? parse_written(*text) : std::nullopt;
    if (!written) return;
    if (!written->now.links.empty()) linked_.insert(id);
    written_[id] = std::move(*written);
}

std::optional<int> ContainerFiles::exit_notice(const std::string& id) const {
    const auto text = read_file(file(id, registry::kExitNotice));
    int status = 0;
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), status);
    return error == std::errc{} && status >= 0 && status <= 255 ? std::optional(status) : std::nullopt;
}

Result<> ContainerFiles::remove(const std::string& id) {
    written_.erase(id);
    linked_.erase(id);
    std::error_code error;
    if (fault::fails("remove files")) error = std::make_error_code(std::errc::io_error);
    if (!error) std::filesystem::remove_all(directory_ + "/" + id, error);
    if (error) return fail(Errc::system, "remove '" + directory_ + "/" + id + "': " + error.message());
    return {};
}

Result<unsigned> ContainerFiles::remove_others(const std::set<std::string>& ids) {
    std::error_code error;
    std::vector<std::string> others;
    for (std::filesystem::directory_iterator entry(directory_, error), end; !error && entry != end;
         entry.increment(error)) {
        if (!ids.contains(entry->path().filename())) others.push_back(entry->path().filename());
    }
    for (const auto& id : others) {
        if (auto removed = remove(id); !removed) return fail(std::move(removed).error());
    }
    return static_cast<unsigned>(others.size());
}

}  // namespace nsr::daemon
