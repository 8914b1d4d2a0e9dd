#include <sys/stat.h>

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/place.h"
#include "cli/oci.h"
#include "common/files.h"

namespace nsr::cli {
namespace {

struct PatchFlags {
    std::string bundle;
    std::string container;
};

Result<> patch(Session& session, const PatchFlags& flags) {
    const auto directory = std::filesystem::absolute(flags.bundle + "/").lexically_normal().parent_path();
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
    return write_file_atomic(path, *patched, status.st_mode & 0777U);
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
