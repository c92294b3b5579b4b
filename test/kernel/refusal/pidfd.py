"""By a pidfd: `hold PID COMMAND…` opens one of PID and starts COMMAND with its number as the last argument; `reach FD`
and `child` say of each way into the process that a pidfd names, and into a child of their own, whether it is open."""

import ctypes
import fcntl
import os
import signal
import sys

NEW_MOUNTS = 0x20000
PIDFD_GETFD = 438  # of all architectures
MOUNT_NAMESPACE = 0xFF03  # PIDFD_GET_MNT_NAMESPACE, from 6.11 on

libc = ctypes.CDLL(None, use_errno=True)


def answer(result):
    return "ok" if result >= 0 else os.strerror(ctypes.get_errno())


def namespace(descriptor):
    try:
        return answer(fcntl.ioctl(descriptor, MOUNT_NAMESPACE, 0))
    except OSError as error:
        return "absent" if error.errno in (22, 25) else error.strerror


def reach(descriptor):
    print("file:", answer(libc.syscall(PIDFD_GETFD, descriptor, 0, 0)))
    print("namespace:", namespace(descriptor))
    print("join:", answer(libc.setns(descriptor, NEW_MOUNTS)))


def child():
    pid = os.fork()
    if not pid:
        signal.pause()
    reach(os.pidfd_open(pid))
    os.kill(pid, signal.SIGKILL)


match sys.argv[1:]:
    case ["hold", pid, *command]:
        held = os.pidfd_open(int(pid))
        os.set_inheritable(held, True)
        os.execvp(command[0], [*command, str(held)])
    case ["reach", number]:
        reach(int(number))
    case ["child"]:
        child()
