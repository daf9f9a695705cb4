//! What drawing an outline would take: its edges are kept in order while the rows are gone through.

#![forbid(unsafe_code)]

use resvg::tiny_skia::{PathSegment, Point};
use resvg::usvg::{LineCap, Path, Stroke, Transform};

use super::load::{Load, stretch};

/// Of an edge, in each row of a pixel: there are four for one, to smooth it.
const EDGE_IN_ROW: f64 = 360.0;
/// To make one, and what it takes of memory.
const EDGE: f64 = 180.0;
const EDGE_BYTES: f64 = 64.0;
/// A stroke has two sides, and ends and joints, each with edges of its own.
const SIDES: f64 = 2.0;
const JOINT: f64 = 4.0;
const ROUND: f64 = 8.0;
/// Lines that a curve is drawn as, for each of the two or three that bound it.
const CURVE: f64 = 4.0;

/// Of a path in an SVG of which a square unit is `scale` pixels, on a canvas `height` pixels high.
pub(super) fn load(path: &Path, scale: f64, height: f64) -> Load {
    let scale = scale.sqrt();
    let to_canvas = path.abs_transform();
    let outline = Outline::of(path, to_canvas, scale, height);
    let mut load = Load::default();
    if path.fill().is_some() {
        load = load.then(of_edges(outline.edges, outline.rows));
    }
    if let Some(stroke) = path.stroke() {
        let width = f64::from(stroke.width().get()) * stretch(to_canvas).sqrt() * scale;
        let pieces = outline.edges + dashes(stroke, outline.length);
        let joints = pieces * if stroke.linecap() == LineCap::Round { ROUND } else { JOINT };
        let rows = SIDES * outline.rows + pieces * SIDES * width.min(height);
        load = load.then(of_edges(SIDES * pieces + joints, rows));
    }
    load
}

/// At the most: contours with more than a million are not drawn at all.
fn dashes(stroke: &Stroke, length: f64) -> f64 {
    let Some(pattern) = stroke.dasharray() else { return 0.0 };
    let period: f64 = pattern.iter().map(|&dash| f64::from(dash)).sum();
    length / period * pattern.len() as f64 / 2.0
}

fn of_edges(edges: f64, rows: f64) -> Load {
    Load { steps: EDGE * edges + EDGE_IN_ROW * rows, bytes: EDGE_BYTES * edges }
}

#[derive(Default)]
struct Outline {
    edges: f64,
    /// Of pixels, that the edges go through.
    rows: f64,
    /// In units of the path.
    length: f64,
}

impl Outline {
    /// Curves are taken for the lines between the points that they are drawn to, which are longer.
    fn of(path: &Path, to_canvas: Transform, scale: f64, height: f64) -> Self {
        let mut outline = Self::default();
        let (mut at, mut start) = (Point::zero(), Point::zero());
        let mut line_to = |at: &mut Point, to: Point, edges: f64| {
            let (x, y) = (f64::from(to.x - at.x), f64::from(to.y - at.y));
            let rows = (f64::from(to_canvas.ky) * x + f64::from(to_canvas.sy) * y).abs() * scale;
            outline.edges += edges;
            outline.rows += rows.min(height);
            outline.length += x.hypot(y);
            *at = to;
        };
        for segment in path.data().segments() {
            match segment {
                PathSegment::MoveTo(to) => {
                    at = to;
                    start = to;
                }
                PathSegment::LineTo(to) => line_to(&mut at, to, 1.0),
                PathSegment::QuadTo(by, to) => {
                    line_to(&mut at, by, CURVE);
                    line_to(&mut at, to, CURVE);
                }
                PathSegment::CubicTo(by, and, to) => {
                    line_to(&mut at, by, CURVE);
                    line_to(&mut at, and, CURVE);
                    line_to(&mut at, to, CURVE);
                }
                PathSegment::Close => line_to(&mut at, start, 1.0),
            }
        }
        outline
    }
}
