//! The splice path, seen from outside: what it takes, and that nothing but the blocks under the
//! stamp changes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::world::{fixture, python_with, root, run, soft_stamp, stamp};

/// Stamps `pictures` by splicing where that can be done; gives the lines of JSON.
pub(crate) fn splice(home: &Path, pictures: &[PathBuf], arguments: &[&str]) -> Vec<serde_json::Value> {
    let (code, stdout, stderr) =
        run(stamp(home).args(pictures).args(arguments).args(["--json", "--overwrite"]));
    assert_eq!(code, 0, "{stderr}");
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Has the coefficients of spliced pictures compared, see `tests/jpeglib/check.py`.
pub(crate) fn check_coefficients(jobs: &[serde_json::Value]) {
    run_check("check.py", jobs);
}

/// Runs a script of `tests/jpeglib` on the jobs.
fn run_check(script: &str, jobs: &[serde_json::Value]) {
    let Some(python) = python_with("jpeglib", ".venv-jpeglib") else { return };
    let mut check = Command::new(python)
        .arg(root().join("stamp-engine/tests/jpeglib").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(serde_json::to_string(jobs).unwrap().as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn jpegs() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["pictures", "pictures/variants"] {
        let paths = fs::read_dir(fixture(folder)).unwrap().map(|entry| entry.unwrap().path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|extension| extension == "jpg")));
    }
    found.sort();
    found
}

#[test]
fn no_coefficient_outside_of_the_stamp_changes() {
    let home = tempfile::tempdir().unwrap();
    let soft = home.path().join("soft.png");
    soft_stamp(&soft, 52, 37);
    let mut jobs = Vec::new();
    for (x, y) in [(0, 0), (19, 13), (-20, 5), (111, 150)] {
        let (at, out) = (format!("{x},{y}"), format!("out{x},{y}"));
        let arguments =
            ["--stamp", soft.to_str().unwrap(), "--size", "original", "--at", &at[..], "--out", &out[..]];
        for line in splice(home.path(), &jpegs(), &arguments) {
            // The rectangle below is in the stored grid: pictures that are turned have a test of their own.
            let name = line["input"].as_str().unwrap();
            if line["path"] == "splice" && !name.contains("orientation") {
                let rect = [x, y, x + 52, y + 37];
                let sees = |side: &str, at: i64| at < line[side].as_i64().unwrap();
                let after = home.path().join(line["output"].as_str().unwrap());
                jobs.push(serde_json::json!({
                    "before": name, "after": after, "rect": rect, "changes": sees("width", x) && sees("height", y),
                }));
            }
        }
    }
    assert!(jobs.len() > 80, "only {} pictures were spliced", jobs.len());
    check_coefficients(&jobs);
}

#[test]
fn a_stamp_that_does_not_show_changes_no_bit() {
    let home = tempfile::tempdir().unwrap();
    let clear = home.path().join("clear.png");
    image::RgbaImage::from_pixel(60, 40, image::Rgba([255, 0, 0, 0])).save(&clear).unwrap();
    let arguments = ["--stamp", clear.to_str().unwrap(), "--path", "splice", "--out", "out"];
    for name in
        ["baseline-420.jpg", "restart-every-7.jpg", "optimised-huffman.jpg", "ycck-adobe.jpg", "gray.jpg"]
    {
        let input = fixture("pictures/variants").join(name);
        splice(home.path(), std::slice::from_ref(&input), &arguments);
        assert_eq!(fs::read(home.path().join("out").join(name)).unwrap(), fs::read(input).unwrap(), "{name}");
    }
}

#[test]
fn the_path_is_chosen_and_said() {
    let home = tempfile::tempdir().unwrap();
    let logo = fixture("stamps/logo.png");
    let way = |name: &str, arguments: &[&str]| {
        let input = fixture("pictures/variants").join(name);
        let mut all = vec!["--stamp", logo.to_str().unwrap(), "--out", "out"];
        all.extend(arguments);
        let line = splice(home.path(), &[input], &all).remove(0);
        (line["path"].as_str().unwrap().to_owned(), line["reason"].as_str().unwrap_or_default().to_owned())
    };
    for name in ["baseline-420.jpg", "progressive-420.jpg", "non-interleaved.jpg", "cmyk-adobe.jpg"] {
        assert_eq!(way(name, &[]), ("splice".to_owned(), String::new()), "{name}");
    }
    assert_eq!(way("xmp-iptc.jpg", &["--strip"]).0, "splice");
    for (name, arguments, reason) in [
        ("baseline-420.jpg", &["--path", "pixel"][..], "asked for"),
        ("baseline-420.jpg", &["--quality", "70"], "quality"),
        ("baseline-420.jpg", &["--blend", "multiply"], "source-over"),
        ("baseline-420.jpg", &["--format", "png"], "format"),
        ("arithmetic.jpg", &[], "arithmetic"),
        ("png8-rgb.png", &[], "not a JPEG"),
    ] {
        let (path, said) = way(name, arguments);
        assert!(path == "pixel" && said.contains(reason), "{name} {arguments:?}: {path}, {said}");
    }
    let (code, _, stderr) = run(stamp(home.path()).arg(fixture("pictures/variants/arithmetic.jpg")).args([
        "--stamp",
        logo.to_str().unwrap(),
        "--out",
        "forced",
        "--path",
        "splice",
    ]));
    assert_eq!(code, 1);
    assert!(stderr.contains("arithmetic"), "{stderr}");
}

#[test]
fn the_error_under_the_stamp_is_no_more_than_libjpeg_turbos() {
    let home = tempfile::tempdir().unwrap();
    let soft = home.path().join("soft.png");
    soft_stamp(&soft, 120, 96);
    let bitmap = image::open(&soft).unwrap().into_rgba8();
    let mut jobs = Vec::new();
    // Pictures with the tables of a libjpeg quality, which the pixel path can keep.
    let fixtures = [
        "baseline-444.jpg",
        "baseline-420.jpg",
        "baseline-422.jpg",
        "baseline-411.jpg",
        "baseline-440.jpg",
        "optimised-huffman.jpg",
        "restart-every-7.jpg",
        "progressive-420.jpg",
        "progressive-444.jpg",
    ];
    let fixtures = fixtures.map(|name| fixture("pictures/variants").join(name));
    for input in fixtures.into_iter().chain(super::generated::of_qualities(home.path())) {
        let name = input.file_name().unwrap();
        for path in ["splice", "pixel"] {
            let arguments = ["--stamp", soft.to_str().unwrap(), "--size", "original", "--at", "101,53"];
            let chosen = ["--path", path, "--out", path];
            splice(home.path(), std::slice::from_ref(&input), &[&arguments[..], &chosen].concat());
        }
        jobs.push(serde_json::json!({
            "before": input, "spliced": home.path().join("splice").join(name),
            "pixel": home.path().join("pixel").join(name), "at": [101, 53],
            "stamp": [bitmap.width(), bitmap.height(), base64(bitmap.as_raw())],
        }));
    }
    run_check("accuracy.py", &jobs);
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let all = group.iter().chain(&[0, 0]).take(3).fold(0, |all, &byte| all << 8 | u32::from(byte));
        (0..4).map(move |i| DIGITS[(all >> (18 - 6 * i)) as usize & 63] as char)
    };
    assert_eq!(bytes.len() % 3, 0, "no padding is needed here");
    bytes.chunks(3).flat_map(group).collect()
}

#[test]
fn lenient_stamps_what_is_there_of_a_damaged_jpeg() {
    let home = tempfile::tempdir().unwrap();
    let whole = fs::read(fixture("pictures/variants/baseline-420.jpg")).unwrap();
    fs::write(home.path().join("cut.jpg"), &whole[..whole.len() / 2]).unwrap();
    let logo = fixture("stamps/logo.png");
    let arguments = ["cut.jpg", "--stamp", logo.to_str().unwrap(), "--out", "out"];
    let (code, _, stderr) = run(stamp(home.path()).args(arguments));
    assert!(code == 1 && stderr.contains("damaged JPEG"), "{stderr}");
    let (code, _, stderr) = run(stamp(home.path()).args(arguments).arg("--lenient"));
    assert_eq!(code, 0, "{stderr}");
    assert!(fs::metadata(home.path().join("out/cut.jpg")).unwrap().len() > 0);
}
