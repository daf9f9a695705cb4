//! Text stamps: shaped once, drawn at any size.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cosmic_text::{Buffer, LayoutGlyph, Metrics, Shaping, SwashContent, SwashImage, Wrap};

use super::TextStyle;
use super::fonts::{self, FontSet};
use super::raster::Raster;
use super::source::hash;
use crate::{Error, Result};

/// A text is shaped at this em, in pixels; without hinting, every other size looks the same.
const SHAPED_EM: f32 = 64.0;
/// From one baseline to the next, in em.
const LINE_HEIGHT: f32 = 1.2;
/// More than this is no stamp, and would take long to shape.
const MAX_CHARACTERS: usize = 10_000;

/// A text, shaped. Its box is as wide as its longest line and as high as its lines, whatever ink
/// is in them, so that texts with and without descenders line up; where ink stands out of that
/// box, it is larger.
#[derive(Debug)]
pub(super) struct Text {
    glyphs: Vec<Glyph>,
    bounds: Bounds,
    em: f64,
    color: [u8; 4],
    fonts: Arc<Mutex<FontSet>>,
    content_hash: [u8; 32],
}

#[derive(Debug)]
struct Glyph {
    glyph: LayoutGlyph,
    /// The y of its baseline.
    baseline: f32,
}

/// In pixels at the shaped em.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Text {
    /// Shapes a text. `em` is the font size, in pixels, that its own size is reckoned with.
    pub(super) fn set(text: &str, style: &TextStyle, em: f64) -> Result<Self> {
        if !(em > 0.0 && em <= 1e6) {
            return Err(Error::Setting("the text size must be more than 0 pixels".to_owned()));
        }
        if text.chars().count() > MAX_CHARACTERS {
            return Err(Error::stamp(format!("a text has at most {MAX_CHARACTERS} characters")));
        }
        let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        let fonts = fonts::for_text(style.font.as_deref(), &text)?;
        let mut set = lock(&fonts);
        let (glyphs, mut bounds) = shape(&mut set, &text);
        warn_of_missing(&text, &glyphs);
        for glyph in &glyphs {
            if let Some((x, y, image)) = glyph.draw(&mut set, (0.0, 0.0), 1.0) {
                bounds.include(x, y, &image);
            }
        }
        let content_hash = hash(&[text.as_bytes(), &style.color, &set.fingerprint, set.name().as_bytes()]);
        drop(set);
        Ok(Self { glyphs, bounds, em, color: style.color, fonts, content_hash })
    }

    /// Width and height in pixels, both positive.
    pub(super) fn size(&self) -> (f64, f64) {
        let scale = self.em / f64::from(SHAPED_EM);
        (f64::from(self.bounds.width()) * scale, f64::from(self.bounds.height()) * scale)
    }

    /// Of all that decides what it looks like. The size does not: it is drawn as large as asked.
    pub(super) fn content_hash(&self) -> [u8; 32] {
        self.content_hash
    }

    /// Draws it into a bitmap of `width × height`.
    pub(super) fn draw(&self, width: u32, height: u32) -> Result<Raster> {
        let scale = (width as f32 / self.bounds.width()).min(height as f32 / self.bounds.height());
        let origin = (-self.bounds.left * scale, -self.bounds.top * scale);
        let mut canvas = Raster { width, height, rgba: vec![[0; 4]; width as usize * height as usize] };
        let mut set = lock(&self.fonts);
        for glyph in &self.glyphs {
            if let Some((x, y, image)) = glyph.draw(&mut set, origin, scale) {
                paint(&mut canvas, x, y, &image, self.color);
            }
        }
        let opacity = u32::from(self.color[3]);
        for pixel in &mut canvas.rgba {
            pixel[3] = ((u32::from(pixel[3]) * opacity + 127) / 255) as u16;
        }
        Ok(canvas)
    }
}

fn lock(fonts: &Mutex<FontSet>) -> MutexGuard<'_, FontSet> {
    fonts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The text's glyphs and the box of its lines.
fn shape(set: &mut FontSet, text: &str) -> (Vec<Glyph>, Bounds) {
    let mut buffer = Buffer::new_empty(Metrics::relative(SHAPED_EM, LINE_HEIGHT));
    buffer.set_wrap(Wrap::None);
    buffer.set_text(text, &set.attributes(), Shaping::Advanced, None);
    buffer.shape_until_scroll(&mut set.system, false);
    let width = buffer.layout_runs().map(|run| run.line_w).fold(0.0, f32::max);
    // Only against a known width do lines from right to left begin at the right.
    buffer.set_size(Some(width), None);
    buffer.shape_until_scroll(&mut set.system, false);
    let mut glyphs = Vec::new();
    let mut bottom = SHAPED_EM * LINE_HEIGHT;
    for run in buffer.layout_runs() {
        bottom = run.line_top + run.line_height;
        glyphs.extend(run.glyphs.iter().map(|glyph| Glyph { glyph: glyph.clone(), baseline: run.line_y }));
    }
    // An empty text is a clear square, so that it has proportions.
    let right = if width > 0.0 { width } else { bottom };
    (glyphs, Bounds { left: 0.0, top: 0.0, right, bottom })
}

fn warn_of_missing(text: &str, glyphs: &[Glyph]) {
    // Glyph 0 is the box that stands for a missing character.
    let missing: BTreeSet<&str> = glyphs
        .iter()
        .filter(|Glyph { glyph, .. }| glyph.glyph_id == 0)
        .filter_map(|Glyph { glyph, .. }| text.lines().find_map(|line| line.get(glyph.start..glyph.end)))
        .collect();
    if !missing.is_empty() {
        let count = missing.len();
        tracing::warn!(
            "{count} characters of the text “{text}” are in no installed font; install one that has them"
        );
    }
}

impl Glyph {
    /// Its bitmap at `scale` and where the bitmap's top left corner lies.
    fn draw(&self, set: &mut FontSet, origin: (f32, f32), scale: f32) -> Option<(i32, i32, SwashImage)> {
        let place = self.glyph.physical((origin.0, origin.1 + self.baseline * scale), scale);
        let image = set.swash.get_image_uncached(&mut set.system, place.cache_key)?;
        let x = place.x.saturating_add(image.placement.left);
        let y = place.y.saturating_sub(image.placement.top);
        Some((x, y, image))
    }
}

impl Bounds {
    fn width(&self) -> f32 {
        self.right - self.left
    }

    fn height(&self) -> f32 {
        self.bottom - self.top
    }

    fn include(&mut self, x: i32, y: i32, image: &SwashImage) {
        let (x, y) = (x as f32, y as f32);
        self.left = self.left.min(x);
        self.top = self.top.min(y);
        self.right = self.right.max(x + image.placement.width as f32);
        self.bottom = self.bottom.max(y + image.placement.height as f32);
    }
}

/// Lays a glyph over what is drawn already.
fn paint(canvas: &mut Raster, x: i32, y: i32, image: &SwashImage, color: [u8; 4]) {
    let channels = if image.content == SwashContent::Mask { 1 } else { 4 };
    let wide = |value: u8| u16::from(value) * 257;
    let width = image.placement.width as usize;
    if width == 0 {
        return;
    }
    for (row, line) in (i64::from(y)..).zip(image.data.chunks_exact(width * channels)) {
        for (column, source) in (i64::from(x)..).zip(line.chunks_exact(channels)) {
            let inside = (0..i64::from(canvas.width)).contains(&column)
                && (0..i64::from(canvas.height)).contains(&row);
            if !inside {
                continue;
            }
            let pixel = match *source {
                [coverage] => [wide(color[0]), wide(color[1]), wide(color[2]), wide(coverage)],
                [r, g, b, alpha] => [wide(r), wide(g), wide(b), wide(alpha)],
                _ => continue,
            };
            let under = &mut canvas.rgba[row as usize * canvas.width as usize + column as usize];
            *under = over(*under, pixel);
        }
    }
}

/// Source-over of straight-alpha pixels.
fn over(under: [u16; 4], above: [u16; 4]) -> [u16; 4] {
    if under[3] == 0 || above[3] == u16::MAX {
        return above;
    }
    let alpha = f32::from(above[3]) / 65535.0;
    let rest = f32::from(under[3]) / 65535.0 * (1.0 - alpha);
    let whole = alpha + rest;
    let mix =
        |above: u16, under: u16| ((f32::from(above) * alpha + f32::from(under) * rest) / whole + 0.5) as u16;
    let colour = [0, 1, 2].map(|channel| mix(above[channel], under[channel]));
    [colour[0], colour[1], colour[2], (whole * 65535.0 + 0.5) as u16]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Length;

    fn text(text: &str) -> Text {
        let style = TextStyle { font: None, size: Length::Px(40.0), color: [255, 128, 0, 255] };
        Text::set(text, &style, 40.0).unwrap()
    }

    fn ink(raster: &Raster) -> usize {
        raster.rgba.iter().filter(|pixel| pixel[3] > 0x8000).count()
    }

    fn at_own_size(text: &Text) -> Raster {
        let (width, height) = text.size();
        text.draw(width.round() as u32, height.round() as u32).unwrap()
    }

    #[test]
    fn texts_with_and_without_descenders_are_equally_high() {
        let heights = ["axe", "jgypq", "ÉÀ", ""].map(|words| text(words).size().1);
        assert!(heights.iter().all(|height| (height - 48.0).abs() < 0.01), "{heights:?}");
        assert!((text("one\ntwo").size().1 - 96.0).abs() < 0.01);
    }

    #[test]
    fn ink_is_in_the_colour_asked_for() {
        let raster = at_own_size(&text("Hello"));
        assert!(ink(&raster) > 200, "{}", ink(&raster));
        let painted = raster.rgba.iter().filter(|pixel| pixel[3] > 0);
        assert!(painted.clone().all(|pixel| pixel[..3] == [65535, 128 * 257, 0]));
    }

    #[test]
    fn text_is_drawn_sharp_at_other_sizes() {
        let words = text("Hello");
        let (width, height) = words.size();
        let small = ink(&at_own_size(&words)) as f64;
        let large = words.draw((width * 4.0).round() as u32, (height * 4.0).round() as u32).unwrap();
        assert!((ink(&large) as f64 / small / 16.0 - 1.0).abs() < 0.1);
        // Drawn, not enlarged: the soft edge is as thin as before.
        let soft = large.rgba.iter().filter(|pixel| (0x1000..0xf000).contains(&pixel[3])).count();
        assert!(soft * 5 < ink(&large), "{soft} of {}", ink(&large));
    }

    #[test]
    fn nothing_is_cut_off() {
        for words in ["jÅ\u{301}\u{301}\u{301}", "f", "Wj"] {
            let raster = at_own_size(&text(words));
            let wide = text(&format!("  {words}  \n"));
            let whole = ink(&at_own_size(&wide));
            assert!(ink(&raster).abs_diff(whole) <= 12 + whole / 10, "{words}: {} of {whole}", ink(&raster));
        }
    }

    #[test]
    fn alpha_is_applied_once_where_glyphs_overlap() {
        let style = TextStyle { font: None, size: Length::Px(40.0), color: [0, 0, 0, 100] };
        let raster = at_own_size(&Text::set("o\u{338}x\u{338}", &style, 40.0).unwrap());
        let most = raster.rgba.iter().map(|pixel| pixel[3]).max().unwrap();
        assert_eq!(most, 100 * 257);
    }

    #[test]
    fn an_empty_text_is_a_clear_square() {
        let empty = text("");
        let (width, height) = empty.size();
        assert!(width == height && (width - 48.0).abs() < 0.01, "{width} × {height}");
        assert_eq!(ink(&empty.draw(48, 48).unwrap()), 0);
    }

    #[test]
    fn right_to_left_lines_begin_at_the_right() {
        let raster = at_own_size(&text("\u{5d0}\nxxxxxxxxxxxxxxxx"));
        let first: Vec<usize> = (0..raster.width as usize * 40)
            .filter(|&at| raster.rgba[at][3] > 0)
            .map(|at| at % raster.width as usize)
            .collect();
        assert!(!first.is_empty());
        assert!(first.iter().all(|&x| x > raster.width as usize / 2), "ink of the first line at {first:?}");
    }

    #[test]
    fn hashes_tell_texts_and_colours_apart_but_not_sizes() {
        let hash = |words: &str, em: f64, color| {
            Text::set(words, &TextStyle { font: None, size: Length::Px(em), color }, em)
                .unwrap()
                .content_hash()
        };
        assert_eq!(hash("a", 10.0, [1; 4]), hash("a", 20.0, [1; 4]));
        assert_ne!(hash("a", 10.0, [1; 4]), hash("b", 10.0, [1; 4]));
        assert_ne!(hash("a", 10.0, [1; 4]), hash("a", 10.0, [2; 4]));
    }

    #[test]
    fn absurd_texts_are_refused() {
        let style = TextStyle { font: None, size: Length::Px(1.0), color: [0; 4] };
        for em in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Text::set("a", &style, em), Err(Error::Setting(_))));
        }
        assert!(matches!(Text::set(&"a".repeat(10_001), &style, 9.0), Err(Error::Stamp(_))));
        Text::set("a\0\u{7}\r\n\u{202e}\u{feff}b", &style, 9.0).unwrap();
    }
}
