//! Pictures of several scans (progressive, or a scan a component): all coefficients are decoded, those
//! under the stamp changed, and the same scans written again. Slower than splicing bits, but no
//! coefficient outside of the stamp changes and the scan script stays.

#![forbid(unsafe_code)]

mod read;
mod write;

use std::ops::Range;

use super::Fault;
use super::block::Coefficients;
use super::frame::Frame;
use super::marker::{self, DHT, DNL, DQT, DRI, EOI, Header, Process, RST0, RST7, SOS, Scan, Segment, Tables};
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

/// One component's coefficients, all blocks of its MCUs.
struct Plane {
    across: usize,
    blocks: Vec<Coefficients>,
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
    let frame = &header.frame;
    let mut planes: Vec<Plane> = (0..frame.components.len()).map(|c| Plane::new(frame, c)).collect();
    for part in &parts {
        read::scan(raw, header, part, &mut planes)?;
    }
    let mut report = SpliceReport { bits_in: 8 * (end - header.data) as u64, ..SpliceReport::default() };
    let redo = Redo::new(header, placed)?;
    for (component, plane) in planes.iter_mut().enumerate() {
        for (number, block) in plane.blocks.iter_mut().enumerate() {
            let at = (number % plane.across, number / plane.across);
            report.blocks += u64::from(redo.block_at(component, at, block));
        }
    }
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 8);
    out.extend_from_slice(&raw[..2]);
    for part in &parts {
        for segment in part.segments.iter().filter(|segment| segment.code != DHT && segment.code != SOS) {
            out.extend_from_slice(&raw[segment.place.clone()]);
        }
        out = write::scan(raw, header, part, &planes, out)?;
    }
    out.extend_from_slice(&raw[end..]);
    Ok((out, report))
}

/// The scans in order, and where the last one's data ends.
fn parts(raw: &[u8], header: &Header) -> Result<(Vec<ScanPart>, usize), Fault> {
    let mut parts = Vec::new();
    let (mut segments, mut tables) = (header.segments.clone(), header.tables.clone());
    let (mut scan, mut start) = (header.scan.clone(), header.data);
    loop {
        check_progression(header.process, &scan)?;
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

/// A progressive scan holds DC values alone, or AC values of one component (T.81, G.1.1.1.1).
fn check_progression(process: Process, scan: &Scan) -> Result<(), Fault> {
    let is_dc = scan.spectrum.0 == 0;
    let right = if is_dc { scan.spectrum.1 == 0 } else { scan.components.len() == 1 };
    match process {
        Process::Progressive if !right => Err(Fault::damaged("a progressive scan breaks the rules")),
        Process::Sequential if scan.spectrum != (0, 63) => {
            Err(Fault::damaged("a sequential scan breaks the rules"))
        }
        _ => Ok(()),
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

impl Plane {
    fn new(frame: &Frame, component: usize) -> Self {
        let c = &frame.components[component];
        let (across, down) = (frame.width.div_ceil(8 * frame.h_max), frame.height.div_ceil(8 * frame.v_max));
        // A picture of one component has no MCUs of several blocks, whatever its factors say.
        let (across, down) = match frame.components.len() {
            1 => c.blocks(),
            _ => (across * c.h, down * c.v),
        };
        Self { across, blocks: vec![[0; 64]; across * down] }
    }
}

/// One of a scan's components.
struct OfComponent {
    /// Its place in the frame.
    component: usize,
    /// Blocks of an MCU across and down.
    h: usize,
    v: usize,
    /// Blocks in a row of its plane.
    across: usize,
}

/// The blocks of a scan in the order of their coding (T.81, A.2).
struct Order {
    components: Vec<OfComponent>,
    mcus: (usize, usize),
}

impl Order {
    fn new(frame: &Frame, scan: &Scan, planes: &[Plane]) -> Self {
        let alone = scan.components.len() == 1;
        let of = |scan: &marker::ScanComponent| {
            let component = &frame.components[scan.component];
            let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
            OfComponent { component: scan.component, h, v, across: planes[scan.component].across }
        };
        let mcus = match &scan.components[..] {
            [only] => frame.components[only.component].blocks(),
            _ => (frame.width.div_ceil(8 * frame.h_max), frame.height.div_ceil(8 * frame.v_max)),
        };
        Self { components: scan.components.iter().map(of).collect(), mcus }
    }

    fn mcu_count(&self) -> usize {
        self.mcus.0 * self.mcus.1
    }

    /// The blocks of MCU `mcu`: the scan's component, the frame's, and the block's number in its plane.
    #[inline(always)]
    fn blocks(&self, mcu: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let (column, row) = (mcu % self.mcus.0, mcu / self.mcus.0);
        self.components.iter().enumerate().flat_map(move |(number, c)| {
            (0..c.v * c.h).map(move |i| {
                let (x, y) = (column * c.h + i % c.h, row * c.v + i / c.h);
                (number, c.component, y * c.across + x)
            })
        })
    }
}
