"""Listens by fanotify and says which file it was handed: HOW PATH.

HOW: `inode` and `whole` wait for an opening by another process, `own` opens PATH itself, `question` only asks for the
right to answer. Prints `foreign` for a file on a mount that the listener does not have, `own` for another, `marked`
where nothing was to be handed, or the error.
"""

import ctypes
import os
import select
import struct
import sys

CONTENT, NONBLOCK = 4, 2
ADD, WHOLE = 1, 0x100
OPEN, OPEN_PERM, ONDIR = 0x20, 0x10000, 0x40000000
HERE = -100
LONGEST_MS = 60_000

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    answer = getattr(libc, name)(*arguments)
    if answer < 0:
        sys.exit(print(os.strerror(ctypes.get_errno())))
    return answer


def mount_of(descriptor):
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="latin1") as lines:
        return next(line.split()[1] for line in lines if line.startswith("mnt_id:"))


def handed(group):
    poll = select.poll()
    poll.register(group, select.POLLIN)
    if not poll.poll(LONGEST_MS):
        return "nothing"
    try:
        descriptor = struct.unpack_from("i", os.read(group, 24), 16)[0]
    except OSError as error:
        return error.strerror
    with open("/proc/self/mountinfo", encoding="latin1") as lines:
        return "own" if mount_of(descriptor) in {line.split()[0] for line in lines} else "foreign"


how, path = sys.argv[1:]
group = call("fanotify_init", (CONTENT if how == "question" else 0) | NONBLOCK, os.O_RDONLY)
events = OPEN_PERM if how == "question" else OPEN
call("fanotify_mark", group, ADD | (WHOLE if how == "whole" else 0), ctypes.c_uint64(events | ONDIR), HERE, path.encode())
if how == "question":
    sys.exit(print("marked"))
if how == "own":
    os.listdir(path)
print(handed(group))
