//! The splice on real pictures.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::marker::Header;
use super::recode::recode;
use super::redo::Redo;
use super::splice::Splice;
use super::walk::{Walk, crafted};
use super::{Fault, check, has_several_scans, scans};

/// Every JPEG of the fixtures that is spliced bit by bit, with its name.
pub(super) fn pictures() -> Vec<(String, Vec<u8>)> {
    let single = |(_, raw): &(String, Vec<u8>)| !has_several_scans(&Header::parse(raw).unwrap());
    let pictures: Vec<_> = all_pictures().into_iter().filter(single).collect();
    assert!(pictures.len() > 20, "only {} pictures", pictures.len());
    pictures
}

/// Every JPEG of the fixtures that this path takes.
pub(super) fn all_pictures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures");
    let mut paths: Vec<PathBuf> = [folder.clone(), folder.join("variants")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "jpg"))
        .collect();
    paths.sort();
    let read =
        |path: PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap());
    let taken =
        |(_, bytes): &(String, Vec<u8>)| Header::parse(bytes).is_ok_and(|header| check(&header).is_ok());
    paths.into_iter().map(read).filter(taken).collect()
}

#[test]
fn scans_written_again_are_read_as_the_same_picture() {
    let decode = |raw: &[u8]| turbojpeg::decompress(raw, turbojpeg::PixelFormat::RGB).unwrap().pixels;
    let several = |(_, raw): &(String, Vec<u8>)| has_several_scans(&Header::parse(raw).unwrap());
    let pictures: Vec<_> = all_pictures().into_iter().filter(several).collect();
    assert!(pictures.len() >= 4);
    for (name, raw) in pictures {
        let (out, report) = scans::restamp(&raw, &Header::parse(&raw).unwrap(), &[]).unwrap();
        assert_eq!(report.blocks, 0);
        assert!(out.len() <= raw.len() + raw.len() / 50 + 64, "{name}: {} became {}", raw.len(), out.len());
        assert!(decode(&out) == decode(&raw), "{name}");
    }
}

#[test]
fn damaged_scans_are_faults_and_no_panics() {
    let small =
        |(_, raw): &(String, Vec<u8>)| raw.len() < 100_000 && has_several_scans(&Header::parse(raw).unwrap());
    for (_, raw) in all_pictures().into_iter().filter(small) {
        let mut state = 3u32;
        for _ in 0..60 {
            let mut damaged = raw.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % damaged.len();
                damaged[at] ^= (state >> 24) as u8 | 1;
            }
            let Ok(header) = Header::parse(&damaged) else { continue };
            if check(&header).is_ok() && header.frame.width * header.frame.height < 1 << 20 {
                // Whatever comes of it, no panic.
                let _ = scans::restamp(&damaged, &header, &[]);
            }
        }
    }
}

/// Differences without end are passed over outside the stamp, and a fault under it.
#[test]
fn dc_values_beyond_all_bounds_are_a_fault_and_no_panic() {
    let raw = crafted::ever_brighter(1000, 900);
    let end = 1000 * 900;
    for run in [9..10, end / 2..end / 2 + 1, end - 1..end] {
        let fault = unchanged(&raw, std::slice::from_ref(&run)).unwrap_err();
        assert!(format!("{fault:?}").contains("DC value is out of range"), "{run:?}: {fault:?}");
    }
    assert!(unchanged(&raw, std::slice::from_ref(&(0..2))).unwrap() == raw);
}

/// Codes the MCUs `runs` again, unchanged.
fn unchanged(raw: &[u8], runs: &[Range<usize>]) -> Result<Vec<u8>, Fault> {
    let header = Header::parse(raw)?;
    let walk = Walk::new(&header)?;
    let out = raw[..header.data].to_vec();
    let coded = Splice::new(raw, &header, &walk, &[], out, false)?.run(runs, header.data)?;
    assert_eq!(coded.report.blocks, 0);
    let out = [&coded.out[..], &raw[coded.rest..]].concat();
    Ok(out)
}

#[test]
fn blocks_coded_again_unchanged_give_the_same_file() {
    for (name, raw) in pictures() {
        let header = Header::parse(&raw).unwrap();
        let (across, down) = header.frame.mcus();
        let total = across * down;
        let cases: Vec<Vec<Range<usize>>> = vec![
            vec![0..1],
            vec![0..total],
            vec![total - 1..total],
            vec![total / 2..(total / 2 + 1).max(total * 3 / 4)],
            (0..down)
                .step_by(2)
                .map(|row| row * across + across / 3..row * across + across / 3 + 1)
                .collect(),
            // Most windows end within a run, and most runs are leapt to.
            (0..down)
                .map(|row| row * across + (across / 4).max(4)..(row + 1) * across)
                .filter(|run| !run.is_empty())
                .collect(),
        ];
        for runs in cases {
            let out = unchanged(&raw, &runs).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            assert!(out == raw, "{name} changes when {runs:?} are coded again");
        }
    }
}

#[test]
fn recoded_scans_hold_the_same_coefficients() {
    for (name, raw) in pictures() {
        let header = Header::parse(&raw).unwrap();
        let walk = Walk::new(&header).unwrap();
        let redo = Redo::new(&header, &[]).unwrap();
        let out = raw[..header.data].to_vec();
        let coded = recode(&raw, &header, &walk, &redo, &[], out).unwrap();
        let out = [&coded.out[..], &raw[coded.rest..]].concat();
        let out = super::with_tables(out, &raw, &header, &coded.encoders, &coded.report);
        let new = Header::parse(&out).unwrap();
        assert!(out.len() <= raw.len() + 600, "{name}: {} became {} bytes", raw.len(), out.len());
        assert!(coefficients(&out, &new) == coefficients(&raw, &header), "{name}");
    }
}

/// All coefficients of a scan without restart markers, in order; none where there are some.
fn coefficients(raw: &[u8], header: &Header) -> Vec<super::block::Coefficients> {
    let walk = Walk::new(header).unwrap();
    let (across, down) = header.frame.mcus();
    let mut source = super::source::Source::new(raw, header.data, Vec::new());
    let (mut bit, mut dc, mut all) = (0, [0; 4], Vec::new());
    let total = if header.tables.restart_interval == 0 { across * down } else { 0 };
    for _ in 0..total {
        source.ensure_mcu(bit);
        for slot in &walk.slots {
            let mut at = bit - source.base();
            let decoders = walk.decoders(slot).unwrap();
            let block = super::block::decode(source.clean(), &mut at, &mut dc[slot.component], decoders);
            all.push(block.unwrap());
            bit = at + source.base();
        }
    }
    all
}

#[test]
fn walking_whole_symbols_and_decoding_end_at_the_same_place() {
    for (name, raw) in pictures() {
        let header = Header::parse(&raw).unwrap();
        if header.tables.restart_interval != 0 {
            continue;
        }
        let walk = Walk::new(&header).unwrap();
        let mut source = super::source::Source::new(&raw, header.data, Vec::new());
        let (across, down) = header.frame.mcus();
        let mut place = super::walk::Place { bit: 0, mcu: 0, dc: [0; 4] };
        let (mut bit, mut dc, mut mcu) = (0, [0; 4], 0);
        while mcu < across * down {
            source.ensure_mcu(bit);
            let goal = (mcu + 7).min(across * down);
            walk.advance(source.clean(), source.base(), &mut place, goal, source.safe_end()).unwrap();
            while mcu < place.mcu {
                for slot in &walk.slots {
                    let mut at = bit - source.base();
                    let decoders = walk.decoders(slot).unwrap();
                    super::block::decode(source.clean(), &mut at, &mut dc[slot.component], decoders).unwrap();
                    bit = at + source.base();
                }
                mcu += 1;
            }
            assert_eq!((place.bit, place.mcu, place.dc), (bit, mcu, dc), "{name}");
        }
        assert!(source.is_last() && source.end() - bit < 8, "{name}: {} bits are left", source.end() - bit);
    }
}

#[test]
fn cut_and_damaged_pictures_are_faults_and_no_panics() {
    for (name, raw) in pictures().into_iter().filter(|(_, raw)| raw.len() < 100_000) {
        for length in (0..raw.len()).step_by(raw.len() / 50 + 1) {
            let Ok(header) = Header::parse(&raw[..length]) else { continue };
            let (across, down) = header.frame.mcus();
            let end = across * down;
            assert!(
                unchanged(&raw[..length], std::slice::from_ref(&(end - 1..end))).is_err(),
                "{name} cut at {length}"
            );
        }
        let mut state = 7u32;
        for _ in 0..40 {
            let mut damaged = raw.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % damaged.len();
                damaged[at] ^= (state >> 24) as u8 | 1;
            }
            let Ok(header) = Header::parse(&damaged) else { continue };
            if check(&header).is_ok() && header.frame.width * header.frame.height < 1 << 22 {
                let (across, down) = header.frame.mcus();
                // Whatever comes of it, no panic.
                let _ = unchanged(&damaged, &[0..1, across * down - 1..across * down]);
            }
        }
    }
}
