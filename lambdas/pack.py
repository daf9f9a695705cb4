#!/usr/bin/env python3
"""Packs a Lambda's `bootstrap` anew, in place: smaller, and the same bytes from the same binary.

Zopfli finds 3 % that zlib's best leaves, and a cold start loads the less; half a per cent of it by as many blocks as it
likes. It works one or two minutes on each.
Usage: pack.py ZIP…
"""

import struct
import sys
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

from zopfli.zopfli import compress

NAME = b"bootstrap"
DEFLATE, VERSION, UNIX = 8, 20, 3
# 1980-01-01, the first day that a ZIP knows: no two packings differ by their time.
TIME, DATE = 0, 0x21
MODE = 0o100755 << 16


def pack(path: str) -> None:
    with zipfile.ZipFile(path) as archive:
        content = archive.read(NAME.decode())
        before = archive.infolist()[0].compress_size
    # A zlib stream without its header and check sum is what a ZIP holds (RFC 1950, 2.2).
    packed = compress(content, numiterations=15, blocksplittingmax=0)[2:-4]
    assert zlib.decompress(packed, -15) == content
    # APPNOTE.TXT 6.3.10, 4.3.7, 4.3.12 and 4.3.16.
    facts = struct.pack("<HHHHHIIIHH", VERSION, 0, DEFLATE, TIME, DATE, zlib.crc32(content), len(packed), len(content), len(NAME), 0)
    local = b"PK\3\4" + facts + NAME
    central = b"PK\1\2" + struct.pack("<BB", VERSION, UNIX) + facts + struct.pack("<HHHII", 0, 0, 0, MODE, 0) + NAME
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    with open(path, "wb") as out:
        out.write(local + packed + central + end)
    print(f"{path}: {before} bytes, now {len(packed)}")


if __name__ == "__main__":
    with ThreadPoolExecutor() as threads:
        list(threads.map(pack, sys.argv[1:]))
