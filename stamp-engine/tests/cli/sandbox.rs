//! `--sandbox`: the same pictures, and nothing of what was not named.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::world::{fixture, run, stamp};

fn outputs(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().display().to_string(), fs::read(&path).unwrap())).collect()
}

#[test]
fn every_format_and_every_kind_of_stamp_is_stamped_the_same() {
    let home = tempfile::tempdir().unwrap();
    let variants = fixture("pictures/variants");
    let (png, svg) = (fixture("stamps/logo.png"), fixture("stamps/logo.svg"));
    let mut arguments = vec![variants.to_str().unwrap(), "--stamp", png.to_str().unwrap()];
    arguments.extend(["--stamp", svg.to_str().unwrap(), "--at", "top", "--text", "© {year} {name}"]);
    for (out, sandbox) in [("free", None), ("confined", Some("--sandbox"))] {
        // Some of the variants are damaged on purpose.
        let mut command = stamp(home.path());
        command.args(&arguments).args(["--out", out, "--quiet"]).args(sandbox);
        let status = command.stderr(std::process::Stdio::null()).status().unwrap();
        assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    }
    let (free, confined) = (outputs(&home.path().join("free")), outputs(&home.path().join("confined")));
    assert!(free.len() > 50, "{} outputs", free.len());
    assert_eq!(free.keys().collect::<Vec<_>>(), confined.keys().collect::<Vec<_>>());
    for (name, bytes) in &free {
        assert!(confined[name] == *bytes, "{name} differs");
    }
}

#[test]
fn what_a_link_leads_to_is_not_read() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("in")).unwrap();
    let photo = fixture("pictures/variants/baseline-420.jpg");
    fs::copy(&photo, home.path().join("in/own.jpg")).unwrap();
    fs::copy(&photo, home.path().join("elsewhere.jpg")).unwrap();
    std::os::unix::fs::symlink("../elsewhere.jpg", home.path().join("in/link.jpg")).unwrap();
    let logo = fixture("stamps/logo.png");
    let arguments = ["in", "--stamp", logo.to_str().unwrap(), "--out", "out"];
    let output = stamp(home.path()).args(arguments).arg("--sandbox").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("link.jpg") && said.contains("Permission denied"), "{said}");
    assert_eq!(outputs(&home.path().join("out")).keys().collect::<Vec<_>>(), ["own.jpg"]);
}

#[test]
fn globs_suffixes_single_files_and_resumed_runs_work_as_ever() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("in")).unwrap();
    let photo = fixture("pictures/variants/baseline-420.jpg");
    fs::copy(&photo, home.path().join("in/a.jpg")).unwrap();
    let logo = fixture("stamps/logo.png");
    let with = ["--sandbox", "--stamp", logo.to_str().unwrap()];
    let resumed = |picture| {
        let (code, out, error) =
            run(stamp(home.path()).args(with).args([picture, "--suffix", "-stamped", "--resume"]));
        assert_eq!(code, 0, "{error}");
        out + &error
    };
    assert!(!resumed("in/*.jpg").contains("1 done before"));
    assert!(resumed("in/a.jpg").contains("1 done before"));
    let (code, _, error) = run(stamp(home.path()).args(with).args(["in/a.jpg", "--output", "new/b.webp"]));
    assert_eq!(code, 0, "{error}");
    assert!(home.path().join("in/a-stamped.jpg").is_file() && home.path().join("new/b.webp").is_file());
}

#[test]
fn a_bucket_is_out_of_reach_of_a_sandbox() {
    let home = tempfile::tempdir().unwrap();
    let logo = fixture("stamps/logo.png");
    let arguments = ["s3://bucket/a.jpg", "--sandbox", "--stamp", logo.to_str().unwrap(), "--out", "out"];
    let output = stamp(home.path()).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--sandbox"), "{output:?}");
}
