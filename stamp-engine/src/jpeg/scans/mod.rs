//! Pictures of several scans (progressive, or a scan a component): all coefficients are decoded, those
//! under the stamp changed, and the same scans written again. Slower than splicing bits, but no
//! coefficient outside of the stamp changes and the scan script stays.
//!
//! All scans are read and written side by side, a row of MCUs at a time: a picture's coefficients are
//! many times as large as a cache, and ten scans would go through all of them twenty times.

#![forbid(unsafe_code)]

mod band;
mod read;
mod script;
mod write;

use std::ops::Range;

use self::band::{Band, Order};
use self::read::Reader;
use self::script::Script;
use self::write::{Coded, Counter, Extender, ScanWriter, Sink};
use super::Fault;
use super::marker::{self, DHT, DNL, DQT, DRI, EOI, Header, RST0, RST7, SOS, Scan, Segment, Tables};
use super::plan::Placed;
use super::redo::Redo;
use super::splice::SpliceReport;
use super::stuffing::find_marker;

/// One scan as it stands in the file.
struct ScanPart {
    scan: Scan,
    tables: Tables,
    /// The segments before its data, SOS the last.
    segments: Vec<Segment>,
    data: Range<usize>,
}

/// More scans than any writer makes; each costs a pass over the picture.
const MOST_SCANS: usize = 200;

/// Stamps a picture of several scans.
pub(super) fn restamp(
    raw: &[u8],
    header: &Header,
    placed: &[Placed],
) -> Result<(Vec<u8>, SpliceReport), Fault> {
    let (parts, end) = parts(raw, header)?;
    let redo = Redo::new(header, placed)?;
    let mut sinks: Vec<_> = parts.iter().map(Extender::of_scan).collect();
    let blocks = pass(raw, header, &parts, &redo, &mut sinks)?;
    let coded = match sinks.into_iter().map(Extender::finish).collect::<Option<Vec<Coded>>>() {
        Some(coded) => coded,
        // Some table has no room for a code that is new.
        None => {
            let mut counters: Vec<_> = parts.iter().map(|_| Counter::default()).collect();
            pass(raw, header, &parts, &redo, &mut counters)?;
            let mut sinks: Vec<_> = counters.iter().map(Extender::of_counts).collect();
            pass(raw, header, &parts, &redo, &mut sinks)?;
            let coded = sinks.into_iter().map(Extender::finish).collect::<Option<_>>();
            coded.ok_or_else(|| Fault::damaged("its symbols cannot be counted"))?
        }
    };
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 8);
    out.extend_from_slice(&raw[..2]);
    for (part, coded) in parts.iter().zip(&coded) {
        for segment in part.segments.iter().filter(|segment| segment.code != DHT && segment.code != SOS) {
            out.extend_from_slice(&raw[segment.place.clone()]);
        }
        coded.write_tables(&mut out);
        let sos = part.segments.last().ok_or_else(|| Fault::damaged("a scan has no header"))?;
        out.extend_from_slice(&raw[sos.place.clone()]);
        out.extend_from_slice(&coded.data);
    }
    out.extend_from_slice(&raw[end..]);
    let report = SpliceReport { blocks, bits_in: 8 * (end - header.data) as u64, ..SpliceReport::default() };
    Ok((out, report))
}

/// Reads all scans, changes the blocks under the stamps, and hands the scans to `sinks`. Gives the number
/// of blocks changed.
fn pass<S: Sink>(
    raw: &[u8],
    header: &Header,
    parts: &[ScanPart],
    redo: &Redo<'_>,
    sinks: &mut [S],
) -> Result<u64, Fault> {
    let mut band = Band::new(&header.frame);
    let order = |part: &ScanPart| Order::new(&header.frame, &part.scan);
    let mut readers = Vec::with_capacity(parts.len());
    let mut writers = Vec::with_capacity(parts.len());
    for part in parts {
        readers.push(Reader::new(raw, header, part, order(part))?);
        writers.push(ScanWriter::new(header, part, order(part)));
    }
    let mut changed = 0;
    for row in 0..header.frame.mcus().1 {
        band.begin(row);
        for reader in &mut readers {
            reader.read(&mut band)?;
        }
        changed += band.change(redo);
        for (writer, sink) in writers.iter_mut().zip(&mut *sinks) {
            writer.write(&band, sink);
        }
    }
    for (writer, sink) in writers.iter_mut().zip(sinks) {
        writer.finish(sink);
    }
    Ok(changed)
}

/// The scans in order, and where the last one's data ends.
fn parts(raw: &[u8], header: &Header) -> Result<(Vec<ScanPart>, usize), Fault> {
    let mut parts = Vec::new();
    let (mut segments, mut tables) = (header.segments.clone(), header.tables.clone());
    let (mut scan, mut start) = (header.scan.clone(), header.data);
    let mut script = Script::new(header);
    loop {
        script.follow(&scan)?;
        let end = end_of_data(raw, start)?;
        parts.push(ScanPart { scan, tables: tables.clone(), segments, data: start..end });
        if parts.len() > MOST_SCANS {
            return Err(Fault::NotHere("it has more scans than we read"));
        }
        let mut at = end;
        segments = Vec::new();
        scan = loop {
            let segment = marker::next_segment(raw, at)?;
            let body = marker::body(raw, &segment);
            at = segment.place.end;
            match segment.code {
                EOI => return Ok((parts, end)),
                DHT => tables.read_huffman(body)?,
                DRI => tables.read_restart_interval(body)?,
                DQT | DNL => {
                    return Err(Fault::NotHere("its quantisation tables or height stand between scans"));
                }
                _ => {}
            }
            let code = segment.code;
            segments.push(segment);
            if code == SOS {
                break Scan::parse(body, &header.frame)?;
            }
        };
        start = at;
    }
}

/// Where entropy-coded data that begins at `at` ends: at the first marker that is not a restart.
fn end_of_data(raw: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        match find_marker(raw, at) {
            Some((place, code)) if (RST0..=RST7).contains(&code) => at = place + 2,
            Some((place, _)) => return Ok(place),
            None => return Err(Fault::damaged("it ends without a marker")),
        }
    }
}
