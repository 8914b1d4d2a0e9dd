#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace nsr::resolver {

/// What other threads want done on a worker's thread, in the order of giving. A lock-free stack that is taken whole and
/// turned over.
///
/// The worker takes it when its loop comes to it and, before that, whenever it has received a query: a query that was
/// sent after give() has returned is answered after what was given was done. So nobody needs to wait for the worker to
/// get a CPU.
class Inbox {
public:
    using Function = std::function<void()>;

    Inbox() = default;
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;
    ~Inbox() { drop(head_.exchange(nullptr)); }

    /// From any thread.
    void give(Function function) {
        Letter* before = head_.load(std::memory_order_relaxed);
        auto letter = std::make_unique<Letter>(std::move(function), before);
        while (
            !head_.compare_exchange_weak(before, letter.get(), std::memory_order_release, std::memory_order_relaxed)) {
            letter->next = before;
        }
        (void)letter.release();  // the worker's from here on
    }

    /// Does everything that was given. On the worker's thread; not from within such a function. Costs one load if there
    /// is nothing.
    void take() {
        if (head_.load(std::memory_order_acquire) == nullptr) return;
        Letter* first = turned_over(head_.exchange(nullptr, std::memory_order_acquire));
        while (first != nullptr) {
            const std::unique_ptr<Letter> letter(std::exchange(first, first->next));
            letter->function();
        }
    }

private:
    struct Letter {
        Letter(Function given, Letter* before) : function(std::move(given)), next(before) {}
        Function function;
        Letter* next;  ///< the one that was given before it
    };

    static Letter* turned_over(Letter* last) {
        Letter* first = nullptr;
        while (last != nullptr) {
            Letter* const before = std::exchange(last->next, first);
            first = std::exchange(last, before);
        }
        return first;
    }

    static void drop(Letter* letter) {
        while (letter != nullptr) letter = std::unique_ptr<Letter>(letter)->next;
    }

    std::atomic<Letter*> head_{nullptr};
};

}  // namespace nsr::resolver
