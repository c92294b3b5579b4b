"""Mounts an ext4 device by fsopen(2) and fsmount(2), as mount(8) does from util-linux 2.39 on: DEVICE PLACE."""

import ctypes
import os
import sys

FSOPEN, FSCONFIG, FSMOUNT, MOVE_MOUNT = 430, 431, 432, 429  # of all architectures
SET_STRING, CREATE = 1, 6
HERE, FROM_DESCRIPTOR = -100, 4

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    answer = libc.syscall(number, *arguments)
    if answer < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    return answer


device, place = (argument.encode() for argument in sys.argv[1:])
system = call(FSOPEN, b"ext4", 0)
call(FSCONFIG, system, SET_STRING, b"source", device, 0)
call(FSCONFIG, system, CREATE, None, None, 0)
call(MOVE_MOUNT, call(FSMOUNT, system, 0, 0), b"", HERE, place, FROM_DESCRIPTOR)
