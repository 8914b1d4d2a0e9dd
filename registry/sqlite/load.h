#pragma once

#include <SQLiteCpp/Database.h>

#include "registry/model.h"

namespace nsr::registry {

/// Everything in the database. Throws on a failure or on values that commit() does not write.
State load_state(SQLite::Database& database);

}  // namespace nsr::registry
