"""Tries one way to every process it finds, until its standard input closes; prints `<obtained> <refused> <leaked>`.

usage: reader.py environ|task|mem|readv|seize|perf <<<NEEDLE

On its command line the needle would be on the stack of each of these, for the others to sample.
"""
import ctypes
import mmap
import os
import select
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}[os.uname().machine]
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000


def fail():
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


def stack_of(pid):
    """env_start and env_end, fields 50 and 51 of proc_pid_stat(5); 0 where they are withheld."""
    with open(f"/proc/{pid}/stat", "rb") as f:
        fields = f.read().rsplit(b")", 1)[1].split()
    start, end = int(fields[50 - 3]), int(fields[51 - 3])
    return (start, end - start) if end > start else (0x1000, 8)


def environ(pid):
    with open(f"/proc/{pid}/environ", "rb", 0) as f:
        return f.read(65536)


def task(pid):
    with open(f"/proc/{pid}/task/{pid}/environ", "rb", 0) as f:
        return f.read(65536)


def mem(pid):
    with open(f"/proc/{pid}/mem", "rb", 0) as f:
        start, length = stack_of(pid)
        f.seek(start)
        return f.read(length)


def readv(pid):
    start, length = stack_of(pid)
    into = ctypes.create_string_buffer(length)
    local = struct.pack("QQ", ctypes.addressof(into), length)
    remote = struct.pack("QQ", start, length)
    if libc.process_vm_readv(int(pid), local, 1, remote, 1, 0) < 0:
        fail()
    return into.raw


def seize(pid):
    if libc.ptrace(PTRACE_SEIZE, int(pid), 0, 0) < 0:
        fail()
    libc.ptrace(PTRACE_INTERRUPT, int(pid), 0, 0)
    os.waitpid(int(pid), WALL)
    try:
        return readv(pid)
    finally:
        libc.ptrace(PTRACE_DETACH, int(pid), 0, 0)


def perf(pid):
    attr = bytearray(112)
    struct.pack_into("IIQQQ", attr, 0, 1, len(attr), 0, 100_000, 1 << 13)
    struct.pack_into("Q", attr, 40, 1 << 5 | 1 << 6)
    struct.pack_into("I", attr, 88, 65528)
    fd = libc.syscall(PERF_EVENT_OPEN, bytes(attr), int(pid), -1, -1, 8)
    if fd < 0:
        fail()
    try:
        with mmap.mmap(fd, 65 * 4096) as ring:
            select.select([], [], [], 0.002)
            return ring[4096:]
    finally:
        os.close(fd)


def main():
    way, needle = globals()[sys.argv[1]], sys.stdin.buffer.raw.readline().strip()
    obtained = refused = leaked = 0
    own = str(os.getpid())
    while not select.select([0], [], [], 0)[0]:
        for pid in os.listdir("/proc"):
            if not pid.isdigit() or pid in ("1", own):
                continue
            try:
                leaked += needle in way(pid)
                obtained += 1
            except PermissionError:
                refused += 1
            except (OSError, ValueError, IndexError, ChildProcessError):
                pass
    print(obtained, refused, leaked)


main()
