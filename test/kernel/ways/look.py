"""Looks at processes of its own, before and after they exec PROGRAM with this process's environment; prints what it got, as JSON.

usage: look.py PROGRAM

Each answer is "ok" or the name of the error.
"""
import ctypes
import errno
import json
import os
import signal
import stat
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
MADVISE, PAGEOUT, NEWNET = 440, 21, 0x40000000
FAN_CLASS_NOTIF, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD = 0, 1, 0x20, -100


def answer(action):
    try:
        action()
        return "ok"
    except OSError as error:
        return errno.errorcode[error.errno]


def call(function, *arguments):
    result = function(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def opened(path, flags=os.O_RDONLY):
    return answer(lambda: os.close(os.open(path, flags)))


def state(pid):
    with open(f"/proc/{pid}/stat", "rb") as f:
        return f.read().rsplit(b")", 1)[1].split()[0]


def held(program):
    """A child that has stopped just before its exec."""
    pid = os.fork()
    if not pid:
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execv(program, [program, "sleep", "600"])
    os.waitpid(pid, os.WUNTRACED)
    return pid


def release(pid):
    """Lets it go, and waits until it sleeps in the new program. `cmdline` asks for no ptrace check."""
    os.kill(pid, signal.SIGCONT)
    for _ in range(3000):
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            if b"sleep" in f.read() and state_of_status(pid) == "S":
                return
        time.sleep(0.02)
    raise SystemExit("the program did not start")


def state_of_status(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(line.split()[1] for line in f if line.startswith("State:"))


def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def readv(pid):
    """EPERM where it is refused, EFAULT where it is not: the address is nobody's."""
    into = ctypes.create_string_buffer(8)
    local, remote = struct.pack("QQ", ctypes.addressof(into), 8), struct.pack("QQ", 0x1000, 8)
    call(libc.process_vm_readv, pid, local, 1, remote, 1, 0)


LOOKS = {
    "fd": lambda pid: os.listdir(f"/proc/{pid}/fd"),
    "maps": lambda pid: opened(f"/proc/{pid}/maps"),
    "environ": lambda pid: opened(f"/proc/{pid}/environ"),
    "auxv": lambda pid: opened(f"/proc/{pid}/auxv"),
    "nothing": lambda pid: None,
}


def after_a_look(program, look):
    pid = held(program)
    LOOKS[look](pid)
    release(pid)
    try:
        return {"readv": answer(lambda: readv(pid)), "exe": answer(lambda: os.readlink(f"/proc/{pid}/exe"))}
    finally:
        end(pid)


def madvise(pid):
    with open(f"/proc/{pid}/stat", "rb") as f:
        page = int(f.read().rsplit(b")", 1)[1].split()[28 - 3]) & ~4095  # startstack
    handle = os.pidfd_open(pid)
    try:
        call(libc.syscall, MADVISE, handle, struct.pack("QQ", page, 4096), 1, PAGEOUT, 0)
    finally:
        os.close(handle)


def join(pid):
    """In a child: it stays in the namespace."""
    handle = os.pidfd_open(pid)
    child = os.fork()
    if not child:
        os._exit(0 if answer(lambda: call(libc.setns, handle, NEWNET)) == "ok" else 1)
    os.close(handle)
    if os.waitpid(child, 0)[1]:
        raise OSError(errno.EPERM, "")


def entries(folder, names):
    found = {}
    for name in names:
        path = f"{folder}/{name}"
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            found[name] = {"readlink": answer(lambda: os.readlink(path)), "follow": answer(lambda: os.stat(path))}
        else:
            found[name] = {"read": opened(path)} if mode & 0o444 else {}
            if mode & 0o222 and stat.S_ISREG(mode):
                found[name]["write"] = opened(path, os.O_WRONLY)
    return found


def files_of(pid):
    base = f"/proc/{pid}"
    return {
        "process": entries(base, os.listdir(base)),
        "thread": entries(f"{base}/task/{pid}", os.listdir(f"{base}/task/{pid}")),
        "namespaces": entries(f"{base}/ns", os.listdir(f"{base}/ns")),
        "attributes": entries(f"{base}/attr", os.listdir(f"{base}/attr")),
        "descriptor": entries(f"{base}/fd", ["0"]),
        "descriptorInfo": entries(f"{base}/fdinfo", ["0"]),
        "network": entries(f"{base}/net", ["dev", "tcp"]),
        "root": opened(f"{base}/root/etc/passwd"),
        "self": entries("/proc/self", ["maps", "auxv", "environ", "oom_score_adj", "comm"]),
    }


def listen(pid):
    """What fanotify gives its listener when a third process opens environ: a descriptor that the kernel opens by itself."""
    group = call(libc.fanotify_init, FAN_CLASS_NOTIF, os.O_RDONLY)
    try:
        call(libc.fanotify_mark, group, FAN_MARK_ADD, ctypes.c_uint64(FAN_OPEN), AT_FDCWD, f"/proc/{pid}/environ".encode())
        other = os.fork()
        if not other:
            os.close(os.open(f"/proc/{pid}/environ", os.O_RDONLY))
            os._exit(0)
        os.waitpid(other, 0)
        event = os.read(group, 4096)
        os.close(struct.unpack_from("i", event, 16)[0])
    finally:
        os.close(group)


def main():
    program = sys.argv[1]
    report = {"looks": {look: after_a_look(program, look) for look in LOOKS}}
    pid = held(program)
    report["listener"] = answer(lambda: listen(pid))
    release(pid)
    report |= {"madvise": answer(lambda: madvise(pid)), "join": answer(lambda: join(pid)), "files": files_of(pid)}
    report["processes"] = opened("/proc") == "ok" and len(os.listdir("/proc")) > 3
    end(pid)
    print(json.dumps(report))


main()
