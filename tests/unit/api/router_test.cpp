#include "api/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/api/fake_service.h"

namespace nsr::api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RouterTest : public ::testing::Test {
protected:
    Response send(const std::string& method, const std::string& target, const std::string& body = "") {
        return router_.handle({method, target, body});
    }
    json sent(const std::string& method, const std::string& target, const std::string& body = "") {
        return json::parse(send(method, target, body).body);
    }

    testing::FakeService service_;
    Router router_{service_, {"1.2.3", "abc", [] { return std::string("nsr_x 1\n"); }}};
};

TEST_F(RouterTest, AnswersPingAndVersionAtOnce) {
    EXPECT_EQ(send("GET", "/_ping").body, "OK");
    EXPECT_EQ(sent("GET", "/v1.41/version")["ApiVersion"], "1.48");
    EXPECT_TRUE(Router::is_immediate({"HEAD", "/v1.48/_ping", ""}));
    EXPECT_FALSE(Router::is_immediate({"GET", "/networks", ""}));
    EXPECT_FALSE(Router::is_immediate({"GET", "/metrics", ""}));
}

TEST_F(RouterTest, CountsWhatChangesSomethingAndWhetherItWasDone) {
    std::vector<bool> counted;
    Hooks hooks{"1.2.3", "abc", [] { return std::string(); }, [&](bool done) { counted.push_back(done); }};
    Router router(service_, hooks);
    router.handle({"GET", "/networks", ""});
    router.handle({"POST", "/networks/create", R"({"Name":"net1"})"});
    router.handle({"POST", "/networks/create", "no JSON"});
    EXPECT_THAT(counted, ElementsAre(true, false));
}

TEST_F(RouterTest, MapsRoutesToCalls) {
    struct Row {
        const char* method;
        const char* target;
        const char* body;
        int status;
        const char* call;
    };
    for (const Row& row : {
             Row{"GET", "/networks", "", 200, "list_networks"},
             Row{"POST", "/v1.48/networks/create", R"({"Name":"net1"})", 201, "create_network net1"},
             Row{"GET", "/networks/net1", "", 200, "inspect_network net1"},
             Row{"DELETE", "/networks/net1", "", 204, "remove_network net1"},
             Row{"GET", "/ns-register/doctor", "", 200, "doctor"},
             Row{"GET", "/ns-register/verify", "", 200, "verify "},
             Row{"GET", "/ns-register/networks/net1/plan", "", 200, "plan net1"},
             Row{"POST", "/ns-register/networks/net1/repair", "", 200, "repair net1"},
             Row{"POST", "/networks/net1/connect", R"({"Container":"web"})", 200, "connect net1 web"},
             Row{"POST", "/networks/net1/disconnect", R"({"Container":"web","Force":true})", 200,
                 "disconnect net1 web force"},
             Row{"POST", "/networks/prune", "", 200, "prune_networks"},
             Row{"POST", "/containers/create?name=web", "{}", 201, "create_container web"},
             Row{"POST", "/containers/web/start", "", 204, "start web"},
             Row{"POST", "/containers/web/stop?t=5", "", 204, "stop web 5"},
             Row{"POST", "/containers/web/restart", "", 204, "restart web"},
             Row{"POST", "/containers/web/stop?signal=INT&t=-1", "", 204, "stop web INT -1"},
             Row{"POST", "/containers/web/kill?signal=HUP", "", 204, "kill web HUP"},
             Row{"POST", "/containers/web/kill", "", 204, "kill web"},
             Row{"POST", "/containers/web/rename?name=new%2Dname", "", 204, "rename web new-name"},
             Row{"DELETE", "/containers/web?force=1", "", 204, "remove web force"},
             Row{"DELETE", "/containers/web?force=false", "", 204, "remove web"},
             Row{"GET", "/containers/json?all=true", "", 200, "list all"},
             Row{"GET", "/containers/web/json", "", 200, "inspect web"},
             Row{"GET", "/ns-register/containers/web/env", "", 200, "variables web"},
             Row{"GET", "/ns-register/containers/web/resolv.conf", "", 200, "resolv_conf web"},
             Row{"PUT", "/ns-register/networks/net1/containers/web/aliases/w%41", "", 204, "add_alias net1 web wA"},
             Row{"DELETE", "/ns-register/networks/net1/containers/web/aliases/www", "", 204,
                 "remove_alias net1 web www"},
             Row{"GET", "/ns-register/resolve?name=db&from=web&type=AAAA", "", 200, "resolve db AAAA web"},
             Row{"GET", "/ns-register/resolve?name=db", "", 200, "resolve db A "},
             Row{"GET", "/ns-register/resolve?name=db&type=&from=web", "", 200, "resolve db  web"},
             Row{"POST", "/ns-register/networks/net1/records", R"({"Name":"a","Type":"A","Data":"192.0.2.1"})", 201,
                 "add_records net1 a A 192.0.2.1"},
             Row{"POST", "/ns-register/networks/net1/records",
                 R"([{"Name":"a","Type":"A","Data":"192.0.2.1"},{"Name":"b","Type":"MX","Data":"1 a","Ttl":7}])", 201,
                 "add_records net1 a A 192.0.2.1 b MX 1 a 7"},
             Row{"POST", "/ns-register/networks/net1/records/import", "a A 192.0.2.1", 201,
                 "import_records net1 a A 192.0.2.1"},
         }) {
        SCOPED_TRACE(row.target);
        service_.calls.clear();
        EXPECT_EQ(send(row.method, row.target, row.body).status, row.status);
        EXPECT_THAT(service_.calls, ElementsAre(row.call));
    }
}

TEST_F(RouterTest, SaysNotModifiedWhenNothingChanged) {
    service_.changed = false;
    EXPECT_EQ(send("POST", "/containers/web/start").status, 304);
    EXPECT_EQ(send("POST", "/containers/web/stop").status, 304);
}

TEST_F(RouterTest, HoldsAnAnswerBackUntilTheCommandHasEnded) {
    service_.awaited = "id";
    std::vector<int> sent;
    const auto send_later = [&] {
        router_.when_ready(send("POST", "/containers/web/stop"),
                           [&](const Response& it) { sent.push_back(it.status); });
    };
    send_later();
    send_later();
    ASSERT_EQ(service_.waiting.size(), 2U);
    EXPECT_EQ(service_.waiting[0].first, "id");
    EXPECT_THAT(sent, IsEmpty());
    service_.waiting[0].second({});
    service_.waiting[1].second(fail(Errc::system, "stuck"));
    EXPECT_THAT(sent, ElementsAre(204, 500));
}

TEST_F(RouterTest, AnswersALookupWhenItsAnswerIsThere) {
    service_.asks_outside = true;
    std::vector<Response> sent;
    for (int count = 0; count < 2; ++count) {
        router_.when_ready(send("GET", "/ns-register/resolve?name=db&from=web"),
                           [&](const Response& it) { sent.push_back(it); });
    }
    ASSERT_EQ(service_.lookups.size(), 2U);
    EXPECT_THAT(sent, IsEmpty());
    service_.lookups[1](fail(Errc::conflict, "container web is not running"));
    service_.lookups[0](service_.resolved);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].status, 409);
    EXPECT_EQ(sent[1].status, 200);
    EXPECT_THAT(sent[1].body, HasSubstr("10.0.0.2"));
}

TEST_F(RouterTest, RefusesATimeToWaitThatIsNone) {
    EXPECT_EQ(sent("POST", "/containers/web/stop?t=soon")["message"], "invalid time to wait: 'soon'");
}

TEST_F(RouterTest, TellsAWrongPathFromAWrongMethod) {
    EXPECT_EQ(send("GET", "/nosuch").status, 404);
    EXPECT_EQ(sent("GET", "/nosuch")["message"], "page not found");
    EXPECT_EQ(send("PATCH", "/networks").status, 405);
    EXPECT_EQ(send("GET", "/containers//json").status, 404);
    EXPECT_THAT(service_.calls, IsEmpty());
}

TEST_F(RouterTest, RefusesVersionsItDoesNotSpeak) {
    EXPECT_EQ(sent("GET", "/v1.99/networks")["message"],
              "client version 1.99 is too new. Maximum supported API version is 1.48");
    EXPECT_THAT(sent("GET", "/v1.12/networks")["message"], HasSubstr("client version 1.12 is too old"));
    EXPECT_EQ(send("GET", "/v1.24/networks").status, 200);
    EXPECT_EQ(send("GET", "/v1./networks").status, 400);
}

TEST_F(RouterTest, MapsFailuresToStatusAndMessage) {
    for (const auto& [code, status] : {std::pair{Errc::invalid, 400},
                                       {Errc::forbidden, 403},
                                       {Errc::not_found, 404},
                                       {Errc::conflict, 409},
                                       {Errc::system, 500},
                                       {Errc::unsupported, 501},
                                       {Errc::unavailable, 503}}) {
        service_.error = Error(code, "why");
        const auto response = send("GET", "/networks/x");
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(json::parse(response.body), json({{"message", "why"}}));
    }
}

/// Where 404 would send docker to pull an image.
TEST_F(RouterTest, SaysThatACreateIsInvalidWhenWhatItNamesIsNotFound) {
    service_.error = Error(Errc::not_found, "could not get container for db: No such container: db");
    const auto response = send("POST", "/containers/create?name=web", "{}");
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(json::parse(response.body)["message"], "could not get container for db: No such container: db");
}

TEST_F(RouterTest, NamesWhatIsWrongInABody) {
    for (const auto& [body, message] : {std::pair{"", "the body is empty"},
                                        {"{", "malformed"},
                                        {"[]", "must be an object"},
                                        {R"({"Name":1})", "field 'Name' must be a string"},
                                        {R"({"Name":"x","Internal":"yes"})", "field 'Internal' must be true or false"},
                                        {R"({"Name":"x","Labels":["a"]})", "field 'Labels' must be an object"}}) {
        SCOPED_TRACE(body);
        const auto response = send("POST", "/networks/create", body);
        EXPECT_EQ(response.status, 400);
        EXPECT_THAT(std::string(json::parse(response.body)["message"]), HasSubstr(message));
    }
    EXPECT_EQ(send("GET", "/networks?filters=%7B").status, 400);
    EXPECT_THAT(service_.calls, IsEmpty());
}

TEST_F(RouterTest, RefusesAGatewayPriorityThatDoesNotFit) {
    for (const char* priority : {"4294967296", "-4294967296", "18446744073709551615", "1.5", "\"1\""}) {
        SCOPED_TRACE(priority);
        const std::string body = R"({"Container":"web","EndpointConfig":{"GwPriority":)" + std::string(priority) + "}}";
        EXPECT_EQ(send("POST", "/networks/net1/connect", body).status, 400);
    }
    EXPECT_EQ(
        send("POST", "/networks/net1/connect", R"({"Container":"web","EndpointConfig":{"GwPriority":-5}})").status,
        200);
}

TEST_F(RouterTest, ReadsAContainerAsDockersClientsSendIt) {
    send("POST", "/containers/create?name=web", R"({
        "Hostname": "h", "Env": ["A=1"], "Cmd": ["sleep"], "Image": "bb", "Labels": {"a": "b"},
        "ExposedPorts": {"80/tcp": {}},
        "HostConfig": {"NetworkMode": "net1", "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]},
                       "Dns": ["192.0.2.1"], "ExtraHosts": null, "Memory": 0},
        "NetworkingConfig": {"EndpointsConfig": {"net1": {"Aliases": ["w"], "IPAMConfig": {"IPv4Address": "10.0.0.2"}}}}
    })");
    const auto& body = service_.created_container;
    EXPECT_EQ(body.network_mode, "net1");
    EXPECT_THAT(body.exposed_ports, ElementsAre("80/tcp"));
    EXPECT_EQ(body.port_bindings.at("80/tcp").at(0).host_port, "8080");
    EXPECT_EQ(body.endpoints.at("net1").ipam_ipv4, "10.0.0.2");
    EXPECT_THAT(body.endpoints.at("net1").aliases, ElementsAre("w"));
    EXPECT_THAT(body.dns, ElementsAre("192.0.2.1"));
}

TEST_F(RouterTest, ShowsAContainerAsDockerDoes) {
    service_.container.container.id = std::string(64, 'a');
    service_.container.container.name = "web";
    service_.container.container.state = registry::ContainerState::running;
    service_.container.container.exposed = {{80, registry::Protocol::tcp}};
    service_.container.sandbox_key = "/run/x";
    service_.container.networks["net1"].ip_address = "10.0.0.2";
    const auto shown = sent("GET", "/containers/web/json");
    EXPECT_EQ(shown["Name"], "/web");
    EXPECT_EQ(shown["State"]["Status"], "running");
    EXPECT_EQ(shown["NetworkSettings"]["SandboxKey"], "/run/x");
    EXPECT_EQ(shown["NetworkSettings"]["Networks"]["net1"]["IPAddress"], "10.0.0.2");
    EXPECT_TRUE(shown["NetworkSettings"]["Ports"]["80/tcp"].is_null());
    EXPECT_EQ(sent("GET", "/containers/json")[0]["Names"], json({"/web"}));
}

TEST_F(RouterTest, ShowsANetworkAsDockerDoes) {
    service_.network.network.name = "net1";
    registry::IpamConfig config;
    config.subnet = *IpPrefix::parse("10.0.0.0/24");
    config.gateway = IpAddress::parse("10.0.0.1");
    service_.network.network.ipam.push_back(config);
    const auto shown = sent("GET", "/networks/net1");
    EXPECT_EQ(shown["IPAM"]["Config"], json::parse(R"([{"Subnet":"10.0.0.0/24","Gateway":"10.0.0.1"}])"));
    EXPECT_EQ(shown["Scope"], "local");
    EXPECT_TRUE(shown["Containers"].is_object());
    EXPECT_EQ(sent("GET", "/networks")[0]["Name"], "net1");
}

}  // namespace
}  // namespace nsr::api
