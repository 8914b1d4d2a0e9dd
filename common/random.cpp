#include "common/random.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstdlib>

namespace nsr {
namespace {

/// SplitMix64, which spreads a seed over the state (Vigna).
std::uint64_t split_mix(std::uint64_t& seed) {
    std::uint64_t z = (seed += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

std::uint64_t kernel_seed() {
    std::uint64_t seed = 0;
    random_bytes({reinterpret_cast<std::uint8_t*>(&seed), sizeof seed});
    return seed;
}

}  // namespace

void random_bytes(std::span<std::uint8_t> buffer) {
    while (!buffer.empty()) {
        const ssize_t got = ::getrandom(buffer.data(), buffer.size(), 0);
        if (got < 0 && errno != EINTR) std::abort();  // only on a kernel without getrandom
        if (got > 0) buffer = buffer.subspan(static_cast<std::size_t>(got));
    }
}

FastRandom::FastRandom() : FastRandom(kernel_seed()) {}

FastRandom::FastRandom(std::uint64_t seed) : state_{} {
    for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t FastRandom::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

}  // namespace nsr
