//! What goes wrong outside of the program: kills, full disks, odd files, odd names.

use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::world::{fixture, run, stamp};

fn plain(path: &Path, side: u32) {
    image::RgbImage::from_pixel(side, side, image::Rgb([7, 80, 160])).save(path).unwrap();
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("in")).unwrap();
    plain(&home.path().join("red.png"), 10);
    home
}

#[test]
fn a_kill_in_mid_batch_leaves_no_damaged_output() {
    let home = home();
    for number in 0..200 {
        plain(&home.path().join(format!("in/{number:03}.jpg")), 900);
    }
    let out = home.path().join("out");
    let mut child = stamp(home.path())
        .args(["in", "--stamp", "red.png", "--out", "out", "--jobs", "2", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The first lines of JSON say that the batch is under way.
    let mut first = [0; 512];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let mut whole = 0;
    for entry in fs::read_dir(&out).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            let picture = image::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(picture.width(), 900);
            whole += 1;
        }
    }
    assert!(whole >= 1, "some were finished before the kill");
    assert!(whole < 200, "the kill came in mid-batch");
}

#[test]
fn interrupt_finishes_the_pictures_in_hand_and_says_what_was_left() {
    let home = home();
    for number in 0..200 {
        plain(&home.path().join(format!("in/{number:03}.jpg")), 900);
    }
    let mut child = stamp(home.path())
        .args(["in", "--stamp", "red.png", "--out", "out", "--jobs", "2", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 512];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::INT)
        .unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("left"), "{stderr}");
    let names: Vec<_> =
        fs::read_dir(home.path().join("out")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.iter().all(|path| path.extension().is_some_and(|e| e == "jpg")), "{names:?}");
    assert!(names.len() < 200);
}

#[test]
fn a_full_disk_is_a_clear_error() {
    let home = home();
    // Real noise, so that the output cannot be small.
    let mut state = 1u32;
    image::RgbImage::from_fn(800, 800, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(state >> 8) as u8, (state >> 16) as u8, (state >> 24) as u8])
    })
    .save(home.path().join("in/noise.png"))
    .unwrap();
    let small = home.path().join("small");
    fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&small).status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("\n*** SKIPPED, NOT PASSED: mounting a tmpfs needs root ***\n");
        return;
    }
    let (code, _, stderr) = run(stamp(home.path()).args(["in", "--stamp", "red.png", "--out", "small"]));
    let left: Vec<_> = fs::read_dir(&small).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(Command::new("umount").arg(&small).status().unwrap().success());
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("noise.png") && stderr.contains("space"), "{stderr}");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn odd_files_are_failures_with_their_reason() {
    let home = home();
    let input = home.path().join("in");
    fs::write(input.join("empty.jpg"), b"").unwrap();
    fs::write(input.join("text.png"), b"just a text").unwrap();
    let photograph = fs::read(fixture("pictures/variants/baseline-420.jpg")).unwrap();
    fs::write(input.join("cut.jpg"), &photograph[..photograph.len() / 2]).unwrap();
    for (name, reason) in [("empty.jpg", "empty"), ("text.png", "not a picture"), ("cut.jpg", "damaged JPEG")]
    {
        let (code, _, stderr) =
            run(stamp(home.path()).arg(input.join(name)).args(["--stamp", "red.png", "--out", "out"]));
        assert_eq!(code, 1, "{name}: {stderr}");
        assert!(stderr.contains(name) && stderr.contains(reason), "{name}: {stderr}");
    }
}

#[test]
fn a_wrong_extension_does_not_matter() {
    let home = home();
    fs::copy(fixture("pictures/variants/baseline-420.jpg"), home.path().join("in/really-a-jpeg.png"))
        .unwrap();
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in/really-a-jpeg.png", "--stamp", "red.png", "--out", "out"]));
    assert_eq!(code, 0, "{stderr}");
    let bytes = fs::read(home.path().join("out/really-a-jpeg.png")).unwrap();
    assert!(bytes.starts_with(b"\xff\xd8\xff"), "still a JPEG");
}

#[test]
fn fifos_and_symlink_loops_do_not_hang() {
    let home = home();
    let input = home.path().join("in");
    plain(&input.join("good.png"), 32);
    assert!(Command::new("mkfifo").arg(input.join("pipe.jpg")).status().unwrap().success());
    std::os::unix::fs::symlink(&input, input.join("loop")).unwrap();
    std::os::unix::fs::symlink("dangling", input.join("nowhere.jpg")).unwrap();
    let (_, _, stderr) = run(stamp(home.path()).args(["in", "--stamp", "red.png", "--out", "out"]));
    assert!(home.path().join("out/good.png").exists(), "{stderr}");
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in/pipe.jpg", "--stamp", "red.png", "--out", "out2"]));
    assert_ne!(code, 0);
    assert!(stderr.contains("pipe.jpg"), "{stderr}");
}

#[test]
fn names_need_not_be_text() {
    let home = home();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9 \xff.png");
    plain(&home.path().join("in").join("x.png"), 32);
    fs::rename(home.path().join("in/x.png"), home.path().join("in").join(name)).unwrap();
    let (code, stdout, stderr) =
        run(stamp(home.path()).args(["in", "--stamp", "red.png", "--out", "out", "--json"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(home.path().join("out").join(name).exists(), "{stdout}");
}

#[test]
fn an_unreadable_folder_is_named() {
    let home = home();
    plain(&home.path().join("in/good.png"), 32);
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in", "no-such-folder", "--stamp", "red.png", "--out", "out"]));
    assert_ne!(code, 0);
    assert!(stderr.contains("no-such-folder"), "{stderr}");
    if rustix::process::getuid().is_root() {
        eprintln!("\n*** root reads every folder: only the missing folder was tried ***\n");
        return;
    }
    use std::os::unix::fs::PermissionsExt as _;
    let locked = home.path().join("in/locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let (code, _, stderr) = run(stamp(home.path()).args(["in", "--stamp", "red.png", "--out", "out3"]));
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("locked") && home.path().join("out3/good.png").exists(), "{stderr}");
}

#[test]
fn fifty_thousand_small_files_are_stamped() {
    let home = home();
    let seed = home.path().join("seed.png");
    plain(&seed, 4);
    for number in 0..50_000 {
        if number % 500 == 0 {
            fs::create_dir(home.path().join(format!("in/{}", number / 500))).unwrap();
        }
        fs::hard_link(&seed, home.path().join(format!("in/{}/{number}.png", number / 500))).unwrap();
    }
    let (code, stdout, stderr) = run(stamp(home.path()).args(["in", "--stamp", "red.png", "--out", "out"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(
        format!("{stdout}{stderr}").contains("50000 pictures")
            || format!("{stdout}{stderr}").contains("50,000 pictures")
    );
    assert!(home.path().join("out/99/49999.png").exists());
}
