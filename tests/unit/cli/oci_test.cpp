#include "cli/oci.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace nsr::cli {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;

constexpr const char* kBundle = R"({
    "ociVersion": "1.0.2",
    "process": {"terminal": false, "args": ["sh"], "env": ["PATH=/bin", "COLOR=blue", "COLORS=1"]},
    "hostname": "runc",
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
               {"destination": "/etc/hosts", "type": "bind", "source": "/other", "options": ["ro"]}],
    "linux": {"namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "uts"}]}
})";

Place place() {
    Place place;
    place.sandbox = "/run/ns-register/netns/4f1c";
    place.hosts_path = "/state/4f1c/hosts";
    place.resolv_conf_path = "/state/4f1c/resolv.conf";
    place.hostname = "web";
    place.variables = {"COLOR=red", "DB_PORT=tcp://172.17.0.2:5432"};
    return place;
}

Json patched(const std::string& config) { return Json::parse(patch_oci_config(config, place()).value()); }

TEST(PatchOciConfig, PutsNamespaceMountsVariablesAndHostNameInTheirPlaces) {
    const Json config = patched(kBundle);
    EXPECT_EQ(
        config["linux"]["namespaces"],
        Json::parse(R"([{"type":"pid"},{"type":"network","path":"/run/ns-register/netns/4f1c"},{"type":"uts"}])"));
    EXPECT_EQ(config["mounts"].size(), 3U);
    EXPECT_EQ(config["mounts"][1]["source"], "/state/4f1c/hosts");
    EXPECT_EQ(config["mounts"][2]["destination"], "/etc/resolv.conf");
    EXPECT_THAT(config["process"]["env"],
                ElementsAre("PATH=/bin", "COLOR=red", "COLORS=1", "HOSTNAME=web", "DB_PORT=tcp://172.17.0.2:5432"));
    EXPECT_EQ(config["hostname"], "web");
    EXPECT_EQ(config["process"]["args"], Json::parse(R"(["sh"])"));
}

TEST(PatchOciConfig, ChangesNothingMoreTheSecondTime) {
    const std::string once = patch_oci_config(kBundle, place()).value();
    EXPECT_EQ(patch_oci_config(once, place()).value(), once);
}

TEST(PatchOciConfig, AddsWhatIsMissingAndLeavesASharedHostNameAlone) {
    const Json config = patched(R"({"ociVersion": "1.0.2"})");
    EXPECT_EQ(config["linux"]["namespaces"][0]["type"], "network");
    EXPECT_EQ(config["mounts"].size(), 2U);
    EXPECT_FALSE(config.contains("hostname"));
}

TEST(PatchOciConfig, RefusesWhatIsNoBundle) {
    for (const char* text : {"", "{", "[]", "{}", "7"}) {
        EXPECT_EQ(patch_oci_config(text, place()).error().message(),
                  "not the configuration of an OCI bundle: it has no ociVersion");
    }
}

}  // namespace
}  // namespace nsr::cli
