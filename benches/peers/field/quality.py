"""How near a stamped picture is to the exact composite of the picture that went in."""

import cv2
import numpy as np
from PIL import Image

FAR = 16
"""Pixels around a stamp that belong to neither side: a block of 4:2:0 chroma may reach so far."""


def compare(original, result, stamp, places) -> dict:
    """PSNR in dB of all channels (None: no difference) and SSIM of luma, under the stamp and away from it.

    The composite is source-over of 8-bit codes, in floating point, not rounded."""
    before = _pixels(original)
    after = _pixels(result)
    over = np.asarray(Image.open(stamp).convert("RGBA"), np.float32)
    alpha = over[:, :, 3:] / 255
    exact, inside, near = before.copy(), np.zeros(before.shape[:2], bool), np.zeros(before.shape[:2], bool)
    for x, y in places:
        under = exact[y : y + over.shape[0], x : x + over.shape[1]]
        high, wide = under.shape[:2]
        under[:] = under * (1 - alpha[:high, :wide]) + over[:high, :wide, :3] * alpha[:high, :wide]
        inside[y : y + high, x : x + wide] = True
        near[max(y - FAR, 0) : y + high + FAR, max(x - FAR, 0) : x + wide + FAR] = True
    error = ((after - exact) ** 2).mean(axis=2)
    likeness = _ssim(_luma(exact), _luma(after))
    parts = {"inside": inside, "outside": ~near}
    return {name: _of(error[part], likeness[part]) for name, part in parts.items() if part.any()}


def _of(error, likeness) -> dict:
    mean = float(error.mean(dtype=np.float64))
    psnr = None if mean == 0 else round(10 * np.log10(255**2 / mean), 2)
    return {"psnr": psnr, "ssim": round(float(likeness.mean(dtype=np.float64)), 5)}


def _pixels(path):
    return np.asarray(Image.open(path).convert("RGB"), np.float32)


def _luma(pixels):
    return pixels @ np.array([0.299, 0.587, 0.114], np.float32)


def _ssim(a, b):
    """Wang, Bovik, Sheikh and Simoncelli, Image quality assessment, 2004: Gaussian windows of 11×11, sigma 1.5."""
    def blur(values):
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    both = blur(a * b) - mean_a * mean_b
    return (2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
