//! SVG stamps.

#![forbid(unsafe_code)]

mod arcs;
mod element;
mod links;
mod load;
mod outline;
mod references;
mod sheets;
mod xml;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::roxmltree::{self, Document, ParsingOptions};
use resvg::usvg::{ImageHrefResolver, ImageKind, Options, Tree};

use super::fonts;
use super::image;
use super::raster::Raster;
use crate::{Error, Format, Result};

/// Elements, texts and comments.
const MOST_NODES: u32 = 400_000;
/// Nanoseconds, of an embedded picture.
const LOOK_AT_HEADERS: f64 = 20_000.0;

/// An SVG stamp, parsed.
pub(super) struct Svg {
    tree: Tree,
    /// Decides, beside the file, what is drawn: the fonts that text was set with.
    fonts: Option<[u8; 32]>,
}

impl Svg {
    /// Whether `bytes` are an SVG: XML whose first element is `svg`.
    pub(super) fn is(bytes: &[u8]) -> bool {
        let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        loop {
            rest = rest.trim_ascii_start();
            let end: &[u8] = match rest {
                [b'<', b'?', ..] => b"?>",
                [b'<', b'!', b'-', b'-', ..] => b"-->",
                // A document type may hold declarations in brackets, each with a `>` of its own.
                [b'<', b'!', ..]
                    if rest.split(|&byte| byte == b'>').next().is_some_and(|s| s.contains(&b'[')) =>
                {
                    b"]>"
                }
                [b'<', b'!', ..] => b">",
                [b'<', ..] => break,
                _ => return false,
            };
            let Some(at) = rest.windows(end.len()).position(|window| window == end) else { return false };
            rest = &rest[at + end.len()..];
        }
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
        let name = rest[1..].split(is_end).next().unwrap_or_default();
        name == b"svg" || name.ends_with(b":svg")
    }

    /// Parses it. Nothing outside of the bytes is read but fonts, and those only for text.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let holds = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
        // Text may also stand in an SVG that is embedded, encoded, as a picture.
        let needs_fonts = holds(b"<text") || holds(b":text") || holds(b"image/svg");
        let mut options = Options {
            image_href_resolver: ImageHrefResolver {
                resolve_data: embedded_image(),
                resolve_string: Box::new(|_, _| None),
            },
            ..Options::default()
        };
        let mut fonts = None;
        if needs_fonts {
            let known = fonts::for_svg();
            options.fontdb = Arc::clone(&known.database);
            options.font_family = known.default_family.clone();
            fonts = Some(known.fingerprint);
        }
        let (document, _) = document(bytes)?;
        let tree = Tree::from_xmltree(&document, &options)
            .map_err(|error| Error::stamp(format!("damaged SVG: {error}")))?;
        Ok(Self { tree, fonts })
    }

    /// Width and height in CSS pixels, both positive.
    pub(super) fn size(&self) -> (f64, f64) {
        (f64::from(self.tree.size().width()), f64::from(self.tree.size().height()))
    }

    /// See [`fonts`](Self::fonts).
    pub(super) fn fonts(&self) -> Option<[u8; 32]> {
        self.fonts
    }

    /// Draws it `width × height` pixels large.
    pub(super) fn draw(&self, width: u32, height: u32) -> Result<Raster> {
        load::check(&self.tree, width, height)?;
        let mut canvas = Pixmap::new(width, height)
            .ok_or_else(|| Error::stamp(format!("an SVG cannot be drawn {width} × {height} pixels large")))?;
        let size = self.tree.size();
        let scale = Transform::from_scale(width as f32 / size.width(), height as f32 / size.height());
        resvg::render(&self.tree, scale, &mut canvas.as_mut());
        Ok(Raster::from_premultiplied_8(width, height, canvas.data()))
    }
}

/// The elements, and about how many nanoseconds it takes to make a tree of them.
fn document(bytes: &[u8]) -> Result<(Document<'_>, f64)> {
    let damaged = |error: &dyn std::fmt::Display| Error::stamp(format!("damaged SVG: {error}"));
    let text = std::str::from_utf8(bytes).map_err(|error| damaged(&error))?;
    xml::check(text)?;
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => references::too_much(),
        error => damaged(&error),
    })?;
    let nanoseconds = references::check(&document)?;
    Ok((document, nanoseconds))
}

/// The resolver of `data:` URLs, which refuses pictures that would take too much memory, and SVG that
/// would not be taken by itself. It is asked as often as a picture is drawn, and all that it is given
/// together must not take longer than one SVG may.
fn embedded_image() -> resvg::usvg::ImageHrefDataResolverFn<'static> {
    let resolve = ImageHrefResolver::default_data_resolver();
    let spent = AtomicU64::new(0);
    Box::new(move |mime, data, options| {
        let is_svg = matches!(mime, "image/svg+xml" | "text/plain") && Format::of(&data).is_none();
        let takes = if is_svg { document(&data).inspect_err(left_out).ok()?.1 } else { LOOK_AT_HEADERS };
        if spent.fetch_add(takes as u64, Ordering::Relaxed) as f64 > references::MOST {
            left_out(&references::too_much());
            return None;
        }
        match resolve(mime, data, options) {
            Some(
                kind @ (ImageKind::JPEG(_) | ImageKind::PNG(_) | ImageKind::GIF(_) | ImageKind::WEBP(_)),
            ) => Some(kind).filter(is_small),
            other => other,
        }
    })
}

fn left_out(error: &Error) {
    tracing::warn!("a picture inside of the SVG is left out: {error}");
}

fn is_small(kind: &ImageKind) -> bool {
    match kind {
        ImageKind::JPEG(data) | ImageKind::PNG(data) | ImageKind::GIF(data) | ImageKind::WEBP(data) => {
            image::probe_stamp(data).inspect_err(left_out).is_ok()
        }
        ImageKind::SVG(_) => true,
    }
}

impl std::fmt::Debug for Svg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Svg").field("size", &self.size()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/stamps");
        std::fs::read(folder.join(name)).unwrap()
    }

    #[test]
    fn svg_is_known_by_its_content() {
        for yes in [
            "<svg/>",
            "\u{feff}\n<svg xmlns='x'>",
            "<?xml version='1.0'?><!-- <html> --><svg>",
            "<!DOCTYPE svg PUBLIC 'x' 'y'>\n<svg >",
            "<!DOCTYPE svg [ <!ENTITY a 'b'> ]><s:svg>",
        ] {
            assert!(Svg::is(yes.as_bytes()), "{yes}");
        }
        for no in ["", "svg", "<html><svg>", "<svgx>", "<!-- <svg>", "<?xml", "\u{89}PNG", "<"] {
            assert!(!Svg::is(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn it_is_drawn_at_any_size() {
        let svg = Svg::parse(&fixture("badge.svg")).unwrap();
        assert_eq!(svg.size(), (460.0, 160.0));
        assert_eq!(svg.fonts(), None);
        let raster = svg.draw(23, 8).unwrap();
        assert_eq!((raster.width, raster.height, raster.rgba.len()), (23, 8, 23 * 8));
        assert!(raster.rgba.iter().all(|pixel| pixel[3] == 65535), "the badge fills its box");
    }

    #[test]
    fn text_is_set_with_a_font() {
        let svg = Svg::parse(&fixture("badge-text.svg")).unwrap();
        let without = String::from_utf8(fixture("badge-text.svg")).unwrap().replace("<text", "<nothing");
        let without = Svg::parse(without.replace("</text", "</nothing").as_bytes()).unwrap();
        assert!(svg.fonts().is_some());
        assert_ne!(svg.draw(480, 180).unwrap(), without.draw(480, 180).unwrap());
    }

    #[test]
    fn files_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret.png");
        ::image::RgbImage::from_pixel(4, 4, ::image::Rgb([255; 3])).save(&file).unwrap();
        let drawing = folder.path().join("secret.svg");
        let white = r#"<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><path d="M0 0h4v4h-4z" fill="white"/>"#;
        std::fs::write(&drawing, format!("{white}</svg>")).unwrap();

        let absolute = |path: &std::path::Path| path.canonicalize().unwrap().display().to_string();
        let up = "../".repeat(std::env::current_dir().unwrap().components().count());
        for path in [
            absolute(&file),
            absolute(&drawing),
            format!("file://{}", absolute(&file)),
            format!("file://{}", absolute(&drawing)),
            up.clone() + &absolute(&file),
            up + &absolute(&drawing),
        ] {
            let size = r#"width="4" height="4""#;
            let inner = format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" {size}><image href="{path}" {size}/></svg>"#
            );
            let rectangle = format!("<rect {size} fill=\"none\"");
            for content in [
                format!(r#"<image href="{path}" {size}/>"#),
                format!(r#"<image xlink:href="{path}" {size}/>"#),
                format!(r##"<use href="{path}#a" {size}/>"##),
                format!(
                    r##"<filter id="f"><feImage href="{path}"/></filter>{rectangle} filter="url(#f)"/>"##
                ),
                format!(r#"<pattern id="p" href="{path}" {size}/>{rectangle} style="stroke:url({path})"/>"#),
                format!(
                    r#"<style>@import url("{path}"); rect {{ stroke: url("{path}") }}</style>{rectangle}/>"#
                ),
                format!(
                    r#"<image href="data:image/svg+xml,{}" {size}/>"#,
                    inner.replace('<', "%3C").replace('"', "'")
                ),
            ] {
                let svg = format!(
                    r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {size}>{content}</svg>"#
                );
                let raster = Svg::parse(svg.as_bytes()).unwrap().draw(4, 4).unwrap();
                assert!(raster.rgba.iter().all(|pixel| *pixel == [0; 4]), "{content}");
            }
        }
    }

    #[test]
    fn damage_is_an_error() {
        for svg in
            ["<svg", "<svg xmlns='http://www.w3.org/2000/svg' width='0' height='5'/>", "<svg>&a;</svg>"]
        {
            assert!(Svg::parse(svg.as_bytes()).is_err(), "{svg}");
        }
    }
}
