//! Small files that unfold to something enormous, as a stranger would upload them: each is refused, or
//! what is excessive in it left alone, with little time and memory spent on it.

mod files;
mod meter;
mod stamps;

use std::path::Path;
use std::sync::Arc;

use stamp_engine::{
    Cache, Error, Layer, Limits, Options, Picture, Placement, Size, Source, Stamp, Stamped, Stamper,
    thumbnail,
};

use self::meter::Meter;

/// What becomes of a bomb.
enum Fate {
    /// Refused, in a sentence that holds these words.
    Refused(&'static str),
    /// Stamped, or refused as what it is; only what it costs counts.
    Harmless,
    /// Stamped, as it is no bomb yet.
    Stamped,
}

struct Bomb {
    name: &'static str,
    bytes: Vec<u8>,
    fate: Fate,
}

impl Bomb {
    fn refused(name: &'static str, bytes: Vec<u8>, words: &'static str) -> Self {
        Self { name, bytes, fate: Fate::Refused(words) }
    }

    fn harmless(name: &'static str, bytes: Vec<u8>) -> Self {
        Self { name, bytes, fate: Fate::Harmless }
    }

    fn allowed(name: &'static str, bytes: Vec<u8>) -> Self {
        Self { name, bytes, fate: Fate::Stamped }
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn stamp_on(stamp: Stamp, picture: &[u8]) -> Result<Stamped, Error> {
    let placement = Placement { size: Size::Width("20%".parse().unwrap()), ..Placement::default() };
    let layer = Layer { source: Source::Stamp(Arc::new(stamp)), placement };
    Stamper::new(vec![layer], Options::default(), Arc::new(Cache::in_memory()))?.stamp(Picture::from(picture))
}

/// One second of processor time and 256 MB are what SECURITY.md promises. All bombs that break it are
/// told at once.
fn check<T>(bombs: Vec<Bomb>, go_off: impl Fn(&[u8]) -> Result<T, Error>) {
    let mut complaints = Vec::new();
    for Bomb { name, bytes, fate } in bombs {
        let meter = Meter::start();
        let result = go_off(&bytes).map(|_| ());
        let (seconds, megabytes) = meter.read();
        let said = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
        println!("{name}: {} bytes, {seconds:.2} s, {megabytes} MB: {result:?}", bytes.len());
        let as_said = match fate {
            Fate::Refused(words) => said.contains(words),
            Fate::Harmless => true,
            Fate::Stamped => result.is_ok(),
        };
        if seconds > 1.0 || megabytes > 256 || !as_said {
            complaints.push(format!("{name}: {seconds:.2} s, {megabytes} MB, {result:?}"));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Never more than is said beforehand.
fn what_a_small_picture_takes_is_reckoned() {
    for (name, picture) in files::sound() {
        for size in [64, 2048] {
            let limits = Limits::default();
            let reckoned = stamp_engine::thumbnail_memory(&picture, size, &limits).unwrap() / 1_000_000;
            let meter = Meter::start();
            let small = thumbnail(&picture, size, &limits).unwrap();
            let (_, megabytes) = meter.read();
            println!("{name} to {size} pixels, {} bytes: {megabytes} MB of {reckoned}", small.len());
            assert!(megabytes <= reckoned + 2, "{name} to {size}: {megabytes} MB, not {reckoned}");
        }
    }
}

/// One test, as the memory is the whole process's.
#[test]
fn bombs_are_refused_in_a_second_and_256_megabytes() {
    let logo = fixture("stamps/logo.png");
    check(files::all(), |picture| stamp_on(Stamp::from_bytes(&logo)?, picture));
    let photograph = fixture("pictures/variants/baseline-420.jpg");
    for stamps in [stamps::all(), stamps::slow(), stamps::just_allowed()] {
        check(stamps, |stamp| stamp_on(Stamp::from_bytes(stamp)?, &photograph));
    }
    // What is left alone in a picture that is stamped may be no part of a small one.
    let small = files::all().into_iter().map(|bomb| Bomb { fate: Fate::Harmless, ..bomb });
    let limits = Limits { pixels: 1 << 27, ..Limits::default() };
    check(small.collect(), |picture| thumbnail(picture, 64, &limits));
    what_a_small_picture_takes_is_reckoned();
    check(files::as_stamps(), |stamp| stamp_on(Stamp::from_bytes(stamp)?, &photograph));
}
