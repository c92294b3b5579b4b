"""A file system as a whole: `reconfigure PATH WORD` by fspick(2), `new TYPE PLACE [DEVICE]` by fsopen(2), as
mount(8) does from util-linux 2.39 on, `freeze PATH`."""

import ctypes
import fcntl
import os
import sys

FSOPEN, FSCONFIG, FSMOUNT, FSPICK, MOVE_MOUNT = 430, 431, 432, 433, 429  # of all architectures
SET_FLAG, SET_STRING, CREATE, RECONFIGURE = 0, 1, 6, 7
HERE, FROM_DESCRIPTOR = -100, 4
FREEZE, THAW = 0xC0045877, 0xC0045878

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    answer = libc.syscall(number, *arguments)
    if answer < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    return answer


match sys.argv[1:]:
    case ["reconfigure", path, word]:
        system = call(FSPICK, HERE, path.encode(), 0)
        call(FSCONFIG, system, SET_FLAG, word.encode(), None, 0)
        call(FSCONFIG, system, RECONFIGURE, None, None, 0)
    case ["new", kind, place, *device]:
        system = call(FSOPEN, kind.encode(), 0)
        for source in device:
            call(FSCONFIG, system, SET_STRING, b"source", source.encode(), 0)
        call(FSCONFIG, system, CREATE, None, None, 0)
        call(MOVE_MOUNT, call(FSMOUNT, system, 0, 0), b"", HERE, place.encode(), FROM_DESCRIPTOR)
    case ["freeze", path]:
        folder = os.open(path, os.O_RDONLY)
        fcntl.ioctl(folder, FREEZE, 0)
        fcntl.ioctl(folder, THAW, 0)
