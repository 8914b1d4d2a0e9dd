#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nsr::net {

/// How one listing of a table differs from another, a line each: "missing: WHERE: WHAT" for what only `expected` has,
/// "not ours: WHERE: WHAT" for what only `present` has. WHERE is the chain, set or map; WHAT a rule, an element or the
/// object's own definition. Pure.
std::vector<std::string> compare_listings(std::string_view expected, std::string_view present);

}  // namespace nsr::net
