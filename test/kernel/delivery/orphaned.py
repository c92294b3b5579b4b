"""Starts a program in a group of its own, and leaves the group an orphan once the program is stopped: the kernel continues it.

Says the program's number, or 0 where it was never stopped.
"""
import os
import signal
import sys

os.setsid()
parent = os.fork()
if not parent:
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.execve(sys.argv[1], sys.argv[1:], {"PATH": "/usr/bin"})
    _, status = os.waitpid(child, os.WUNTRACED)
    print(child if os.WIFSTOPPED(status) else 0, flush=True)
    os._exit(0)
os.waitpid(parent, 0)
