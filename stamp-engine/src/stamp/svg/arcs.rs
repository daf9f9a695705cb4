//! How many curves arcs and circles become: the larger they are the more, so that each is nowhere a tenth of a unit
//! off, and those of a path wait in a list whose first is taken out each time.

#![forbid(unsafe_code)]

use resvg::usvg::roxmltree::Node;
use svgtypes::{Length, LengthUnit, PathParser, PathSegment};

/// Nanoseconds: to make one curve, and to move one that waits.
const CURVE: f64 = 150.0;
const WAITING: f64 = 3.0;
/// An arc that is flatter is a line.
const LEAST_RADIUS: f64 = 1e-5;
/// Lengths in per cents, `em` or inches are at most so many units, where drawings are no larger than that.
const LARGEST: f64 = 1e9;

/// What they come to.
#[derive(Clone, Copy, Default)]
pub(super) struct Arcs {
    pub(super) curves: f64,
    pub(super) nanoseconds: f64,
}

impl Arcs {
    /// Of an element's outline, or of its radii.
    pub(super) fn of(node: Node<'_, '_>) -> Self {
        match node.tag_name().name() {
            "circle" | "ellipse" | "rect" => {
                let radii = ["r", "rx", "ry"].map(|name| node.attribute(name).map_or(0.0, units));
                let curves = radii.into_iter().map(curves).fold(0.0, f64::max);
                Self { curves, nanoseconds: CURVE * curves }
            }
            _ => node.attribute("d").map_or_else(Self::default, Self::of_outline),
        }
    }

    fn of_outline(outline: &str) -> Self {
        let mut arcs = Self::default();
        // No point lies farther away.
        let mut reach = 0.0;
        for segment in PathParser::from(outline).map_while(Result::ok) {
            let (x, y) = end(&segment);
            reach += x.abs() + y.abs();
            if let PathSegment::EllipticalArc { rx, ry, .. } = segment {
                let (short, long) = (rx.abs().min(ry.abs()), rx.abs().max(ry.abs()));
                if short > LEAST_RADIUS {
                    // Radii too short to reach are lengthened (SVG 2, 9.5.4); half of what they span is at
                    // most the reach.
                    let curves = curves(long * (2.0 * reach / short).max(1.0));
                    arcs.curves += curves;
                    arcs.nanoseconds += CURVE * curves + WAITING * curves * curves;
                }
            }
        }
        arcs
    }
}

/// Of an ellipse, at the most (as kurbo's `Arc::append_iter`, with a tolerance of 0.1).
fn curves(radius: f64) -> f64 {
    (11.163 * radius).powf(1.0 / 6.0).max(4.0) + 4.0
}

fn end(segment: &PathSegment) -> (f64, f64) {
    match *segment {
        PathSegment::MoveTo { x, y, .. }
        | PathSegment::LineTo { x, y, .. }
        | PathSegment::CurveTo { x, y, .. }
        | PathSegment::SmoothCurveTo { x, y, .. }
        | PathSegment::Quadratic { x, y, .. }
        | PathSegment::SmoothQuadratic { x, y, .. }
        | PathSegment::EllipticalArc { x, y, .. } => (x, y),
        PathSegment::HorizontalLineTo { x, .. } => (x, 0.0),
        PathSegment::VerticalLineTo { y, .. } => (0.0, y),
        PathSegment::ClosePath { .. } => (0.0, 0.0),
    }
}

/// At the most.
fn units(length: &str) -> f64 {
    match length.parse::<Length>() {
        Ok(Length { number, unit: LengthUnit::None | LengthUnit::Px }) => number.abs(),
        Ok(Length { number, .. }) => number.abs() * LARGEST,
        Err(_) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use resvg::usvg::tiny_skia_path::PathVerb;
    use resvg::usvg::{Node, Options, Tree};

    use super::*;

    fn reckoned(shape: &str) -> Arcs {
        let document = resvg::usvg::roxmltree::Document::parse(shape).unwrap();
        Arcs::of(document.root_element())
    }

    /// Of the one path that the parser makes of it.
    fn made(shape: &str) -> usize {
        let text = format!("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{shape}</svg>");
        let tree = Tree::from_str(&text, &Options::default()).unwrap();
        let Some(Node::Path(path)) = tree.root().children().first() else { return 0 };
        path.data().verbs().iter().filter(|&&verb| verb == PathVerb::Cubic).count()
    }

    #[test]
    fn no_more_curves_are_made_than_are_reckoned() {
        for shape in [
            "<circle r='5'/>",
            "<circle r='5e14'/>",
            "<circle r='70%'/>",
            "<ellipse rx='1e9' ry='3'/>",
            "<rect width='9e9' height='9e9' rx='3e9'/>",
            "<path d='M0 0a5 5 0 1 0 1 1z'/>",
            "<path d='M9e9 0A5 5 0 1 0 0 3l1 1'/>",
            "<path d='M0 0 9e9 9e9 9e9 9e9 9e9 9e9a5 5 0 1 0-9e9-9e9A3 4 50 1 1 0 3a.1.1 0 102-3e3v3'/>",
            "<path d='M1 1h1e4A.001 3000 30 1 0 0 8'/>",
        ] {
            let (most, made) = (reckoned(shape).curves, made(shape));
            assert!(made > 0 && made as f64 <= most, "{shape}: {made} of {most}");
        }
    }

    #[test]
    fn small_arcs_cost_little_and_vast_ones_too_much() {
        let small = reckoned("<path d='M1 1a.5.5 0 1 0 9 9A30 20 0 1 1 500 600'/>");
        assert!(small.curves < 40.0 && small.nanoseconds < 1e4, "{}", small.nanoseconds);
        assert_eq!(reckoned("<path d='M1 1A0 0 0 1 0 9e30 9'/>").curves, 0.0, "a line");
        for vast in ["M5 4e38A5 5 0 0 0 1 5", "M0 0h9A1e-4 9e35 0 1 1 5 5", "M0 0A1e300 1e300 0 1 1 5 5"] {
            let vast = reckoned(&format!("<path d='{vast}'/>"));
            assert!(vast.nanoseconds > 3e8, "{}", vast.nanoseconds);
        }
    }
}
