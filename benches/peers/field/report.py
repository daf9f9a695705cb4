"""Writes benches/RESULTS.md and its plots from what run.py measured."""

import json
import sys
from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402: after the choice of what draws

BENCHES = Path(__file__).resolve().parents[2]
RESULTS = BENCHES / "results"
OURS = ("stamp, splice", "stamp, pixel path")
PLACES = ("top left", "top right", "centre", "bottom left", "bottom right")
COLOURS = {True: "#d9480f", False: "#868e96"}

# The same bytes for the same numbers.
plt.rcParams.update({"svg.hashsalt": "stampede", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 11,
                     "axes.spines.top": False, "axes.spines.right": False})


def main() -> None:
    found = json.loads((RESULTS / "field.json").read_text())
    jobs = {job["name"]: job for job in found["jobs"]}
    throughput(jobs)
    sizes(jobs)
    places(jobs)
    generation_loss(jobs)
    (BENCHES / "RESULTS.md").write_text(page(found, jobs))


def page(found: dict, jobs: dict) -> str:
    machine = found["machine"]
    lines = [
        "# Results",
        "",
        "Written by `make peers` from [results/field.json](results/field.json); how each tool is called stands in",
        "[peers/field/tools.py](peers/field/tools.py), what it is asked in [peers/field/jobs.py](peers/field/jobs.py).",
        "",
        f"{found['date']}, {machine['processor']}, {machine['cores']} cores, {machine['memory']} GiB, {machine['system']}.",
        f"Medians of {found['rounds']} rounds in which the tools took turns, least and most in brackets;",
        "file to file, in memory, with each tool's start; one core unless the job says otherwise. The stamp's alpha is 0.8 at most.",
        "",
        "| Tool | Version |",
        "|---|---|",
        *(f"| {tool} | {version} |" for tool, version in found["versions"].items()),
        "",
        "![Pictures a second by tool](results/throughput.svg)",
        "![Time by size of picture](results/sizes.svg)",
        "![Time by place of the stamp](results/places.svg)",
        "![Quality away from the stamp](results/outside.svg)",
        "",
        "× is the rate beside the best other tool's. PSNR and SSIM are those of the result beside the exact composite, under the",
        "stamp and farther than 16 pixels away from it, of the first picture; ∞ is no difference at all. Peak memory is that of",
        "a tool's largest process: on several cores Pillow, ImageMagick and GraphicsMagick have one a core, all others one. Both",
        "rows of `stamp` are the same work, except for JPEG → JPEG.",
    ]
    for job in jobs.values():
        lines += ["", f"## {title(job)}", "", *table(job)]
    return "\n".join(lines) + "\n"


def title(job: dict) -> str:
    formats = " → ".join({"jpg": "JPEG", "png": "PNG", "webp": "WebP"}[job[side]] for side in ("source", "target"))
    cores = "one core" if job["cores"] == 1 else f"{job['cores']} cores"
    if job["quality"] != 85:
        formats = formats.replace("JPEG", f"JPEG of quality {job['quality']}", 1)
    if job["quick"]:
        formats += " quickly"
    return f"{formats}, {job['megapixels']} MP, {job['stamp']} stamp, {job['place']}, {cores}"


def table(job: dict) -> list[str]:
    head = ["Tool", "A picture", "×", "CPU", "Peak memory", "File"]
    head += ["PSNR under", "PSNR away", "SSIM under", "SSIM away"]
    best = min(wall(tool) for tool in job["tools"] if tool["tool"] not in OURS)
    rows = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for tool in sorted(job["tools"], key=wall):
        times = [seconds * 1000 for seconds in tool["seconds"]]
        cells = [
            tool["tool"],
            f"{median(times):.1f} ms ({min(times):.1f}–{max(times):.1f})",
            f"{best / wall(tool):.2f}",
            f"{median(tool['cpu']) * 1000:.1f} ms",
            f"{max(tool['peak']) / 1024:.0f} MiB",
            f"{tool['bytes'] / 1e6:.2f} MB",
        ]
        for measure in ("psnr", "ssim"):
            cells += [figure(measure, tool["quality"].get(part)) for part in ("inside", "outside")]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def figure(measure: str, of: dict | None) -> str:
    if of is None:
        return "–"
    if measure == "ssim":
        return f"{of['ssim']:.4f}"
    return "∞" if of["psnr"] is None else f"{of['psnr']:.1f} dB"


def wall(tool: dict) -> float:
    return median(tool["seconds"])


def throughput(jobs: dict) -> None:
    if "12 MP JPEG" not in jobs:
        return
    tools = sorted(jobs["12 MP JPEG"]["tools"], key=wall, reverse=True)
    figure_, axes = plt.subplots(figsize=(8, 3.6))
    rates = [1 / wall(tool) for tool in tools]
    bars = axes.barh([tool["tool"] for tool in tools], rates, color=[COLOURS[tool["tool"] in OURS] for tool in tools])
    axes.bar_label(bars, [f"{rate:.1f}" if rate < 100 else f"{rate:.0f}" for rate in rates], padding=4)
    axes.set_title("12 MP JPEGs stamped a second, on one core", loc="left")
    axes.set_xlim(0, max(rates) * 1.1)
    save(figure_, "throughput")


def sizes(jobs: dict) -> None:
    lines = [jobs[name] for name in ("1 MP JPEG", "12 MP JPEG", "48 MP JPEG") if name in jobs]
    if len(lines) < 2:
        return
    curves(lines, [f"{job['megapixels']} MP" for job in lines], "Milliseconds a JPEG, by its size (logarithmic)", "sizes", True)


def places(jobs: dict) -> None:
    by_place = {job["place"]: job for job in jobs.values()
                if (job["megapixels"], job["stamp"], job["target"], job["cores"], job["quality"]) == (12, "medium", "jpg", 1, 85)}
    shown = [by_place[place] for place in PLACES if place in by_place]
    if len(shown) == len(PLACES):
        curves(shown, PLACES, "Milliseconds a 12 MP JPEG, by the stamp's place (logarithmic)", "places", True)


def curves(shown: list, labels, heading: str, name: str, logarithmic: bool) -> None:
    figure_, axes = plt.subplots(figsize=(8, 4.2))
    for index, tool in enumerate(tool["tool"] for tool in shown[0]["tools"]):
        times = [wall(next(each for each in job["tools"] if each["tool"] == tool)) * 1000 for job in shown]
        style = {"color": COLOURS[True], "linewidth": 2.5} if tool in OURS else {"linewidth": 1.2}
        axes.plot(labels, times, marker="osD^v<>ph"[index % 9], label=tool, linestyle="--" if tool == OURS[1] else "-", **style)
    if logarithmic:
        axes.set_yscale("log")
    axes.set_title(heading, loc="left")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    save(figure_, name)


def generation_loss(jobs: dict) -> None:
    if "from quality 92" not in jobs:
        return
    tools = jobs["from quality 92"]["tools"]
    values = [tool["quality"]["outside"]["psnr"] for tool in tools]
    ceiling = max(value for value in values if value is not None) * 1.15
    figure_, axes = plt.subplots(figsize=(8, 3.6))
    bars = axes.barh([tool["tool"] for tool in tools], [value or ceiling for value in values],
                     color=[COLOURS[tool["tool"] in OURS] for tool in tools])
    axes.bar_label(bars, ["no loss" if value is None else f"{value:.1f} dB" for value in values], padding=4)
    axes.set_xlim(25, ceiling * 1.1)
    axes.invert_yaxis()
    axes.set_title("What is left of a JPEG of quality 92 away from the stamp (PSNR)", loc="left")
    save(figure_, "outside")


def save(figure_, name: str) -> None:
    figure_.savefig(RESULTS / f"{name}.svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure_)


if __name__ == "__main__":
    sys.exit(main())
