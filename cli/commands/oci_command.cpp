#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/place.h"
#include "cli/oci.h"
#include "common/files.h"
#include "common/unique_fd.h"

namespace nsr::cli {
namespace {

struct PatchFlags {
    std::string bundle;
    std::string container;
};

/// The file that we have written goes to the owner of the one that it replaces, who may be at work in the directory.
Result<> give_back(const std::string& path, const struct stat& before) {
    if (before.st_uid == ::geteuid() && before.st_gid == ::getegid()) return {};
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat now{};
    if (!fd || ::fstat(fd.get(), &now) != 0) return fail_errno("look at '" + path + "'");
    if (!S_ISREG(now.st_mode) || now.st_nlink != 1 || now.st_uid != ::geteuid()) {
        return fail(Errc::conflict, "'" + path + "' was replaced meanwhile");
    }
    if (::fchown(fd.get(), before.st_uid, before.st_gid) != 0) return fail_errno("give '" + path + "' to its owner");
    return {};
}

Result<> patch(Session& session, const PatchFlags& flags) {
    std::error_code error;
    const auto directory = std::filesystem::absolute(flags.bundle + "/", error).lexically_normal().parent_path();
    if (error) return fail(Errc::not_found, "'" + flags.bundle + "' leads nowhere: " + error.message());
    const std::string path = directory / "config.json";
    auto config = read_file(path);
    if (!config) return fail(std::move(config).error());
    auto place = place_of(session, flags.container.empty() ? directory.filename().string() : flags.container);
    if (!place) return fail(std::move(place).error());
    auto patched = patch_oci_config(*config, *place);
    if (!patched) return fail(std::move(patched).error(), "'" + path + "'");
    if (*patched == *config) return {};
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return fail_errno("look at '" + path + "'");
    if (auto written = write_file_atomic(path, *patched, status.st_mode & 0777U); !written) return written;
    return give_back(path, status);
}

}  // namespace

void add_oci_command(CLI::App& app, Session& session) {
    auto* verb = app.add_subcommand("oci", "OCI bundles, as runc and crun run them");
    verb->require_subcommand(1);
    auto* patch_verb =
        verb->add_subcommand("patch", "Put a running container's network, files and variables in a bundle");
    auto flags = std::make_shared<PatchFlags>();
    patch_verb->add_option("BUNDLE", flags->bundle, "the directory with config.json")->required();
    patch_verb->add_option("--container", flags->container, "the container (default: named as the bundle's directory)");
    patch_verb->callback([&session, flags] {
        if (auto done = patch(session, *flags); !done) session.report(done.error(), Verb::ours);
    });
}

}  // namespace nsr::cli
