"""Compares the splice path's pixels under the stamp with the pixel path's, both with the ideal.

usage: accuracy.py < jobs

The jobs are a JSON list of {"before", "spliced", "pixel", "stamp", "at"}: three JPEGs with the same
tables, the stamp as raw RGBA (width, height, base64), and its place in pixels. The ideal is the decoded
picture, in real numbers and without clamping, under source-over in real numbers. What differs from it
is the error of a path: its arithmetic and the quantisation that both share. The splice path's mean
error must be no more than that of the pixel path, which is libjpeg-turbo's; in one component of one
picture, where coarse quantisation rounds a few values one way or the other, it may be a hundredth more.
Y is compared in every picture, Cb and Cr where they are not subsampled.
"""

import base64
import json
import sys

import jpeglib
import numpy as np

YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])


def cosines():
    x, u = np.arange(8)[:, None], np.arange(8)[None, :]
    basis = np.cos((2 * x + 1) * u * np.pi / 16) / 2
    basis[:, 0] /= np.sqrt(2)
    return basis


BASIS = cosines()


def planes(path):
    """Level-shifted samples of each component, by the defining formula (ITU-T T.81, A.3.3)."""
    picture = jpeglib.read_dct(path)
    found = []
    for number, channel in enumerate(("Y", "Cb", "Cr")):
        blocks = getattr(picture, channel).astype(np.float64) * picture.qt[picture.quant_tbl_no[number]]
        samples = np.einsum("yu,abuv,xv->aybx", BASIS, blocks, BASIS)
        down, _, across, _ = samples.shape
        found.append(samples.reshape(8 * down, 8 * across))
    return found, picture.qt


def main():
    worst = 0
    sums = [0, 0]
    jobs = json.load(sys.stdin)
    for job in jobs:
        (before, qt), (spliced, qt_a), (pixel, qt_b) = (planes(job[name]) for name in ("before", "spliced", "pixel"))
        assert np.array_equal(qt, qt_a) and np.array_equal(qt, qt_b), f"{job['before']}: the tables differ"
        width, height, data = job["stamp"]
        stamp = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4).astype(np.float64)
        alpha = stamp[..., 3] / 255
        x, y = job["at"]
        for number in range(3 if before[1].shape == before[0].shape else 1):
            colour = (stamp[..., :3] @ YCC[number]) - (128 if number == 0 else 0)
            part = np.s_[y : y + height, x : x + width]
            under = before[number][part]
            ideal = under + alpha * (colour - under)
            ours = np.abs(spliced[number][part] - ideal).mean()
            theirs = np.abs(pixel[number][part] - ideal).mean()
            worst = max(worst, ours / theirs)
            sums = [sums[0] + ours, sums[1] + theirs]
            if ours > 1.01 * theirs:
                print(f"{job['before']}: the error of component {number} is {ours:.4f}, libjpeg-turbo's {theirs:.4f}")
                sys.exit(1)
    mean = sums[0] / sums[1]
    print(f"{len(jobs)} pictures: the splice path's error is {mean:.3f} of libjpeg-turbo's, at most {worst:.3f}")
    sys.exit(int(mean > 1))


main()
