"""Makes the shared library PATH, no page of which is code: the loader writes its code by relocations into memory without a file."""

import struct
import sys

# write(1, "made\n", 5), as the library's only function to be run at its start
CODE = bytes.fromhex("b801000000bf01000000488d3508000000ba050000000f05c3") + b"made\n"
WORDS = struct.unpack("<4q", CODE.ljust(32, b"\0"))
AT, LOAD, DYNAMIC, STACK = 0x10000, 1, 2, 0x6474E551
READ_WRITE, READ_WRITE_EXECUTE, BYTES = 6, 7, 0x400
HASH, SYMBOLS, NAMES, RELOCATIONS, DYNAMICS, FUNCTIONS = 0x140, 0x160, 0x190, 0x1A0, 0x240, 0x340

symbols = bytes(24) + struct.pack("<IBBHQQ", 0, 0, 0, 0xFFF1, 0, 0)
relocations = b"".join(struct.pack("<QQq", AT + 8 * i, 1 << 32 | 1, word) for i, word in enumerate(WORDS))
relocations += struct.pack("<QQq", FUNCTIONS, 8, AT)
tags = [(4, HASH), (5, NAMES), (6, SYMBOLS), (10, 1), (11, 24), (7, RELOCATIONS), (8, len(relocations)), (9, 24), (25, FUNCTIONS), (27, 8), (0, 0)]
segments = [
    (LOAD, READ_WRITE, 0, 0, 0, BYTES, BYTES, 0x1000),
    (LOAD, READ_WRITE_EXECUTE, 0, AT, AT, 0, 0x1000, 0x1000),
    (DYNAMIC, READ_WRITE, DYNAMICS, DYNAMICS, DYNAMICS, 16 * len(tags), 16 * len(tags), 8),
    (STACK, READ_WRITE, 0, 0, 0, 0, 0, 16),
]
library = bytearray(BYTES)


def put(at, content):
    library[at : at + len(content)] = content


put(0, b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, len(segments), 64, 0, 0))
put(64, b"".join(struct.pack("<IIQQQQQQ", *segment) for segment in segments))
put(HASH, struct.pack("<5I", 1, 2, 0, 0, 0))
put(SYMBOLS, symbols)
put(RELOCATIONS, relocations)
put(DYNAMICS, b"".join(struct.pack("<QQ", tag, value) for tag, value in tags))
with open(sys.argv[1], "wb") as file:
    file.write(library)
