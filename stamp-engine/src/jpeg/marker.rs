//! The markers of a JPEG (ITU-T T.81, annex B): which segment stands where, and what the tables,
//! the frame and the first scan say.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::Fault;
use super::frame::{Component, Frame};
use super::huffman::Huffman;

/// A marker segment: its code and where its bytes lie, from the `0xff` to its last byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) code: u8,
    pub(super) place: Range<usize>,
}

/// One component of a scan and the tables it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScanComponent {
    /// Its place in [`Frame::components`].
    pub(super) component: usize,
    pub(super) dc_table: usize,
    pub(super) ac_table: usize,
}

/// The parameters of a scan (T.81, B.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) components: Vec<ScanComponent>,
    /// First and last coefficient in zigzag order.
    pub(super) spectrum: (u8, u8),
    /// Bit positions: high (of the scan before, 0 for a first one) and low.
    pub(super) approximation: (u8, u8),
}

/// How the entropy-coded data is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Process {
    /// SOF0 and SOF1: each block whole, Huffman codes.
    Sequential,
    /// SOF2: spectral selection and successive approximation, Huffman codes.
    Progressive,
}

/// What Adobe's APP14 says of the colours; libjpeg reads it the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transform {
    /// The components are the colours themselves (gray, RGB, CMYK).
    None,
    /// Y, Cb, Cr (and K as it is).
    Ycc,
}

/// Everything before the first scan's entropy-coded data.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) segments: Vec<Segment>,
    pub(super) process: Process,
    pub(super) frame: Frame,
    pub(super) transform: Transform,
    /// Quantisation tables in zigzag order, by destination.
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    pub(super) tables: Tables,
    pub(super) scan: Scan,
    /// Where the first scan's entropy-coded data begins.
    pub(super) data: usize,
}

/// What DHT and DRI set, and later ones may set anew between scans.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Huffman>; 4],
    pub(super) ac: [Option<Huffman>; 4],
    /// MCUs between two restart markers; 0 is none.
    pub(super) restart_interval: usize,
}

pub(super) const SOI: u8 = 0xd8;
pub(super) const EOI: u8 = 0xd9;
pub(super) const SOS: u8 = 0xda;
pub(super) const DQT: u8 = 0xdb;
pub(super) const DNL: u8 = 0xdc;
pub(super) const DRI: u8 = 0xdd;
pub(super) const DHT: u8 = 0xc4;
pub(super) const RST0: u8 = 0xd0;
pub(super) const RST7: u8 = 0xd7;

impl Header {
    /// Reads the markers of `bytes` up to the first scan.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.get(..2) != Some(&[0xff, SOI]) {
            return Err(Fault::damaged("it does not begin with SOI"));
        }
        let mut segments = Vec::new();
        let mut tables = Tables::default();
        let mut quantisation = [None; 4];
        let mut frame = None;
        let (mut jfif, mut adobe) = (false, None);
        let mut at = 2;
        loop {
            let segment = next_segment(bytes, at)?;
            at = segment.place.end;
            let body = body(bytes, &segment);
            match segment.code {
                0xc0..=0xc2 => {
                    let process =
                        if segment.code == 0xc2 { Process::Progressive } else { Process::Sequential };
                    if frame.replace((process, Frame::parse(body)?)).is_some() {
                        return Err(Fault::damaged("it has two frame headers"));
                    }
                }
                DHT => tables.read_huffman(body)?,
                0xc3 | 0xc5..=0xc7 | 0xcb | 0xcd..=0xcf => {
                    return Err(Fault::NotHere("it is lossless or hierarchical"));
                }
                0xc9 | 0xca | 0xcc => return Err(Fault::NotHere("it is arithmetic-coded")),
                DQT => read_quantisation(body, &mut quantisation)?,
                DRI => tables.read_restart_interval(body)?,
                DNL => return Err(Fault::NotHere("its height stands behind the scan (DNL)")),
                0xe0 => jfif |= body.starts_with(b"JFIF\0"),
                0xee if body.starts_with(b"Adobe") && body.len() >= 12 => adobe = Some(body[11]),
                EOI => return Err(Fault::damaged("it ends before the first scan")),
                SOS => {
                    let (process, frame) =
                        frame.ok_or_else(|| Fault::damaged("a scan stands before the frame header"))?;
                    let scan = Scan::parse(body, &frame)?;
                    segments.push(segment);
                    let transform = Transform::of(&frame, jfif, adobe);
                    return Ok(Self {
                        segments,
                        process,
                        frame,
                        transform,
                        quantisation,
                        tables,
                        scan,
                        data: at,
                    });
                }
                _ => {}
            }
            segments.push(segment);
        }
    }

    /// The quantisation table of a component.
    pub(super) fn quantisation_of(&self, component: &Component) -> Result<&[u16; 64], Fault> {
        let table = self.quantisation[component.quantisation].as_ref();
        table.ok_or_else(|| Fault::damaged("a quantisation table is missing"))
    }
}

impl Tables {
    /// DHT (T.81, B.2.4.2).
    pub(super) fn read_huffman(&mut self, mut body: &[u8]) -> Result<(), Fault> {
        while let Some((&head, rest)) = body.split_first() {
            let (class, destination) = (head >> 4, usize::from(head & 15));
            if class > 1 || destination > 3 {
                return Err(Fault::damaged("a Huffman table has no such place"));
            }
            let (table, length) = Huffman::parse(rest)?;
            let tables = if class == 0 { &mut self.dc } else { &mut self.ac };
            tables[destination] = Some(table);
            body = &rest[length..];
        }
        Ok(())
    }

    /// DRI (T.81, B.2.4.4).
    pub(super) fn read_restart_interval(&mut self, body: &[u8]) -> Result<(), Fault> {
        let &[high, low] = body else { return Err(Fault::damaged("a restart interval has a wrong length")) };
        self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
        Ok(())
    }
}

impl Scan {
    /// SOS (T.81, B.2.3).
    pub(super) fn parse(body: &[u8], frame: &Frame) -> Result<Self, Fault> {
        let wrong = || Fault::damaged("a scan header breaks the rules");
        let (&count, rest) = body.split_first().ok_or_else(wrong)?;
        let count = usize::from(count);
        if !(1..=4).contains(&count) || rest.len() != 2 * count + 3 {
            return Err(wrong());
        }
        let mut components: Vec<ScanComponent> = Vec::with_capacity(count);
        for pair in rest[..2 * count].chunks_exact(2) {
            let component = frame.components.iter().position(|c| c.id == pair[0]).ok_or_else(wrong)?;
            let (dc_table, ac_table) = (usize::from(pair[1] >> 4), usize::from(pair[1] & 15));
            // Their order is the frame's (T.81, B.2.3), each once.
            let in_order = components.last().is_none_or(|last| last.component < component);
            if dc_table > 3 || ac_table > 3 || !in_order {
                return Err(wrong());
            }
            components.push(ScanComponent { component, dc_table, ac_table });
        }
        let tail = &rest[2 * count..];
        let spectrum = (tail[0], tail[1]);
        let approximation = (tail[2] >> 4, tail[2] & 15);
        if spectrum.0 > spectrum.1 || spectrum.1 > 63 || approximation.0 > 13 || approximation.1 > 13 {
            return Err(wrong());
        }
        Ok(Self { components, spectrum, approximation })
    }
}

impl Transform {
    fn of(frame: &Frame, jfif: bool, adobe: Option<u8>) -> Self {
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        match (ids.len(), adobe) {
            (3, _) if jfif => Self::Ycc,
            (3, Some(transform)) => {
                if transform == 0 {
                    Self::None
                } else {
                    Self::Ycc
                }
            }
            (3, None) => {
                if ids == *b"RGB" {
                    Self::None
                } else {
                    Self::Ycc
                }
            }
            (4, Some(2)) => Self::Ycc,
            _ => Self::None,
        }
    }
}

/// The next marker segment at or after `at`; fill bytes (T.81, B.1.1.2) are part of it.
pub(super) fn next_segment(bytes: &[u8], at: usize) -> Result<Segment, Fault> {
    let cut = || Fault::damaged("it ends in the middle of its headers");
    if *bytes.get(at).ok_or_else(cut)? != 0xff {
        return Err(Fault::damaged("a marker is missing between two segments"));
    }
    let fill = bytes[at..].iter().take_while(|&&byte| byte == 0xff).count();
    let code_at = at + fill;
    let code = *bytes.get(code_at).ok_or_else(cut)?;
    let length = match code {
        0 => return Err(Fault::damaged("a marker is missing between two segments")),
        0x01 | RST0..=EOI => 0,
        _ => {
            let length = bytes.get(code_at + 1..code_at + 3).ok_or_else(cut)?;
            usize::from(u16::from_be_bytes([length[0], length[1]]))
        }
    };
    let end = code_at + 1 + length;
    if end > bytes.len() || length == 1 {
        return Err(cut());
    }
    Ok(Segment { code, place: at..end })
}

/// A segment's bytes behind its length.
pub(super) fn body<'a>(bytes: &'a [u8], segment: &Segment) -> &'a [u8] {
    let whole = &bytes[segment.place.clone()];
    let fill = whole.iter().take_while(|&&byte| byte == 0xff).count();
    whole.get(fill + 3..).unwrap_or_default()
}

/// DQT (T.81, B.2.4.1).
fn read_quantisation(mut body: &[u8], tables: &mut [Option<[u16; 64]>; 4]) -> Result<(), Fault> {
    let wrong = || Fault::damaged("a quantisation table breaks the rules");
    while let Some((&head, rest)) = body.split_first() {
        let (wide, destination) = (head >> 4 == 1, usize::from(head & 15));
        let length = if wide { 128 } else { 64 };
        let values = rest.get(..length).filter(|_| destination < 4 && head >> 4 <= 1).ok_or_else(wrong)?;
        let mut table = [0; 64];
        for (i, value) in table.iter_mut().enumerate() {
            *value = match wide {
                true => u16::from_be_bytes([values[2 * i], values[2 * i + 1]]),
                false => u16::from(values[i]),
            };
        }
        if table.contains(&0) {
            return Err(wrong());
        }
        tables[destination] = Some(table);
        body = &rest[length..];
    }
    Ok(())
}
