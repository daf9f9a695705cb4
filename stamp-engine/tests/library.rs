//! The library as its users call it: bytes to bytes, file to file, and batches.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stamp_engine::{
    Batch, Cache, Cancel, Error, FileJob, Layer, Options, Outcome, Picture, Placement, Source, Stamp,
    Stamper, Way, WriteOptions,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)
}

fn stamper(options: Options) -> Stamper {
    let logo = Stamp::from_bytes(&fs::read(fixture("stamps/logo.png")).unwrap()).unwrap();
    let layer = Layer { source: Source::Stamp(Arc::new(logo)), placement: Placement::default() };
    Stamper::new(vec![layer], options, Arc::new(Cache::in_memory())).unwrap()
}

/// `count` copies of one photograph, as jobs in `folder`.
fn jobs(folder: &Path, count: usize) -> Vec<FileJob> {
    let photograph = fixture("pictures/variants/baseline-420.jpg");
    let job = |number: usize| {
        let input = folder.join(format!("{number}.jpg"));
        fs::copy(&photograph, &input).unwrap();
        FileJob { input, output: folder.join("out").join(format!("{number}.jpg")), index: number as u64 }
    };
    (0..count).map(job).collect()
}

#[test]
fn bytes_become_bytes_and_files_become_files() {
    let stamper = stamper(Options::default());
    let input = fixture("pictures/variants/baseline-420.jpg");
    let bytes = fs::read(&input).unwrap();
    let stamped = stamper.stamp(Picture::from(&bytes[..])).unwrap();
    assert_eq!((stamped.report.width, stamped.report.height), (600, 400));
    assert_eq!((stamped.report.outcome, stamped.report.way), (Outcome::Stamped, Way::Splice));
    let home = tempfile::tempdir().unwrap();
    let output = home.path().join("deep/below/out.jpg");
    let report = stamper.stamp_file(&input, &output, &WriteOptions::default()).unwrap();
    assert_eq!(report, stamped.report);
    assert_eq!(fs::read(&output).unwrap(), stamped.bytes);
    let again = stamper.stamp_file(&input, &output, &WriteOptions::default()).unwrap_err();
    assert!(again.to_string().contains("--overwrite"), "{again}");
}

/// What is encoded anew in the same planes at the same quality is hardly changed: the splice, which
/// changes nothing away from the stamp, gives the same picture but for its rounding.
#[test]
fn the_pixel_path_gives_what_the_splice_path_gives() {
    let names = ["baseline-420.jpg", "baseline-422.jpg", "baseline-440.jpg", "baseline-444.jpg"];
    for name in names.into_iter().chain(["baseline-411.jpg", "odd-size-37x53.jpg", "orientation-3.jpg"]) {
        let bytes = fs::read(fixture("pictures/variants").join(name)).unwrap();
        let by = |path| {
            let stamped = stamper(Options { path, ..Options::default() }).stamp(Picture::from(&bytes[..]));
            let stamped = stamped.unwrap_or_else(|error| panic!("{name}: {error}"));
            image::load_from_memory(&stamped.bytes).unwrap().into_rgb8()
        };
        let (spliced, whole) = (by(stamp_engine::Path::Splice), by(stamp_engine::Path::Pixel));
        assert_eq!(spliced.dimensions(), whole.dimensions(), "{name}");
        let apart = spliced.iter().zip(whole.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        let mean = apart as f64 / spliced.len() as f64;
        assert!(mean < 0.6, "{name}: {mean} apart on average");
    }
}

#[test]
fn a_batch_gives_the_same_whatever_the_number_of_jobs() {
    let stamper = stamper(Options::default());
    let bytes: Vec<Vec<u8>> = ["baseline-420.jpg", "png16-rgba.png", "gray.jpg", "lossless-alpha.webp"]
        .map(|name| fs::read(fixture("pictures/variants").join(name)).unwrap())
        .into();
    let pictures: Vec<Picture<'_>> =
        bytes.iter().cycle().take(16).map(|bytes| Picture::from(&bytes[..])).collect();
    let stamp = |jobs: usize| -> Vec<Vec<u8>> {
        let results = Batch::new(&stamper).jobs(jobs).pictures(&pictures, |_| {});
        results.into_iter().map(|result| result.unwrap().bytes).collect()
    };
    let one = stamp(1);
    assert_eq!(one, stamp(2));
    assert_eq!(one, stamp(7));
}

#[test]
fn a_cancelled_batch_finishes_what_it_has_in_hand() {
    let home = tempfile::tempdir().unwrap();
    let jobs = jobs(home.path(), 30);
    let stamper = stamper(Options::default());
    let (cancel, done) = (Cancel::new(), AtomicUsize::new(0));
    let results = Batch::new(&stamper).jobs(2).cancel(&cancel).files(&jobs, &WriteOptions::default(), |_| {
        if done.fetch_add(1, Ordering::SeqCst) == 4 {
            cancel.cancel();
        }
    });
    let finished = results.iter().filter(|result| result.is_ok()).count();
    assert!((5..=6).contains(&finished), "{finished} were finished");
    assert_eq!(
        results.iter().filter(|result| matches!(result, Err(Error::Cancelled))).count(),
        30 - finished
    );
    assert_eq!(fs::read_dir(home.path().join("out")).unwrap().count(), finished);
}

#[test]
fn a_failure_is_one_pictures_own_unless_asked_otherwise() {
    let home = tempfile::tempdir().unwrap();
    let jobs = jobs(home.path(), 20);
    fs::write(&jobs[3].input, b"not a picture").unwrap();
    let stamper = stamper(Options::default());
    let write = WriteOptions { overwrite: true, ..WriteOptions::default() };
    let results = Batch::new(&stamper).jobs(2).files(&jobs, &write, |_| {});
    assert!(results.iter().enumerate().all(|(position, result)| result.is_ok() == (position != 3)));
    let results = Batch::new(&stamper).jobs(1).fail_fast(true).files(&jobs, &write, |_| {});
    assert!(results[..3].iter().all(Result::is_ok));
    assert!(matches!(results[3], Err(Error::UnknownFormat(_))));
    assert!(results[4..].iter().all(|result| matches!(result, Err(Error::Cancelled))));
}

#[test]
fn a_picture_that_cannot_fit_into_the_memory_is_refused_and_others_take_turns() {
    let stamper = stamper(Options::default());
    let small = fs::read(fixture("pictures/variants/baseline-420.jpg")).unwrap();
    let large = fs::read(fixture("pictures/picosdeeuropa.jpg")).unwrap();
    let mut pictures = vec![Picture::from(&small[..]); 12];
    pictures.push(Picture::from(&large[..]));
    let needed = stamper.memory_needed(&small).unwrap();
    assert!(needed < stamper.memory_needed(&large).unwrap());
    // Room for one small picture at a time, with four threads that want one.
    let results = Batch::new(&stamper).jobs(4).memory(needed).pictures(&pictures, |_| {});
    assert!(results[..12].iter().all(Result::is_ok));
    let refusal = results[12].as_ref().unwrap_err().to_string();
    assert!(refusal.contains("--memory"), "{refusal}");
}

#[test]
fn a_stamper_needs_something_to_put_on() {
    let error = Stamper::new(Vec::new(), Options::default(), Arc::new(Cache::in_memory())).unwrap_err();
    assert!(matches!(error, Error::Setting(_)));
}

#[test]
fn streams_give_what_bytes_give() {
    let stamper = stamper(Options::default());
    for name in
        ["baseline-420.jpg", "restart-each-row.jpg", "progressive-420.jpg", "png16-rgba.png", "animated.gif"]
    {
        let path = fixture("pictures/variants").join(name);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let whole = stamper.stamp(Picture::from(&bytes[..])).unwrap();
        let mut streamed = Vec::new();
        let report = stamper.stamp_stream(&bytes[..], &mut streamed).unwrap();
        assert!(streamed == whole.bytes, "{name}");
        assert_eq!(report, whole.report);
        assert_eq!(report.bytes_out, streamed.len() as u64);
    }
    let limits = stamp_engine::Limits { input_bytes: 1000, ..Default::default() };
    let strict = self::stamper(Options { limits, ..Options::default() });
    let error = strict.stamp_stream(std::io::repeat(0xff), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("limit"), "{error}");
}

/// A picture cut short: refused, or with `lenient` stamped as far as it goes.
#[test]
fn what_is_there_of_a_truncated_jpeg_can_be_stamped() {
    let logo = Arc::new(Stamp::from_bytes(&fs::read(fixture("stamps/logo.png")).unwrap()).unwrap());
    let at = |gravity| {
        let placement = Placement { at: stamp_engine::At::Gravity(gravity), ..Placement::default() };
        let layer = Layer { source: Source::Stamp(Arc::clone(&logo)), placement };
        move |lenient| {
            let options = Options { lenient, ..Options::default() };
            Stamper::new(vec![layer.clone()], options, Arc::new(Cache::in_memory())).unwrap()
        }
    };
    for name in ["baseline-420.jpg", "restart-each-row.jpg", "progressive-420.jpg"] {
        let whole = fs::read(fixture("pictures/variants").join(name)).unwrap();
        let cut = &whole[..whole.len() * 3 / 4];
        for (gravity, way) in
            [(stamp_engine::Gravity::TopLeft, Way::Splice), (stamp_engine::Gravity::BottomRight, Way::Pixel)]
        {
            let stamper = at(gravity);
            let error = stamper(false).stamp(Picture::from(cut)).unwrap_err().to_string();
            assert!(error.starts_with("damaged JPEG"), "{name}: {error}");
            let stamped = stamper(true).stamp(Picture::from(cut)).unwrap();
            let way = if name == "progressive-420.jpg" { Way::Pixel } else { way };
            assert_eq!(stamped.report.way, way, "{name} {gravity:?}");
            let plain = turbojpeg_decode(cut);
            let changed = turbojpeg_decode(&stamped.bytes);
            assert_eq!(plain.len(), changed.len());
            let differing = plain.iter().zip(&changed).filter(|(a, b)| a.abs_diff(**b) > 40).count();
            assert!(differing > 1000, "{name} {gravity:?}: nothing was stamped");
        }
    }
    let error =
        at(stamp_engine::Gravity::TopLeft)(true).stamp(Picture::from(&b"\xff\xd8\xff"[..])).unwrap_err();
    assert!(error.to_string().contains("JPEG"), "{error}");
}

/// The pixels as far as libjpeg-turbo reads them, through its warnings.
fn turbojpeg_decode(bytes: &[u8]) -> Vec<u8> {
    let mut decompressor = turbojpeg::Decompressor::new().unwrap();
    let header = decompressor.read_header(bytes).unwrap();
    let pitch = header.width * 3;
    let mut pixels = vec![0; pitch * header.height];
    let format = turbojpeg::PixelFormat::RGB;
    let (width, height) = (header.width, header.height);
    let _ = decompressor
        .decompress(bytes, turbojpeg::Image { pixels: &mut pixels[..], width, pitch, height, format });
    pixels
}
