//! What drawing an SVG would take, told from its tree. A few lines of SVG can ask for years of work:
//! patterns in patterns, masks in masks, filters without measure. The renderer has no bound of its own
//! and cannot be stopped, so that what asks for too much is not begun.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use resvg::usvg::filter::{Filter, Kind};
use resvg::usvg::{ClipPath, Group, ImageKind, Mask, Node, Paint, Path, Pattern, Rect, Transform, Tree};

use super::outline;
use crate::stamp::image;
use crate::{Error, Result};

/// Pixels touched, about a third of a nanosecond each; those of the canvas so many times, where it is large.
const MOST_STEPS: f64 = 1.5e9;
const MOST_COVERS: f64 = 1000.0;
/// Layers that lie on one another while their group is drawn, in bytes; so many canvases, where it is
/// large.
const MOST_BYTES: f64 = 128e6;
const MOST_LAYERS: f64 = 16.0;
/// Groups in groups; the renderer takes some kilobytes of the stack for each.
const DEEPEST: usize = 128;
/// A reference takes as much of the stack as some groups.
const REFERENCE: usize = 4;
/// Of any node, whatever its size: outlines are flattened and tiles set up.
const NODE: f64 = 500.0;
/// Of a layer, whatever its size: it is made, cleared and put on.
const ISOLATED: f64 = 20_000.0;
/// Of a gradient, of which each shape has its own.
const STOP: f64 = 60.0;
/// Of an embedded picture, which is decoded each time it is drawn.
const DECODED: f64 = 30.0;
/// Layers reach over the canvas on all sides (resvg's `max_bbox`).
const LAYER: f64 = 25.0;

/// Refuses a tree that takes too much to draw on a canvas of `width × height`.
///
/// # Errors
/// [`Error::Stamp`].
pub(super) fn check(tree: &Tree, width: u32, height: u32) -> Result<()> {
    let canvas = f64::from(width) * f64::from(height);
    let scale = canvas / (f64::from(tree.size().width()) * f64::from(tree.size().height()));
    let mut meter = Meter { canvas, height: f64::from(height), scale, known: HashMap::new() };
    let load = meter.group(tree.root(), 0)?;
    if load.steps > MOST_STEPS.max(MOST_COVERS * canvas)
        || load.bytes > MOST_BYTES.max(MOST_LAYERS * 4.0 * canvas)
    {
        return Err(Error::stamp(
            "drawing the SVG would take too long: it has too many shapes, filters, masks or patterns upon one \
             another; simplify it, or use an image of it",
        ));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    pub(super) steps: f64,
    /// At the height of drawing it.
    pub(super) bytes: f64,
}

impl Load {
    /// One after the other.
    pub(super) fn then(self, next: Self) -> Self {
        Self { steps: self.steps + next.steps, bytes: self.bytes.max(next.bytes) }
    }
}

struct Meter {
    canvas: f64,
    /// In pixels.
    height: f64,
    /// Pixels a square of the SVG's own unit.
    scale: f64,
    /// Of what is drawn wherever it is referred to, by address.
    known: HashMap<usize, Load>,
}

impl Meter {
    /// Pixels under a rectangle, of those that are drawn at all.
    fn area(&self, rect: Rect) -> f64 {
        (f64::from(rect.width()) * f64::from(rect.height()) * self.scale).min(LAYER * self.canvas)
    }

    fn group(&mut self, group: &Group, depth: usize) -> Result<Load> {
        within(depth)?;
        let mut load = Load { steps: NODE, bytes: 0.0 };
        for child in group.children() {
            let child = match child {
                Node::Group(group) => self.group(group, depth + 1)?,
                Node::Path(path) => self.path(path, depth)?,
                Node::Text(text) => self.group(text.flattened(), depth + 1)?,
                Node::Image(image) => self.image(image.kind(), self.area(image.abs_bounding_box()), depth)?,
            };
            load = load.then(child);
        }
        if group.should_isolate() {
            let layer = self.area(group.abs_layer_bounding_box().to_rect());
            load.steps += ISOLATED + 4.0 * layer;
            load.bytes += 4.0 * layer;
            load = load.then(self.clip(group.clip_path(), layer, depth)?);
            load = load.then(self.mask(group.mask(), layer, depth)?);
        }
        for filter in group.filters() {
            load = load.then(self.filter(filter, depth)?);
        }
        Ok(load)
    }

    fn path(&mut self, path: &Path, depth: usize) -> Result<Load> {
        let area = self.area(path.abs_stroke_bounding_box());
        let mut load = Load { steps: NODE + area, bytes: 0.0 };
        load = load.then(outline::load(path, self.scale, self.height));
        let paints = [path.fill().map(|fill| fill.paint()), path.stroke().map(|stroke| stroke.paint())];
        for paint in paints.into_iter().flatten() {
            let stops = match paint {
                Paint::Pattern(pattern) => {
                    load = load.then(self.pattern(pattern, path.abs_transform(), depth)?);
                    0
                }
                Paint::LinearGradient(gradient) => gradient.stops().len(),
                Paint::RadialGradient(gradient) => gradient.stops().len(),
                Paint::Color(_) => 0,
            };
            load.steps += STOP * stops as f64;
        }
        Ok(load)
    }

    /// It is drawn once for each shape that is filled with it, and with the shape's own transform.
    fn pattern(&mut self, pattern: &Pattern, of_path: Transform, depth: usize) -> Result<Load> {
        let enlarged = (stretch(of_path) * stretch(pattern.transform())).max(1.0);
        let tile = self.area(pattern.rect().to_rect()) * enlarged;
        let content = self.referred_to(pattern.root(), depth)?;
        let most = LAYER * self.canvas;
        Ok(Load {
            steps: content.steps * enlarged + tile.min(most),
            bytes: content.bytes * enlarged + 4.0 * tile.min(most),
        })
    }

    fn clip(&mut self, clip: Option<&ClipPath>, layer: f64, depth: usize) -> Result<Load> {
        let Some(clip) = clip else { return Ok(Load::default()) };
        within(depth)?;
        let next = self.clip(clip.clip_path(), layer, depth + REFERENCE)?;
        let own = self.referred_to(clip.root(), depth)?;
        Ok(own.then(next).then(Load { steps: 2.0 * layer, bytes: 4.0 * layer }))
    }

    fn mask(&mut self, mask: Option<&Mask>, layer: f64, depth: usize) -> Result<Load> {
        let Some(mask) = mask else { return Ok(Load::default()) };
        within(depth)?;
        let next = self.mask(mask.mask(), layer, depth + REFERENCE)?;
        let own = self.referred_to(mask.root(), depth)?;
        Ok(own.then(next).then(Load { steps: 6.0 * layer, bytes: 8.0 * layer }))
    }

    /// Each primitive goes over the filter's region, and all their results are kept.
    fn filter(&mut self, filter: &Filter, depth: usize) -> Result<Load> {
        let region = self.area(filter.rect().to_rect());
        let mut load = Load { steps: 0.0, bytes: 4.0 * region * (filter.primitives().len() + 1) as f64 };
        for primitive in filter.primitives() {
            let steps_a_pixel = match primitive.kind() {
                Kind::Turbulence(noise) => 40.0 * f64::from(noise.num_octaves()),
                Kind::ConvolveMatrix(filter) => {
                    4.0 * f64::from(filter.matrix().columns()) * f64::from(filter.matrix().rows())
                }
                Kind::Morphology(filter) => {
                    let radius = f64::from(filter.radius_x().get()) * f64::from(filter.radius_y().get());
                    4.0 * (4.0 * radius * self.scale).min(region).max(1.0)
                }
                Kind::Merge(merge) => 4.0 * merge.inputs().len() as f64,
                Kind::Image(image) => {
                    load = load.then(self.referred_to(image.root(), depth)?);
                    4.0
                }
                Kind::DiffuseLighting(_) | Kind::SpecularLighting(_) | Kind::GaussianBlur(_) => 30.0,
                Kind::DropShadow(_) => 40.0,
                _ => 8.0,
            };
            load.steps += region * steps_a_pixel;
        }
        Ok(load)
    }

    fn image(&mut self, kind: &ImageKind, area: f64, depth: usize) -> Result<Load> {
        let tree = match kind {
            ImageKind::SVG(tree) => tree,
            ImageKind::JPEG(data) | ImageKind::PNG(data) | ImageKind::GIF(data) | ImageKind::WEBP(data) => {
                let probe = image::probe_stamp(data)?;
                let pixels = f64::from(probe.width) * f64::from(probe.height);
                return Ok(Load {
                    steps: NODE + 8.0 * area + DECODED * pixels,
                    bytes: 4.0 * area + 4.0 * pixels,
                });
            }
        };
        let scale = area / (f64::from(tree.size().width()) * f64::from(tree.size().height()));
        let mut inside = Meter { scale, known: HashMap::new(), ..*self };
        let load = inside.group(tree.root(), depth + REFERENCE)?;
        Ok(Load { steps: load.steps + 4.0 * area, bytes: load.bytes + 4.0 * area })
    }

    /// Looked at once, however often it is referred to.
    fn referred_to(&mut self, root: &Group, depth: usize) -> Result<Load> {
        let address = std::ptr::from_ref(root).addr();
        if let Some(&known) = self.known.get(&address) {
            return Ok(known);
        }
        let load = self.group(root, depth + REFERENCE)?;
        self.known.insert(address, load);
        Ok(load)
    }
}

fn within(depth: usize) -> Result<()> {
    if depth <= DEEPEST {
        return Ok(());
    }
    Err(Error::stamp(format!(
        "the SVG's groups, masks or patterns stand more than {DEEPEST} deep in one another; simplify it"
    )))
}

/// By how much a transform enlarges areas.
pub(super) fn stretch(transform: Transform) -> f64 {
    (f64::from(transform.sx) * f64::from(transform.sy) - f64::from(transform.kx) * f64::from(transform.ky))
        .abs()
}
