#pragma once

#include <string>

#include "common/result.h"

namespace nsr::cli {

/// Makes this process one of NAME|UID[:GROUP|GID], as `docker run --user`: a user without a group brings those of the
/// machine's user database. HOME is the user's home; the terminal at standard input becomes the user's if
/// `owns_terminal`. Errc::invalid: "unable to find user X: no matching entries in passwd file".
Result<> become(const std::string& user, bool owns_terminal);

}  // namespace nsr::cli
