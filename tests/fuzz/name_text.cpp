#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "resolver/dns/name.h"

/// Any text: what is a name comes back from its own text, and from its wire form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using nsr::dns::Name;
    const auto name = Name::from_text({reinterpret_cast<const char*>(data), size});
    if (!name) return 0;
    if (name->size() >= nsr::dns::kNameSizeMax) std::abort();
    const auto again = Name::from_text(name->text());
    if (!again || !(*again == *name)) std::abort();
    std::uint8_t wire[nsr::dns::kNameSizeMax + 1] = {};
    std::memcpy(wire, name->wire().data(), name->size());
    Name read;
    std::size_t at = 0;
    if (!read.read({wire, name->size() + 1}, at) || !(read == *name) || at != name->size() + 1) std::abort();
    return 0;
}
