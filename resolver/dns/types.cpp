#include "resolver/dns/types.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace nsr::dns {
namespace {

constexpr std::pair<RrType, std::string_view> kTypes[] = {
    {RrType::a, "A"},       {RrType::ns, "NS"},    {RrType::cname, "CNAME"}, {RrType::soa, "SOA"},
    {RrType::ptr, "PTR"},   {RrType::mx, "MX"},    {RrType::txt, "TXT"},     {RrType::aaaa, "AAAA"},
    {RrType::srv, "SRV"},   {RrType::opt, "OPT"},  {RrType::tsig, "TSIG"},   {RrType::ixfr, "IXFR"},
    {RrType::axfr, "AXFR"}, {RrType::any, "ANY"},  {RrType{35}, "NAPTR"},    {RrType{43}, "DS"},
    {RrType{46}, "RRSIG"},  {RrType{47}, "NSEC"},  {RrType{48}, "DNSKEY"},   {RrType{52}, "TLSA"},
    {RrType{64}, "SVCB"},   {RrType{65}, "HTTPS"}, {RrType{257}, "CAA"},     {RrType{13}, "HINFO"},
    {RrType{39}, "DNAME"},  {RrType{44}, "SSHFP"},
};

constexpr std::pair<Rcode, std::string_view> kRcodes[] = {
    {Rcode::noerror, "NOERROR"},   {Rcode::formerr, "FORMERR"},     {Rcode::servfail, "SERVFAIL"},
    {Rcode::nxdomain, "NXDOMAIN"}, {Rcode::notimp, "NOTIMP"},       {Rcode::refused, "REFUSED"},
    {Rcode::badvers, "BADVERS"},   {Rcode::badcookie, "BADCOOKIE"},
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b,
                              [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

}  // namespace

std::string_view type_mnemonic(RrType type) {
    for (const auto& [known, name] : kTypes) {
        if (known == type) return name;
    }
    return {};
}

std::uint16_t parse_type(std::string_view text) {
    for (const auto& [known, name] : kTypes) {
        if (equal_ignoring_case(text, name)) return std::to_underlying(known);
    }
    constexpr std::string_view kPrefix = "TYPE";
    if (text.size() <= kPrefix.size() || !equal_ignoring_case(text.substr(0, kPrefix.size()), kPrefix)) return 0;
    const auto digits = text.substr(kPrefix.size());
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size() ? number : std::uint16_t{0};
}

std::string_view rcode_name(Rcode rcode) {
    for (const auto& [known, name] : kRcodes) {
        if (known == rcode) return name;
    }
    return "RESERVED";
}

}  // namespace nsr::dns
