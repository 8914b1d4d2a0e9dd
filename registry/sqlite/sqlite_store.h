#pragma once

#include <memory>
#include <string>

#include "registry/store.h"

namespace nsr::registry {

/// Opens (makes) the database at `path`, or a private one in memory for ":memory:". WAL, synchronous NORMAL: what
/// commit() has acknowledged survives a crash of the process; a power cut may take the last transactions, with the
/// namespaces that they spoke of. The database is locked for as long as the store lives: "database 'X' is in use by
/// another process" (Errc::conflict). A schema newer than this program is refused, an older one is migrated.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path);

}  // namespace nsr::registry
