#include "cli/commands/shown_ports.h"

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <vector>

#include "common/ip.h"

namespace nsr::cli {
namespace {

struct Port {
    int inner = 0;
    std::optional<IpAddress> host;  ///< absent: exposed only
    int outer = 0;
    std::string type;

    auto operator<=>(const Port&) const = default;
};

/// What the ports of a row have in common.
struct Row {
    std::string host;
    std::string type;
    int offset = 0;  ///< from the inner to the outer number

    auto operator<=>(const Row&) const = default;
};

struct Span {
    std::size_t place = 0;  ///< of its first port among all
    int first = 0;
    int last = 0;
};

std::vector<Port> in_order(const Json& ports) {
    std::vector<Port> sorted;
    for (const auto& port : ports) {
        const bool exposed = !port.contains("PublicPort");
        sorted.push_back({.inner = port.value("PrivatePort", 0),
                          .host = exposed ? std::nullopt : IpAddress::parse(text_at(port, "IP")),
                          .outer = port.value("PublicPort", 0),
                          .type = text_at(port, "Type")});
    }
    std::ranges::sort(sorted);
    return sorted;
}

Row row_of(const Port& port) {
    if (!port.host) return {.host = "", .type = port.type};
    return {.host = bracketed(port.host->text()), .type = port.type, .offset = port.outer - port.inner};
}

std::string numbers(int first, int last) {
    return std::to_string(first) + (first == last ? "" : "-" + std::to_string(last));
}

std::string text_of(const Row& row, const Span& span) {
    const std::string inner = numbers(span.first, span.last) + "/" + row.type;
    if (row.host.empty()) return inner;
    return row.host + ":" + numbers(span.first + row.offset, span.last + row.offset) + "->" + inner;
}

/// Rows in Docker's order: those that another one of their kind followed, the last ones of each kind in the order of
/// their first ports, and behind all those with unlike numbers, as they begin.
class Rows {
public:
    void add(const Port& port) {
        const Row row = row_of(port);
        const Span alone{count_++, port.inner, port.inner};
        auto [found, is_new] = open_.try_emplace(row, alone);
        if (is_new) {
            kinds_.push_back(row);
        } else if (port.inner == found->second.last + 1) {
            found->second.last = port.inner;
        } else {
            put(row, found->second);
            found->second = alone;
        }
    }

    std::string text() && {
        for (const Row& row : kinds_) put(row, open_.at(row));
        std::string all = std::move(like_);
        for (const auto& [place, text] : unlike_) append(all, text);
        return all;
    }

private:
    static void append(std::string& all, const std::string& text) { all += (all.empty() ? "" : ", ") + text; }

    void put(const Row& row, const Span& span) {
        if (row.offset == 0)
            append(like_, text_of(row, span));
        else
            unlike_.emplace(span.place, text_of(row, span));
    }

    std::map<Row, Span> open_;
    std::vector<Row> kinds_;
    std::string like_;
    std::map<std::size_t, std::string> unlike_;  ///< by the place of the first port
    std::size_t count_ = 0;
};

}  // namespace

std::string bracketed(const std::string& address) {
    return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

std::string shown_ports(const Json& ports) {
    Rows rows;
    for (const Port& port : in_order(ports)) rows.add(port);
    return std::move(rows).text();
}

}  // namespace nsr::cli
