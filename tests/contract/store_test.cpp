#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "registry/memory/memory_store.h"
#include "registry/sqlite/sqlite_store.h"
#include "tests/contract/store_contract.h"

namespace nsr::registry {
namespace {

class MemoryHarness : public StoreHarness {
public:
    Store& store() override { return store_; }

private:
    MemoryStore store_;
};

class SqliteInMemoryHarness : public StoreHarness {
public:
    Store& store() override { return *store_; }

private:
    std::unique_ptr<Store> store_ = open_sqlite_store(":memory:").value();
};

/// Opened again after each commit.
class SqliteFileHarness : public StoreHarness {
public:
    SqliteFileHarness() {
        char directory[] = "/tmp/nsr-store-XXXXXX";
        directory_ = ::mkdtemp(directory);
        reopen();
    }
    ~SqliteFileHarness() override {
        store_.reset();
        std::filesystem::remove_all(directory_);
    }

    Store& store() override { return *store_; }
    void reopen() override {
        store_.reset();
        store_ = open_sqlite_store(directory_ + "/registry.db").value();
    }

private:
    std::string directory_;
    std::unique_ptr<Store> store_;
};

template <typename Harness>
HarnessFactory factory() {
    return [] { return std::make_unique<Harness>(); };
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values(factory<MemoryHarness>()));
INSTANTIATE_TEST_SUITE_P(SqliteInMemory, StoreContract, testing::Values(factory<SqliteInMemoryHarness>()));
INSTANTIATE_TEST_SUITE_P(SqliteFile, StoreContract, testing::Values(factory<SqliteFileHarness>()));

}  // namespace
}  // namespace nsr::registry
