#!/usr/bin/env python3
"""without_ipv6.py COMMAND..: runs it as on a kernel that was started with ipv6.disable=1: there are no IPv6 sockets.

A seccomp filter answers socket(AF_INET6, ..) with EAFNOSUPPORT; see seccomp(2).
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
RET_ALLOW, RET_ERRNO = 0x7FFF0000, 0x00050000
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
SOCKET_CALL = {"x86_64": 41, "aarch64": 198}[platform.machine()]
OFFSET_NUMBER, OFFSET_FIRST_ARGUMENT = 0, 16

FILTER = [
    (LOAD_WORD, 0, 0, OFFSET_NUMBER),
    (JUMP_IF_EQUAL, 0, 3, SOCKET_CALL),
    (LOAD_WORD, 0, 0, OFFSET_FIRST_ARGUMENT),
    (JUMP_IF_EQUAL, 0, 1, socket.AF_INET6),
    (RETURN, 0, 0, RET_ERRNO | errno.EAFNOSUPPORT),
    (RETURN, 0, 0, RET_ALLOW),
]

code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in FILTER))
program = ctypes.create_string_buffer(struct.pack("=H6xQ", len(FILTER), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
for arguments in (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
    if libc.prctl(*arguments) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
