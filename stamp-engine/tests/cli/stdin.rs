//! `stamp -`: what is said of standard input, and that a dry run writes nothing.

use std::fs;
use std::path::Path;

use super::world::{fixture, run, stamp};

/// Stamps a photograph from standard input; gives (exit code, standard output, standard error).
fn piped(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let photo = fs::File::open(fixture("pictures/variants/baseline-420.jpg")).unwrap();
    let logo = fixture("stamps/logo.png");
    run(stamp(home).arg("-").arg("--stamp").arg(logo).args(arguments).stdin(photo))
}

#[test]
fn a_dry_run_says_where_and_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = piped(home.path(), &["--output", "x.jpg", "--dry-run"]);
    assert_eq!((code, &*stdout), (0, "- -> x.jpg\n"), "{stderr}");
    assert!(!home.path().join("x.jpg").exists());
    let (code, stdout, stderr) = piped(home.path(), &["--dry-run"]);
    assert_eq!((code, &*stdout), (0, "- -> -\n"), "{stderr}");
}

#[test]
fn json_tells_of_it_as_of_any_picture() {
    let home = tempfile::tempdir().unwrap();
    let tell = |output: &str| {
        let (code, stdout, stderr) = piped(home.path(), &["--output", output, "--json"]);
        let lines: Vec<_> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [line]: [serde_json::Value; 1] = lines.try_into().unwrap();
        (code, line, stderr)
    };
    let (code, line, _) = tell("x.jpg");
    assert_eq!(code, 0, "{line}");
    assert_eq!((&line["input"], &line["output"]), (&"-".into(), &"x.jpg".into()), "{line}");
    assert_eq!(
        (&line["width"], &line["height"], &line["path"]),
        (&600.into(), &400.into(), &"splice".into())
    );
    assert_eq!(line["bytes"], fs::metadata(home.path().join("x.jpg")).unwrap().len());
    let (code, line, stderr) = tell("x.jpg");
    assert_eq!(code, 1, "it is there already: {line}");
    assert!(line["error"].as_str().unwrap().contains("already there"), "{line}");
    assert!(stderr.contains("failed: standard input: x.jpg is already there"), "{stderr}");
}

#[test]
fn its_format_is_known_once_it_is_read() {
    let home = tempfile::tempdir().unwrap();
    let (code, _, stderr) = piped(home.path(), &["--output", "x.gif"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("x.gif") && stderr.contains("JPEG"), "{stderr}");
    assert!(!home.path().join("x.gif").exists());
}
