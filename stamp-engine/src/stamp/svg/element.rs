//! What one element of an SVG takes to parse, in nanoseconds, by measurement.

#![forbid(unsafe_code)]

use resvg::usvg::roxmltree::Node;

use super::sheets::{self, Sheets};
use super::vertices;

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

/// Of an element alone that stands `depth` deep.
pub(super) fn steps(node: Node<'_, '_>, depth: usize, sheets: &Sheets<'_>) -> f64 {
    let bytes: usize = node.attributes().map(|attribute| attribute.value().len()).sum();
    let outline = node.attribute("d").or_else(|| node.attribute("points"));
    let vertices = outline.map_or(0.0, vertices::most);
    let style = node.attribute("style").map_or(0.0, sheets::parsing);
    let text = if node.tag_name().name() == "text" { text(node) } else { 0.0 };
    ELEMENT
        + LEVEL * depth as f64
        + BYTE * bytes as f64
        + VERTEX * vertices
        + sheets.matching(node, depth)
        + style
        + text
}

fn text(node: Node<'_, '_>) -> f64 {
    let texts = node.descendants().filter(Node::is_text).filter_map(|node| node.text());
    let letters: usize = texts.map(|text| text.chars().count()).sum();
    let spans = node.descendants().filter(Node::is_element).count();
    let (letters, spans) = (letters as f64, spans as f64);
    LETTER * letters + LETTER_PAIR * letters * letters + LETTER_IN_SPAN * letters * spans
}
