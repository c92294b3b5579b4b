"""In a Pod, until its input ends: reads the root and the environment of every process that runs PROGRAM, the environment of the
process SEALED, and asks for the program by which agents enrol. Prints "tries refused roots values enrolled".

Arguments: PROGRAM SEALED PIN. The value to look for is the input's first line.
"""
import ctypes, os, select, struct, sys

BPF, OBJ_GET = 321, 7
libc = ctypes.CDLL(None, use_errno=True)
program, sealed, pin = sys.argv[1].encode(), sys.argv[2], sys.argv[3].encode()
needle = sys.stdin.readline().strip().encode()
tries = refused = roots = values = enrolled = 0


def read(path):
    with open(path, "rb") as file:
        return file.read()


def attempt(what):
    """What it gives, or None where it is refused; a process that is gone is no attempt."""
    global tries, refused
    try:
        found = what()
    except PermissionError:
        tries += 1
        refused += 1
        return None
    except OSError:
        return None
    tries += 1
    return found


def opens(path):
    name = ctypes.create_string_buffer(path)
    attr = struct.pack("QLL", ctypes.addressof(name), 0, 0)
    fd = libc.syscall(BPF, OBJ_GET, attr, len(attr))
    if fd >= 0:
        os.close(fd)
    return fd >= 0


def agents():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if read(f"/proc/{pid}/cmdline").startswith(program):
                yield pid
        except OSError:
            pass


while not select.select([sys.stdin], [], [], 0.01)[0]:
    enrolled += opens(pin)
    values += needle in (attempt(lambda: read(f"/proc/{sealed}/environ")) or b"")
    for pid in agents():
        roots += attempt(lambda: os.listdir(f"/proc/{pid}/root")) is not None
        values += needle in (attempt(lambda: read(f"/proc/{pid}/environ")) or b"")
print(tries, refused, roots, values, enrolled)
