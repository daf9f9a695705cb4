//! The boxes of AVIF files (ISO/IEC 14496-12 and 23008-12; AV1 Image File Format) and the
//! metadata in them.

#![forbid(unsafe_code)]

use super::{Metadata, Native, ifd};
use crate::{Format, Orientation};

/// An item of more parts than this is damage.
const MOST_ENTRIES: usize = 4096;

/// A box: its type and its body.
pub(crate) type Box<'a> = ([u8; 4], &'a [u8]);

/// The boxes in `bytes`, as far as they are whole.
pub(crate) fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = Box<'_>> {
    std::iter::from_fn(move || {
        let (size, rest) = bytes.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let (head, size) = match u32::from_be_bytes(*size) {
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(*rest.first_chunk::<8>()?)).ok()?),
            size => (8, size as usize),
        };
        let body = bytes.get(head..size)?;
        bytes = &bytes[size..];
        Some((*kind, body))
    })
}

fn find<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(kind, _)| kind == wanted).map(|(_, body)| body)
}

/// Reads big-endian numbers one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self, size: usize) -> Option<u64> {
        let (bytes, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// Version and flags of a full box.
    fn full(bytes: &'a [u8]) -> Option<(u8, u32, Self)> {
        let mut reader = Self(bytes);
        let head = reader.number(4)?;
        Some(((head >> 24) as u8, head as u32 & 0xff_ffff, reader))
    }
}

/// An item and where its bytes are.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) id: u32,
    pub(crate) kind: [u8; 4],
    /// For kind `mime`.
    content_type: &'a [u8],
    /// In the order in which they apply.
    pub(crate) properties: Vec<Box<'a>>,
    /// (Offset, length), counted from the start of the file or of `idat`.
    extents: Vec<(usize, usize)>,
    in_idat: bool,
}

impl<'a> Item<'a> {
    pub(crate) fn property(&self, kind: &[u8; 4]) -> Option<&'a [u8]> {
        self.properties.iter().find(|property| &property.0 == kind).map(|property| property.1)
    }
}

/// The items of a file.
#[derive(Debug)]
pub(crate) struct Container<'a> {
    file: &'a [u8],
    idat: &'a [u8],
    primary: u32,
    pub(crate) items: Vec<Item<'a>>,
    /// (Kind, from, to).
    references: Vec<([u8; 4], u32, u32)>,
}

impl<'a> Container<'a> {
    pub(crate) fn read(file: &'a [u8]) -> Option<Self> {
        let meta = find(file, b"meta")?.get(4..)?;
        let (version, _, mut pitm) = Reader::full(find(meta, b"pitm")?)?;
        let primary = pitm.number(if version == 0 { 2 } else { 4 })? as u32;
        let mut container = Self {
            file,
            idat: find(meta, b"idat").unwrap_or_default(),
            primary,
            items: items(find(meta, b"iinf")?)?,
            references: find(meta, b"iref").and_then(references).unwrap_or_default(),
        };
        container.locate(find(meta, b"iloc")?)?;
        container.associate(find(meta, b"iprp")?)?;
        Some(container)
    }

    pub(crate) fn primary(&self) -> Option<&Item<'a>> {
        self.item(self.primary)
    }

    fn item(&self, id: u32) -> Option<&Item<'a>> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The first item that refers to the primary one in this way and is wanted.
    fn referring(&self, kind: &[u8; 4], wanted: impl Fn(&Item<'a>) -> bool) -> Option<&Item<'a>> {
        let links = self.references.iter().filter(|link| &link.0 == kind && link.2 == self.primary);
        links.filter_map(|link| self.item(link.1)).find(|item| wanted(item))
    }

    /// The alpha plane (AVIF, section 4.1).
    pub(crate) fn alpha(&self) -> Option<&Item<'a>> {
        self.referring(b"auxl", |item| {
            let kind = item.property(b"auxC").and_then(|body| body.get(4..)).unwrap_or_default();
            kind.starts_with(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
                || kind.starts_with(b"urn:mpeg:hevc:2015:auxid:1\0")
        })
    }

    /// Whether the colours have alpha multiplied into them.
    pub(crate) fn is_premultiplied(&self) -> bool {
        self.references.iter().any(|link| &link.0 == b"prem" && link.1 == self.primary)
    }

    /// The item's bytes; never more than the file has.
    pub(crate) fn data(&self, item: &Item<'_>) -> Option<Vec<u8>> {
        let base = if item.in_idat { self.idat } else { self.file };
        let mut data = Vec::new();
        for &(offset, length) in &item.extents {
            // A length of 0 means to the end (ISO/IEC 14496-12, 8.11.3).
            let end = if length == 0 { base.len() } else { offset.checked_add(length)? };
            let part = base.get(offset..end)?;
            if data.len() + part.len() > self.file.len() {
                return None;
            }
            data.extend_from_slice(part);
        }
        Some(data)
    }

    /// ISO/IEC 14496-12, 8.11.3.
    fn locate(&mut self, iloc: &[u8]) -> Option<()> {
        let (version, _, mut reader) = Reader::full(iloc)?;
        let sizes = reader.number(2)?;
        let size = |shift: u32| (sizes >> shift & 15) as usize;
        let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
        let index_size = if version == 0 { 0 } else { size(0) };
        let count = reader.number(if version < 2 { 2 } else { 4 })? as usize;
        for _ in 0..count.min(MOST_ENTRIES) {
            let id = reader.number(if version < 2 { 2 } else { 4 })? as u32;
            let construction = if version == 0 { 0 } else { reader.number(2)? & 15 };
            reader.number(2)?;
            let base = reader.number(base_size)?;
            let parts = reader.number(2)? as usize;
            let mut extents = Vec::new();
            for _ in 0..parts.min(MOST_ENTRIES) {
                reader.number(index_size)?;
                let offset = base.checked_add(reader.number(offset_size)?)?;
                let length = reader.number(length_size)?;
                extents.push((usize::try_from(offset).ok()?, usize::try_from(length).ok()?));
            }
            if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
                item.in_idat = construction == 1;
                item.extents = if construction > 1 { Vec::new() } else { extents };
            }
        }
        Some(())
    }

    /// ISO/IEC 23008-12, 9.3.
    fn associate(&mut self, iprp: &'a [u8]) -> Option<()> {
        let properties: Vec<Box<'a>> = boxes(find(iprp, b"ipco")?).take(MOST_ENTRIES).collect();
        for (_, body) in boxes(iprp).filter(|(kind, _)| kind == b"ipma") {
            let (version, flags, mut reader) = Reader::full(body)?;
            let count = reader.number(4)? as usize;
            for _ in 0..count.min(MOST_ENTRIES) {
                let id = reader.number(if version == 0 { 2 } else { 4 })? as u32;
                for _ in 0..reader.number(1)? {
                    let (size, mask) = if flags & 1 == 0 { (1, 0x7f) } else { (2, 0x7fff) };
                    let number = (reader.number(size)? & mask) as usize;
                    let property = number.checked_sub(1).and_then(|number| properties.get(number));
                    let item = self.items.iter_mut().find(|item| item.id == id);
                    if let (Some(&property), Some(item)) = (property, item) {
                        item.properties.push(property);
                    }
                }
            }
        }
        Some(())
    }
}

/// ISO/IEC 14496-12, 8.11.6.
fn items(iinf: &[u8]) -> Option<Vec<Item<'_>>> {
    let (version, _, mut reader) = Reader::full(iinf)?;
    reader.number(if version == 0 { 2 } else { 4 })?;
    let entries = boxes(reader.0).filter(|(kind, _)| kind == b"infe").take(MOST_ENTRIES);
    let item = |(_, body)| {
        let (version, _, mut reader) = Reader::full(body)?;
        let id = reader.number(if version < 3 { 2 } else { 4 })? as u32;
        reader.number(2)?;
        let (kind, rest) = reader.0.split_first_chunk::<4>()?;
        // Name, 0, content type, 0.
        let content_type = rest.split(|&byte| byte == 0).nth(1).unwrap_or_default();
        let (properties, extents) = (Vec::new(), Vec::new());
        Some(Item { id, kind: *kind, content_type, properties, extents, in_idat: false })
    };
    Some(entries.filter_map(item).collect())
}

/// ISO/IEC 14496-12, 8.11.12.
fn references(iref: &[u8]) -> Option<Vec<([u8; 4], u32, u32)>> {
    let (version, _, reader) = Reader::full(iref)?;
    let size = if version == 0 { 2 } else { 4 };
    let mut links = Vec::new();
    for (kind, body) in boxes(reader.0).take(MOST_ENTRIES) {
        let mut reader = Reader(body);
        let from = reader.number(size)? as u32;
        for _ in 0..reader.number(2)?.min(MOST_ENTRIES as u64) {
            links.push((kind, from, reader.number(size)? as u32));
        }
    }
    Some(links)
}

/// How the properties turn the coded picture to show it upright, step after step
/// (ISO/IEC 23008-12, 6.5.10 and 6.5.12).
pub(crate) fn turns<'a>(item: &'a Item<'_>) -> impl Iterator<Item = Orientation> + 'a {
    item.properties.iter().filter_map(|(kind, body)| match (kind, body.first()?) {
        // Quarter turns anticlockwise.
        (b"irot", angle) => {
            let turns =
                [Orientation::Normal, Orientation::Rotate270, Orientation::Rotate180, Orientation::Rotate90];
            Some(turns[usize::from(angle & 3)])
        }
        (b"imir", axis) if axis & 1 == 0 => Some(Orientation::FlipVertical),
        (b"imir", _) => Some(Orientation::FlipHorizontal),
        _ => None,
    })
}

/// Colour description by code points (ITU-T H.273).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nclx {
    pub(crate) primaries: u16,
    pub(crate) transfer: u16,
    pub(crate) matrix: u16,
    pub(crate) full_range: bool,
}

impl Nclx {
    pub(crate) fn of(item: &Item<'_>) -> Option<Self> {
        let body = colr(item).find_map(|body| body.strip_prefix(b"nclx"))?;
        let mut reader = Reader(body);
        let mut code = || reader.number(2).map(|code| code as u16);
        let (primaries, transfer, matrix) = (code()?, code()?, code()?);
        Some(Self { primaries, transfer, matrix, full_range: reader.number(1)? & 0x80 != 0 })
    }
}

fn colr<'a>(item: &Item<'a>) -> impl Iterator<Item = &'a [u8]> {
    item.properties.iter().filter(|(kind, _)| kind == b"colr").map(|(_, body)| *body)
}

/// AVIF is decoded upright, so the EXIF block says upright too.
pub(crate) fn read(bytes: &[u8]) -> Metadata {
    let Some(container) = Container::read(bytes) else { return Metadata::default() };
    let Some(primary) = container.primary() else { return Metadata::default() };
    let describing =
        |wanted: &dyn Fn(&Item<'_>) -> bool| container.data(container.referring(b"cdsc", wanted)?);
    let mut exif = describing(&|item| &item.kind == b"Exif").and_then(exif_block);
    if let Some(block) = &mut exif {
        ifd::set_orientation(block, Orientation::Normal);
    }
    let icc = colr(primary).find_map(|body| body.strip_prefix(b"prof").or(body.strip_prefix(b"rICC")));
    let codes =
        Nclx::of(primary).map(|nclx| [nclx.primaries.to_be_bytes(), nclx.transfer.to_be_bytes()].concat());
    Metadata {
        exif,
        xmp: describing(&|item| &item.kind == b"mime" && item.content_type == b"application/rdf+xml"),
        iptc: None,
        icc: icc.map(<[u8]>::to_vec),
        native: Native::new(Format::Avif, codes.unwrap_or_default()),
    }
}

/// ISO/IEC 23008-12, A.2.1: how far behind itself the block begins.
fn exif_block(data: Vec<u8>) -> Option<Vec<u8>> {
    let skipped = u32::from_be_bytes(*data.first_chunk::<4>()?) as usize;
    data.get(skipped.checked_add(4)?..).map(<[u8]>::to_vec)
}
