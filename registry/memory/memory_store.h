#pragma once

#include "registry/store.h"

namespace nsr::registry {

/// A store that forgets everything at the end of its life, for tests; with failures on demand.
class MemoryStore : public Store {
public:
    MemoryStore();

    Result<State> load() override;
    Result<> commit(const Changes& changes) override;

    /// The next `count` commits fail (Errc::system) and change nothing.
    void fail_next_commits(unsigned count) { failures_ = count; }
    /// How many commits have succeeded.
    unsigned commits() const { return commits_; }

private:
    State state_;
    unsigned failures_ = 0;
    unsigned commits_ = 0;
};

}  // namespace nsr::registry
