"""
A runtime's process on its way into a Pod, as runc's is between `create` and `start`: it has joined the PID namespace, what it is to
exec lies in its memory, and it waits for a line. runtime.py PID-NAMESPACE FILE ARGUMENT…; its environment is the container's.
"""

import ctypes
import os
import sys

CLONE_NEWPID = 0x20000000
libc = ctypes.CDLL(None, use_errno=True)


def pointers(texts):
    buffers = [ctypes.create_string_buffer(text) for text in texts]
    return (ctypes.c_void_p * (len(buffers) + 1))(*map(ctypes.addressof, buffers), None), buffers


namespace, *words = map(os.fsencode, sys.argv[1:])
if libc.setns(os.open(namespace, os.O_RDONLY), CLONE_NEWPID):
    sys.exit(os.strerror(ctypes.get_errno()))
ready, tell = os.pipe()
child = os.fork()
if child:
    os.read(ready, 1)
    print('starting', child, flush=True)
    print('ended', os.waitpid(child, 0)[1], flush=True)
    sys.exit()
arguments, held = pointers(words)
variables, held_too = pointers(b'='.join(pair) for pair in os.environb.items())
os.write(tell, b'x')
os.read(0, 1)
libc.execve(ctypes.c_void_p(arguments[0]), arguments, variables)
