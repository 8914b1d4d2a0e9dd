#include "cli/commands/ordered_reader.h"

#include <string>
#include <utility>
#include <vector>

namespace nsr::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Builds the tree from the events of the parser; the names are nlohmann's.
class Builder : public nlohmann::json_sax<Json> {
public:
    Json root;

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        key_ = std::move(name);
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
    /// Where it has landed.
    Json& place(Json value) {
        if (open_.empty()) return root = std::move(value);
        Json& parent = *open_.back();
        if (parent.is_array()) {
            parent.push_back(std::move(value));
            return parent.back();
        }
        // An ordered object is a vector of pairs.
        std::vector<std::pair<const std::string, Json>>& members = parent.get_ref<Json::object_t&>();
        return members.emplace_back(std::move(key_), std::move(value)).second;
    }
    bool put(Json value) {
        place(std::move(value));
        return true;
    }
    /// While it is open its parent gets no other child, so its address stays.
    bool open(Json value) {
        open_.push_back(&place(std::move(value)));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    std::vector<Json*> open_;
    std::string key_;
};

}  // namespace

Json read_ordered(std::string_view text) {
    Builder builder;
    if (!Json::sax_parse(text, &builder)) return Json(Json::value_t::discarded);
    return std::move(builder.root);
}

}  // namespace nsr::cli
