//! Splices of JPEGs that libjpeg-turbo's own tools make: every sampling, restart interval and kind of
//! table, in sizes from one pixel on.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::splice::{check_coefficients, splice};
use super::world::soft_stamp;

const SIZES: [(i64, i64); 9] =
    [(1, 1), (7, 9), (8, 8), (16, 16), (17, 33), (64, 48), (70, 70), (3, 70), (333, 250)];
const SAMPLINGS: [&str; 6] = ["1x1", "2x1", "2x2", "1x2", "4x1", "4x2"];
const CODINGS: [&[&str]; 6] = [
    &[],
    &["-optimize"],
    &["-restart", "1"],
    &["-restart", "3B"],
    &["-progressive"],
    &["-progressive", "-restart", "2B"],
];

/// Whether cjpeg and djpeg are here; a loud message, or in CI a failure, where they are not.
fn has_tools() -> bool {
    let found = ["cjpeg", "djpeg"].iter().all(|tool| Command::new(tool).arg("-version").output().is_ok());
    assert!(found || std::env::var_os("STAMPEDE_REQUIRE_PYTHON").is_none(), "`make test` installs cjpeg");
    if !found {
        eprintln!("\n*** SKIPPED, NOT PASSED: no cjpeg and djpeg ***\n");
    }
    found
}

/// A picture of slopes, edges and noise, as PPM.
fn ppm(width: i64, height: i64) -> Vec<u8> {
    let mut state = (width * 7919 + height) as u32;
    let mut file = format!("P6 {width} {height} 255\n").into_bytes();
    for i in 0..width * height {
        let (x, y) = (i % width, i / width);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let edge = if (x / 11 + y / 7) % 2 == 0 { 60 } else { 0 };
        file.extend([
            (x * 3 % 190 + edge) as u8,
            (y * 2 % 180 + edge) as u8,
            (state >> 26) as u8 + edge as u8,
        ]);
    }
    file
}

fn cjpeg(path: &Path, pixels: &[u8], arguments: &[&str]) {
    let mut child = Command::new("cjpeg")
        .args(arguments)
        .arg("-outfile")
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(pixels).unwrap();
    assert!(child.wait().unwrap().success(), "cjpeg {arguments:?}");
}

/// A picture of each of many qualities, in two samplings; none where there is no cjpeg.
pub(super) fn of_qualities(home: &Path) -> Vec<PathBuf> {
    let mut pictures = Vec::new();
    if !has_tools() {
        return pictures;
    }
    let pixels = ppm(333, 250);
    for (quality, sampling) in
        ["30", "45", "60", "75", "85", "92", "97"].iter().flat_map(|q| [(q, "1x1"), (q, "2x2")])
    {
        let path = home.join(format!("quality-{quality}-{sampling}.jpg"));
        cjpeg(&path, &pixels, &["-quality", quality, "-sample", sampling]);
        pictures.push(path);
    }
    pictures
}

#[test]
fn generated_pictures_are_spliced_and_read_without_a_warning() {
    if !has_tools() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let soft = home.path().join("soft.png");
    soft_stamp(&soft, 29, 23);
    let mut pictures = Vec::new();
    for (number, &(width, height)) in SIZES.iter().enumerate() {
        let pixels = ppm(width, height);
        for (kind, sampling) in SAMPLINGS.iter().chain(&["gray"]).enumerate() {
            for (way, coding) in CODINGS.iter().enumerate() {
                let quality = ["30", "75", "96"][(number + kind + way) % 3];
                let colours =
                    if *sampling == "gray" { vec!["-grayscale"] } else { vec!["-sample", sampling] };
                let path = home.path().join(format!("{width}x{height}-{sampling}-{way}.jpg"));
                cjpeg(&path, &pixels, &[&["-quality", quality][..], &colours, coding].concat());
                pictures.push(path);
            }
        }
    }
    assert!(pictures.len() >= 300);
    let mut jobs = Vec::new();
    for (x, y) in [(0, 0), (-11, 31)] {
        let (at, out) = (format!("{x},{y}"), format!("out{x},{y}"));
        let arguments = [
            "--stamp",
            soft.to_str().unwrap(),
            "--size",
            "original",
            "--at",
            &at,
            "--path",
            "splice",
            "--out",
            &out,
        ];
        for line in splice(home.path(), &pictures, &arguments) {
            let after = home.path().join(line["output"].as_str().unwrap());
            let read = Command::new("djpeg").arg("-outfile").arg("/dev/null").arg(&after).output().unwrap();
            let said = String::from_utf8_lossy(&read.stderr);
            assert!(read.status.success() && said.is_empty(), "{}: {said}", after.display());
            jobs.push(serde_json::json!({
                "before": line["input"], "after": after, "rect": [x, y, x + 29, y + 23], "changes": false,
            }));
        }
    }
    check_coefficients(&jobs);
}
