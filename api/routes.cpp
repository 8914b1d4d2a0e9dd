#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "api/errors.h"
#include "api/json.h"
#include "api/router.h"

namespace nsr::api {

std::string decode_segment(std::string_view text);  // target.cpp

namespace {

/// A request on its way through a handler.
struct Call {
    Service& service;
    const Hooks& hooks;
    const Target& target;
    const std::string& body;
    std::vector<std::string> arguments;  ///< what stood for {} in the path

    const std::string& argument(std::size_t index) const { return arguments.at(index); }
};

using Handler = Response (*)(const Call&);

struct Route {
    std::string_view method;
    std::string_view path;  ///< a {} stands for one segment
    Handler handler;
    bool immediate = false;
    std::size_t body_max = kBodyMax;
};

Response refused(const Error& error) { return {status_of(error.code()), write_error(error.message())}; }

Response text(std::string body, std::string content_type = "text/plain; charset=utf-8") {
    return {200, std::move(body), std::move(content_type)};
}

/// 204, or what went wrong.
Response done(const Result<>& result, int status = 204) {
    return result ? Response{status, ""} : refused(result.error());
}

/// 204 if something changed, 304 if it was so already (start and stop).
Response changed(const Result<bool>& result) {
    return result ? Response{*result ? 204 : 304, ""} : refused(result.error());
}

/// The result rendered by `write`, or what went wrong.
template <typename T, typename Write>
Response shown(const Result<T>& result, Write&& write, int status = 200) {
    return result ? Response{status, write(*result)} : refused(result.error());
}

// ---------------------------------------------------------------- system

Response ping(const Call&) { return text("OK"); }
Response version(const Call& call) { return {200, write_version(call.hooks.version, call.hooks.git_commit)}; }
Response info(const Call& call) { return {200, write_info(call.service.info())}; }
Response metrics(const Call& call) {
    return text(call.hooks.metrics_text(), "text/plain; version=0.0.4; charset=utf-8");
}

// ---------------------------------------------------------------- networks

Response network_list(const Call& call) {
    auto filters = read_filters(call.target.parameter("filters"));
    if (!filters) return refused(filters.error());
    return shown(call.service.list_networks(*filters), write_networks);
}

Response network_create(const Call& call) {
    auto body = read_network_create(call.body);
    if (!body) return refused(body.error());
    return shown(call.service.create_network(*body), write_network_created, 201);
}

Response network_inspect(const Call& call) {
    return shown(call.service.inspect_network(call.argument(0)), write_network);
}

Response network_remove(const Call& call) { return done(call.service.remove_network(call.argument(0))); }

Response network_connect(const Call& call) {
    auto body = read_connect(call.body);
    if (!body) return refused(body.error());
    return done(call.service.connect(call.argument(0), *body), 200);
}

Response network_disconnect(const Call& call) {
    auto body = read_disconnect(call.body);
    if (!body) return refused(body.error());
    return done(call.service.disconnect(call.argument(0), *body), 200);
}

Response network_prune(const Call& call) {
    auto filters = read_filters(call.target.parameter("filters"));
    if (!filters) return refused(filters.error());
    return shown(call.service.prune_networks(*filters), write_pruned);
}

// ---------------------------------------------------------------- containers

Response container_list(const Call& call) {
    auto filters = read_filters(call.target.parameter("filters"));
    if (!filters) return refused(filters.error());
    auto list = call.service.list_containers(call.target.flag("all"), *filters);
    std::size_t limit = 0;
    const std::string text = call.target.parameter("limit");
    std::from_chars(text.data(), text.data() + text.size(), limit);
    if (list && limit > 0 && list->size() > limit) list->resize(limit);
    return shown(list, write_containers);
}

Response container_create(const Call& call) {
    auto body = read_container_create(call.body);
    if (!body) return refused(body.error());
    body->name = call.target.parameter("name");
    auto created = call.service.create_container(*body);
    // 404 says here that there is no such image: docker would go and pull it.
    if (!created && created.error().code() == Errc::not_found) {
        return refused(Error(Errc::invalid, created.error().message()));
    }
    return shown(created, write_container_created, 201);
}

Response container_inspect(const Call& call) {
    return shown(call.service.inspect_container(call.argument(0)), write_container);
}

Response container_start(const Call& call) { return changed(call.service.start_container(call.argument(0))); }
/// 204 or 304 when it has ended.
Response stopping(const Result<Stopping>& result) {
    if (!result) return refused(result.error());
    return {.status = result->changed ? 204 : 304, .body = "", .awaited = result->awaited};
}

Response container_stop(const Call& call) {
    StopTerms terms;
    terms.signal = call.target.parameter("signal");
    if (const std::string text = call.target.parameter("t"); !text.empty()) {
        int seconds = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (error != std::errc{} || end != text.data() + text.size()) {
            return refused(Error(Errc::invalid, "invalid time to wait: '" + text + "'"));
        }
        terms.seconds = seconds;
    }
    return stopping(call.service.stop_container(call.argument(0), terms));
}

Response container_restart(const Call& call) { return done(call.service.restart_container(call.argument(0))); }
Response container_kill(const Call& call) {
    return stopping(call.service.kill_container(call.argument(0), call.target.parameter("signal")));
}

Response container_rename(const Call& call) {
    return done(call.service.rename_container(call.argument(0), call.target.parameter("name")));
}

Response container_remove(const Call& call) {
    return done(call.service.remove_container(call.argument(0), call.target.flag("force")));
}

// ---------------------------------------------------------------- our own

Response variables(const Call& call) { return shown(call.service.variables(call.argument(0)), write_strings); }

Response container_exited(const Call& call) {
    int code = 0;
    const std::string text = call.target.parameter("code");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (error != std::errc{} || end != text.data() + text.size() || code < 0 || code > 255) {
        return refused(Error(Errc::invalid, "invalid exit code: '" + text + "'"));
    }
    return done(call.service.container_exited(call.argument(0), code));
}

Response resolv_conf(const Call& call) {
    auto content = call.service.resolv_conf(call.argument(0));
    return content ? text(std::move(*content)) : refused(content.error());
}

Response alias_add(const Call& call) {
    return done(call.service.add_alias(call.argument(0), call.argument(1), call.argument(2)));
}

Response alias_remove(const Call& call) {
    return done(call.service.remove_alias(call.argument(0), call.argument(1), call.argument(2)));
}

Response resolve(const Call& call) {
    ResolveQuery query;
    query.name = call.target.parameter("name");
    query.from = call.target.parameter("from");
    if (call.target.query.contains("type")) query.type = call.target.parameter("type");  // an empty one is refused
    const auto late = std::make_shared<LateResponse>();
    call.service.resolve(query,
                         [late](const Result<ResolveResult>& result) { late->deliver(shown(result, write_resolved)); });
    if (late->known) return std::move(*late->known);
    Response response;
    response.late = late;
    return response;
}

Response plan_all(const Call& call) { return shown(call.service.plan_networks(""), write_kernel_report); }
Response verify_all(const Call& call) { return shown(call.service.verify_networks(""), write_kernel_report); }
Response repair_all(const Call& call) { return shown(call.service.repair_networks(""), write_kernel_report); }
Response doctor(const Call& call) { return shown(call.service.doctor(), write_findings); }
Response plan_one(const Call& call) { return shown(call.service.plan_networks(call.argument(0)), write_kernel_report); }
Response verify_one(const Call& call) {
    return shown(call.service.verify_networks(call.argument(0)), write_kernel_report);
}
Response repair_one(const Call& call) {
    return shown(call.service.repair_networks(call.argument(0)), write_kernel_report);
}

Response record_list(const Call& call) { return shown(call.service.list_records(call.argument(0)), write_records); }

Response record_add(const Call& call) {
    auto records = read_records(call.body);
    if (!records) return refused(records.error());
    return done(call.service.add_records(call.argument(0), *records), 201);
}

Response record_import(const Call& call) {
    return shown(call.service.import_records(call.argument(0), std::string(call.body)), write_imported, 201);
}

Response record_remove(const Call& call) {
    auto record = read_record(call.body);
    if (!record) return refused(record.error());
    return done(call.service.remove_record(call.argument(0), *record));
}

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/_ping", ping, true},
    {"HEAD", "/_ping", ping, true},
    {"GET", "/version", version, true},
    {"GET", "/info", info},
    {"GET", "/metrics", metrics},
    {"GET", "/networks", network_list},
    {"POST", "/networks/create", network_create},
    {"POST", "/networks/prune", network_prune},
    {"GET", "/networks/{}", network_inspect},
    {"DELETE", "/networks/{}", network_remove},
    {"POST", "/networks/{}/connect", network_connect},
    {"POST", "/networks/{}/disconnect", network_disconnect},
    {"GET", "/containers/json", container_list},
    {"POST", "/containers/create", container_create, false, kPortsBodyMax},
    {"GET", "/containers/{}/json", container_inspect},
    {"POST", "/containers/{}/start", container_start},
    {"POST", "/containers/{}/stop", container_stop},
    {"POST", "/containers/{}/restart", container_restart},
    {"POST", "/containers/{}/kill", container_kill},
    {"POST", "/containers/{}/rename", container_rename},
    {"DELETE", "/containers/{}", container_remove},
    {"GET", "/ns-register/containers/{}/env", variables},
    {"GET", "/ns-register/containers/{}/resolv.conf", resolv_conf},
    {"POST", "/ns-register/containers/{}/exited", container_exited},
    {"PUT", "/ns-register/networks/{}/containers/{}/aliases/{}", alias_add},
    {"DELETE", "/ns-register/networks/{}/containers/{}/aliases/{}", alias_remove},
    {"GET", "/ns-register/resolve", resolve},
    {"GET", "/ns-register/doctor", doctor},
    {"GET", "/ns-register/plan", plan_all},
    {"GET", "/ns-register/verify", verify_all},
    {"POST", "/ns-register/repair", repair_all},
    {"GET", "/ns-register/networks/{}/plan", plan_one},
    {"GET", "/ns-register/networks/{}/verify", verify_one},
    {"POST", "/ns-register/networks/{}/repair", repair_one},
    {"GET", "/ns-register/networks/{}/records", record_list},
    {"POST", "/ns-register/networks/{}/records", record_add},
    {"DELETE", "/ns-register/networks/{}/records", record_remove},
    {"POST", "/ns-register/networks/{}/records/import", record_import, false, kRecordsBodyMax},
});

std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

/// The arguments of a path that fits a pattern.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
    std::vector<std::string> arguments;
    if (!path.starts_with('/')) return std::nullopt;
    while (!pattern.empty() && !path.empty()) {
        const auto wanted = next_segment(pattern);
        const auto given = next_segment(path);
        if (wanted == "{}" && !given.empty())
            arguments.push_back(decode_segment(given));
        else if (wanted != given)
            return std::nullopt;
    }
    return pattern.empty() && path.empty() ? std::optional(std::move(arguments)) : std::nullopt;
}

/// "1.48" -> 1048
std::optional<int> version_number(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    int major = 0;
    int minor = 0;
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), text.data() + dot, major).ptr != text.data() + dot) return std::nullopt;
    if (std::from_chars(text.data() + dot + 1, end, minor).ptr != end || minor > 999 || major > 999)
        return std::nullopt;
    return major * 1000 + minor;
}

std::optional<std::string> version_problem(const std::string& version) {
    if (version.empty()) return std::nullopt;
    const auto number = version_number(version);
    if (!number) return "invalid API version '" + version + "'";
    if (*number > *version_number(kApiVersion)) {
        return "client version " + version + " is too new. Maximum supported API version is " + kApiVersion;
    }
    if (*number < *version_number(kMinApiVersion)) {
        return "client version " + version + " is too old. Minimum supported API version is " + kMinApiVersion +
               ", please upgrade your client to a newer version";
    }
    return std::nullopt;
}

}  // namespace

bool Router::is_immediate(const Request& request) {
    const Target target = parse_target(request.target);
    for (const auto& route : kRoutes) {
        if (route.immediate && route.method == request.method && match(route.path, target.path)) return true;
    }
    return false;
}

std::size_t Router::body_max(std::string_view method, std::string_view target) {
    const Target parsed = parse_target(target);
    for (const auto& route : kRoutes) {
        if (route.method == method && match(route.path, parsed.path)) return route.body_max;
    }
    return kBodyMax;
}

Response Router::handle(const Request& request) {
    const Target target = parse_target(request.target);
    if (const auto problem = version_problem(target.version)) return {400, write_error(*problem)};
    bool known_path = false;
    for (const auto& route : kRoutes) {
        auto arguments = match(route.path, target.path);
        if (!arguments) continue;
        known_path = true;
        if (route.method != request.method) continue;
        Response response = route.handler({service_, hooks_, target, request.body, std::move(*arguments)});
        const bool changes = request.method != "GET" && request.method != "HEAD";
        if (changes && hooks_.count_operation) hooks_.count_operation(response.status < 400);
        return response;
    }
    return known_path ? Response{405, write_error("method not allowed")} : Response{404, write_error("page not found")};
}

void Router::when_ready(Response response, std::function<void(Response)> send) {
    if (response.late) {
        response.late->send = std::move(send);
        return;
    }
    if (response.awaited.empty()) return send(std::move(response));
    const std::string id = response.awaited;
    service_.when_ended(id, [response = std::move(response), send = std::move(send)](const Result<>& outcome) {
        send(outcome ? response : refused(outcome.error()));
    });
}

std::vector<std::string> route_list() {
    std::vector<std::string> list;
    for (const auto& route : kRoutes) list.push_back(std::string(route.method) + " " + std::string(route.path));
    return list;
}

}  // namespace nsr::api
