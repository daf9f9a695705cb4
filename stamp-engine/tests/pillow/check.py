"""Checks stamped pictures against Pillow, a second and independent implementation.

usage: check.py STAMP X Y IN_DIR OUT_DIR < names

Every picture IN_DIR/NAME was stamped into OUT_DIR/NAME with the bitmap STAMP in its own size, its
top left corner at X,Y of the picture as viewed, opacity 1, plain source-over. Prints one line for
every fault found and a count at the end; exits 1 if there was a fault.
"""

import io
import json
import sys
import warnings

import numpy as np
import png
import tifffile
from PIL import Image, ImageCms, ImageOps

warnings.simplefilter("error")
warnings.simplefilter("ignore", ResourceWarning)
Image.MAX_IMAGE_PIXELS = None
BITS_PER_SAMPLE = 258
LOSSLESS = {"PNG", "BMP", "TIFF", "GIF"}
faults = []


def fault(name, what):
    faults.append(name)
    print(f"{name}: {what}")


def is_lossless(image, path):
    if image.format == "WEBP":
        return b"VP8L" in open(path, "rb").read(64)
    return image.format in LOSSLESS


def frames(path):
    """Every frame as viewed, as RGBA (as CMYK for a CMYK picture)."""
    image = Image.open(path)
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frame = ImageOps.exif_transpose(image)
        yield frame if frame.mode == "CMYK" else frame.convert("RGBA")


def sixteen_bit(path):
    """The samples of a 16-bit PNG or TIFF as viewed, height x width x channels; else None."""
    if path.endswith(".png"):
        width, height, rows, info = png.Reader(filename=path).read()
        if info["bitdepth"] != 16:
            return None
        return np.array([list(row) for row in rows], np.float64).reshape(height, width, info["planes"])
    if path.endswith((".tif", ".tiff")):
        with Image.open(path) as image:
            if image.tag_v2[BITS_PER_SAMPLE][0] != 16:
                return None
        samples = tifffile.imread(path)
        return samples.astype(np.float64).reshape(*samples.shape[:2], -1)
    return None


def over(under, stamp):
    """Source-over in real numbers on straight-alpha samples 0..1, gray or colour."""
    channels = under.shape[2]
    if channels in (1, 2):
        luma = linear(stamp[..., :3]) @ np.array([0.2126, 0.7152, 0.0722])
        stamp = np.dstack([encoded(luma), stamp[..., 3]])
    colour, alpha = stamp[..., :-1], stamp[..., -1:]
    own = under[..., -1:] if channels in (2, 4) else np.ones_like(alpha)
    below = under[..., : colour.shape[2]]
    out_alpha = alpha + own * (1 - alpha)
    mixed = (colour * alpha + below * own * (1 - alpha)) / np.maximum(out_alpha, 1e-12)
    mixed = np.where(out_alpha > 0, mixed, below)
    return np.dstack([mixed, out_alpha]) if channels in (2, 4) else mixed


def as_seen(samples, most):
    """Premultiplied where there is alpha: a colour counts as far as it can be seen."""
    if samples.shape[2] not in (2, 4):
        return samples
    alpha = samples[..., -1:]
    return np.dstack([samples[..., :-1] * alpha / most, alpha])


def turned_gray(stamp):
    """The stamp as a gray picture shows it: each colour's luminance."""
    samples = np.asarray(stamp, np.float64) / 255
    luma = encoded(linear(samples[..., :3]) @ np.array([0.2126, 0.7152, 0.0722]))
    gray = Image.fromarray(np.round(luma * 255).astype(np.uint8), "L")
    return Image.merge("RGBA", (gray, gray, gray, stamp.getchannel("A")))


def linear(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def encoded(v):
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def to_profile(stamp, icc):
    """The stamp in the colours of an embedded profile, by littlecms."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    if profile.profile.xcolor_space.strip() != "RGB":
        return stamp
    rgb = ImageCms.profileToProfile(stamp.convert("RGB"), ImageCms.createProfile("sRGB"), profile, 1)
    rgb.putalpha(stamp.getchannel("A"))
    return rgb


def check_sixteen_bit(name, before, after, stamp, x, y):
    if before.shape != after.shape:
        return fault(name, f"the shape changed from {before.shape} to {after.shape}")
    height = min(stamp.height, before.shape[0] - y)
    width = min(stamp.width, before.shape[1] - x)
    expected = before.copy()
    if height > 0 and width > 0:
        part = np.s_[y : y + height, x : x + width]
        bitmap = np.asarray(stamp, np.float64)[:height, :width] / 255
        expected[part] = over(before[part] / 65535, bitmap) * 65535
        outside = np.ones(before.shape[:2], bool)
        outside[part] = False
        if np.any(before[outside] != after[outside]):
            fault(name, "16-bit samples outside of the stamp changed")
    error = np.abs(as_seen(expected, 65535) - as_seen(after, 65535)).max()
    # The gray of a coloured stamp passes through a tone curve; 16 of 65536 levels are 1/16 of one in 8 bits.
    if error > (16 if before.shape[2] < 3 else 2):
        fault(name, f"16-bit samples differ by {error:.1f} of 65535")


def check_frame(name, before, after, stamp, x, y, lossless, has_profile, is_gif, coarseness):
    if before.size != after.size:
        return fault(name, f"the size as viewed changed from {before.size} to {after.size}")
    expected = before.copy()
    width, height = min(stamp.width, before.width - x), min(stamp.height, before.height - y)
    inside = np.zeros((before.height, before.width), bool)
    inside[y : y + max(height, 0), x : x + max(width, 0)] = True
    a, b = np.asarray(before, np.int16), np.asarray(after, np.int16)
    if before.mode == "RGBA":
        if width > 0 and height > 0:
            expected.alpha_composite(stamp.crop((0, 0, width, height)), (x, y))
        e = np.asarray(expected, np.int16)
        if lossless:
            if np.any(a[~inside] != b[~inside]):
                fault(name, "pixels outside of the stamp changed")
            difference = np.abs(as_seen(e.astype(np.float64), 255) - as_seen(b.astype(np.float64), 255))
            error = difference.max(initial=0)
            if is_gif:
                error = difference[inside].mean() / 12 if inside.any() else 0
            # Half a level of each of two roundings; a profile's conversion adds one of its own.
            if error > (2 if has_profile else 1.01):
                fault(name, f"pixels differ by {error:.1f} levels")
        elif inside.any() and inside.sum() > 256:
            opaque = inside & (np.asarray(expected)[..., 3] == 255)
            off = np.abs(e - b)[opaque][:, :3].mean(axis=0) if opaque.any() else np.zeros(3)
            if off.max() > (12 if coarseness < 100 else 30):
                fault(name, f"the mean error under the stamp is {off}")
    if not lossless and (~inside).any():
        error = np.mean((a[~inside] - b[~inside]).astype(np.float64) ** 2)
        psnr = 99 if error == 0 else 10 * np.log10(255**2 / error)
        if psnr < 28:
            fault(name, f"outside of the stamp the PSNR is only {psnr:.1f} dB")


def check(name, stamp, x, y, in_path, out_path):
    before, after = Image.open(in_path), Image.open(out_path)
    if before.format != after.format:
        return fault(name, f"the format changed from {before.format} to {after.format}")
    if before.getexif().get(0x0112, 1) != after.getexif().get(0x0112, 1):
        fault(name, "the EXIF orientation changed")
    icc = before.info.get("icc_profile")
    if icc != after.info.get("icc_profile"):
        fault(name, "the ICC profile changed")
    for tag in (0x010F, 0x0110, 0x013B, 0x8298):
        if before.getexif().get(tag) != after.getexif().get(tag):
            fault(name, f"EXIF tag {tag:#06x} changed")
    if before.getexif().get_ifd(0x8769).get(0x9003) != after.getexif().get_ifd(0x8769).get(0x9003):
        fault(name, "the EXIF date changed")
    if before.info.get("xmp") != after.info.get("xmp") and before.format != "GIF":
        fault(name, "the XMP packet changed")
    if getattr(before, "n_frames", 1) != getattr(after, "n_frames", 1):
        return fault(name, "the number of frames changed")
    if before.info.get("loop") != after.info.get("loop"):
        fault(name, "the loop count changed")
    if icc:
        stamp = to_profile(stamp, icc)
    is_gray = before.mode in {"1", "L", "LA", "I;16"}
    wide = sixteen_bit(in_path)
    if wide is not None:
        narrow = sixteen_bit(out_path)
        if narrow is None:
            return fault(name, "16 bits became 8")
        return check_sixteen_bit(name, wide, narrow, stamp, x, y)
    coarseness = max(getattr(before, "quantization", {}).get(0, [0])[:16])
    if is_gray:
        stamp = turned_gray(stamp)
    for one, other in zip(frames(in_path), frames(out_path), strict=True):
        check_frame(name, one, other, stamp, x, y, is_lossless(before, in_path), bool(icc), before.format == "GIF", coarseness)


def main():
    stamp_path, x, y, in_dir, out_dir = sys.argv[1:]
    stamp = Image.open(stamp_path).convert("RGBA")
    names = json.load(sys.stdin)
    for name in names:
        try:
            check(name, stamp, int(x), int(y), f"{in_dir}/{name}", f"{out_dir}/{name}")
        except Exception as error:  # a picture that Pillow cannot open is a fault of ours
            fault(name, f"Pillow says: {type(error).__name__}: {error}")
    print(f"{len(names)} pictures checked, {len(faults)} faults")
    sys.exit(1 if faults else 0)


main()
