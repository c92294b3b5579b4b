"""Writes a text, and a NUL, at an offset of a file. Usage: poke.py PATH OFFSET TEXT [again]: it is opened to read first."""
import os, sys

path, offset, text = sys.argv[1:4]
try:
    if len(sys.argv) > 4:
        path = '/proc/self/fd/%d' % os.open(path, os.O_RDONLY)
    os.pwrite(os.open(path, os.O_RDWR), text.encode() + b'\0', int(offset))
    print('written')
except OSError as error:
    print(error.strerror)
