//! What an element refers to within its SVG.

#![forbid(unsafe_code)]

use resvg::usvg::roxmltree::{Attribute, Node};
use simplecss::Declaration;

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Link<'a> {
    pub(super) name: &'a str,
    /// If it is a marker, whether it may be drawn at every vertex, and not only at the ends.
    pub(super) to_every_vertex: bool,
}

/// `href="#name"`, and `url(#name)` in any other. What else looks like it, such as the label `#name` that
/// a drawing program keeps, is no reference; nor is the link of an `a`, which is drawn as a group.
pub(super) fn of_attribute<'a>(
    node: Node<'a, '_>,
    attribute: Attribute<'a, '_>,
) -> Box<dyn Iterator<Item = Link<'a>> + 'a> {
    let value = attribute.value();
    match attribute.name() {
        "href" => {
            let name = value.trim().strip_prefix('#').filter(|_| node.tag_name().name() != "a");
            Box::new(name.into_iter().map(|name| Link { name, to_every_vertex: true }))
        }
        "style" => Box::new(of_style(value)),
        name => {
            let to_every_vertex = !is_of_ends(name);
            Box::new(names(value).map(move |name| Link { name, to_every_vertex }))
        }
    }
}

/// Of what a rule of a style sheet declares.
pub(super) fn of_declaration<'a>(declaration: &Declaration<'a>) -> impl Iterator<Item = Link<'a>> + use<'a> {
    let to_every_vertex = !is_of_ends(declaration.name);
    names(declaration.value).map(move |name| Link { name, to_every_vertex })
}

/// Of a `style` attribute. It is not taken apart into declarations, which takes the square of its length.
fn of_style(text: &str) -> impl Iterator<Item = Link<'_>> {
    let count = |what| text.matches(what).count();
    let to_every_vertex = count("marker") > count("marker-start") + count("marker-end");
    names(text).map(move |name| Link { name, to_every_vertex })
}

fn is_of_ends(property: &str) -> bool {
    matches!(property, "marker-start" | "marker-end")
}

/// The names in `url(#name)`, quoted or not.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let end = |c: char| matches!(c, ')' | '"' | '\'' | ';' | ',') || c.is_whitespace();
    let urls = text.split("url(").skip(1).filter_map(|rest| rest.split_once('#'));
    urls.filter_map(move |(_, rest)| rest.split(end).next()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_urls() {
        let found: Vec<&str> =
            names("fill:url(#a);stroke:#fff;mask: url( '#b' ) url(\"#c\"),url(x#d").collect();
        assert_eq!(found, ["a", "b", "c", "d"]);
        assert_eq!(names("#a url()#").count(), 0);
    }

    #[test]
    fn markers_stand_at_every_vertex_but_those_of_the_ends() {
        let all = |text| of_style(text).all(|link| link.to_every_vertex);
        assert!(all("marker: url(#a)"));
        assert!(all("marker-end:url(#b);marker-mid:url(#a)"));
        assert!(!all("marker-end:url(#b);marker-start:url(#a)"));
    }
}
