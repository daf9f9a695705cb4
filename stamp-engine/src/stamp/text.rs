//! Text stamps: set once, drawn at any size. A text is made an SVG, whose parser shapes it and whose
//! renderer draws it.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, FontResolver, Node, Tree};

use super::TextStyle;
use super::fonts::{self, FontSet};
use super::raster::Raster;
use super::source::hash;
use crate::{Error, Result};

/// A text is set at this em, in pixels; every other size looks the same.
const EM: f32 = 64.0;
/// From one baseline to the next, in em.
const LINE_HEIGHT: f32 = 1.2;
/// More than this is no stamp, and would take long to shape.
const MAX_CHARACTERS: usize = 10_000;

/// A text, set. Its box is as wide as its longest line and as high as its lines, whatever ink
/// is in them, so that texts with and without descenders line up; where ink stands out of that
/// box, it is larger.
pub(super) struct Text {
    tree: Tree,
    bounds: Bounds,
    em: f64,
    color: [u8; 4],
    content_hash: [u8; 32],
}

/// In pixels at [`EM`].
#[derive(Clone, Copy, Debug)]
struct Bounds {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Text {
    /// Sets a text. `em` is the font size, in pixels, that its own size is reckoned with.
    pub(super) fn set(text: &str, style: &TextStyle, em: f64) -> Result<Self> {
        if !(em > 0.0 && em <= 1e6) {
            return Err(Error::Setting("the text size must be more than 0 pixels".to_owned()));
        }
        if text.chars().count() > MAX_CHARACTERS {
            return Err(Error::stamp(format!("a text has at most {MAX_CHARACTERS} characters")));
        }
        let text: String = text.chars().filter(|&c| is_written(c)).collect();
        let color = style.color;
        let mut fonts = fonts::for_text(style.font.as_deref(), false)?;
        let mut setting = Setting::of(&text, &fonts, color)?;
        // The system's fonts are only looked through where they are needed.
        if !setting.missing.is_empty() {
            fonts = fonts::for_text(style.font.as_deref(), true)?;
            setting = Setting::of(&text, &fonts, color)?;
            warn_of_missing(&text, &setting.missing);
        }
        let content_hash = hash(&[text.as_bytes(), &color, &fonts.fingerprint, fonts.name().as_bytes()]);
        Ok(Self { tree: setting.tree, bounds: setting.bounds, em, color, content_hash })
    }

    /// Width and height in pixels, both positive.
    pub(super) fn size(&self) -> (f64, f64) {
        let scale = self.em / f64::from(EM);
        (f64::from(self.bounds.width()) * scale, f64::from(self.bounds.height()) * scale)
    }

    /// Of all that decides what it looks like. The size does not: it is drawn as large as asked.
    pub(super) fn content_hash(&self) -> [u8; 32] {
        self.content_hash
    }

    /// Draws it into a bitmap of `width × height`.
    pub(super) fn draw(&self, width: u32, height: u32) -> Result<Raster> {
        let mut canvas = Pixmap::new(width, height)
            .ok_or_else(|| Error::stamp(format!("a text cannot be drawn {width} × {height} pixels large")))?;
        let scale = (width as f32 / self.bounds.width()).min(height as f32 / self.bounds.height());
        let place = Transform::from_scale(scale, scale).pre_translate(-self.bounds.left, -self.bounds.top);
        resvg::render(&self.tree, place, &mut canvas.as_mut());
        let mut raster = Raster::from_premultiplied_8(width, height, canvas.data());
        let opacity = u32::from(self.color[3]);
        for (pixel, drawn) in raster.rgba.iter_mut().zip(canvas.data().as_chunks::<4>().0) {
            if is_of(drawn, self.color) {
                pixel[..3].copy_from_slice(&[0, 1, 2].map(|channel| u16::from(self.color[channel]) * 257));
            }
            // Once for the whole, so that it does not add up where glyphs overlap.
            pixel[3] = ((u32::from(pixel[3]) * opacity + 127) / 255) as u16;
        }
        Ok(raster)
    }
}

/// Whether a premultiplied pixel is of the text's colour, but for rounding: not of an emoji's. Divided by a
/// small alpha, what 8 bits are left of a colour would be another one.
fn is_of(drawn: &[u8; 4], color: [u8; 4]) -> bool {
    let alpha = i32::from(drawn[3]);
    alpha > 0
        && (0..3).all(|channel| {
            let wanted = (i32::from(color[channel]) * alpha + 127) / 255;
            (i32::from(drawn[channel]) - wanted).abs() <= 1
        })
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

/// Whether a character is one of a text, and may stand in XML (XML 1.0, 2.2).
fn is_written(c: char) -> bool {
    (!c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')) || matches!(c, '\n' | '\t')
}

/// A text in its place.
struct Setting {
    tree: Tree,
    bounds: Bounds,
    /// What is in no font that there is.
    missing: BTreeSet<String>,
}

impl Setting {
    fn of(text: &str, fonts: &FontSet, color: [u8; 4]) -> Result<Self> {
        let lines: Vec<&str> = text.split('\n').collect();
        let (ascent, descent) = heights(fonts)?;
        let widths = widths(&lines, fonts)?;
        let width = widths.iter().copied().fold(0.0, f32::max);
        let line_height = EM * LINE_HEIGHT;
        let baseline = (line_height - (ascent + descent)) / 2.0 + ascent;
        let places = lines.iter().zip(&widths).enumerate().map(|(number, (line, own))| {
            let x = if is_from_right(line) { width - own } else { 0.0 };
            (x, baseline + number as f32 * line_height)
        });
        let tree = tree(&lines, places.collect(), fonts, color)?;
        let bottom = line_height * lines.len() as f32;
        // An empty text is a clear square, so that it has proportions.
        let right = if width > 0.0 { width } else { bottom };
        let mut bounds = Bounds { left: 0.0, top: 0.0, right, bottom };
        let mut missing = BTreeSet::new();
        for text in texts(&tree) {
            bounds.include(text.flattened().abs_stroke_bounding_box());
            let glyphs = text.layouted().iter().flat_map(|span| &span.positioned_glyphs);
            // Glyph 0 is the box that stands for a missing character.
            missing.extend(glyphs.filter(|glyph| glyph.id.0 == 0).map(|glyph| glyph.text.clone()));
        }
        Ok(Self { tree, bounds, missing })
    }
}

/// Whether the first letter is one of a script that is written from right to left (UAX #9, P2 and P3; the
/// blocks of such scripts as the Unicode Standard, 15.0, reserves them).
fn is_from_right(line: &str) -> bool {
    let first = line.chars().find(|c| c.is_alphabetic());
    first.is_some_and(|c| {
        matches!(u32::from(c),
            0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x10800..=0x10fff | 0x1e800..=0x1efff)
    })
}

/// How far a line of the font reaches over its baseline and below it.
fn heights(fonts: &FontSet) -> Result<(f32, f32)> {
    let measured = tree(&["x"], vec![(0.0, 0.0)], fonts, [0; 4])?;
    let bounds = texts(&measured).next().map(usvg::Text::bounding_box);
    Ok(bounds.map_or((EM, 0.0), |bounds| (-bounds.top(), bounds.bottom())))
}

/// How far the pen goes in each line.
fn widths(lines: &[&str], fonts: &FontSet) -> Result<Vec<f32>> {
    let measured = tree(lines, vec![(0.0, 0.0); lines.len()], fonts, [0; 4])?;
    let mut widths = vec![0.0; lines.len()];
    // A line without a glyph is none of the tree's.
    for text in texts(&measured) {
        if let Some(width) = text.id().parse().ok().and_then(|line: usize| widths.get_mut(line)) {
            *width = text.bounding_box().width();
        }
    }
    Ok(widths)
}

fn texts(tree: &Tree) -> impl Iterator<Item = &usvg::Text> {
    fn within<'a>(group: &'a usvg::Group, found: &mut Vec<&'a usvg::Text>) {
        for child in group.children() {
            match child {
                Node::Text(text) => found.push(text),
                Node::Group(group) => within(group, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    within(tree.root(), &mut found);
    found.into_iter()
}

/// The lines as an SVG's, each beginning where its place says; opaque.
fn tree(lines: &[&str], places: Vec<(f32, f32)>, fonts: &FontSet, color: [u8; 4]) -> Result<Tree> {
    let [r, g, b, _] = color;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{EM}' height='{EM}' font-size='{EM}' \
         fill='rgb({r},{g},{b})'>"
    );
    for (number, (line, (x, y))) in lines.iter().zip(places).enumerate() {
        // Writing to a string does not fail.
        let _ =
            write!(svg, "<text id='{number}' x='{x}' y='{y}' xml:space='preserve'>{}</text>", escaped(line));
    }
    svg.push_str("</svg>");
    let face = fonts.face;
    let options = usvg::Options {
        fontdb: Arc::clone(&fonts.database),
        font_resolver: FontResolver {
            select_font: Box::new(move |_, _| Some(face)),
            select_fallback: FontResolver::default_fallback_selector(),
        },
        ..usvg::Options::default()
    };
    Tree::from_str(&svg, &options).map_err(|error| Error::stamp(format!("the text cannot be set: {error}")))
}

fn escaped(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn warn_of_missing(text: &str, missing: &BTreeSet<String>) {
    if !missing.is_empty() {
        let count = missing.len();
        tracing::warn!(
            "{count} characters of the text “{text}” are in no installed font; install one that has them"
        );
    }
}

impl Bounds {
    fn width(&self) -> f32 {
        self.right - self.left
    }

    fn height(&self) -> f32 {
        self.bottom - self.top
    }

    fn include(&mut self, ink: usvg::Rect) {
        if ink.width() == 0.0 && ink.height() == 0.0 {
            return;
        }
        self.left = self.left.min(ink.left());
        self.top = self.top.min(ink.top());
        self.right = self.right.max(ink.right());
        self.bottom = self.bottom.max(ink.bottom());
    }
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
    fn what_the_font_lacks_is_known() {
        let fonts = fonts::for_text(None, false).unwrap();
        let missing = |words: &str| Setting::of(words, &fonts, [0; 4]).unwrap().missing.len();
        assert_eq!(missing("Ångström © 2024 — Ελλάδα, Москва 100 €\n<&>\t'\""), 0);
        assert_eq!(missing("東京 東"), 2);
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
