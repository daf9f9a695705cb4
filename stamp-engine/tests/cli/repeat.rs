//! The same command again: what is done stays done, and nothing else is taken for it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::world::{run, stamp};

/// A home folder with a stamp `red.png` and a picture `in/a.png`.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("in")).unwrap();
    plain(&home.path().join("red.png"), [255, 0, 0]);
    plain(&home.path().join("in/a.png"), [0, 0, 90]);
    home
}

fn plain(path: &Path, colour: [u8; 3]) {
    image::RgbImage::from_pixel(32, 32, image::Rgb(colour)).save(path).unwrap();
}

fn set_age(path: &Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

/// Stamps with `red.png` in a corner, and gives what was said.
fn go(home: &Path, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = run(stamp(home).args(["--stamp", "red.png"]).args(arguments));
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stdout + &stderr
}

fn corner(path: &Path) -> [u8; 3] {
    image::open(path).unwrap().into_rgb8().get_pixel(0, 0).0
}

#[test]
fn another_picture_is_not_taken_for_one_that_is_done() {
    let home = home();
    let output = home.path().join("out/a.png");
    go(home.path(), &["in", "--out", "out"]);
    assert!(go(home.path(), &["in", "--out", "out", "--resume"]).contains("1 done before"));

    // An older picture of the same name, of another folder.
    fs::create_dir(home.path().join("other")).unwrap();
    plain(&home.path().join("other/a.png"), [0, 90, 0]);
    set_age(&home.path().join("other/a.png"), 50);
    go(home.path(), &["other", "--out", "out", "--resume"]);
    assert_eq!(corner(&output), [0, 90, 0]);
    assert!(go(home.path(), &["other", "--out", "out", "--resume"]).contains("1 done before"));

    // An older picture in the place of the first.
    plain(&home.path().join("other/a.png"), [90, 90, 0]);
    set_age(&home.path().join("other/a.png"), 40);
    go(home.path(), &["other", "--out", "out", "--resume"]);
    assert_eq!(corner(&output), [90, 90, 0]);
}

#[test]
fn what_was_stamped_in_its_own_place_is_not_stamped_twice() {
    let home = home();
    let picture = home.path().join("in/a.png");
    go(home.path(), &["in", "--out", "in", "--overwrite"]);
    let once = fs::read(&picture).unwrap();
    let told = go(home.path(), &["in", "--out", "./in", "--resume"]);
    assert!(told.contains("1 done before"), "{told}");
    assert_eq!(fs::read(&picture).unwrap(), once);
    plain(&picture, [0, 90, 0]);
    assert!(!go(home.path(), &["in", "--out", "in", "--resume"]).contains("done before"));
}

#[test]
fn a_folder_with_outputs_beside_their_pictures_is_stamped_again() {
    let home = home();
    plain(&home.path().join("in/b.png"), [0, 90, 0]);
    let files = || fs::read_dir(home.path().join("in")).unwrap().count();
    go(home.path(), &["in", "--suffix", "-s"]);
    assert_eq!(files(), 4);
    let told = go(home.path(), &["in", "--suffix", "-s", "--resume"]);
    assert!(told.contains("2 done before"), "{told}");
    let told = go(home.path(), &["in", "--suffix", "-s", "--overwrite"]);
    assert!(told.contains("2 pictures") && files() == 4, "{told}");
    let told = go(home.path(), &["in/a-s.png", "--suffix", "-s"]);
    assert!(told.contains("1 picture") && home.path().join("in/a-s-s.png").exists(), "{told}");
}

#[test]
fn a_picture_stamped_in_its_own_place_stays_as_private_as_it_was() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = home();
    let picture = home.path().join("in/a.png");
    fs::set_permissions(&picture, fs::Permissions::from_mode(0o600)).unwrap();
    go(home.path(), &["in", "--out", "in", "--overwrite"]);
    assert_eq!(fs::metadata(&picture).unwrap().permissions().mode() & 0o777, 0o600);
}
