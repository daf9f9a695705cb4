//! Every fixture is stamped, and a second implementation confirms each result.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::world::{fixture, pictures, python, root, run, soft_stamp, stamp};

#[test]
fn every_fixture_is_stamped_and_pillow_agrees() {
    let home = tempfile::tempdir().unwrap();
    let soft = home.path().join("soft.png");
    soft_stamp(&soft, 48, 40);
    let folder = fixture("pictures");
    let (code, stdout, stderr) = run(stamp(home.path())
        .arg(&folder)
        .arg("--stamp")
        .arg(&soft)
        .args(["--out", "out", "--size", "original", "--at", "3,2", "--json"]));
    assert_eq!(code, 0, "{stderr}");
    let names = pictures(&folder);
    assert!(names.len() >= 22, "14 photographs and 8 variants at least, not {}", names.len());
    assert_eq!(stdout.lines().count(), names.len(), "one line of JSON a picture");
    assert_eq!(pictures(&home.path().join("out")), names);

    let Some(python) = python() else { return };
    let mut check = Command::new(python)
        .arg(root().join("stamp-engine/tests/pillow/check.py"))
        .arg(&soft)
        .args(["3", "2"])
        .arg(&folder)
        .arg(home.path().join("out"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let list = serde_json::to_string(&names).unwrap();
    check.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_fixture_can_be_written_in_every_format() {
    let home = tempfile::tempdir().unwrap();
    let logo = fixture("stamps/logo.png");
    for format in ["jpeg", "png", "webp", "avif", "tiff"] {
        let mut refused = Vec::new();
        for extension in ["jpg", "png", "webp", "gif", "tif", "bmp", "avif"] {
            // AVIF encodes slowly: the small variants do for it.
            let folder = fixture(if format == "avif" { "pictures/variants" } else { "pictures" });
            let (code, stdout, stderr) = run(stamp(home.path())
                .arg(folder.join(format!("**/*.{extension}")))
                .arg("--stamp")
                .arg(&logo)
                .arg("--out")
                .arg(format!("{format}-of-{extension}"))
                .args(["--format", format, "--json"]));
            let lines = stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            let errors: Vec<_> = lines.filter(|line| line["error"].is_string()).collect();
            assert_eq!(code, i32::from(!errors.is_empty()), "{format} of {extension}: {stderr}");
            refused.extend(errors);
        }
        // An animation has no place in these formats; CMYK has one in JPEG only.
        assert_eq!(refused.len(), if format == "jpeg" { 1 } else { 3 }, "{format}: {refused:?}");
        for line in refused {
            let error = line["error"].as_str().unwrap();
            assert!(error.contains("CMYK") || error.contains("animation"), "{line}");
        }
    }
}
