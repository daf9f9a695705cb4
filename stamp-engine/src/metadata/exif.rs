//! EXIF blocks made from nothing or from a TIFF file's directories, and turned into those.

#![forbid(unsafe_code)]

use super::ifd::{
    Block, EXIF_IFD, Field, GPS_IFD, INTEROP_IFD, LONG, ORIENTATION, Order, header, write_directory,
};
use crate::Orientation;

/// The tags of a picture file's first directory that describe the picture and not how it is
/// stored (Exif 2.32, table 4; the XP tags are Windows' own).
const DESCRIPTIVE: [u16; 23] = [
    0x010d,
    0x010e,
    0x010f,
    0x0110,
    ORIENTATION,
    0x011a,
    0x011b,
    0x011d,
    0x0128,
    0x0131,
    0x0132,
    0x013b,
    0x013c,
    0x4746,
    0x4749,
    0x8298,
    0x9c9b,
    0x9c9c,
    0x9c9d,
    0x9c9e,
    0x9c9f,
    0xc4a5,
    0xa480,
];

/// The least EXIF block that states an orientation.
pub(crate) fn only_orientation(orientation: Orientation) -> Vec<u8> {
    let order = Order::Little;
    let mut block = header(order, 8).to_vec();
    let field = Field::shorts(ORIENTATION, &[orientation.to_exif()], order);
    // One entry never lies beyond 4 GiB.
    let _ = write_directory(&mut block, vec![field], order);
    block
}

/// Directories that describe a picture, with values in one byte order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directories {
    pub(crate) order: Order,
    main: Vec<Field>,
    exif: Vec<Field>,
    gps: Vec<Field>,
    interop: Vec<Field>,
}

impl Directories {
    /// Those of an EXIF block or a TIFF file; `None` when it has none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let block = Block::new(bytes)?;
        let first = block.first()?;
        let fields = |at: usize, wanted: &dyn Fn(u16) -> bool| -> Vec<Field> {
            block.entries(at).into_iter().filter(|e| wanted(e.tag)).map(Field::from).collect()
        };
        let pointer = |tag| matches!(tag, EXIF_IFD | GPS_IFD | INTEROP_IFD);
        let any = |tag| !pointer(tag);
        let exif_at = block.pointed(first, EXIF_IFD);
        let interop_at = exif_at.and_then(|at| block.pointed(at, INTEROP_IFD));
        let of = |at: Option<usize>| at.map(|at| fields(at, &any)).unwrap_or_default();
        let read = Self {
            order: block.order(),
            main: fields(first, &|tag| DESCRIPTIVE.contains(&tag)),
            exif: of(exif_at),
            gps: of(block.pointed(first, GPS_IFD)),
            interop: of(interop_at),
        };
        let sizes = [&read.main, &read.exif, &read.gps, &read.interop].map(Vec::len);
        (sizes.iter().sum::<usize>() > 0).then_some(read)
    }

    /// Appends all but the first directory to `out` and gives the fields of the first one.
    pub(crate) fn append_to(mut self, out: &mut Vec<u8>) -> Option<Vec<Field>> {
        let order = self.order;
        let pointer = |tag, at| Field { tag, kind: LONG, count: 1, value: order.u32(at).to_vec() };
        if !self.interop.is_empty() {
            let at = write_directory(out, self.interop, order)?;
            self.exif.push(pointer(INTEROP_IFD, at));
        }
        if !self.exif.is_empty() {
            let at = write_directory(out, self.exif, order)?;
            self.main.push(pointer(EXIF_IFD, at));
        }
        if !self.gps.is_empty() {
            let at = write_directory(out, self.gps, order)?;
            self.main.push(pointer(GPS_IFD, at));
        }
        Some(self.main)
    }

    /// As an EXIF block.
    pub(crate) fn into_block(self) -> Option<Vec<u8>> {
        let order = self.order;
        let mut block = header(order, 0).to_vec();
        let main = self.append_to(&mut block)?;
        let first = write_directory(&mut block, main, order)?;
        block[..8].copy_from_slice(&header(order, first));
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::ifd;

    #[test]
    fn the_least_block_states_its_orientation() {
        for orientation in Orientation::ALL {
            assert_eq!(ifd::orientation(&only_orientation(orientation)), orientation);
        }
    }

    #[test]
    fn directories_survive_a_round_trip() {
        let order = Order::Big;
        let directories = Directories {
            order,
            main: vec![Field::bytes(0x010f, 2, b"Halden\0")],
            exif: vec![
                Field::bytes(0x9003, 2, b"2024:05:17 12:00:00\0"),
                Field::bytes(0x927c, 7, b"own notes"),
            ],
            gps: vec![Field::bytes(0, 1, &[2, 3, 0, 0])],
            interop: vec![Field::bytes(1, 2, b"R98\0")],
        };
        let block = directories.clone().into_block().unwrap();
        assert_eq!(Directories::read(&block), Some(directories));
    }
}
