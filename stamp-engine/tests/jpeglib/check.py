"""Checks spliced JPEGs against jpeglib, which reads coefficients by libjpeg and not by our code.

usage: check.py < jobs

The jobs are a JSON list of {"before", "after", "rect"}: two files and the stamp's rectangle in the
stored grid, [left, top, right, bottom] in pixels. In every block that the rectangle does not touch
the coefficients must be identical; the quantisation tables, the sampling and all segments but the
Huffman tables too. Prints a line for every fault and a count; exits 1 if there was a fault.
"""

import json
import sys

import jpeglib
import numpy as np

SOS, DHT = 0xDA, 0xC4
faults = 0


def fault(name, what):
    global faults
    faults += 1
    print(f"{name}: {what}")


def segments(path):
    """All marker segments before the first scan, without the Huffman tables."""
    data = open(path, "rb").read()
    at, found = 2, []
    while True:
        while data[at + 1] == 0xFF:
            at += 1
        code, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if code != DHT:
            found.append(data[at : at + 2 + length])
        at += 2 + length
        if code == SOS:
            return found


def block_spans(segments):
    """How many pixels a block of each component spans, across and down (ITU-T T.81, A.1.1)."""
    frame = next(segment for segment in segments if segment[1] in (0xC0, 0xC1, 0xC2))
    factors = [(byte >> 4, byte & 15) for byte in frame[11 :: 3]]
    most = [max(factor[axis] for factor in factors) for axis in (0, 1)]
    return [(8 * most[0] / h, 8 * most[1] / v) for h, v in factors]


def check(job):
    name = job["before"].rsplit("/", 1)[-1]
    before, after = jpeglib.read_dct(job["before"]), jpeglib.read_dct(job["after"])
    if segments(job["before"]) != segments(job["after"]):
        fault(name, "a segment changed")
    if not np.array_equal(before.qt, after.qt):
        fault(name, "a quantisation table changed")
    left, top, right, bottom = job["rect"]
    spans = block_spans(segments(job["before"]))
    for number, channel in enumerate(("Y", "Cb", "Cr", "K")):
        a, b = getattr(before, channel, None), getattr(after, channel, None)
        if a is None:
            continue
        if a.shape != b.shape:
            fault(name, f"{channel} changed from {a.shape} to {b.shape}")
            continue
        wide, high = spans[number]
        ys, xs = np.nonzero((a != b).any(axis=(2, 3)))
        outside = (xs * wide >= right) | (xs * wide + wide <= left) | (ys * high >= bottom) | (ys * high + high <= top)
        if outside.any():
            fault(name, f"{outside.sum()} blocks of {channel} outside of the stamp changed")
        if channel == "Y" and job["changes"] and len(xs) == 0:
            fault(name, "nothing changed under the stamp")


def main():
    jobs = json.load(sys.stdin)
    for job in jobs:
        check(job)
    print(f"{len(jobs)} pictures checked, {faults} faults")
    sys.exit(1 if faults else 0)


main()
