"""
perf-open.py KIND PID CPU TIMES [NUMBER…]: opens an event of perf that only counts, TIMES times, and prints `ok` or the error of
the first time that is another. Kinds: software, sigtrap (the target is sent it), ip and kernel-ip (samples of the
instruction, of user mode too or not), tracepoint ID, breakpoint ADDRESS, kprobe (of do_nanosleep), uprobe ENTRY DATA (of
the program of PID, or of the file that KS_FILE names). With KS_HOLD set the last one stays open until a line comes.
"""

import ctypes
import errno
import os
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
PERF_EVENT_OPEN = {'x86_64': 298, 'aarch64': 241}[os.uname().machine]
SOFTWARE, TRACEPOINT, BREAKPOINT = 1, 2, 5
REMOVE_ON_EXEC, SIGTRAP = 1 << 36, 1 << 37
PERIOD_NS = 1_000_000
CPU_CLOCK, TASK_CLOCK = 0, 1
SAMPLE_IP, EXCLUDE_USER = 1 << 0, 1 << 4
READS_AND_WRITES = 3


def type_of(source):
    with open(f'/sys/bus/event_source/devices/{source}/type') as file:
        return int(file.read())


def attributes(kind, pid, numbers):
    """struct perf_event_attr up to PERF_ATTR_SIZE_VER5, and what it points at."""
    attr, held = bytearray(112), None
    struct.pack_into('<I', attr, 4, len(attr))
    if kind == 'software':
        struct.pack_into('<IIQ', attr, 0, SOFTWARE, len(attr), TASK_CLOCK)
    elif kind == 'sigtrap':
        struct.pack_into('<IIQQ', attr, 0, SOFTWARE, len(attr), TASK_CLOCK, PERIOD_NS)
        struct.pack_into('<Q', attr, 40, REMOVE_ON_EXEC | SIGTRAP)
    elif kind in ('ip', 'kernel-ip'):
        struct.pack_into('<IIQQQ', attr, 0, SOFTWARE, len(attr), CPU_CLOCK, PERIOD_NS, SAMPLE_IP)
        struct.pack_into('<Q', attr, 40, EXCLUDE_USER if kind == 'kernel-ip' else 0)
    elif kind == 'tracepoint':
        struct.pack_into('<IIQ', attr, 0, TRACEPOINT, len(attr), numbers[0])
    elif kind == 'breakpoint':
        struct.pack_into('<I', attr, 0, BREAKPOINT)
        struct.pack_into('<IQQ', attr, 52, READS_AND_WRITES, numbers[0], 8)
    elif kind == 'kprobe':
        held = ctypes.create_string_buffer(b'do_nanosleep')
        struct.pack_into('<I', attr, 0, type_of('kprobe'))
        struct.pack_into('<Q', attr, 56, ctypes.addressof(held))
    else:
        held = ctypes.create_string_buffer(os.environ.get('KS_FILE', f'/proc/{pid}/exe').encode())
        entry, data = numbers
        struct.pack_into('<IIQ', attr, 0, type_of('uprobe'), len(attr), data << 32)
        struct.pack_into('<QQ', attr, 56, ctypes.addressof(held), entry)
    return attr, held


def main():
    kind, (pid, cpu, times, *numbers) = sys.argv[1], map(int, sys.argv[2:])
    attr, held = attributes(kind, pid, numbers)
    buffer = (ctypes.c_char * len(attr)).from_buffer(attr)
    outcomes = []
    for _ in range(times):
        fd = libc.syscall(PERF_EVENT_OPEN, buffer, pid, cpu, -1, 0)
        outcomes.append('ok' if fd >= 0 else errno.errorcode[ctypes.get_errno()])
        if fd >= 0 and not os.environ.get('KS_HOLD'):
            os.close(fd)
    print(next((o for o in outcomes if o != outcomes[0]), outcomes[0]), flush=True)
    if os.environ.get('KS_HOLD'):
        sys.stdin.readline()
    return held


main()
