#include "cli/commands/pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/output.h"

namespace nsr::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(KeyValues, SplitAtTheFirstEqualsSign) {
    EXPECT_THAT(key_values({"a=b=c", "d", "e="}), ElementsAre(Pair("a", "b=c"), Pair("d", ""), Pair("e", "")));
    EXPECT_THAT(key_values({"a=1", "a=2"}), ElementsAre(Pair("a", "2")));
}

TEST(FilterQuery, GathersValuesOfOneKey) {
    EXPECT_EQ(filter_query({}), "");
    EXPECT_EQ(filter_query({"name=a", "name=b"}), "?filters=%7B%22name%22%3A%5B%22a%22%2C%22b%22%5D%7D");
    EXPECT_FALSE(filter_query({"bogus"}));
}

TEST(FilterQuery, SurvivesTextThatIsNotUtf8) { EXPECT_TRUE(filter_query({"name=\xff"})); }

TEST(PlaceInSubnets, RefusesInDockersWords) {
    const auto refusal = [](const auto& placed) { return placed ? "" : placed.error().message(); };
    EXPECT_EQ(refusal(place_in_subnets({}, {}, {"10.95.0.1"}, {})),
              "every ip-range or gateway must have a corresponding subnet");
    EXPECT_EQ(refusal(place_in_subnets({"10.95.0.0/24"}, {"10.99.0.0/28"}, {}, {})),
              "no matching subnet for range 10.99.0.0/28");
    EXPECT_EQ(refusal(place_in_subnets({"10.95.0.0/24"}, {}, {"10.99.0.1"}, {})),
              "no matching subnet for gateway 10.99.0.1");
    EXPECT_EQ(refusal(place_in_subnets({"10.95.0.0/24"}, {}, {}, {"a=10.99.0.2"})),
              "no matching subnet for aux-address 10.99.0.2");
    for (const std::string text : {"10.95.0.5", "a="}) {
        EXPECT_EQ(refusal(place_in_subnets({"10.95.0.0/24"}, {}, {}, {text})),
                  "invalid argument \"" + text + "\" for \"--aux-address\" flag: expected NAME=ADDRESS");
    }
}

TEST(PlaceInSubnets, GivesEachToTheSubnetAroundIt) {
    const auto placed = place_in_subnets({"10.95.0.0/24", "fd00::/64"}, {}, {"fd00::9", "10.95.0.9"}, {});
    ASSERT_TRUE(placed);
    EXPECT_EQ(placed->at(0).gateway, "10.95.0.9");
    EXPECT_EQ(placed->at(1).gateway, "fd00::9");
}

TEST(Table, AlignsItsColumns) {
    Table table({"ID", "NAME"});
    table.add({"1234", "x"});
    EXPECT_EQ(table.text(), "ID     NAME\n1234   x\n");
}

TEST(Ago, SaysItAsDockerDoes) {
    EXPECT_EQ(ago(0), "Less than a second ago");
    EXPECT_EQ(ago(1), "1 second ago");
    EXPECT_EQ(ago(75), "About a minute ago");
    EXPECT_EQ(ago(300), "5 minutes ago");
    EXPECT_EQ(ago(3 * 86400), "3 days ago");
}

}  // namespace
}  // namespace nsr::cli
