//! Arguments, exit codes, outputs and messages.

use std::fs;

use super::world::{fixture, root, run, stamp};

/// A home folder with a stamp `red.png` and two pictures `in/a.png` and `in/deep/b.jpg`.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("in/deep")).unwrap();
    let save = |name: &str, side, colour| {
        image::RgbImage::from_pixel(side, side, image::Rgb(colour)).save(home.path().join(name)).unwrap();
    };
    save("red.png", 10, [255, 0, 0]);
    save("in/a.png", 64, [0, 0, 90]);
    save("in/deep/b.jpg", 64, [0, 90, 0]);
    home
}

#[test]
fn a_folder_keeps_its_tree() {
    let home = home();
    let (code, stdout, stderr) = run(stamp(home.path()).args(["in", "--stamp", "red.png", "--out", "out"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(home.path().join("out/a.png").exists() && home.path().join("out/deep/b.jpg").exists());
    let closing = format!("{stdout}{stderr}");
    for word in ["2 pictures", "MP/s", "MB/s"] {
        assert!(closing.contains(word), "“{word}” is missing in: {closing}");
    }
    assert!(!closing.contains('\u{1b}'), "no terminal codes when piped: {closing:?}");
}

#[test]
fn usage_errors_exit_with_2_and_do_nothing() {
    let home = home();
    let cases: &[&[&str]] = &[
        &["in/a.png"],
        &["in/a.png", "--stamp", "red.png"],
        &["in/a.png", "--stamp", "missing.png", "--out", "out"],
        &["in/a.png", "--stamp", "red.png", "--out", "out", "--at", "nowhere"],
        &["in/a.png", "--stamp", "red.png", "--out", "out", "--opacity", "7"],
        &["in/a.png", "--stamp", "red.png", "--out", "out", "--quality", "0"],
        &["in/a.png", "in/deep/b.jpg", "--stamp", "red.png", "--output", "x.png"],
        &["in/a.png", "--stamp", "red.png", "--out", "out", "--no-such-option"],
    ];
    for case in cases {
        let (code, _, stderr) = run(stamp(home.path()).args(*case));
        assert_eq!(code, 2, "{case:?}: {stderr}");
        assert!(!stderr.trim().is_empty(), "{case:?}");
        assert!(!home.path().join("out").exists(), "{case:?}");
    }
}

#[test]
fn two_inputs_for_one_output_are_refused_before_any_work() {
    let home = home();
    fs::copy(home.path().join("in/a.png"), home.path().join("a.png")).unwrap();
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in/a.png", "a.png", "--stamp", "red.png", "--out", "out"]));
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("a.png"), "{stderr}");
    assert!(!home.path().join("out").exists());
}

#[test]
fn inputs_and_outputs_are_only_overwritten_when_asked() {
    let home = home();
    let picture = home.path().join("in/a.png");
    let before = fs::read(&picture).unwrap();
    let (code, _, stderr) = run(stamp(home.path()).args(["in/a.png", "--stamp", "red.png", "--out", "in"]));
    assert_ne!(code, 0);
    assert!(stderr.contains("--overwrite"), "{stderr}");
    assert_eq!(fs::read(&picture).unwrap(), before);
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in/a.png", "--stamp", "red.png", "--out", "in", "--overwrite"]));
    assert_eq!(code, 0, "{stderr}");
    assert_ne!(fs::read(&picture).unwrap(), before);
}

#[test]
fn a_failure_is_listed_and_the_rest_goes_on() {
    let home = home();
    fs::write(home.path().join("in/broken.jpg"), b"\xff\xd8\xff\xe0 not a picture").unwrap();
    let (code, stdout, stderr) =
        run(stamp(home.path()).args(["in", "--stamp", "red.png", "--out", "out", "--json"]));
    assert_eq!(code, 1);
    assert!(stderr.contains("broken.jpg"), "{stderr}");
    assert!(home.path().join("out/a.png").exists() && home.path().join("out/deep/b.jpg").exists());
    assert!(!home.path().join("out/broken.jpg").exists());
    let lines: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines.iter().filter(|line| line["error"].is_string()).count(), 1);
    for line in lines.iter().filter(|line| line["error"].is_null()) {
        assert_eq!((&line["width"], &line["height"]), (&64.into(), &64.into()), "{line}");
        let way = if line["input"].as_str().unwrap().ends_with("png") { "pixel" } else { "splice" };
        assert_eq!(line["path"], way, "{line}");
        assert!(line["milliseconds"].is_number(), "{line}");
    }
}

#[test]
fn standard_input_goes_to_standard_output() {
    let home = home();
    let picture = fs::File::open(home.path().join("in/a.png")).unwrap();
    let output = stamp(home.path()).args(["-", "--stamp", "red.png"]).stdin(picture).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stamped = image::load_from_memory(&output.stdout).unwrap();
    assert_eq!((stamped.width(), stamped.height()), (64, 64));
}

#[test]
fn resume_skips_what_is_done_and_redoes_it_under_other_settings() {
    let home = home();
    let modified = || fs::metadata(home.path().join("out/a.png")).unwrap().modified().unwrap();
    let go = |opacity: &str| {
        let arguments = ["in", "--stamp", "red.png", "--out", "out", "--resume", "--opacity", opacity];
        let (code, stdout, stderr) = run(stamp(home.path()).args(arguments));
        assert_eq!(code, 0, "{stdout}{stderr}");
        fs::read(home.path().join("out/a.png")).unwrap()
    };
    let first = go("1");
    let (bytes, when) = (first.clone(), modified());
    assert_eq!(go("1"), bytes);
    assert_eq!(modified(), when, "an output that is up to date is not made again");
    assert_ne!(go("0.5"), bytes, "other settings make another output");
}

#[test]
fn a_configuration_file_says_the_same_as_the_command_line() {
    let home = home();
    fs::write(home.path().join("stamp.toml"), "stamp = \"red.png\"\nat = \"top-left\"\nopacity = 0.5\n")
        .unwrap();
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in/a.png", "--config", "stamp.toml", "--output", "one.png"]));
    assert_eq!(code, 0, "{stderr}");
    let typed =
        ["in/a.png", "--stamp", "red.png", "--at", "top-left", "--opacity", "0.5", "--output", "two.png"];
    assert_eq!(run(stamp(home.path()).args(typed)).0, 0);
    let read = |name: &str| fs::read(home.path().join(name)).unwrap();
    assert_eq!(read("one.png"), read("two.png"));
    fs::write(home.path().join("wrong.toml"), "opactiy = 0.5\n").unwrap();
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in/a.png", "--config", "wrong.toml", "--output", "x.png"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("opactiy"), "{stderr}");
}

#[test]
fn a_configuration_file_finds_its_font_beside_itself() {
    let home = home();
    fs::create_dir(home.path().join("conf")).unwrap();
    let font = root().join("stamp-engine/fonts/StampedeSans.ttf");
    fs::copy(font, home.path().join("conf/own.ttf")).unwrap();
    let text = "text = 'a'\nfont = 'own.ttf'\n[[layer]]\ntext = 'b'\nfont = 'Stampede Sans'\n";
    fs::write(home.path().join("conf/stamp.toml"), text).unwrap();
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in/a.png", "--config", "conf/stamp.toml", "--output", "x.png"]));
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn a_file_is_not_named_as_a_format_that_it_is_not() {
    let home = home();
    let all: &[&[&str]] = &[
        &["--output", "x.gif"],
        &["--output", "x.bmp"],
        &["--output", "x.heic"],
        &["--output", "x.jxl"],
        &["--output", "x.webp", "--format", "png"],
    ];
    for case in all {
        let (code, _, stderr) = run(stamp(home.path()).args(["in/a.png", "--stamp", "red.png"]).args(*case));
        assert_eq!(code, 2, "{case:?}: {stderr}");
        assert!(stderr.contains(case[1]), "{case:?}: {stderr}");
        assert!(!home.path().join(case[1]).exists(), "{case:?}");
    }
    fs::copy(home.path().join("in/a.png"), home.path().join("a.photo")).unwrap();
    let gif = fixture("pictures/variants/animated.gif");
    for (input, output) in [("a.photo", "x.photo"), ("a.photo", "x"), (gif.to_str().unwrap(), "x.gif")] {
        let (code, _, stderr) =
            run(stamp(home.path()).args([input, "--stamp", "red.png", "--output", output]));
        assert_eq!(code, 0, "{output}: {stderr}");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let home = home();
    let (code, stdout, stderr) =
        run(stamp(home.path()).args(["in", "--stamp", "red.png", "--out", "out", "--dry-run"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("a.png"), "{stdout}");
    assert!(!home.path().join("out").exists());
}

#[test]
fn times_and_permissions_are_kept_when_asked() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = home();
    let input = home.path().join("in/a.png");
    fs::set_permissions(&input, fs::Permissions::from_mode(0o640)).unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(&input).unwrap().set_modified(old).unwrap();
    let arguments = ["in/a.png", "--stamp", "red.png", "--out", "out", "--preserve"];
    assert_eq!(run(stamp(home.path()).args(arguments)).0, 0);
    let output = fs::metadata(home.path().join("out/a.png")).unwrap();
    assert_eq!(output.modified().unwrap(), old);
    assert_eq!(output.permissions().mode() & 0o777, 0o640);
}

#[test]
fn completions_and_the_manual_are_printed() {
    let home = home();
    for shell in ["bash", "zsh", "fish"] {
        let (code, stdout, _) = run(stamp(home.path()).args(["--completions", shell]));
        assert_eq!(code, 0, "{shell}");
        assert!(stdout.contains("opacity"), "{shell}");
    }
    let (code, stdout, _) = run(stamp(home.path()).arg("--man"));
    assert_eq!(code, 0);
    assert!(stdout.starts_with(".") && stdout.contains("opacity"), "{stdout}");
}

#[test]
fn strip_removes_everything_but_the_colours() {
    let home = home();
    let input = fixture("pictures/variants/xmp-iptc.jpg");
    let arguments = ["--stamp", "red.png", "--out", "out", "--strip"];
    let (code, _, stderr) = run(stamp(home.path()).arg(&input).args(arguments));
    assert_eq!(code, 0, "{stderr}");
    let bytes = fs::read(home.path().join("out/xmp-iptc.jpg")).unwrap();
    let holds = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    assert!(holds(&fs::read(&input).unwrap(), b"ns.adobe.com/xap"), "the fixture has XMP");
    for what in [&b"ns.adobe.com/xap"[..], b"Photoshop 3.0", b"Exif\0\0"] {
        assert!(!holds(&bytes, what), "{} is left", String::from_utf8_lossy(what));
    }
    let p3 = fixture("pictures/variants/display-p3.jpg");
    assert_eq!(run(stamp(home.path()).arg(p3).args(arguments)).0, 0);
    assert!(holds(&fs::read(home.path().join("out/display-p3.jpg")).unwrap(), b"ICC_PROFILE"));
}

#[test]
fn limits_refuse_a_picture_and_name_the_option() {
    let home = home();
    for (option, value, says) in [
        ("--limit-pixels", "4000", "--limit-pixels"),
        ("--limit-bytes", "50", "--limit-bytes"),
        ("--memory", "1", "--memory"),
    ] {
        let arguments = ["in/a.png", "--stamp", "red.png", "--out", "out", option, value];
        let (code, _, stderr) = run(stamp(home.path()).args(arguments));
        assert_eq!(code, 1, "{option}: {stderr}");
        assert!(stderr.contains("a.png") && stderr.contains(says), "{option}: {stderr}");
    }
    assert!(!home.path().join("out/a.png").exists());
}

#[test]
fn a_suffix_names_outputs_beside_their_inputs() {
    let home = home();
    let (code, _, stderr) =
        run(stamp(home.path()).args(["in", "--stamp", "red.png", "--suffix", "-stamped"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(
        home.path().join("in/a-stamped.png").exists() && home.path().join("in/deep/b-stamped.jpg").exists()
    );
}

#[test]
fn failing_fast_leaves_the_rest() {
    let home = home();
    fs::write(home.path().join("in/0-broken.jpg"), b"\xff\xd8\xff\xe0 not a picture").unwrap();
    let arguments = ["in", "--stamp", "red.png", "--out", "out", "--fail-fast", "--jobs", "1"];
    let (code, _, stderr) = run(stamp(home.path()).args(arguments));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("2 pictures left"), "{stderr}");
    assert!(!home.path().join("out/a.png").exists());
}

#[test]
fn many_processes_share_one_cache() {
    let home = home();
    let logo = fixture("stamps/logo.svg");
    let children: Vec<_> = (0..6)
        .map(|number| {
            let out = format!("out{number}");
            let mut command = stamp(home.path());
            command.arg("in").arg("--stamp").arg(&logo).args(["--quiet", "--out", &out]).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let read = |number: i32| fs::read(home.path().join(format!("out{number}/a.png"))).unwrap();
    assert!((1..6).all(|number| read(number) == read(0)));
    assert!(fs::read_dir(home.path().join("cache")).unwrap().count() > 0, "the cache was used");
}
