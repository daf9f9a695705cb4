//! Parts of the splice path by themselves, for the benchmarks and the fuzzers. No stable interface.

use super::bits::Writer;
use super::marker::Header;
use super::source::Source;
use super::walk::join::{Cut, Map, SHORTEST};
use super::walk::{Place, Walk, lanes};
use super::{check, has_several_scans};

/// The first stretch of a sequential scan, up to its first restart marker or its end, in memory.
pub struct Scan<'a> {
    walk: Walk,
    source: Source<'a>,
    mcus: usize,
}

impl<'a> Scan<'a> {
    /// Of a JPEG that is spliced bit by bit; else `None`.
    pub fn open(jpeg: &'a [u8]) -> Option<Self> {
        let header = Header::parse(jpeg).ok()?;
        check(&header).ok()?;
        if has_several_scans(&header) {
            return None;
        }
        let walk = Walk::new(&header).ok()?;
        let mut source = Source::new(jpeg, header.data, Vec::new());
        while !source.is_last() {
            source.fill(0);
        }
        let (across, down) = header.frame.mcus();
        let mcus = match header.tables.restart_interval {
            0 => across * down,
            interval => interval.min(across * down),
        };
        Some(Self { walk, source, mcus })
    }

    /// Bytes of entropy-coded data, without stuffing.
    pub fn bytes(&self) -> usize {
        self.source.end() / 8
    }

    /// The numbers of lanes that this processor can walk in, beside one.
    pub fn lanes() -> Vec<usize> {
        lanes::kernels().map(|kernel| kernel.lanes).collect()
    }

    /// Walks all MCUs one after another; gives where that ended, if it did.
    pub fn walk(&self) -> Option<usize> {
        let mut place = START;
        let end = self.source.safe_end();
        self.walk.advance(self.source.clean(), 0, &mut place, self.mcus, end).ok()?;
        Some(place.bit)
    }

    /// Walks from so many places at once and joins the walks; gives whether that was possible.
    pub fn walk_in(&self, lanes: usize) -> bool {
        self.walk_in_gangs(lanes, 1)
    }

    /// The same in so many gangs of lanes, each of which may have a thread.
    pub fn walk_in_gangs(&self, lanes: usize, gangs: usize) -> bool {
        let kernel = lanes::kernels().find(|kernel| kernel.lanes == lanes);
        kernel.is_some_and(|kernel| self.map(Cut { kernel, shortest: SHORTEST, gangs }).is_some())
    }

    fn map(&self, cut: Cut) -> Option<Map> {
        let end = self.source.safe_end();
        Map::with(&self.walk, self.source.clean(), 0, &START, end, cut)
    }

    /// Copies all but the first `skipped` bits to `out`, with byte stuffing.
    pub fn copy_bits(&self, skipped: usize, out: Vec<u8>) -> Vec<u8> {
        let mut writer = Writer::after(out);
        writer.copy(self.source.clean(), skipped, self.source.end());
        writer.align();
        writer.into_bytes()
    }

    /// Compares what every walk from many places tells with the serial walk.
    ///
    /// # Panics
    /// When a place told is not one that the serial walk passes.
    pub fn compare_walks(&self) {
        for (kernel, gangs) in lanes::kernels().flat_map(|kernel| [(kernel, 1), (kernel, 2)]) {
            let Some(map) = self.map(Cut { kernel, shortest: 64, gangs }) else { continue };
            let (clean, end) = (self.source.clean(), self.source.safe_end());
            let mut serial = START;
            while serial.mcu < self.mcus && serial.bit < end {
                if let Ok(Some(mut told)) = map.place_before(&self.walk, clean, serial.mcu) {
                    assert!(told.mcu <= serial.mcu, "{told:?} is behind {serial:?}");
                    if self.walk.advance(clean, 0, &mut told, serial.mcu, end).is_ok() {
                        assert_eq!(told, serial);
                    }
                }
                let next = serial.mcu + 1;
                if self.walk.advance(clean, 0, &mut serial, next, end).is_err() {
                    break;
                }
            }
        }
    }
}

const START: Place = Place { bit: 0, mcu: 0, dc: [0; 4] };
