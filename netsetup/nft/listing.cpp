#include "netsetup/nft/listing.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "netsetup/nft/lines.h"

namespace nsr::net {
namespace {

constexpr std::string_view kElements = "elements = {";

/// The parts of a listing, each with the object it belongs to in front. The same rule may stand twice.
class Parts {
public:
    explicit Parts(std::string_view listing) {
        while (!listing.empty()) add_line(next_line(listing));
        sorted_ = in_order_;
        sorted_.insert(sorted_.end(), elements_.begin(), elements_.end());
        std::ranges::sort(sorted_);
    }

    const std::vector<std::string>& sorted() const { return sorted_; }
    /// What has an order: all but elements, which nft lists in that of the kernel's hash.
    const std::vector<std::string>& in_order() const { return in_order_; }

private:
    void add_line(std::string_view line) {
        if (line.empty()) return;
        if (in_elements_) return add_elements(line);
        if (line.starts_with(kElements)) {
            in_elements_ = true;
            return add_elements(line.substr(kElements.size()));
        }
        if (line == "}") {
            object_.clear();
            return;
        }
        if (line.ends_with(" {")) {
            object_ = line.substr(0, line.size() - 2);
            in_order_.push_back(object_);
            return;
        }
        in_order_.push_back(object_ + ": " + std::string(line));
    }

    /// nft wraps elements as it likes, several in a line. No element has a comma of its own.
    void add_elements(std::string_view line) {
        if (line.ends_with('}')) {
            in_elements_ = false;
            line.remove_suffix(1);
        }
        while (!line.empty()) {
            const auto end = std::min(line.find(','), line.size());
            if (const auto element = trimmed(line.substr(0, end)); !element.empty()) {
                elements_.push_back(object_ + ": " + std::string(element));
            }
            line.remove_prefix(std::min(end + 1, line.size()));
        }
    }

    std::string object_;
    bool in_elements_ = false;
    std::vector<std::string> in_order_;
    std::vector<std::string> elements_;
    std::vector<std::string> sorted_;
};

void add_lacking(const std::vector<std::string>& all, const std::vector<std::string>& others, const char* what,
                 std::vector<std::string>& differences) {
    std::vector<std::string> lacking;
    std::ranges::set_difference(all, others, std::back_inserter(lacking));
    for (const auto& part : lacking) differences.push_back(what + part);
}

}  // namespace

std::vector<std::string> compare_listings(std::string_view expected, std::string_view present) {
    const Parts wanted(expected);
    const Parts found(present);
    std::vector<std::string> differences;
    if (present.empty() && !expected.empty()) {
        std::string_view rest = expected;
        std::string_view table = next_line(rest);
        table.remove_suffix(table.ends_with(" {") ? 2 : 0);
        return {"missing: " + std::string(table)};
    }
    add_lacking(wanted.sorted(), found.sorted(), "missing: ", differences);
    add_lacking(found.sorted(), wanted.sorted(), "not ours: ", differences);
    if (differences.empty() && wanted.in_order() != found.in_order())
        differences.emplace_back("the order of the rules is another");
    return differences;
}

}  // namespace nsr::net
