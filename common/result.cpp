#include "common/result.h"

#include <cerrno>
#include <system_error>

namespace nsr {

std::unexpected<Error> fail_errno(std::string_view what, int number) {
    return fail(Errc::system, std::string(what) + ": " + std::generic_category().message(number));
}

std::unexpected<Error> fail_errno(std::string_view what) { return fail_errno(what, errno); }

}  // namespace nsr
