//! The picture's data, filtered and deflated.

#![forbid(unsafe_code)]

use std::io;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status, Strategy};

use super::filter::Filters;
use crate::Format;
use crate::metadata::webp::is_lossless;

/// What decides how to look for what repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Filtered, hardly anything repeats but by chance. Looking for it costs twice the time and saves
    /// 12 %; codes of one byte each are all that is made.
    Photograph,
    /// Whole stretches repeat.
    Drawing,
}

/// What is compressed without loss to this share of its samples' bytes or less is a drawing:
/// photographs lie above a half.
const DRAWING: (usize, usize) = (1, 3);
/// Filtered rows are handed to the compressor, and its data to the file, by so many bytes or more.
const PIECE: usize = 1 << 18;

impl Kind {
    /// By the file that a picture of so many bytes of samples came from.
    pub(super) fn of(source: &[u8], samples: usize) -> Self {
        let is_drawing = match Format::of(source) {
            // Compressed with loss, as photographs are.
            Some(Format::Jpeg | Format::Avif) => false,
            Some(Format::WebP) if !is_lossless(source) => false,
            // Without any compression there is nothing to judge by.
            Some(Format::Png | Format::WebP | Format::Tiff) => {
                source.len() >= samples || source.len() / DRAWING.0 <= samples / DRAWING.1
            }
            // Mostly of few colours.
            Some(Format::Gif | Format::Bmp) | None => true,
        };
        if is_drawing { Self::Drawing } else { Self::Photograph }
    }

    fn config(self) -> DeflateConfig {
        match self {
            Self::Photograph => DeflateConfig { strategy: Strategy::HuffmanOnly, ..DeflateConfig::new(1) },
            Self::Drawing => DeflateConfig::new(3),
        }
    }
}

/// Compresses `rows`; hands the data out in pieces, each of which may be a chunk.
pub(super) fn compress<'a>(
    rows: impl Iterator<Item = &'a [u8]>,
    row: usize,
    bytes_per_pixel: usize,
    kind: Kind,
    piece: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut filters = Filters::new(row, bytes_per_pixel);
    let mut filtered = Vec::with_capacity(PIECE + row + 1);
    let mut pieces =
        Pieces { deflate: Deflate::new_with_config(kind.config()), room: vec![0; PIECE], used: 0, piece };
    for row in rows {
        filters.append(row, &mut filtered);
        if filtered.len() >= PIECE {
            pieces.push(&filtered, DeflateFlush::NoFlush)?;
            filtered.clear();
        }
    }
    pieces.push(&filtered, DeflateFlush::Finish)?;
    (pieces.piece)(&pieces.room[..pieces.used])
}

struct Pieces<F> {
    deflate: Deflate,
    room: Vec<u8>,
    used: usize,
    piece: F,
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Pieces<F> {
    /// Compresses all of `input`, with `Finish` to the end of the stream.
    fn push(&mut self, mut input: &[u8], flush: DeflateFlush) -> io::Result<()> {
        loop {
            let before = (self.deflate.total_in(), self.deflate.total_out());
            let compressed = self.deflate.compress(input, &mut self.room[self.used..], flush);
            let status = compressed.map_err(|error| io::Error::other(error.as_str()))?;
            input = &input[(self.deflate.total_in() - before.0) as usize..];
            self.used += (self.deflate.total_out() - before.1) as usize;
            if self.used == self.room.len() {
                (self.piece)(&self.room)?;
                self.used = 0;
            } else if status == Status::StreamEnd || (input.is_empty() && flush == DeflateFlush::NoFlush) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_photograph_is_told_from_a_drawing() {
        let read = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name);
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        assert_eq!(Kind::of(&read("pictures/coffee.png"), 600 * 400 * 3), Kind::Photograph);
        assert_eq!(Kind::of(&read("stamps/badge.png"), 460 * 160 * 3), Kind::Drawing);
        assert_eq!(Kind::of(&read("pictures/china.jpg"), 640 * 427 * 3), Kind::Photograph);
    }

    /// Of more data than fits a piece, of both kinds, nothing is lost between the pieces.
    #[test]
    fn pieces_make_a_whole() {
        let rows: Vec<Vec<u8>> = (0..900_u32)
            .map(|y| (0..1024_u32).map(|x| (x.wrapping_mul(2_654_435_761) >> (y % 24)) as u8).collect())
            .collect();
        for kind in [Kind::Photograph, Kind::Drawing] {
            let mut stream = Vec::new();
            let rows = rows.iter().map(Vec::as_slice);
            compress(rows, 1024, 1, kind, |piece| {
                assert!(piece.len() <= PIECE);
                stream.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
            let mut inflated = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(&stream[..]), &mut inflated)
                .unwrap();
            assert_eq!(inflated.len(), 900 * 1025, "{kind:?}");
        }
    }
}
