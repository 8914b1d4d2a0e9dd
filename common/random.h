#pragma once

#include <cstdint>
#include <span>

namespace nsr {

/// Fills a buffer from the kernel's generator (getrandom(2)). Never fails after boot.
void random_bytes(std::span<std::uint8_t> buffer);

/// A small fast generator (xoshiro256**) seeded by the kernel: for shuffles and sampling, never for what must not be
/// guessed (ids and ports of forwarded queries take random_bytes). One per thread.
class FastRandom {
public:
    FastRandom();
    explicit FastRandom(std::uint64_t seed);

    std::uint64_t next();

    /// Uniform in [0, bound); bound > 0.
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32); }

private:
    std::uint64_t state_[4];
};

}  // namespace nsr
