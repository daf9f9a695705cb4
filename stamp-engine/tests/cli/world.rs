//! What the tests stand on: the command, the fixtures, temporary folders, Python.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// A fixture picture or stamp, such as `stamps/logo.png`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    root().join("fixtures").join(name)
}

/// The command, with a stamp cache of its own so that tests do not meet in one folder.
pub(crate) fn stamp(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stamp"));
    command.arg("--cache").arg(home.join("cache")).current_dir(home);
    command
}

/// Runs a command and gives (exit code, standard output, standard error).
pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// Python with Pillow and what else the check of whole pictures needs.
pub(crate) fn python() -> Option<PathBuf> {
    python_with("PIL, numpy, png, tifffile", ".venv")
}

/// Python with these modules, from a folder below the root that `make test` makes, or the system's.
/// `None`, with a loud message, where it is not installed; a failure when the environment variable
/// `STAMPEDE_REQUIRE_PYTHON` is set, as it is in CI.
pub(crate) fn python_with(modules: &str, folder: &str) -> Option<PathBuf> {
    let candidates = [root().join(folder).join("bin/python"), PathBuf::from("python3")];
    for python in candidates {
        let check = Command::new(&python).arg("-c").arg(format!("import {modules}")).output();
        if check.is_ok_and(|output| output.status.success()) {
            return Some(python);
        }
    }
    let message = format!("no Python with {modules}: `make test` installs it");
    assert!(std::env::var_os("STAMPEDE_REQUIRE_PYTHON").is_none(), "{message}");
    eprintln!("\n*** SKIPPED, NOT PASSED: {message} ***\n");
    None
}

/// Debian's Chromium, or one under another of its names. `None`, with a loud message, where there is
/// none; a failure when `STAMPEDE_REQUIRE_CHROMIUM` is set, as it is in CI.
pub(crate) fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let runs = |name: &&str| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let found = names.into_iter().find(runs);
    if found.is_none() {
        let message = "no Chromium: `make test` installs it";
        assert!(std::env::var_os("STAMPEDE_REQUIRE_CHROMIUM").is_none(), "{message}");
        eprintln!("\n*** SKIPPED, NOT PASSED: {message} ***\n");
    }
    found
}

/// Every picture below `folder`, as paths relative to it, sorted.
pub(crate) fn pictures(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension != "md") {
                let relative = path.strip_prefix(folder).expect("below the folder");
                found.push(relative.to_str().expect("fixtures have plain names").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A stamp of `width × height` whose colours and alpha all vary, as a PNG file.
pub(crate) fn soft_stamp(path: &Path, width: u32, height: u32) {
    let pixel = |x: u32, y: u32| {
        let alpha = if x < width / 3 { 255 } else { (y * 255 / height) as u8 };
        image::Rgba([
            (x * 255 / width) as u8,
            (y * 255 / height) as u8,
            ((x + y) * 255 / (width + height)) as u8,
            alpha,
        ])
    };
    image::RgbaImage::from_fn(width, height, pixel).save(path).expect("a writable folder");
}
