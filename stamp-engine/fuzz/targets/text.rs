//! Any text as a stamp, as a template, and as each setting of a placement; what is understood is
//! resolved on a picture.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stamp_engine::{At, Length, Mode, Placement, Size, Stamp, TextStyle, TextTemplate, Tile};

fuzz_target!(|text: &str| {
    let style = TextStyle { font: None, size: Length::Px(12.0), color: [255, 128, 0, 200] };
    let size = Stamp::text(text, &style, 12.0).map(|stamp| stamp.size()).unwrap_or((40.0, 30.0));
    let _ = text.parse::<TextTemplate>();
    let _ = text.parse::<Mode>();
    // One setting a line.
    let mut lines = text.lines();
    let mut placement = Placement::default();
    placement.at = said::<At>(lines.next()).unwrap_or(placement.at);
    placement.margin = said::<Length>(lines.next()).unwrap_or(placement.margin);
    placement.size = said::<Size>(lines.next()).unwrap_or(placement.size);
    placement.tile = said::<Tile>(lines.next());
    placement.rotate = said::<f64>(lines.next()).unwrap_or(0.0);
    placement.opacity = said::<f64>(lines.next()).unwrap_or(1.0);
    if let Ok(resolved) = placement.resolve((640, 480), size) {
        let _ = format!("{resolved:?}");
    }
});

fn said<T: std::str::FromStr>(line: Option<&str>) -> Option<T> {
    line?.parse().ok()
}
