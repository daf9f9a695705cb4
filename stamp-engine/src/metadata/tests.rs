//! Metadata out of every container and into every other.

use std::fs;
use std::path::Path;

use super::*;
use crate::codec::{self, EncodeOptions};
use crate::{Limits, probe};

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn recoded(bytes: &[u8], target: Format, metadata: &Metadata) -> Vec<u8> {
    let limits = Limits::default();
    let pixels = codec::decode(&probe(bytes, &limits).unwrap(), bytes, &limits).unwrap();
    codec::encode(target, pixels, metadata, &EncodeOptions::default(), bytes).unwrap()
}

/// (Artist, date) as another reader of EXIF sees them.
fn artist_and_date(exif: &[u8]) -> (String, String) {
    let read = ::exif::Reader::new().read_raw(exif.to_vec()).unwrap();
    let field = |tag| {
        let field = read.get_field(tag, ::exif::In::PRIMARY);
        field.map(|field| field.display_value().to_string()).unwrap_or_default()
    };
    (field(::exif::Tag::Artist), field(::exif::Tag::DateTimeOriginal))
}

#[test]
fn every_container_gives_its_metadata() {
    for (name, format, iptc) in [
        ("xmp-iptc.jpg", Format::Jpeg, true),
        ("metadata.png", Format::Png, false),
        ("metadata.webp", Format::WebP, false),
        ("metadata.tif", Format::Tiff, false),
    ] {
        let metadata = Metadata::read(format, &fixture(name));
        let (artist, date) = artist_and_date(metadata.exif.as_ref().unwrap());
        assert!(
            artist.contains("Aitzol Berasategi") && date.starts_with("2024-05-17"),
            "{name}: {artist}, {date}"
        );
        let xmp = String::from_utf8(metadata.xmp.unwrap()).unwrap();
        assert!(xmp.contains("<x:xmpmeta") && xmp.contains("x:xmpmeta>"), "{name}");
        assert_eq!(metadata.iptc.is_some_and(|iptc| iptc[0] == 0x1c), iptc, "{name}");
        assert_eq!(metadata.icc.is_some_and(|icc| &icc[36..40] == b"acsp"), name != "xmp-iptc.jpg", "{name}");
    }
    let two = Metadata::read(Format::Jpeg, &fixture("icc-two-segments.jpg")).icc.unwrap();
    assert!(two.len() > 100_000 && two.len() == u32::from_be_bytes(two[..4].try_into().unwrap()) as usize);
}

#[test]
fn metadata_survive_every_change_of_format() {
    for name in ["xmp-iptc.jpg", "metadata.png", "metadata.webp", "metadata.tif", "icc-two-segments.jpg"] {
        let bytes = fixture(name);
        let format = Format::of(&bytes).unwrap();
        let before = Metadata::read(format, &bytes);
        for target in [Format::Jpeg, Format::Png, Format::WebP, Format::Tiff] {
            let after = Metadata::read(target, &recoded(&bytes, target, &before));
            assert_eq!(before.icc, after.icc, "{name} as {target}");
            assert_eq!(before.xmp, after.xmp, "{name} as {target}");
            if target != Format::WebP {
                assert_eq!(before.iptc, after.iptc, "{name} as {target}");
            }
            match (&before.exif, &after.exif) {
                // TIFF holds the directories themselves, not the block.
                (Some(before), Some(after)) if target == Format::Tiff => {
                    assert_eq!(artist_and_date(before), artist_and_date(after), "{name} as {target}");
                }
                (before, after) => assert_eq!(before, after, "{name} as {target}"),
            }
        }
    }
}

#[test]
fn a_format_keeps_what_only_it_can_hold() {
    let holds = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    for (name, whats) in [
        ("xmp-iptc.jpg", &[&b"Made by fixtures/make-variants"[..], b"Photoshop 3.0\x008BIM"][..]),
        ("metadata.png", &[b"tEXtAuthor", b"tEXtTitle", b"pHYs"]),
    ] {
        let bytes = fixture(name);
        let format = Format::of(&bytes).unwrap();
        let metadata = Metadata::read(format, &bytes);
        let kept = recoded(&bytes, format, &metadata);
        let stripped = recoded(&bytes, format, &metadata.stripped());
        for what in whats {
            assert!(holds(&kept, what), "{name}: {} is lost", what.escape_ascii());
            assert!(!holds(&stripped, what), "{name}: {} is left", what.escape_ascii());
        }
    }
    // JFIF density, which is the encoder's to write.
    let bytes = fixture("baseline-420.jpg");
    let mut dense = bytes.clone();
    dense[13..18].copy_from_slice(&[1, 1, 44, 1, 44]);
    let kept = recoded(&dense, Format::Jpeg, &Metadata::default());
    assert_eq!(kept[13..18], dense[13..18]);
}

#[test]
fn tiff_keeps_photoshop_resources_and_finds_iptc_in_them() {
    let records = b"\x1c\x02\x50\0\x05Lange".to_vec();
    let resources = [&b"8BIM\x03\xed\0\0\0\0\0\x04path"[..], &photoshop::block(&records)].concat();
    let bytes = fixture("baseline-420.jpg");
    let native = Native::new(Format::Tiff, resources.clone());
    let with_resources = recoded(&bytes, Format::Tiff, &Metadata { native, ..Metadata::default() });
    let metadata = Metadata::read(Format::Tiff, &with_resources);
    assert_eq!(metadata.iptc, Some(records.clone()));
    let kept = Metadata::read(Format::Tiff, &recoded(&with_resources, Format::Tiff, &metadata));
    assert_eq!((kept.native_of(Format::Tiff), &kept.iptc), (Some(&resources[..]), &Some(records)));
    let stripped = recoded(&with_resources, Format::Tiff, &metadata.stripped());
    assert_eq!(Metadata::read(Format::Tiff, &stripped), Metadata::default());
}

#[test]
fn stripping_leaves_what_decides_the_look() {
    let turned = Metadata::read(Format::Jpeg, &fixture("orientation-6.jpg"));
    let stripped = turned.stripped();
    assert_eq!(stripped.orientation(), Orientation::Rotate90);
    assert_eq!(stripped.exif.unwrap().len(), 26);
    assert_eq!(turned.upright().orientation(), Orientation::Normal);
    let differing = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a != b).count();
    assert_eq!(differing(&turned.exif.clone().unwrap(), &turned.upright().exif.unwrap()), 1);
    let p3 = Metadata::read(Format::Png, &fixture("metadata.png"));
    assert_eq!(p3.stripped(), Metadata { icc: p3.icc, ..Metadata::default() });
}

#[cfg(feature = "avif")]
#[test]
fn avif_holds_all_but_iptc() {
    let bytes = fixture("metadata.png");
    let before = Metadata::read(Format::Png, &bytes);
    let file = recoded(&bytes, Format::Avif, &before);
    let after = Metadata::read(Format::Avif, &file);
    assert_eq!((&before.exif, &before.xmp, &before.icc), (&after.exif, &after.xmp, &after.icc));
    assert_eq!(Metadata::read(Format::Avif, &recoded(&file, Format::Avif, &after)), after);
    assert_eq!(after.stripped().native, after.native, "the colour description stays");
}

/// ITU-T T.81, B.1.1.4: a segment holds 65,533 bytes.
#[test]
fn what_a_jpeg_cannot_hold_is_an_error() {
    let metadata = Metadata { xmp: Some(vec![b' '; 70_000]), ..Metadata::default() };
    let error = jpeg::embed(&metadata, b"\xff\xd8\xff\xd9").unwrap_err().to_string();
    assert!(error.contains("strip"), "{error}");
}

#[test]
fn gif_comments_and_xmp_are_kept() {
    let bytes = fixture("animated.gif");
    let packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>".to_vec();
    let mut comment = vec![0x21, 0xfe, 5];
    comment.extend(b"hello\0");
    let metadata =
        Metadata { xmp: Some(packet), native: Native::new(Format::Gif, comment), ..Metadata::default() };
    let (file, frames) = codec::stamp_gif(&bytes, &Limits::default(), &metadata, &mut |_| Ok(())).unwrap();
    assert_eq!(frames, 7);
    assert_eq!(Metadata::read(Format::Gif, &file), metadata);
}
