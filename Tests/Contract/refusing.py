"""Runs a command for which the kernel refuses a system call (seccomp): refusing.py CALL[:FIRST]=ERRNO COMMAND…

FIRST, where given, is the value of the call's first argument for which it is refused: `socket:29=97` is a kernel without
AF_CAN, `sendmmsg=1` one that lets nobody send.
"""
import ctypes
import os
import platform
import struct
import sys

NUMBERS = {"x86_64": {"socket": 41, "sendmmsg": 307}, "aarch64": {"socket": 198, "sendmmsg": 269}}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
# Offsets in struct seccomp_data.
CALL, FIRST_ARGUMENT = 0, 16


def program(number, first, errno):
    """The filter, in instructions (code, jump if true, jump if false, constant)."""
    lines = [(LOAD, 0, 0, CALL), (JUMP_IF_EQUAL, 0, 3 if first is not None else 1, number)]
    if first is not None:
        lines += [(LOAD, 0, 0, FIRST_ARGUMENT), (JUMP_IF_EQUAL, 0, 1, first)]
    return [*lines, (RETURN, 0, 0, ERRNO | errno), (RETURN, 0, 0, ALLOW)]


def refuse(rule):
    call, _, errno = rule.partition("=")
    name, _, first = call.partition(":")
    lines = program(NUMBERS[platform.machine()][name], int(first) if first else None, int(errno))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(lines), ctypes.addressof(code)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)):
        if prctl(*arguments):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "prctl")


if __name__ == "__main__":
    refuse(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
