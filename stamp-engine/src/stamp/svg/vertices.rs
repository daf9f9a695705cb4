//! How many vertices the shapes of an SVG have, at each of which a marker may be drawn.

#![forbid(unsafe_code)]

use resvg::usvg::roxmltree::{Document, Node, NodeId};

/// Of each node, with all below it: markers are inherited.
pub(super) struct Vertices {
    below: Vec<Below>,
}

#[derive(Clone, Copy, Default)]
struct Below {
    shapes: f64,
    vertices: f64,
}

impl Vertices {
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut below: Vec<Below> = document.descendants().map(of_shape).collect();
        // What is below has a greater number.
        for at in (1..below.len()).rev() {
            let Below { shapes, vertices } = below[at];
            let node = document.get_node(NodeId::from(at));
            if let Some(parent) = node.and_then(|node| node.parent()) {
                let above = &mut below[parent.id().get_usize()];
                above.shapes += shapes;
                above.vertices += vertices;
            }
        }
        Self { below }
    }

    /// At which a marker may be drawn to which `node` refers.
    pub(super) fn below(&self, node: Node<'_, '_>, every: bool) -> f64 {
        let Below { shapes, vertices } = self.below[node.id().get_usize()];
        if every { vertices } else { 2.0 * shapes }
    }
}

fn of_shape(node: Node<'_, '_>) -> Below {
    let outline = node.attribute("d").or_else(|| node.attribute("points"));
    let is_line = node.tag_name().name() == "line";
    match outline {
        Some(outline) => Below { shapes: 1.0, vertices: most(outline) },
        None => Below { shapes: f64::from(is_line), vertices: 2.0 * f64::from(is_line) },
    }
}

/// At the most: each takes a number, or a `z`.
pub(super) fn most(outline: &str) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vertices_are_counted_with_what_is_below() {
        let text = "<svg><g><path d='M1 2l.5.5-3-3z'/><line/></g><polyline points='1,2 3,4'/></svg>";
        let document = Document::parse(text).unwrap();
        let vertices = Vertices::of(&document);
        assert_eq!(vertices.below(document.root_element(), true), 7.0 + 2.0 + 4.0);
        let group = document.root_element().first_child().unwrap();
        assert_eq!(vertices.below(group, false), 4.0);
    }
}
