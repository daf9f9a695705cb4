//! What one element of an SVG takes to parse, in nanoseconds, by measurement.

#![forbid(unsafe_code)]

use resvg::usvg::roxmltree::Node;

use super::arcs::Arcs;
use super::sheets::{self, Sheets};
use crate::{Error, Result};

const ELEMENT: f64 = 5000.0;
/// Of each element around it, where properties are looked for that may be inherited.
pub(super) const LEVEL: f64 = 40.0;
/// Of its attributes, which are copied and parsed.
const BYTE: f64 = 5.0;
/// Of an outline, which may be stroked to find its bounds.
const VERTEX: f64 = 200.0;
/// Of text: each is shaped, outlined, and looked for among the others and among the spans.
const LETTER: f64 = 10_000.0;
const LETTER_PAIR: f64 = 0.7;
const LETTER_IN_SPAN: f64 = 180.0;

/// An element alone.
pub(super) struct Element {
    pub(super) nanoseconds: f64,
    /// Whether it is one of those that markers are drawn on, and with how many vertices at the most.
    pub(super) shapes: f64,
    pub(super) vertices: f64,
}

impl Element {
    /// One that stands `depth` deep.
    ///
    /// # Errors
    /// [`Error::Stamp`] for a `tref`: it copies text from anywhere, and all nodes are searched for it.
    pub(super) fn of(node: Node<'_, '_>, depth: usize, sheets: &Sheets<'_>) -> Result<Self> {
        let name = node.tag_name().name();
        if name == "tref" {
            return Err(Error::stamp(
                "the SVG has a tref element, which SVG 2 no longer knows; write its text where it is drawn",
            ));
        }
        let outline = node.attribute("d").or_else(|| node.attribute("points"));
        let points = if name == "line" { 2.0 } else { outline.map_or(0.0, vertices) };
        let arcs = Arcs::of(node);
        let vertices = points + arcs.curves;
        let bytes: usize = node.attributes().map(|attribute| attribute.value().len()).sum();
        let style = node.attribute("style").map_or(0.0, sheets::parsing);
        let text = if name == "text" { text(node) } else { 0.0 };
        Ok(Self {
            nanoseconds: ELEMENT
                + LEVEL * depth as f64
                + BYTE * bytes as f64
                + VERTEX * points
                + arcs.nanoseconds
                + sheets.matching(node, depth)
                + style
                + text,
            shapes: if points > 0.0 { 1.0 } else { 0.0 },
            vertices,
        })
    }
}

/// At the most: each takes a number, or a `z`.
fn vertices(outline: &str) -> f64 {
    let mut in_number = false;
    let mut count = 0.0;
    for byte in outline.bytes() {
        if (byte.is_ascii_digit() && !in_number) || matches!(byte, b'z' | b'Z') {
            count += 1.0;
        }
        in_number = byte.is_ascii_digit();
    }
    count
}

fn text(node: Node<'_, '_>) -> f64 {
    let texts = node.descendants().filter(Node::is_text).filter_map(|node| node.text());
    let letters: usize = texts.map(|text| text.chars().count()).sum();
    let spans = node.descendants().filter(Node::is_element).count();
    let (letters, spans) = (letters as f64, spans as f64);
    LETTER * letters + LETTER_PAIR * letters * letters + LETTER_IN_SPAN * letters * spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vertices_are_never_less_than_there_are() {
        assert_eq!(vertices("M1 2l.5.5-3-3z"), 7.0);
        assert_eq!(vertices("1,2 3,4"), 4.0);
        assert_eq!(vertices("M0 0h1h1h1"), 5.0);
    }
}
