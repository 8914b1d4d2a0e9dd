#pragma once

#include <SQLiteCpp/Database.h>

#include "common/result.h"

namespace nsr::registry {

/// Brings an opened database to the newest schema, in one transaction; PRAGMA user_version counts the migrations done.
/// Throws SQLite::Exception like everything of SQLiteCpp.
Result<> migrate(SQLite::Database& database);

}  // namespace nsr::registry
