#include "resolver/server/inbox.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace nsr::resolver {
namespace {

TEST(InboxOfAWorker, DoesWhatWasGivenInOrderAndOnce) {
    Inbox inbox;
    std::vector<int> done;
    for (int number = 0; number < 5; ++number) {
        inbox.give([&done, number] { done.push_back(number); });
    }
    inbox.take();
    inbox.take();
    EXPECT_EQ(done, (std::vector{0, 1, 2, 3, 4}));
}

TEST(InboxOfAWorker, KeepsWhatIsGivenWhileItIsTaken) {
    Inbox inbox;
    int done = 0;
    inbox.give([&] { inbox.give([&done] { ++done; }); });
    inbox.take();
    EXPECT_EQ(done, 0);
    inbox.take();
    EXPECT_EQ(done, 1);
}

TEST(InboxOfAWorker, LosesNothingBetweenThreads) {
    constexpr int kEach = 20'000;
    Inbox inbox;
    int last[2] = {-1, -1};
    int done = 0;
    bool in_order = true;
    const auto give_all = [&](int who) {
        for (int number = 0; number < kEach; ++number) {
            inbox.give([&, who, number] {
                in_order = in_order && last[who] == number - 1;
                last[who] = number;
                ++done;
            });
        }
    };
    std::jthread first(give_all, 0);
    std::jthread second(give_all, 1);
    while (done < 2 * kEach) inbox.take();
    EXPECT_TRUE(in_order);
}

}  // namespace
}  // namespace nsr::resolver
