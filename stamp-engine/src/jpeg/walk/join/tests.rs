use super::super::super::marker::Header;
use super::super::super::source::Source;
use super::super::super::tests::pictures;
use super::super::crafted;
use super::super::lanes::kernels;
use super::*;

/// Every place that a map tells is one that the serial walk passes.
fn check_map(name: &str, walk: &Walk, clean: &[u8], total: usize, map: &Map, end: usize) -> usize {
    let mut serial = Place { bit: 0, mcu: 0, dc: [0; 4] };
    let mut told = 0;
    while serial.mcu < total && serial.bit < end {
        if serial.mcu.is_multiple_of(61)
            && let Some(mut place) = map.place_before(walk, clean, serial.mcu).unwrap()
        {
            assert!(place.mcu <= serial.mcu, "{name}: {place:?} is behind {}", serial.mcu);
            walk.advance(clean, 0, &mut place, serial.mcu, end).unwrap();
            assert_eq!(place, serial, "{name}");
            told += 1;
        }
        let next = serial.mcu + 1;
        walk.advance(clean, 0, &mut serial, next, end).unwrap();
    }
    told
}

/// The pictures whose scan is one stretch.
fn without_restarts() -> impl Iterator<Item = (String, Vec<u8>, Header)> {
    let parsed = pictures().into_iter().map(|(name, raw)| {
        let header = Header::parse(&raw).unwrap();
        (name, raw, header)
    });
    parsed.filter(|(_, _, header)| header.tables.restart_interval == 0)
}

#[test]
fn the_walk_of_many_places_is_the_serial_walk() {
    let mut mapped = [0; 2];
    for (name, raw, header) in without_restarts() {
        let walk = Walk::new(&header).unwrap();
        let source = Source::new(&raw, header.data, Vec::new());
        let (across, down) = header.frame.mcus();
        let place = Place { bit: 0, mcu: 0, dc: [0; 4] };
        let end = source.safe_end();
        let Some(kernel) = kernels().next() else { return };
        for gangs in [1, 3] {
            let cut = Cut { kernel, shortest: SHORTEST / gangs, gangs };
            let map = Map::with(&walk, source.clean(), 0, &place, end, cut);
            let Some(map) = map else { continue };
            let told = check_map(&name, &walk, source.clean(), across * down, &map, end);
            // So short segments may not meet.
            assert!(told > 0 || gangs > 1, "{name}");
            mapped[usize::from(map.gangs.len() > 1)] += told;
        }
    }
    assert!(mapped[0] > 0 && mapped[1] > 0, "{mapped:?}");
}

/// A picture's last byte is filled with ones, which need not be a code, and more may follow: lanes that go
/// on behind the last block and die there spoil nothing that is known.
#[test]
fn what_stands_behind_the_last_block_is_no_fault() {
    let mut checked = 0;
    for (name, raw, header) in without_restarts() {
        let walk = Walk::new(&header).unwrap();
        let source = Source::new(&raw, header.data, Vec::new());
        let total = header.frame.mcus().0 * header.frame.mcus().1;
        let mut last = Place { bit: 0, mcu: 0, dc: [0; 4] };
        walk.advance(source.clean(), 0, &mut last, total, source.safe_end()).unwrap();
        if last.mcu < total {
            continue;
        }
        let mut clean = source.clean()[..last.bit.div_ceil(8)].to_vec();
        if let (Some(byte), used @ 1..) = (clean.last_mut(), last.bit % 8) {
            *byte |= 0xff >> used;
        }
        clean.extend([0xff; 100]);
        let end = 8 * clean.len();
        clean.resize(clean.len() + super::super::super::bits::PADDING, 0);
        let place = Place { bit: 0, mcu: 0, dc: [0; 4] };
        for (kernel, gangs) in kernels().flat_map(|kernel| [(kernel, 1), (kernel, 2)]) {
            let cut = Cut { kernel, shortest: 512, gangs };
            let Some(map) = Map::with(&walk, &clean, 0, &place, end, cut) else { continue };
            checked += check_map(&name, &walk, &clean, total, &map, end);
        }
    }
    // A processor without lanes' instructions walks one place alone.
    assert!(checked > 0 || kernels().next().is_none());
}

#[test]
fn every_kernel_is_the_specified_one() {
    for (name, raw) in pictures() {
        let header = Header::parse(&raw).unwrap();
        let walk = Walk::new(&header).unwrap();
        let source = Source::new(&raw, header.data, Vec::new());
        let tables = Tables::new(&walk);
        let end = (source.end().min(200_000) / 2) as u32;
        for kernel in kernels() {
            let count = kernel.lanes;
            if walk.slots.len() > kernel.slots {
                continue;
            }
            let mut lanes = Lanes::idle();
            for lane in 0..count {
                lanes.bit[lane] = end / count as u32 * lane as u32;
                lanes.end[lane] = end / count as u32 * (lane as u32 + 1);
            }
            let mut specified = (lanes.clone(), Vec::new());
            lanes::run(&tables, source.clean(), &mut specified.0, count, &mut specified.1);
            let mut notes = Vec::new();
            (kernel.run)(&tables, source.clean(), &mut lanes, &mut notes);
            assert!(lanes == specified.0 && notes == specified.1, "{name} in {count} lanes");
        }
    }
}

/// A picture whose every guess stays out of step: what is known is true all the same.
#[test]
fn flat_and_periodic_pictures_are_walked_right() {
    for pattern in [[128u8; 4], [0, 255, 0, 255], [10, 10, 200, 200]] {
        let pixels: Vec<u8> = (0..2048 * 2048 * 3).map(|i| pattern[(i / 24) % 4]).collect();
        let image = turbojpeg::Image {
            pixels: &pixels[..],
            width: 2048,
            pitch: 6144,
            height: 2048,
            format: turbojpeg::PixelFormat::RGB,
        };
        for sampling in [turbojpeg::Subsamp::Sub2x2, turbojpeg::Subsamp::None] {
            let raw = turbojpeg::compress(image, 95, sampling).unwrap();
            let header = Header::parse(&raw).unwrap();
            let walk = Walk::new(&header).unwrap();
            let source = Source::new(&raw, header.data, Vec::new());
            let (across, down) = header.frame.mcus();
            let place = Place { bit: 0, mcu: 0, dc: [0; 4] };
            let end = source.safe_end();
            if let Some(map) = Map::new(&walk, source.clean(), 0, &place, end) {
                check_map("a pattern", &walk, source.clean(), across * down, &map, end);
            }
        }
    }
}

/// Guesses that never meet the truth, that end at what is no code, and that stand at the same bits
/// as the truth but before another block: what is told is the serial walk all the same.
#[test]
fn crafted_pictures_mislead_no_walk() {
    for (name, raw, resynchronises) in [
        ("nibbles", crafted::nibbles(300, 200, false), false),
        ("sparse nibbles", crafted::nibbles(300, 300, true), false),
        ("identical blocks, guessed right", crafted::identical_blocks(400, 300), true),
        ("identical blocks", crafted::identical_blocks(401, 307), false),
        ("ever brighter", crafted::ever_brighter(1000, 900), true),
    ] {
        let header = Header::parse(&raw).unwrap();
        let walk = Walk::new(&header).unwrap();
        let mut source = Source::new(&raw, header.data, Vec::new());
        while !source.is_last() {
            source.fill(0);
        }
        let (across, down) = header.frame.mcus();
        let place = Place { bit: 0, mcu: 0, dc: [0; 4] };
        let end = source.end();
        for kernel in kernels() {
            let map = Map::with(
                &walk,
                source.clean(),
                0,
                &place,
                end,
                Cut { kernel, shortest: SHORTEST, gangs: 1 },
            );
            let map = map.unwrap_or_else(|| panic!("{name} is too short for {} lanes", kernel.lanes));
            assert!(check_map(name, &walk, source.clean(), across * down, &map, end) > 0, "{name}");
            // All lanes' bits would be used if their guesses had been right.
            assert!(
                resynchronises || map.lanes.len() < kernel.lanes,
                "{name}: {} lanes met",
                map.lanes.len()
            );
        }
    }
}
