//! The splice path: a JPEG is stamped without being decoded. Only the blocks under the stamp are
//! decoded, changed and coded again; all other entropy-coded bits are copied as they are.

mod ahead;
mod align;
mod bits;
mod block;
mod dct;
mod eight;
mod encoders;
mod fault;
mod frame;
mod huffman;
mod marker;
mod mpf;
mod overlay;
mod overlays;
#[cfg(feature = "parts")]
pub mod parts;
mod plan;
mod planar;
mod recode;
mod redo;
mod scans;
mod source;
mod splice;
mod strip;
mod stuffing;
#[cfg(test)]
mod tests;
mod walk;
mod walks;

use std::sync::Arc;

use self::encoders::Encoders;
use self::marker::{Header, Process};
use self::overlay::Overlay;
use self::plan::Placed;
use self::recode::recode;
use self::redo::Redo;
use self::splice::{Coded, Splice};
use self::walks::Walks;
use crate::Prepared;
use crate::spare::Spare;

pub(crate) use self::fault::Fault;
use self::overlays::Overlays;
pub(crate) use self::planar::{OnPlanes, Plane};
pub use self::splice::SpliceReport;
pub(crate) use self::strip::stripped;

/// What was made for earlier pictures and serves later ones.
#[derive(Debug)]
pub(crate) struct Reuse {
    overlays: Overlays,
    walks: Walks,
}

impl Reuse {
    pub(crate) fn new() -> Self {
        Self { overlays: Overlays::new(), walks: Walks::new() }
    }
}

/// A stamp and the places where it goes, in the stored grid.
pub(crate) struct Part<'a> {
    /// Prepared at 16 bits.
    pub(crate) stamp: &'a Arc<Prepared>,
    pub(crate) corners: &'a [(i64, i64)],
}

/// A stamped JPEG: new bytes, and what of the old ones follows.
pub(crate) struct Spliced {
    pub(crate) bytes: Vec<u8>,
    /// The old picture goes on here, to its end.
    pub(crate) rest: usize,
    pub(crate) report: SpliceReport,
}

/// Stamps the JPEG `raw`, source-over in its encoded values. With `lenient` its data may end early, as
/// long as the blocks under the stamp are there.
///
/// # Errors
/// [`Fault`]; there is then no output.
pub(crate) fn splice(raw: &[u8], parts: &[Part<'_>], reuse: &Reuse, lenient: bool) -> Result<Spliced, Fault> {
    let header = Header::parse(raw)?;
    check(&header)?;
    let placed = place(&header, parts, &reuse.overlays)?;
    let runs = plan::runs(&header.frame, &placed);
    if runs.is_empty() {
        return Ok(Spliced { bytes: Vec::new(), rest: 0, report: SpliceReport::default() });
    }
    if has_several_scans(&header) {
        let (mut bytes, report) = scans::restamp(raw, &header, &placed)?;
        mpf::set_right(raw, &header, &mut bytes, raw.len())?;
        return Ok(Spliced { bytes, rest: raw.len(), report });
    }
    let walk = reuse.walks.get(raw, &header)?;
    let mut out = Spare::Output.take(raw.len() + raw.len() / 8 + (64 << 10));
    out.extend_from_slice(&raw[..header.data]);
    let done = Splice::new(raw, &header, &walk, &placed, out, lenient)?.run(&runs, header.data);
    let coded = match done {
        Err(Fault::NoCode) => {
            let redo = Redo::new(&header, &placed)?;
            recode(raw, &header, &walk, &redo, &runs, raw[..header.data].to_vec())?
        }
        done => done?,
    };
    let Coded { out, rest, encoders, report } = coded;
    let mut bytes = with_tables(out, raw, &header, &encoders, &report);
    mpf::set_right(raw, &header, &mut bytes, rest)?;
    Ok(Spliced { bytes, rest, report })
}

/// Whether the JPEG `raw` is of a kind that is spliced bit by bit, as far as its headers tell.
pub(crate) fn is_spliced(raw: &[u8]) -> bool {
    Header::parse(raw).is_ok_and(|header| check(&header).is_ok() && !has_several_scans(&header))
}

/// Whether all coefficients must be held at once: each block is coded in parts, or each component apart.
fn has_several_scans(header: &Header) -> bool {
    header.process == Process::Progressive || header.scan.components.len() != header.frame.components.len()
}

/// Refuses what this path does not handle.
fn check(header: &Header) -> Result<(), Fault> {
    let components = header.frame.components.len();
    match components {
        1 | 3 | 4 => Ok(()),
        _ => Err(Fault::NotHere("it has two components")),
    }
}

/// The stamps' planes in the picture's sampling, one for each phase that occurs.
fn place(header: &Header, parts: &[Part<'_>], overlays: &Overlays) -> Result<Vec<Placed>, Fault> {
    let frame = &header.frame;
    let mut placed = Vec::new();
    for part in parts {
        let mut last: Option<((u32, u32), Arc<Overlay>)> = None;
        for &corner in part.corners {
            let phase = (
                corner.0.rem_euclid(frame.h_max as i64) as u32,
                corner.1.rem_euclid(frame.v_max as i64) as u32,
            );
            let overlay = match last.take() {
                Some((of, overlay)) if of == phase => overlay,
                _ => overlays.get(part.stamp, header, phase)?,
            };
            let size = (part.stamp.width(), part.stamp.height());
            placed.push(Placed::new(Arc::clone(&overlay), corner, size, frame));
            last = Some((phase, overlay));
        }
    }
    Ok(placed)
}

/// `out` with the Huffman tables that it was coded with: as they were unless codes were added.
fn with_tables(
    out: Vec<u8>,
    raw: &[u8],
    header: &Header,
    encoders: &Encoders,
    report: &SpliceReport,
) -> Vec<u8> {
    if report.codes_added == 0 {
        return out;
    }
    let mut tables = Vec::new();
    for (class, encoders) in [(0u8, &encoders.dc), (1, &encoders.ac)] {
        for (destination, encoder) in (0u8..).zip(encoders) {
            if let Some(encoder) = encoder {
                tables.push(class << 4 | destination);
                tables.extend(encoder.table().to_bytes());
            }
        }
    }
    let mut new = raw[..2].to_vec();
    for segment in &header.segments {
        match segment.code {
            marker::DHT => continue,
            marker::SOS => {
                new.extend([0xff, marker::DHT]);
                // At most eight tables of 273 bytes.
                new.extend((tables.len() as u16 + 2).to_be_bytes());
                new.extend_from_slice(&tables);
            }
            _ => {}
        }
        new.extend_from_slice(&raw[segment.place.clone()]);
    }
    new.extend_from_slice(&out[header.data..]);
    new
}
