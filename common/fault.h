#pragma once

#include <cerrno>

/// Where tests make the kernel refuse. Every call into the kernel that changes something, or that a change depends on,
/// asks fails() first: netlink requests, nftables transactions, namespaces, mounts, sockets, files, settings under
/// /proc/sys, the database. In a build without tests it is the constant false.
namespace nsr::fault {

#ifdef NSR_FAULT_HOOKS
/// Told which call is about to be made; true: it is not made, and fails. Set by tests only, while no other thread asks.
inline bool (*hook)(const char* call) = nullptr;

inline bool fails(const char* call) { return hook != nullptr && hook(call); }

/// The same for a call that tells why in errno.
inline bool fails(const char* call, int number) {
    if (!fails(call)) return false;
    errno = number;
    return true;
}
#else
constexpr bool fails(const char*) { return false; }
constexpr bool fails(const char*, int) { return false; }
#endif

}  // namespace nsr::fault
