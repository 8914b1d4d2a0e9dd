#include "hosts/hosts_file.h"

#include <algorithm>
#include <optional>
#include <span>

#include "hosts/words.h"

namespace nsr::hosts {
namespace {

constexpr std::string_view kFixedIpv4 = "127.0.0.1\tlocalhost\n";
constexpr std::string_view kFixedIpv6 =
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::\tip6-localnet\n"
    "ff00::\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n";

std::string text_of(const HostsLine& line) { return line.address.text() + "\t" + join(line.names) + "\n"; }

/// The lines that are not fixed. IPv6 ones of --add-host go with the fixed IPv6 ones (H-01).
std::vector<HostsLine> variable_lines(const HostsInputs& inputs) {
    std::vector<HostsLine> lines;
    for (const HostsLine& line : inputs.extra) {
        if (line.address.is_v4() || inputs.ipv6_loopback) lines.push_back(line);
    }
    lines.insert(lines.end(), inputs.links.begin(), inputs.links.end());
    lines.insert(lines.end(), inputs.own.begin(), inputs.own.end());
    return lines;
}

/// Whether a line of a file is `wanted`, maybe with more names behind.
bool is_line(std::string_view line, const HostsLine& wanted) {
    const auto words = split_words(line);
    if (words.size() < wanted.names.size() + 1) return false;
    if (IpAddress::parse(words.front()) != wanted.address) return false;
    return std::equal(wanted.names.begin(), wanted.names.end(), words.begin() + 1);
}

/// The line with another address in front; blanks and names stay.
std::string with_address(std::string_view line, const IpAddress& address) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    const std::size_t end = line.find_first_of(kBlanks, begin);
    return std::string(line.substr(0, begin)) + address.text() + std::string(line.substr(end));
}

struct Change {
    HostsLine old_line;
    std::optional<IpAddress> address;  ///< the new one; absent: the line goes
};

void erase_one(std::vector<HostsLine>& lines, const HostsLine& line) {
    const auto found = std::ranges::find(lines, line);
    if (found != lines.end()) lines.erase(found);
}

/// Matches what goes with what comes: lines of the same names and family are one line with a new address. What is left
/// of `added` is new.
std::vector<Change> pair_up(const std::vector<HostsLine>& removed, std::vector<HostsLine>& added) {
    std::vector<Change> changes;
    for (const HostsLine& line : removed) {
        const auto successor = std::ranges::find_if(added, [&](const HostsLine& each) {
            return each.names == line.names && each.address.family() == line.address.family();
        });
        Change change{.old_line = line, .address = {}};
        if (successor != added.end()) {
            change.address = successor->address;
            added.erase(successor);
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

/// Does one change to the lines; false if the user has taken the line out.
bool apply(std::vector<std::string>& lines, const Change& change) {
    const auto found = std::ranges::find_if(lines, [&](const auto& line) { return is_line(line, change.old_line); });
    if (found == lines.end()) return false;
    if (change.address) {
        *found = with_address(*found, *change.address);
    } else {
        lines.erase(found);
    }
    return true;
}

}  // namespace

std::string render_hosts(const HostsInputs& inputs) {
    std::string text(kFixedIpv4);
    if (inputs.ipv6_loopback) text += kFixedIpv6;
    for (const HostsLine& line : variable_lines(inputs)) text += text_of(line);
    return text;
}

std::string update_hosts(std::string_view current, const HostsInputs& before, const HostsInputs& after) {
    std::vector<HostsLine> removed = variable_lines(before);
    std::vector<HostsLine> added = variable_lines(after);
    for (const HostsLine& line : variable_lines(after)) {
        if (std::ranges::find(removed, line) == removed.end()) continue;
        erase_one(removed, line);
        erase_one(added, line);
    }
    if (removed.empty() && added.empty()) return std::string(current);
    std::vector<std::string> lines;
    for (const std::string_view line : split_lines(current)) lines.emplace_back(line);
    for (const Change& change : pair_up(removed, added)) {
        if (apply(lines, change) || !change.address) continue;
        added.push_back({.address = *change.address, .names = change.old_line.names});
    }
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    for (const HostsLine& line : added) text += text_of(line);
    return text;
}

std::string repair_hosts(std::string_view current, const HostsInputs& was, const HostsInputs& now,
                         const HostsInputs& after) {
    HostsInputs before{.ipv6_loopback = true, .extra = {}, .links = {}, .own = {}};
    const auto lines = split_lines(current);
    for (const HostsInputs* inputs : {&was, &now}) {
        for (const HostsLine& line : variable_lines(*inputs)) {
            const bool known = std::ranges::find(before.own, line) != before.own.end();
            const bool stands = std::ranges::any_of(lines, [&](std::string_view each) { return is_line(each, line); });
            if (stands && !known) before.own.push_back(line);
        }
    }
    return update_hosts(current, before, after);
}

std::vector<std::string> own_names(std::string_view hostname, std::string_view domainname) {
    std::string full(hostname);
    if (!domainname.empty()) full += "." + std::string(domainname);
    const std::size_t dot = full.find('.');
    if (dot == std::string::npos) return {full};
    return {full, full.substr(0, dot)};
}

std::vector<std::string> link_names(std::string_view alias, std::string_view hostname, std::string_view name) {
    std::vector<std::string> names = {std::string(alias), std::string(hostname)};
    if (alias != name) names.emplace_back(name);
    return names;
}

}  // namespace nsr::hosts
