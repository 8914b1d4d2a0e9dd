# Every library that we stand on, with the oldest version that we have tried; all are packages of Debian 12.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)  # headers only: Asio and Beast
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9.1 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(SQLiteCpp 3.2 REQUIRED)
find_package(prometheus-cpp REQUIRED)  # 1.0.1; its configuration names no version

pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares>=1.18)
pkg_check_modules(NL REQUIRED IMPORTED_TARGET libnl-3.0>=3.7 libnl-route-3.0>=3.7)
pkg_check_modules(NFTABLES REQUIRED IMPORTED_TARGET libnftables>=1.0.6)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus>=3.3)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd>=252)

# g++ 12 calls some of Boost's own constructs suspicious: their headers are the system's, not ours to warn about.
add_library(nsr_boost INTERFACE)
target_include_directories(nsr_boost SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_compile_definitions(nsr_boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT)
target_link_libraries(nsr_boost INTERFACE Threads::Threads)

if(NSR_TESTS)
    find_package(GTest 1.12 REQUIRED)
endif()
if(NSR_BENCH)
    find_package(benchmark 1.7 REQUIRED)
endif()
