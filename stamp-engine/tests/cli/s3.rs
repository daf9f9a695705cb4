//! `stamp s3://…`: what is asked of the bucket, and what is told when it does not answer.

mod bucket;

use std::fs;

use super::world::{fixture, run, stamp};
use bucket::Bucket;

/// A bucket and a home folder; `None`, with a loud message, where no emulator is installed.
fn set_up() -> Option<(Bucket, tempfile::TempDir)> {
    Some((Bucket::start("pictures")?, tempfile::tempdir().unwrap()))
}

fn photo() -> Vec<u8> {
    fs::read(fixture("pictures/variants/baseline-420.jpg")).unwrap()
}

/// Stamps with one job; gives (exit code, standard error).
fn go(bucket: &Bucket, home: &std::path::Path, arguments: &[&str]) -> (i32, String) {
    let logo = fixture("stamps/logo.png");
    let mut command = stamp(home);
    command.args(arguments).args(["--jobs", "1"]).envs(bucket.variables());
    if !arguments.contains(&"--text") {
        command.arg("--stamp").arg(logo);
    }
    let (code, _, stderr) = run(&mut command);
    (code, stderr)
}

#[test]
fn what_is_done_is_neither_read_nor_done_again_when_others_come() {
    let Some((bucket, home)) = set_up() else { return };
    let stamped = |out: &'static str| ["s3://pictures/in/", "--out", out, "--resume"];
    let text = [&stamped("s3://pictures/text/")[..], &["--text", "{index}"]].concat();
    bucket.put("in/b.jpg", &photo());
    bucket.put("in/c.jpg", &photo());
    for arguments in [&stamped("s3://pictures/out/")[..], &text] {
        let (code, told) = go(&bucket, home.path(), arguments);
        assert!(code == 0 && told.contains("2 pictures, 0 failed"), "{told}");
    }
    bucket.put("in/a.jpg", &photo());
    bucket.forget();
    let (code, told) = go(&bucket, home.path(), &stamped("s3://pictures/out/"));
    assert!(code == 0 && told.contains("1 picture, 2 done before, 0 failed"), "{told}");
    let asked = bucket.asked();
    let gets: Vec<_> = asked.iter().filter(|line| line.starts_with("GET /pictures/in/")).collect();
    assert!(gets.len() == 1 && gets[0].contains("/in/a.jpg"), "{asked:?}");
    // Every number is another one now.
    let (code, told) = go(&bucket, home.path(), &text);
    assert!(code == 0 && told.contains("3 pictures, 0 failed"), "{told}");
}

#[test]
fn a_list_that_fails_is_a_failure_beside_the_others() {
    let Some((bucket, home)) = set_up() else { return };
    bucket.put("a/1.jpg", &photo());
    bucket.put("a/2.jpg", &photo()[..2000]);
    bucket.put("c/3.jpg", &photo());
    bucket.refuse("prefix=b");
    let places = ["s3://pictures/a/", "s3://pictures/b/", "s3://pictures/c/"];
    let (code, told) = go(&bucket, home.path(), &[&places[..], &["--out", "s3://pictures/out/"]].concat());
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("failed: s3://pictures/a/2.jpg") && told.contains("failed: s3://pictures/b/"),
        "{told}"
    );
    assert!(told.contains("2 pictures, 2 failed"), "{told}");
}

#[test]
fn a_run_that_is_over_lists_no_more() {
    let Some((bucket, home)) = set_up() else { return };
    // Four are in hand at once: before the fifth is begun, one has failed.
    (0..6).for_each(|number| bucket.put(&format!("a/{number}.jpg"), &photo()[..2000]));
    bucket.put("b/1.jpg", &photo());
    bucket.forget();
    let places = ["s3://pictures/a/", "s3://pictures/b/"];
    let out = ["--out", "s3://pictures/out/", "--fail-fast"];
    let (code, told) = go(&bucket, home.path(), &[&places[..], &out].concat());
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("stopped: 2 pictures left, and what was not listed"), "{told}");
    let asked = bucket.asked();
    assert_eq!(asked.iter().filter(|line| line.contains("list-type=2")).count(), 1, "{asked:?}");
}
