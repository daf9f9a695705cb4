//! The tables that changed blocks are coded with.

#![forbid(unsafe_code)]

use super::Fault;
use super::bits::Writer;
use super::block::{self, Coefficients, Encoder};
use super::marker::Header;
use super::walk::Slot;

/// One encoder for each table of the picture.
#[derive(Clone, Debug)]
pub(super) struct Encoders {
    pub(super) dc: [Option<Encoder>; 4],
    pub(super) ac: [Option<Encoder>; 4],
}

impl Encoders {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            dc: header.tables.dc.each_ref().map(|table| table.as_ref().map(Encoder::new)),
            ac: header.tables.ac.each_ref().map(|table| table.as_ref().map(Encoder::new)),
        }
    }
}

/// Encodes one block with the tables of its slot.
pub(super) fn encode(
    encoders: &mut Encoders,
    slot: &Slot,
    block: &Coefficients,
    dc: &mut i32,
    zero_runs: usize,
    writer: &mut Writer,
) -> Result<(), Fault> {
    let tables = encoders.dc[slot.dc_table].as_mut().zip(encoders.ac[slot.ac_table].as_mut());
    let tables = tables.ok_or_else(|| Fault::damaged("a Huffman table is missing"))?;
    block::encode(block, dc, tables, zero_runs, writer)
}
