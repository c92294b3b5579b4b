"""A file system that a process serves (include/uapi/linux/fuse.h): one file, at its root. serve-file.py FOLDER FILE"""
import ctypes
import os
import stat
import struct
import sys

folder, path = sys.argv[1:]
name = os.path.basename(path).encode()
content = open(path, "rb").read()
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if ctypes.CDLL(None, use_errno=True).mount(b"served", folder.encode(), b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, OPENDIR, BATCH_FORGET = 1, 2, 3, 14, 15, 18, 25, 26, 27, 42
ENOENT, ENOSYS = 2, 38


def attributes(node):
    mode, size = (stat.S_IFDIR | 0o755, 0) if node == 1 else (stat.S_IFREG | 0o755, len(content))
    return struct.pack("<6Q10I", node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(code, node, body):
    if code == INIT:
        return struct.pack("<4I2H2I2HI7I", 7, 31, 65536, 0, 16, 12, 65536, 1, 16, 0, 0, *[0] * 7)[:64]
    if code == LOOKUP:
        if body.rstrip(b"\0") != name:
            return -ENOENT
        return struct.pack("<4Q2I", 2, 0, 1, 1, 0, 0) + attributes(2)
    if code == GETATTR:
        return struct.pack("<Q2I", 1, 0, 0) + attributes(node)
    if code in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 1, 0, 0)
    if code == READ:
        _, offset, size = struct.unpack_from("<QQI", body)
        return content[offset : offset + size]
    return b"" if code in (RELEASE, FLUSH) else -ENOSYS


while True:
    request = os.read(device, 1 << 20)
    _, code, unique, node = struct.unpack_from("<IIQQ", request)
    if code in (FORGET, BATCH_FORGET):
        continue
    reply = answer(code, node, request[40:])
    error, data = (reply, b"") if isinstance(reply, int) else (0, reply)
    os.write(device, struct.pack("<IiQ", 16 + len(data), error, unique) + data)
