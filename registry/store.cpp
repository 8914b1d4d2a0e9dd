#include "registry/store.h"

#include "common/ids.h"

namespace nsr::registry {

constexpr std::size_t kHostIdSize = 32;

std::string make_host_id() { return random_hex(kHostIdSize); }

}  // namespace nsr::registry
