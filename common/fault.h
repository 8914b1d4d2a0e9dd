#pragma once

/// Where tests make the kernel refuse. Every call into the kernel that changes something, or that a change depends on,
/// asks fails() first: netlink requests, nftables transactions, namespaces, mounts, settings under /proc/sys. In a
/// build without tests it is the constant false.
namespace nsr::fault {

#ifdef NSR_FAULT_HOOKS
/// Told which call is about to be made; true: it is not made, and fails. Set by tests only, on the thread that calls.
inline bool (*hook)(const char* call) = nullptr;

inline bool fails(const char* call) { return hook != nullptr && hook(call); }
#else
constexpr bool fails(const char*) { return false; }
#endif

}  // namespace nsr::fault
