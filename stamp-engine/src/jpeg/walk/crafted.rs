//! JPEGs made to mislead guesses about where a block begins.

use crate::jpeg::bits::Writer;

/// A gray picture of `across × down` blocks whose codes are all four bits long and whose extra bits
/// are four or eight: a guess that begins at another bit of a nibble never meets the truth. With
/// `sparse` half of all nibbles are no code, so that most guesses soon end at one.
pub(in crate::jpeg) fn nibbles(across: u16, down: u16, sparse: bool) -> Vec<u8> {
    let runs = if sparse { 3 } else { 7 };
    let ac: Vec<u8> = [0].into_iter().chain((0..runs).flat_map(|run| [run << 4 | 4, run << 4 | 8])).collect();
    let mut raw = header(across, down, &[4, 8], &ac);
    let mut random = 0x9E37_79B9_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut writer = Writer::after(std::mem::take(&mut raw));
    for _ in 0..u32::from(across) * u32::from(down) {
        let dc = next(2) as u32;
        let bits = 4 + 4 * dc;
        writer.put(dc, 4);
        // Small differences, now up, now down.
        writer.put(1 << (bits - 1) >> next(2), bits);
        let mut k = 1;
        loop {
            let symbol = next(ac.len() as u64) as usize;
            k += usize::from(ac[symbol] >> 4) + 1;
            if symbol == 0 || k > 63 {
                writer.put(0, 4);
                break;
            }
            writer.put(symbol as u32, 4);
            let bits = u32::from(ac[symbol] & 15);
            writer.put(next(1 << bits) as u32, bits);
        }
    }
    writer.align();
    let mut raw = writer.into_bytes();
    raw.extend([0xff, 0xd9]);
    raw
}

/// A picture of three components without subsampling whose every block is the same eight bits: a
/// guess stands at the same bits as the truth, but before another block of the MCU.
pub(in crate::jpeg) fn identical_blocks(across: u16, down: u16) -> Vec<u8> {
    let mut raw = header_of(across, down, 3, 4, &[0, 1], &[0, 0x21]);
    // "0000" twice: no difference, end of block.
    raw.extend(vec![0; usize::from(across) * usize::from(down) * 3]);
    raw.extend([0xff, 0xd9]);
    raw
}

/// A gray picture of `across × down` blocks, each brighter by 4095 than the one before: the DC values of a
/// million and more of them add up to more than 32 bits hold.
pub(in crate::jpeg) fn ever_brighter(across: u16, down: u16) -> Vec<u8> {
    let mut writer = Writer::after(header_of(across, down, 1, 1, &[12], &[0]));
    for _ in 0..u32::from(across) * u32::from(down) {
        // As many bits as a step of the walk takes at once, and the end of the block.
        writer.put(0xfff, 13);
        writer.put(0, 1);
    }
    writer.align();
    let mut raw = writer.into_bytes();
    raw.extend([0xff, 0xd9]);
    raw
}

fn header(across: u16, down: u16, dc: &[u8], ac: &[u8]) -> Vec<u8> {
    header_of(across, down, 1, 4, dc, ac)
}

/// All markers before the data; every code is `length` bits long.
fn header_of(across: u16, down: u16, components: u8, length: usize, dc: &[u8], ac: &[u8]) -> Vec<u8> {
    let mut raw = vec![0xff, 0xd8];
    let mut segment = |code: u8, body: &[u8]| {
        raw.extend([0xff, code]);
        raw.extend((body.len() as u16 + 2).to_be_bytes());
        raw.extend_from_slice(body);
    };
    segment(0xdb, &[&[0][..], &[1; 64]].concat());
    let [h1, h0] = (8 * down).to_be_bytes();
    let [w1, w0] = (8 * across).to_be_bytes();
    let mut frame = vec![8, h1, h0, w1, w0, components];
    (1..=components).for_each(|id| frame.extend([id, 0x11, 0]));
    segment(0xc0, &frame);
    for (class, symbols) in [(0, dc), (0x10, ac)] {
        let mut table = vec![class];
        table.extend((1..=16).map(|of| if of == length { symbols.len() as u8 } else { 0 }));
        table.extend_from_slice(symbols);
        segment(0xc4, &table);
    }
    let mut scan = vec![components];
    (1..=components).for_each(|id| scan.extend([id, 0]));
    scan.extend([0, 63, 0]);
    segment(0xda, &scan);
    raw
}
