#include "netsetup/nft/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nsr::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kListing =
    "table inet t {\n\tset s {\n\t\ttype ifname\n\t\telements = { \"a\", \"b\",\n\t\t\t     \"c\" }\n\t}\n\n"
    "\tchain c {\n\t\ttype filter hook forward priority filter; policy accept;\n\t\tiifname @s drop\n"
    "\t\toifname @s drop\n\t}\n}\n";

std::string with(std::string_view what, std::string_view instead) {
    std::string text = kListing;
    return text.replace(text.find(what), what.size(), instead);
}

TEST(Listing, DoesNotDifferFromItself) { EXPECT_THAT(compare_listings(kListing, kListing), IsEmpty()); }

TEST(Listing, DoesNotMindTheOrderOfElements) {
    EXPECT_THAT(compare_listings(kListing, with("\"a\", \"b\",\n\t\t\t     \"c\"", "\"c\", \"a\", \"b\"")), IsEmpty());
}

TEST(Listing, NamesElementsThatAreGoneOrNew) {
    EXPECT_THAT(compare_listings(kListing, with("\"b\",\n\t\t\t     \"c\"", "\"d\"")),
                ElementsAre("missing: set s: \"b\"", "missing: set s: \"c\"", "not ours: set s: \"d\""));
}

TEST(Listing, NamesRulesAndTellsTheirOrder) {
    EXPECT_THAT(compare_listings(kListing, with("\t\tiifname @s drop\n", "")),
                ElementsAre("missing: chain c: iifname @s drop"));
    EXPECT_THAT(compare_listings(kListing, with("\t\tiifname @s drop\n\t\toifname @s drop\n",
                                                "\t\toifname @s drop\n\t\tiifname @s drop\n")),
                ElementsAre("the order of the rules is another"));
    EXPECT_THAT(compare_listings(kListing, with("policy accept", "policy drop")),
                ElementsAre("missing: chain c: type filter hook forward priority filter; policy accept;",
                            "not ours: chain c: type filter hook forward priority filter; policy drop;"));
}

TEST(Listing, OfNothingIsTheWholeTable) {
    EXPECT_THAT(compare_listings(kListing, ""), ElementsAre("missing: table inet t"));
}

}  // namespace
}  // namespace nsr::net
