#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "registry/validate.h"

namespace nsr::registry {

/// Networks or containers by id and by name (without regard to case). Elements do not move while they exist, so
/// pointers to them stay valid until they are erased.
template <typename Object>
class Directory {
public:
    void put(Object object) {
        const auto old = by_id_.find(object.id);
        if (old != by_id_.end()) unname(old->second);
        const std::string id = object.id;
        const Object& kept = by_id_.insert_or_assign(id, std::move(object)).first->second;
        by_name_[lower(kept.name)] = &kept;
    }

    void erase(const std::string& id) {
        const auto old = by_id_.find(id);
        if (old == by_id_.end()) return;
        unname(old->second);
        by_id_.erase(old);
    }

    /// nullptr if there is none; so for by_name().
    const Object* by_id(std::string_view id) const {
        const auto found = by_id_.find(id);
        return found == by_id_.end() ? nullptr : &found->second;
    }

    const Object* by_name(std::string_view name) const {
        const auto found = by_name_.find(lower(name));
        return found == by_name_.end() ? nullptr : found->second;
    }

    std::vector<const Object*> with_id_prefix(std::string_view prefix) const {
        std::vector<const Object*> matches;
        for (auto each = by_id_.lower_bound(prefix); each != by_id_.end() && each->first.starts_with(prefix); ++each) {
            matches.push_back(&each->second);
        }
        return matches;
    }

    /// All, by name.
    std::vector<const Object*> all() const {
        std::vector<const Object*> objects;
        objects.reserve(by_name_.size());
        for (const auto& [name, object] : by_name_) objects.push_back(object);
        return objects;
    }

private:
    void unname(const Object& object) {
        const auto named = by_name_.find(lower(object.name));
        if (named != by_name_.end() && named->second == &object) by_name_.erase(named);
    }

    std::map<std::string, Object, std::less<>> by_id_;
    std::map<std::string, const Object*, std::less<>> by_name_;
};

}  // namespace nsr::registry
