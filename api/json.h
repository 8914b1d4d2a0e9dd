#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/types.h"
#include "common/result.h"

/// types.h to and from the JSON of the Docker Engine API. The only file that knows JSON on the server's side.
/// What cannot be read is Errc::invalid with a sentence that names the field.
namespace nsr::api {

Result<NetworkCreateBody> read_network_create(std::string_view body);
Result<ConnectBody> read_connect(std::string_view body);
Result<DisconnectBody> read_disconnect(std::string_view body);
Result<ContainerCreateBody> read_container_create(std::string_view body);
Result<Filters> read_filters(std::string_view text);
Result<registry::Record> read_record(std::string_view body);
/// One record, or an array of them.
Result<std::vector<registry::Record>> read_records(std::string_view body);

std::string write_error(std::string_view message);
std::string write_network(const NetworkResource& resource);
std::string write_networks(const std::vector<NetworkResource>& resources);
std::string write_network_created(const NetworkCreated& created);
std::string write_pruned(const std::vector<std::string>& names);
std::string write_container_created(const ContainerCreated& created);
std::string write_container(const ContainerInspect& inspected);
std::string write_containers(const std::vector<ContainerInspect>& list);
std::string write_strings(const std::vector<std::string>& strings);
std::string write_resolved(const ResolveResult& result);
std::string write_records(const std::vector<registry::Record>& records);
std::string write_imported(const RecordsImported& imported);
std::string write_kernel_report(const KernelReport& report);
std::string write_findings(const std::vector<HostFinding>& findings);
std::string write_info(const SystemInfo& info);
std::string write_version(const std::string& version, const std::string& git_commit);

inline constexpr const char* kApiVersion = "1.48";
inline constexpr const char* kMinApiVersion = "1.24";

}  // namespace nsr::api
