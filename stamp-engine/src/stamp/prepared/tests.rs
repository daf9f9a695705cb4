use proptest::prelude::*;

use super::*;
use crate::{Layout, Pixels};

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const CLEAR: [u8; 4] = [9, 9, 9, 0];
const BOARD: [[u8; 4]; 6] = [RED, GREEN, BLUE, CLEAR, [10, 20, 30, 255], [200, 100, 50, 128]];

fn stamp(width: u32, height: u32, pixels: &[[u8; 4]]) -> Stamp {
    let samples = Samples::U8(pixels.as_flattened().to_vec());
    Stamp::from_pixels(Pixels::new(width, height, Layout::Rgba, samples).unwrap()).unwrap()
}

fn request(width: u32, height: u32) -> Request {
    Request {
        width,
        height,
        rotate: 0.0,
        opacity: 1.0,
        orientation: Orientation::Normal,
        ink: Ink::Rgb,
        depth: Depth::Eight,
        profile: Arc::new(Profile::srgb()),
    }
}

fn rows(prepared: &Prepared) -> Vec<Vec<[u8; 4]>> {
    (0..prepared.height()).map(|y| prepared.row_u8(y).as_chunks().0.to_vec()).collect()
}

#[test]
fn in_its_own_size_it_is_only_premultiplied() {
    let prepared = Prepared::new(&stamp(3, 2, &BOARD), &request(3, 2)).unwrap();
    let wanted = [vec![RED, GREEN, BLUE], vec![[0; 4], BOARD[4], [100, 50, 25, 128]]];
    assert_eq!(rows(&prepared), wanted);
    assert!(prepared.row_u8(2).is_empty() && prepared.row_u8(u32::MAX).is_empty());
    assert!(prepared.row_u16(0).is_empty());
}

#[test]
fn quarter_turns_only_move_pixels() {
    let board = stamp(3, 2, &BOARD);
    let [a, b, c, d, e, f] = [RED, GREEN, BLUE, [0; 4], BOARD[4], [100, 50, 25, 128]];
    for (degrees, wanted) in [
        (90.0, vec![vec![d, a], vec![e, b], vec![f, c]]),
        (-180.0, vec![vec![f, e, d], vec![c, b, a]]),
        (-90.0, vec![vec![c, f], vec![b, e], vec![a, d]]),
        (720.0, vec![vec![a, b, c], vec![d, e, f]]),
    ] {
        let prepared = Prepared::new(&board, &Request { rotate: degrees, ..request(3, 2) }).unwrap();
        assert_eq!(rows(&prepared), wanted, "{degrees}");
    }
}

#[test]
fn rotated_stamps_have_the_size_that_placement_reckons_with() {
    let board = stamp(3, 2, &BOARD);
    for degrees in [0.1, 30.0, 45.0, 89.9, 137.0, -200.0] {
        let prepared = Prepared::new(&board, &Request { rotate: degrees, ..request(30, 20) }).unwrap();
        assert_eq!((prepared.width(), prepared.height()), rotated_bounds((30, 20), degrees));
    }
}

#[test]
fn the_stored_grid_shows_the_stamp_upright() {
    let board = stamp(3, 2, &BOARD);
    let upright = Prepared::new(&board, &request(3, 2)).unwrap();
    for orientation in Orientation::ALL {
        let stored = Prepared::new(&board, &Request { orientation, ..request(3, 2) }).unwrap();
        for y in 0..stored.height() {
            for x in 0..stored.width() {
                let (vx, vy) = orientation.stored_to_viewed(x, y, stored.width(), stored.height());
                assert_eq!(
                    rows(&stored)[y as usize][x as usize],
                    rows(&upright)[vy as usize][vx as usize],
                    "{orientation:?}"
                );
            }
        }
    }
}

#[test]
fn inks_have_their_channels() {
    let board = stamp(3, 2, &BOARD);
    let gray = Prepared::new(&board, &Request { ink: Ink::Gray, ..request(3, 2) }).unwrap();
    // Red's luminance, 0.2126, encoded.
    assert_eq!(gray.row_u8(0)[..2], [127, 255]);
    assert_eq!(gray.row_u8(1)[..2], [0, 0]);
    let cmyk = Prepared::new(&board, &Request { ink: Ink::Cmyk, ..request(3, 2) }).unwrap();
    assert_eq!(cmyk.row_u8(0)[..5], [255, 0, 0, 255, 255]);
    let deep = Prepared::new(&board, &Request { depth: Depth::Sixteen, ..request(3, 2) }).unwrap();
    assert_eq!(deep.row_u16(1)[4..8], [10 * 257, 20 * 257, 30 * 257, 65535]);
    assert!(deep.row_u8(0).is_empty());
}

#[test]
fn requests_out_of_range_are_refused() {
    let board = stamp(3, 2, &BOARD);
    for wrong in [
        Request { rotate: f64::NAN, ..request(3, 2) },
        Request { opacity: 1.1, ..request(3, 2) },
        request(0, 2),
        request(1 << 15, (1 << 13) + 1),
        Request { rotate: 45.0, ..request(16000, 16000) },
    ] {
        assert!(matches!(Prepared::new(&board, &wrong), Err(Error::Setting(_))), "{wrong:?}");
    }
}

proptest! {
    /// What the blend relies on: no colour is more than its alpha.
    #[test]
    fn colours_never_exceed_alpha(
        pixels in prop::collection::vec(any::<[u8; 4]>(), 6),
        opacity in 0.0..=1.0_f64,
        rotate in prop_oneof![Just(0.0), Just(90.0), -400.0..400.0_f64],
        (width, height) in (1_u32..20, 1_u32..20),
        deep: bool,
        ink in prop_oneof![Just(Ink::Gray), Just(Ink::Rgb), Just(Ink::Cmyk)],
    ) {
        let depth = if deep { Depth::Sixteen } else { Depth::Eight };
        let request = Request { opacity, rotate, depth, ink, ..request(width, height) };
        let prepared = Prepared::new(&stamp(3, 2, &pixels), &request).unwrap();
        for y in 0..prepared.height() {
            let (row8, row16) = (prepared.row_u8(y), prepared.row_u16(y));
            let samples: Vec<u16> = row8.iter().map(|&s| u16::from(s)).chain(row16.iter().copied()).collect();
            prop_assert_eq!(samples.len(), prepared.width() as usize * ink.channels());
            for pixel in samples.chunks_exact(ink.channels()) {
                let (alpha, colours) = pixel.split_last().unwrap();
                prop_assert!(colours.iter().all(|colour| colour <= alpha), "{:?}", pixel);
            }
        }
    }

    #[test]
    fn opaque_eight_bit_stamps_keep_their_values(rgb: [u8; 3]) {
        let [r, g, b] = rgb;
        let prepared = Prepared::new(&stamp(1, 1, &[[r, g, b, 255]]), &request(1, 1)).unwrap();
        prop_assert_eq!(prepared.row_u8(0), [r, g, b, 255]);
    }
}
