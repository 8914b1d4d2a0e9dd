#pragma once

#include <string>
#include <vector>

#include "api/service.h"

namespace nsr::testing {

/// Notes what was asked, in a line each, and answers what it was told to.
class FakeService : public api::Service {
public:
    std::vector<std::string> calls;
    std::optional<Error> error;
    bool changed = true;
    std::string awaited;  ///< by stop and kill
    std::vector<std::pair<std::string, api::Ended>> waiting = {};
    bool asks_outside = false;  ///< lookups wait
    std::vector<api::Resolved> lookups = {};
    bool refuse_start = false;
    api::ContainerCreateBody created_container;
    api::NetworkCreateBody created_network;
    api::ContainerInspect container;
    api::NetworkResource network;
    api::ResolveResult resolved = {"NOERROR", {{"net1", "web", "A", "10.0.0.2", 5}}, {}};

    api::SystemInfo info() override { return {}; }
    Result<api::NetworkCreated> create_network(const api::NetworkCreateBody& body) override {
        created_network = body;
        return answer("create_network " + body.name, api::NetworkCreated{"id", ""});
    }
    Result<std::vector<api::NetworkResource>> list_networks(const api::Filters&) override {
        return answer("list_networks", std::vector{network});
    }
    Result<api::NetworkResource> inspect_network(const std::string& ref) override {
        return answer("inspect_network " + ref, network);
    }
    Result<> remove_network(const std::string& ref) override { return answer("remove_network " + ref); }
    Result<api::KernelReport> plan_networks(const std::string& ref) override {
        return answer("plan " + ref, api::KernelReport{{{"id", "net1", {"bridge 'br-1'"}}}, {}});
    }
    Result<api::KernelReport> verify_networks(const std::string& ref) override {
        return answer("verify " + ref, api::KernelReport{{}, {"missing: table inet ns-register"}});
    }
    Result<api::KernelReport> repair_networks(const std::string& ref) override {
        return answer("repair " + ref, api::KernelReport{});
    }
    Result<std::vector<api::HostFinding>> doctor() override {
        return answer("doctor", std::vector<api::HostFinding>{{"port 53", false, "taken", "free it"}});
    }
    Result<> connect(const std::string& ref, const api::ConnectBody& body) override {
        return answer("connect " + ref + " " + body.container);
    }
    Result<> disconnect(const std::string& ref, const api::DisconnectBody& body) override {
        return answer("disconnect " + ref + " " + body.container + (body.force ? " force" : ""));
    }
    Result<std::vector<std::string>> prune_networks(const api::Filters&) override {
        return answer("prune_networks", std::vector<std::string>{"net1"});
    }
    Result<api::ContainerCreated> create_container(const api::ContainerCreateBody& body) override {
        created_container = body;
        return answer("create_container " + body.name, api::ContainerCreated{"id", {}});
    }
    Result<bool> start_container(const std::string& ref) override {
        auto started = answer("start " + ref, changed);
        if (refuse_start) return fail(Errc::system, "cannot start");
        return started;
    }
    Result<api::Stopping> stop_container(const std::string& ref, const api::StopTerms& terms) override {
        const std::string seconds = terms.seconds ? " " + std::to_string(*terms.seconds) : "";
        return answer("stop " + ref + (terms.signal.empty() ? "" : " " + terms.signal) + seconds,
                      api::Stopping{.changed = changed, .awaited = awaited});
    }
    Result<> restart_container(const std::string& ref) override { return answer("restart " + ref); }
    Result<api::Stopping> kill_container(const std::string& ref, const std::string& signal) override {
        return answer("kill " + ref + (signal.empty() ? "" : " " + signal), api::Stopping{.awaited = awaited});
    }
    void when_ended(const std::string& id, api::Ended then) override { waiting.emplace_back(id, std::move(then)); }
    Result<> container_exited(const std::string& ref, int exit_code) override {
        return answer("exited " + ref + " " + std::to_string(exit_code));
    }
    Result<> rename_container(const std::string& ref, const std::string& name) override {
        return answer("rename " + ref + " " + name);
    }
    Result<> remove_container(const std::string& ref, bool force) override {
        return answer("remove " + ref + (force ? " force" : ""));
    }
    Result<std::vector<api::ContainerInspect>> list_containers(bool all, const api::Filters&) override {
        return answer(all ? "list all" : "list", std::vector{container});
    }
    Result<api::ContainerInspect> inspect_container(const std::string& ref) override {
        return answer("inspect " + ref, container);
    }
    Result<std::vector<std::string>> variables(const std::string& ref) override {
        return answer("variables " + ref, std::vector<std::string>{"A=1"});
    }
    Result<std::string> resolv_conf(const std::string& ref) override {
        return answer("resolv_conf " + ref, std::string("nameserver 127.0.0.11\n"));
    }
    Result<> add_alias(const std::string& network_ref, const std::string& ref, const std::string& alias) override {
        return answer("add_alias " + network_ref + " " + ref + " " + alias);
    }
    Result<> remove_alias(const std::string& network_ref, const std::string& ref, const std::string& alias) override {
        return answer("remove_alias " + network_ref + " " + ref + " " + alias);
    }
    void resolve(const api::ResolveQuery& query, api::Resolved then) override {
        auto result = answer("resolve " + query.name + " " + query.type + " " + query.from, resolved);
        if (!asks_outside) return then(result);
        lookups.push_back(std::move(then));
    }
    Result<> add_records(const std::string& ref, const std::vector<registry::Record>& records) override {
        std::string call = "add_records " + ref;
        for (const auto& record : records) {
            call += " " + record.name + " " + record.type + " " + record.data;
            if (record.ttl) call += " " + std::to_string(*record.ttl);
        }
        return answer(call);
    }
    Result<api::RecordsImported> import_records(const std::string& ref, const std::string& file) override {
        return answer("import_records " + ref + " " + file, api::RecordsImported{2, 1});
    }
    Result<> remove_record(const std::string& ref, const registry::Record& record) override {
        return answer("remove_record " + ref + " " + record.name + " " + record.type + " " + record.data);
    }
    Result<std::vector<registry::Record>> list_records(const std::string& ref) override {
        return answer("list_records " + ref,
                      std::vector<registry::Record>{{"id", "app", "A", "192.0.2.1", 60}, {"id", "x", "TXT", "y", {}}});
    }

private:
    template <typename T>
    Result<T> answer(const std::string& call, T value) {
        calls.push_back(call);
        if (error) return fail(*error);
        return value;
    }
    Result<> answer(const std::string& call) {
        calls.push_back(call);
        if (error) return fail(*error);
        return {};
    }
};

}  // namespace nsr::testing
