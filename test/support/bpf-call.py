"""bpf-call.py [FILE]: asks bpf(2) for the next program's id, once FILE is there, and prints `ok` or the error."""

import ctypes
import errno
import os
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
BPF = {'x86_64': 321, 'aarch64': 280}[os.uname().machine]
PROG_GET_NEXT_ID = 11

print('ready', flush=True)
while len(sys.argv) > 1 and not os.path.exists(sys.argv[1]):
    time.sleep(0.1)
attr = (ctypes.c_char * 64)()
# ENOENT: there is no program yet; the call was permitted
result = libc.syscall(BPF, PROG_GET_NEXT_ID, attr, len(attr))
code = errno.errorcode[ctypes.get_errno()] if result < 0 else 'ok'
print('ok' if code == 'ENOENT' else code, flush=True)
