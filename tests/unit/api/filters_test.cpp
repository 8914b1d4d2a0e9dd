#include "api/filters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::api {
namespace {

/// "" if the filters are allowed, else what they are refused with.
std::string problem(const Result<>& checked) { return checked ? "" : checked.error().message(); }

class FiltersTest : public ::testing::Test {
protected:
    FiltersTest() {
        resource_.network.id = "abc" + std::string(61, '0');
        resource_.network.name = "net1";
        resource_.network.labels = {{"team", "blue"}, {"bare", ""}};
        resource_.network.created = 1'000'000'000'000;  // 1000 s after 1970
        inspected_.container.id = "def" + std::string(61, '0');
        inspected_.container.name = "web";
        inspected_.container.state = registry::ContainerState::running;
        inspected_.networks["net1"].network_id = resource_.network.id;
    }
    bool network(const Filters& filters) const { return matches_network(filters, resource_); }
    bool container(const Filters& filters) const { return matches_container(filters, inspected_); }
    bool pruned(const Filters& filters) const { return matches_prune(filters, resource_.network); }

    NetworkResource resource_;
    ContainerInspect inspected_;
};

TEST_F(FiltersTest, RefusesWhatItDoesNotKnowInDockersWords) {
    EXPECT_EQ(problem(check_network_filters({{"bogus", {"x"}}})), "invalid filter 'bogus'");
    EXPECT_EQ(problem(check_container_filters({{"bogus", {"x"}}})), "invalid filter 'bogus'");
    EXPECT_EQ(problem(check_prune_filters({{"name", {"x"}}})), "invalid filter 'name'");
    EXPECT_EQ(problem(check_network_filters({{"dangling", {"maybe"}}})), "invalid filter 'dangling=maybe'");
    EXPECT_EQ(problem(check_network_filters({{"type", {"odd"}}})), "invalid filter 'type=odd'");
    EXPECT_EQ(problem(check_container_filters({{"status", {"up"}}})), "invalid filter 'status=up'");
    EXPECT_EQ(problem(check_network_filters({{"dangling", {"1"}}, {"type", {"custom"}}, {"label", {"a"}}})), "");
    EXPECT_EQ(problem(check_container_filters({{"status", {"exited", "paused"}}, {"network", {"n"}}})), "");
}

TEST_F(FiltersTest, MatchesNamesAnywhereAndByExpression) {
    EXPECT_TRUE(network({}));
    EXPECT_TRUE(network({{"name", {"et"}}}));
    EXPECT_TRUE(network({{"name", {"other", "^net1$"}}}));
    EXPECT_FALSE(network({{"name", {"^et"}}}));
    EXPECT_FALSE(network({{"name", {"(("}}}));
    EXPECT_TRUE(container({{"name", {"^web$"}}}));
    EXPECT_TRUE(container({{"name", {"^/web$"}}}));
    EXPECT_FALSE(container({{"name", {"^we$"}}}));
}

TEST_F(FiltersTest, AnExpressionCannotHoldUpTheCaller) {
    inspected_.container.name = std::string(63, 'a');
    EXPECT_FALSE(container({{"name", {"^(a+)+(a+)+b$"}}}));
}

TEST_F(FiltersTest, MatchesTheOtherFieldsOfNetworks) {
    EXPECT_TRUE(network({{"id", {"abc0"}}}));
    EXPECT_FALSE(network({{"id", {"bc0"}}}));
    EXPECT_TRUE(network({{"driver", {"bridge"}}, {"scope", {"local"}}, {"type", {"custom"}}}));
    EXPECT_FALSE(network({{"driver", {"host"}}}));
    EXPECT_FALSE(network({{"scope", {"swarm"}}}));
    EXPECT_FALSE(network({{"type", {"builtin"}}}));
    EXPECT_TRUE(network({{"label", {"team=blue", "bare"}}}));
    EXPECT_FALSE(network({{"label", {"team=blue", "missing"}}}));
    EXPECT_FALSE(network({{"label", {"team=red"}}}));
}

TEST_F(FiltersTest, DanglingMeansWithoutContainers) {
    EXPECT_TRUE(network({{"dangling", {"true"}}}));
    EXPECT_FALSE(network({{"dangling", {"0"}}}));
    resource_.containers["def"];
    EXPECT_FALSE(network({{"dangling", {"true"}}}));
    EXPECT_TRUE(network({{"dangling", {"false"}}}));
}

TEST_F(FiltersTest, MatchesTheOtherFieldsOfContainers) {
    EXPECT_TRUE(container({{"id", {"def"}}, {"status", {"exited", "running"}}}));
    EXPECT_FALSE(container({{"status", {"created"}}}));
    EXPECT_TRUE(container({{"network", {"net1"}}}));
    EXPECT_TRUE(container({{"network", {"abc0"}}}));
    EXPECT_FALSE(container({{"network", {"net"}}}));
    EXPECT_FALSE(container({{"network", {""}}}));
    EXPECT_FALSE(container({{"label", {"team"}}}));
}

TEST_F(FiltersTest, PrunesByLabelAndAge) {
    EXPECT_TRUE(pruned({{"label", {"team"}}}));
    EXPECT_FALSE(pruned({{"label!", {"team=blue"}}}));
    EXPECT_TRUE(pruned({{"label!", {"team=red"}}}));
    EXPECT_TRUE(pruned({{"until", {"1001"}}}));
    EXPECT_FALSE(pruned({{"until", {"1000"}}}));
    EXPECT_TRUE(pruned({{"until", {"1h30m"}}}));
    EXPECT_TRUE(pruned({{"until", {"1970-01-02"}}}));
    EXPECT_TRUE(pruned({{"until", {"1970-01-01T00:16:41.5Z"}}}));
    EXPECT_FALSE(pruned({{"until", {"1970-01-01T01:16:40+01:00"}}}));
    EXPECT_TRUE(pruned({{"until", {"1970-01-01T00:16:40-01:00"}}}));
}

TEST_F(FiltersTest, RefusesTimesThatAreNone) {
    for (const char* text :
         {"", "soon", "-1", "5", "1h", "99999999999999", "9999999999999h", "1d", "2026-11-21T", "2026-11-21x"}) {
        const bool valid = std::string_view(text) == "5" || std::string_view(text) == "1h";
        EXPECT_EQ(check_prune_filters({{"until", {text}}}).has_value(), valid) << text;
    }
}

}  // namespace
}  // namespace nsr::api
