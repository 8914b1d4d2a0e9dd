#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace nsr {

/// What must be taken back if a sequence of steps does not reach its end. Unless commit() was called, the destructor
/// runs the steps in reverse order. A step reports its own failure (usually to the log) and never throws.
class Undo {
public:
    Undo() = default;
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;
    ~Undo() {
        for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) (*step)();
    }

    void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
    void commit() { steps_.clear(); }

private:
    std::vector<std::function<void()>> steps_;
};

}  // namespace nsr
