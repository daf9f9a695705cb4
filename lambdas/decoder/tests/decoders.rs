//! Decoders as processes: what they make, what they are kept from, and what becomes of a picture whose decoder ends.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use stamp_engine::{Cache, Format, Picture, Stamper};
use stampede_decoder::{Confinement, Decoders, Done, Fault, Settings, Stamp, Work};

/// One decoder, under a name of its own by which its process is found.
struct Home {
    decoders: Decoders,
    folder: tempfile::TempDir,
}

fn home(settings: Settings) -> Home {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("decoder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_decoder"), &program).unwrap();
    Home { decoders: Decoders::new(Settings { cores: 1, program, ..settings }), folder }
}

fn confined() -> Settings {
    Settings { confinement: Confinement::Always, memory: 1 << 30, ..Settings::default() }
}

impl Home {
    async fn stamp(&self) -> Result<Done, Fault> {
        let stamp = Stamp::new(fixture("stamps/logo.svg"));
        self.decoders.work(stamp_it(), fixture("pictures/variants/baseline-420.jpg"), Some(stamp)).await
    }

    fn process(&self) -> Pid {
        let name = self.folder.path().to_str().unwrap();
        let processes =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let is_ours = |id: &i32| {
            fs::read_to_string(format!("/proc/{id}/cmdline")).is_ok_and(|line| line.contains(name))
        };
        let found = processes.filter_map(|id| id.parse().ok()).find(is_ours);
        Pid::from_raw(found.expect("a decoder")).unwrap()
    }

    fn of_process(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.process().as_raw_nonzero())).unwrap()
    }
}

fn fixture(name: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    fs::read(path).unwrap().into()
}

fn stamp_it() -> Work {
    Work::Stamp { settings: Default::default(), name: "photo.jpg".to_owned(), index: 1 }
}

#[tokio::test]
async fn what_is_made_is_what_the_engine_makes() {
    let home = home(confined());
    let photo = fixture("pictures/variants/baseline-420.jpg");
    for logo in ["stamps/logo.svg", "stamps/logo.png", "stamps/logo.svg"] {
        let logo = fixture(logo);
        let stamp = Arc::new(stamp_engine::Stamp::from_bytes(&logo).unwrap());
        let (layers, options) = stampede_domain::settings::Settings::default().resolve(Some(stamp)).unwrap();
        let stamper = Stamper::new(layers, options, Arc::new(Cache::in_memory())).unwrap();
        let ours = stamper.stamp(Picture::from(&photo[..])).unwrap();
        let done = home.decoders.work(stamp_it(), photo.clone(), Some(Stamp::new(logo))).await.unwrap();
        assert!(done.bytes == ours.bytes, "it differs");
        assert_eq!((done.facts.width, done.facts.height), (ours.report.width, ours.report.height));
        assert_eq!(
            (done.facts.way.as_str(), done.facts.format()),
            (ours.report.way.name(), Some(Format::Jpeg))
        );
    }
    let settings =
        || Box::new(stampede_domain::settings::Settings { text: Some("a".to_owned()), ..Default::default() });
    let small = home
        .decoders
        .work(Work::Preview { settings: *settings(), size: 64 }, photo.clone(), None)
        .await
        .unwrap();
    let plain = home.decoders.work(Work::Thumbnail { size: 64 }, photo.clone(), None).await.unwrap();
    assert!(small.bytes != plain.bytes && small.bytes.starts_with(b"\xff\xd8") && plain.bytes.len() < 10_000);
    let seen = home.decoders.work(Work::Probe, photo.clone(), None).await.unwrap();
    assert!(seen.bytes.is_empty() && seen.facts.width > 0 && seen.facts.format() == Some(Format::Jpeg));
    let seen = home.decoders.work(Work::ProbeStamp, fixture("stamps/logo.svg"), None).await.unwrap();
    assert!(seen.facts.width > 0 && seen.facts.height > 0);
    for damaged in [&photo[..photo.len() / 2], b"nothing", b""] {
        let refused = home.decoders.work(
            stamp_it(),
            Bytes::copy_from_slice(damaged),
            Some(Stamp::new(fixture("stamps/logo.png"))),
        );
        assert!(matches!(refused.await, Err(Fault::Permanent(_))));
        let refused = home.decoders.work(Work::ProbeStamp, Bytes::copy_from_slice(damaged), None);
        assert!(matches!(refused.await, Err(Fault::Permanent(_))));
    }
}

#[tokio::test]
async fn it_has_no_secrets_and_can_do_nothing_else() {
    let home = home(confined());
    home.stamp().await.unwrap();
    let status = home.of_process("status");
    assert!(status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1"), "{status}");
    let environment = home.of_process("environ");
    let known = ["HOME=", "LD_LIBRARY_PATH=", "RUST_LOG=", "STAMPEDE_LOG=", "TMPDIR="];
    let unknown =
        environment.split_terminator('\0').find(|one| !known.iter().any(|known| one.starts_with(known)));
    assert_eq!(unknown, None);
    let files = fs::read_dir(format!("/proc/{}/fd", home.process().as_raw_nonzero())).unwrap().count();
    assert!(files < 12, "{files} files are open");
}

#[tokio::test]
async fn a_picture_that_takes_too_long_fails_alone() {
    let home = home(Settings { time: Duration::from_secs(2), ..confined() });
    home.stamp().await.unwrap();
    // For all that can be seen, a decoder that is stopped is one that computes for ever.
    let stopped = home.process();
    kill_process(stopped, Signal::STOP).unwrap();
    let late = home.stamp().await.unwrap_err();
    assert!(matches!(&late, Fault::Permanent(reason) if reason.contains("2 seconds")), "{late}");
    home.stamp().await.unwrap();
    assert_ne!(home.process(), stopped);
    assert!(!Path::new(&format!("/proc/{}", stopped.as_raw_nonzero())).exists(), "it still runs");
}

/// A black picture of so many pixels a side.
fn flat_png(side: u32) -> Bytes {
    let mut png = Cursor::new(Vec::new());
    let quick = PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::NoFilter);
    image::RgbImage::new(side, side).write_with_encoder(quick).unwrap();
    png.into_inner().into()
}

#[tokio::test]
async fn a_picture_beyond_the_services_limits_is_refused_by_its_header() {
    let home = home(confined());
    // Of 60,000 pixels a side, as its header says.
    let mut bmp = vec![0; 64];
    bmp[..2].copy_from_slice(b"BM");
    bmp[14] = 40;
    bmp[18..22].copy_from_slice(&60_000u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&60_000u32.to_le_bytes());
    bmp[26] = 1;
    bmp[28] = 24;
    for work in [stamp_it(), Work::Thumbnail { size: 64 }, Work::Probe] {
        let logo = Some(Stamp::new(fixture("stamps/logo.png")));
        let refused = home.decoders.work(work, bmp.clone().into(), logo).await;
        assert!(
            matches!(&refused, Err(Fault::Permanent(reason)) if reason.contains("134217728 pixels")),
            "{refused:?}"
        );
    }
}

/// Pictures wait to be read while others have the room.
#[tokio::test]
async fn there_is_room_for_so_many_bytes_and_always_for_one_picture() {
    let decoders = Decoders::new(Settings { memory: 64 << 20, ..confined() });
    let first = decoders.room(20 << 20).await.unwrap();
    let second = decoders.room(12 << 20).await.unwrap();
    assert!(decoders.room(1).now_or_never().is_none(), "half of the memory is taken");
    drop(first);
    drop(decoders.room(20 << 20).now_or_never().unwrap().unwrap());
    assert!(decoders.room(u64::MAX).now_or_never().is_none());
    drop(second);
    let alone = decoders.room(u64::MAX).now_or_never().unwrap().unwrap();
    assert!(decoders.room(1).now_or_never().is_none());
    drop(alone);
}

#[tokio::test]
async fn a_picture_that_takes_too_much_memory_fails_alone() {
    let home = home(Settings { memory: 64 << 20, ..confined() });
    let png = flat_png(11_000);
    // What is reckoned beforehand is refused kindly.
    for work in [stamp_it(), Work::Thumbnail { size: 64 }] {
        let logo = Some(Stamp::new(fixture("stamps/logo.png")));
        let refused = home.decoders.work(work, png.clone(), logo).await;
        assert!(
            matches!(&refused, Err(Fault::Permanent(reason)) if reason.contains("64 MiB there are")),
            "{refused:?}"
        );
        home.stamp().await.unwrap();
    }
    // What is not, such as a stamp's, meets the kernel's limit.
    let (photo, stamp) = (fixture("pictures/variants/baseline-420.jpg"), Stamp::new(flat_png(8000)));
    let refused = home.decoders.work(stamp_it(), photo, Some(stamp)).await;
    assert!(matches!(&refused, Err(Fault::Permanent(reason)) if reason.contains("memory")), "{refused:?}");
    home.stamp().await.unwrap();
}

#[tokio::test]
async fn a_decoder_that_is_killed_while_it_waits_costs_nothing() {
    let home = home(confined());
    home.stamp().await.unwrap();
    let killed = home.process();
    kill_process(killed, Signal::KILL).unwrap();
    while fs::read_to_string(format!("/proc/{}/stat", killed.as_raw_nonzero()))
        .is_ok_and(|stat| !stat.contains(") Z "))
    {
        tokio::task::yield_now().await;
    }
    home.stamp().await.unwrap();
}

#[tokio::test]
async fn a_picture_whose_decoder_is_killed_may_come_again_and_one_that_breaks_it_may_not() {
    for (signal, passing) in [(Signal::KILL, true), (Signal::SEGV, false)] {
        let home = home(confined());
        // A signal that comes before the picture costs nothing: another one is begun.
        let mut fault = None;
        while fault.is_none() {
            home.stamp().await.unwrap();
            let process = home.process();
            kill_process(process, Signal::STOP).unwrap();
            let ends = async {
                tokio::task::yield_now().await;
                kill_process(process, signal).unwrap();
                // What is killed needs no waking, and may have been waited for by now.
                let woken = kill_process(process, Signal::CONT);
                assert!(matches!(woken, Ok(()) | Err(Errno::SRCH)), "{woken:?}");
            };
            fault = tokio::join!(home.stamp(), ends).0.err();
        }
        let fault = fault.unwrap();
        assert_eq!(matches!(fault, Fault::Passing(_)), passing, "{fault}");
        home.stamp().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_decoder_is_told() {
    for program in ["/bin/false", "/nowhere"] {
        let settings = Settings { program: program.into(), ..confined() };
        let decoders = Decoders::new(settings);
        let fault = decoders.work(Work::Probe, fixture("stamps/logo.png"), None).await.unwrap_err();
        assert!(matches!(&fault, Fault::Passing(reason) if reason.contains("no decoder begins")), "{fault}");
    }
}
