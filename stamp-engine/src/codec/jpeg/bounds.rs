//! JPEGs that promise more than they can hold, known before anything is decoded or prepared for them.

#![forbid(unsafe_code)]

use memchr::memchr_iter;

use super::{Frame, MOST_SCANS, is_progressive};
use crate::{Error, Format, Result};

/// Refuses a JPEG of fewer bits than its blocks can have, unless what is there of it is wanted anyway
/// (`lenient`), and one of more scans than anybody looks at.
///
/// # Errors
/// [`Error::Decode`].
pub(in crate::codec) fn check(bytes: &[u8], lenient: bool) -> Result<()> {
    let damaged = |reason: String| Err(Error::decode(Format::Jpeg, reason));
    let Some(frame) = Frame::of(bytes) else { return Ok(()) };
    if !lenient && (bytes.len() as u64) < frame.least_bytes() {
        return damaged("its data ends too early".to_owned());
    }
    // In others, each scan adds components: there is no room for many.
    if is_progressive(bytes) && scans(bytes) > MOST_SCANS as usize {
        return damaged(format!("it has more than {MOST_SCANS} scans"));
    }
    Ok(())
}

impl Frame<'_> {
    /// In a sequential scan a block has a code for DC and one for the end of its AC coefficients, in the
    /// first progressive scan one for DC (ITU-T T.81, F.1.2 and G.1.2.1); each code has at least a bit.
    /// Arithmetic coding has no such bound.
    fn least_bytes(&self) -> u64 {
        let bits = match self.marker {
            0xc0 | 0xc1 => 2,
            0xc2 => 1,
            _ => return 0,
        };
        let factors = |component: &[u8; 3]| (u64::from(component[1] >> 4), u64::from(component[1] & 15));
        let most = self
            .components
            .iter()
            .map(factors)
            .fold((1, 1), |most, own| (most.0.max(own.0), most.1.max(own.1)));
        let blocks =
            |samples: u16, own: u64, most: u64| (u64::from(samples) * own).div_ceil(most).div_ceil(8);
        let blocks = self
            .components
            .iter()
            .map(factors)
            .map(|own| blocks(self.width, own.0, most.0) * blocks(self.height, own.1, most.1));
        blocks.sum::<u64>() * bits / 8
    }
}

/// Start-of-scan markers. In entropy-coded data every 0xff is followed by a zero, so that none is seen there.
fn scans(bytes: &[u8]) -> usize {
    memchr_iter(0xff, bytes).filter(|at| bytes.get(at + 1) == Some(&0xda)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
        std::fs::read(folder.join(name)).unwrap()
    }

    #[test]
    fn sound_pictures_are_within_them() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "jpg") {
                check(&std::fs::read(&path).unwrap(), false)
                    .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            }
        }
    }

    /// A gray picture has the fewest bits that there can be.
    #[test]
    fn plain_pictures_are_within_them() {
        for (side, sampling) in [(1, turbojpeg::Subsamp::Sub2x2), (999, turbojpeg::Subsamp::Sub4x1)] {
            let image = turbojpeg::Image {
                pixels: &vec![128; side * side * 3][..],
                width: side,
                pitch: side * 3,
                height: side,
                format: turbojpeg::PixelFormat::RGB,
            };
            let mut compressor = turbojpeg::Compressor::new().unwrap();
            compressor.set_subsamp(sampling).unwrap();
            compressor.set_optimize(true).unwrap();
            check(&compressor.compress_to_vec(image).unwrap(), false).unwrap();
        }
    }

    #[test]
    fn what_cannot_be_whole_is_refused_unless_it_may_be_damaged() {
        for name in ["baseline-420.jpg", "progressive-420.jpg", "gray.jpg"] {
            let mut bytes = fixture(name);
            let at =
                bytes.windows(2).position(|pair| pair[0] == 0xff && matches!(pair[1], 0xc0..=0xc2)).unwrap();
            bytes[at + 5..at + 9].copy_from_slice(&[0x3e, 0x80, 0x3e, 0x80]);
            assert!(check(&bytes, false).is_err(), "{name}");
            assert!(check(&bytes, true).is_ok(), "{name}");
        }
    }
}
