#include "resolver/zone/master_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/zone/record_data.h"

namespace nsr::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string line_of(const registry::Record& record) {
    return record.name + " " + (record.ttl ? std::to_string(*record.ttl) : "-") + " " + record.type + " " + record.data;
}

std::vector<std::string> read(std::string_view text) {
    auto file = read_master_file(text);
    if (!file) return {file.error().message()};
    std::vector<std::string> lines;
    for (const auto& record : file->records) lines.push_back(line_of(record));
    return lines;
}

TEST(MasterFile, ReadsTheExampleOfTheRfc) {
    // RFC 1035 §5.3, with the SOA that we leave out.
    const auto file = read_master_file(R"(
$ORIGIN ISI.EDU.
@   IN  SOA     VENERA      Action\.domains (
                                 20     ; SERIAL
                                 7200   ; REFRESH
                                 600    ; RETRY
                                 3600000; EXPIRE
                                 60)    ; MINIMUM

        NS      A.ISI.EDU.
        MX      10      VENERA
        MX      20      VAXA
A       A       26.3.0.103
VENERA  A       10.1.0.52
        A       128.9.0.32
)");
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(file->left_out, 2U);
    std::vector<std::string> lines;
    for (const auto& record : file->records) lines.push_back(line_of(record));
    EXPECT_THAT(lines, ElementsAre("isi.edu - MX 10 venera.isi.edu.", "isi.edu - MX 20 vaxa.isi.edu.",
                                   "a.isi.edu - A 26.3.0.103", "venera.isi.edu - A 10.1.0.52",
                                   "venera.isi.edu - A 128.9.0.32"));
}

TEST(MasterFile, TakesRelativeNamesForWholeOnesUntilAnOrigin) {
    EXPECT_THAT(read("web A 192.0.2.1\nalias CNAME web\n$ORIGIN app\nweb A 192.0.2.2\nw\\.x CNAME @\ny CNAME z.\n"),
                ElementsAre("web - A 192.0.2.1", "alias - CNAME web.", "web.app - A 192.0.2.2",
                            "w\\.x.app - CNAME app.", "y.app - CNAME z."));
    EXPECT_THAT(read("$ORIGIN b.\n$ORIGIN a\nx A 192.0.2.1\n"), ElementsAre("x.a.b - A 192.0.2.1"));
}

TEST(MasterFile, TakesFilesAsEditorsLeaveThem) {
    EXPECT_THAT(read("\xef\xbb\xbfweb A 192.0.2.1\r\n\tA 192.0.2.2\r\n$ttl 60\r\n$Origin app\r\n@ A 192.0.2.3"),
                ElementsAre("web - A 192.0.2.1", "web - A 192.0.2.2", "app 60 A 192.0.2.3"));
    EXPECT_THAT(read("@ SOA a b 1 2 3 4 5\n  NS ns\n  A 192.0.2.1\n"),
                ElementsAre("line 3: '@' without a line '$ORIGIN NAME' before it"));
}

TEST(MasterFile, KnowsWhereTtlsComeFrom) {
    EXPECT_THAT(read("a 7 IN A 192.0.2.1\nb A 192.0.2.2\n$TTL 1h30m\nc A 192.0.2.3\nd IN 9 A 192.0.2.4\ne A 192.0.2.5"),
                ElementsAre("a 7 A 192.0.2.1", "b 7 A 192.0.2.2", "c 5400 A 192.0.2.3", "d 9 A 192.0.2.4",
                            "e 5400 A 192.0.2.5"));
    EXPECT_THAT(read("a 2147483647 A 192.0.2.1\n"), ElementsAre("a 2147483647 A 192.0.2.1"));
    EXPECT_THAT(read("a 2147483648 A 192.0.2.1\n"), ElementsAre("line 1: '2147483648' is not a TTL"));
}

TEST(MasterFile, KeepsQuotedStringsWhole) {
    EXPECT_THAT(read("t TXT \"a;b (c)\" d\\032e \"q\\\"\" ; comment\n"),
                ElementsAre("t - TXT \"a;b (c)\" \"d e\" \"q\\\"\""));
    EXPECT_THAT(read("t TXT ( \"one\"\n \"two\" )\n"), ElementsAre("t - TXT \"one\" \"two\""));
    EXPECT_THAT(read("t TXT \"a\"\"b\"\n"), ElementsAre("t - TXT \"a\" \"b\""));
}

TEST(MasterFile, ReadsServicesAndWildcards) {
    EXPECT_THAT(read("$ORIGIN app.\r\n*\tA 192.0.2.1\r\n_http._tcp in srv 0 5 80 web\r\n"),
                ElementsAre("*.app - A 192.0.2.1", "_http._tcp.app - SRV 0 5 80 web.app."));
    EXPECT_THAT(read("1.2.0.192.in-addr.arpa. PTR web.\n"), ElementsAre("1.2.0.192.in-addr.arpa - PTR web."));
}

TEST(MasterFile, NamesTheLineThatIsWrong) {
    struct Row {
        const char* text;
        const char* message;
    };
    for (const auto& row : {
             Row{"a A 192.0.2.1\n$INCLUDE x\n", "line 2: '$INCLUDE' is not supported"},
             Row{"$TTL\n", "line 1: '$TTL' takes one argument"},
             Row{"$TTL 5x\n", "line 1: '5x' is not a TTL"},
             Row{"$ORIGIN a..b\n", "line 1: 'a..b' is not a domain name"},
             Row{"\n A 192.0.2.1\n", "line 2: the first record has no owner"},
             Row{"a 4294967296 A 192.0.2.1\n", "line 1: '4294967296' is not a TTL"},
             Row{"a CH A 192.0.2.1\n", "line 1: only class IN is supported"},
             Row{"a IN IN A 192.0.2.1\n", "line 1: 'IN' is a second class"},
             Row{"b 1h A 192.0.2.1\n  in 7 In A 192.0.2.1\n", "line 2: 'In' is a second class"},
             Row{"a 1h 1h A 192.0.2.1\n", "line 1: '1h' is a second TTL"},
             Row{"a 1h IN 7 A 192.0.2.1\n", "line 1: '7' is a second TTL"},
             Row{"a\n", "line 1: no record type"},
             Row{"a..b A 192.0.2.1\n", "line 1: 'a..b' is not a domain name"},
             Row{"a A 192.0.2.1\n\na A nothing\n", "line 3: invalid data for a record of type A: 'nothing'"},
             Row{"$GENERATE 1-3 a$ A 192.0.2.$\n", "line 1: '$GENERATE' is not supported"},
             Row{"a A 192.0.2.1\nb A 192.0.2.1\na CNAME b\n",
                 "line 3: 'a' has a CNAME record and others: a CNAME stands alone"},
             Row{"a LOC x\n", "line 1: records of type 'LOC' are not supported"},
             Row{". A 192.0.2.1\n", "line 1: '.' is not a domain name"},
             Row{"a MX 1 x..y\n", "line 1: 'x..y' is not a domain name"},
             Row{"a TXT \"x\n\"", "line 1: a quote is not finished on its line"},
             Row{"a TXT \"x", "line 1: a quote or an escape is not finished"},
             Row{"a TXT x\\", "line 1: a quote or an escape is not finished"},
             Row{"a A (\n192.0.2.1\n", "line 3: '(' without ')'"},
             Row{"a A 192.0.2.1 )\n", "line 1: ')' without '('"},
         }) {
        SCOPED_TRACE(row.text);
        EXPECT_THAT(read(row.text), ElementsAre(row.message));
    }
}

TEST(MasterFile, MayBeEmpty) {
    EXPECT_THAT(read(""), IsEmpty());
    EXPECT_THAT(read("; nothing\n\n   ; here\n"), IsEmpty());
}

// ---------------------------------------------------------------- records as they are kept

std::string checked(const std::string& name, const std::string& type, const std::string& data) {
    auto record = check_record({"", name, type, data, {}});
    return record ? line_of(*record) : record.error().message();
}

TEST(RecordData, KeepsARecordInOneForm) {
    EXPECT_EQ(checked("WEB.App.", "aaaa", " FD00::0:1 "), "web.app - AAAA fd00::1");
    EXPECT_EQ(checked("a", "cname", "Web"), "a - CNAME web.");
    EXPECT_EQ(checked("a", "MX", "10   mail."), "a - MX 10 mail.");
    EXPECT_EQ(checked("_x._tcp.a", "SRV", "0 0 80 Web"), "_x._tcp.a - SRV 0 0 80 web.");
    EXPECT_EQ(checked("a", "TXT", "one \"two words\" \\065"), "a - TXT \"one\" \"two words\" \"A\"");
    EXPECT_EQ(checked("*.app", "A", "192.0.2.1"), "*.app - A 192.0.2.1");
}

TEST(RecordData, RefusesWhatIsNone) {
    EXPECT_EQ(checked("", "A", "192.0.2.1"), "'' is not a domain name");
    EXPECT_EQ(checked(".", "A", "192.0.2.1"), "'.' is not a domain name");
    EXPECT_EQ(checked("a", "LOC", "x"), "records of type 'LOC' are not supported");
    for (const auto& [type, data] : std::vector<std::pair<std::string, std::string>>{{"A", "fd00::1"},
                                                                                     {"A", ""},
                                                                                     {"A", "192.0.2.1 192.0.2.2"},
                                                                                     {"AAAA", "192.0.2.1"},
                                                                                     {"MX", "mail"},
                                                                                     {"MX", "65536 mail"},
                                                                                     {"SRV", "0 0 80"},
                                                                                     {"CNAME", "a b"},
                                                                                     {"TXT", ""},
                                                                                     {"TXT", "\"x"},
                                                                                     {"TXT", "\\256"},
                                                                                     {"TXT", std::string(256, 'x')}}) {
        SCOPED_TRACE(type + " " + data);
        EXPECT_EQ(checked("a", type, data), "invalid data for a record of type " + type + ": '" + data + "'");
    }
    std::string large;
    while (large.size() <= kRecordDataMax) large += std::string(255, 'x') + " ";
    EXPECT_THAT(checked("a", "TXT", large), ::testing::StartsWith("invalid data for a record of type TXT"));
}

TEST(RecordData, LeavesACnameAlone) {
    const registry::Record cname{"", "a", "CNAME", "b.", {}};
    const registry::Record text{"", "a", "TXT", "\"x\"", {}};
    const registry::Record other{"", "c", "TXT", "\"x\"", {}};
    EXPECT_TRUE(check_owners({cname, other}));
    EXPECT_FALSE(check_owners({cname, {"", "a", "CNAME", "c.", {}}}));
    const auto refused = check_owners({cname, other, text});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "'a' has a CNAME record and others: a CNAME stands alone");
}

}  // namespace
}  // namespace nsr::resolver
