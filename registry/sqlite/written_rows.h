#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace nsr::registry {

/// What rows that belong to a container are known to be in the database, so that each change of its state need not
/// write those again that stay as they are.
class WrittenRows {
public:
    /// Whether its rows of a kind are these already; if not, the caller writes them now.
    bool are(const std::string& container_id, const std::string& kind, const std::vector<std::string>& rows) {
        auto& of_container = known_[container_id];
        const auto [entry, is_new] = of_container.try_emplace(kind, rows);
        if (is_new) return false;
        if (entry->second == rows) return true;
        entry->second = rows;
        return false;
    }

    /// Rows that this cannot tell apart are written each time.
    bool are_none(const std::string& container_id, const std::string& kind, bool none) {
        if (none) return are(container_id, kind, {});
        if (const auto found = known_.find(container_id); found != known_.end()) found->second.erase(kind);
        return false;
    }

    /// The container or one of its endpoints is gone, and what belonged to it.
    void forget(const std::string& container_id) { known_.erase(container_id); }
    /// What was written was taken back.
    void clear() { known_.clear(); }

private:
    std::unordered_map<std::string, std::unordered_map<std::string, std::vector<std::string>>> known_;
};

}  // namespace nsr::registry
