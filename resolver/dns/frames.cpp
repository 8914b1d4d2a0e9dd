#include "resolver/dns/frames.h"

namespace nsr::dns {

Buffer Frames::room(std::size_t size) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    filled_ = bytes_.size();
    bytes_.resize(filled_ + size);
    return Buffer(bytes_).subspan(filled_);
}

bool Frames::has_next() const {
    const Bytes rest = Bytes(bytes_).subspan(taken_);
    return rest.size() >= kLengthSize && rest.size() - kLengthSize >= read16(rest.data());
}

std::optional<Bytes> Frames::next() {
    if (!has_next()) return std::nullopt;
    const std::size_t length = read16(&bytes_[taken_]);
    const Bytes message = Bytes(bytes_).subspan(taken_ + kLengthSize, length);
    taken_ += kLengthSize + length;
    return message;
}

}  // namespace nsr::dns
