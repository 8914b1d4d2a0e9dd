#pragma once

#include <map>
#include <string>

#include "common/result.h"

namespace nsr::daemon {

/// Links by which `ip netns exec NAME` finds a container's files: /etc/netns/NAME/{hosts,resolv.conf}, see ip-netns(8).
/// Ours are links into the directory of container files; whatever else stands there is somebody else's and stays.
class NetnsFiles {
public:
    /// `files` is where ContainerFiles keeps the files.
    NetnsFiles(std::string directory, std::string files) : directory_(std::move(directory)), files_(std::move(files)) {}

    Result<> put(const std::string& name, const std::string& container_id) const;
    Result<> remove(const std::string& name) const;
    /// Makes them lead to the files of these containers (ids by name), and removes all others. Returns how many.
    Result<unsigned> put_only(const std::map<std::string, std::string>& ids_by_name) const;

private:
    bool is_ours(const std::string& path) const;

    std::string directory_;
    std::string files_;
};

inline constexpr const char* kEtcNetns = "/etc/netns";

}  // namespace nsr::daemon
