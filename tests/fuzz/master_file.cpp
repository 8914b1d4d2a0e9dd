#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "resolver/zone/master_file.h"
#include "resolver/zone/record_data.h"

/// Any text as a master file: what is taken as a record is one that is kept in one form, and whose form is stable.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = nsr::resolver::read_master_file({reinterpret_cast<const char*>(data), size});
    if (!file) return 0;
    for (const auto& record : file->records) {
        const auto checked = nsr::resolver::check_record(record);
        if (!checked) continue;
        const auto again = nsr::resolver::check_record(*checked);
        if (!again || !(*again == *checked)) std::abort();
    }
    return 0;
}
