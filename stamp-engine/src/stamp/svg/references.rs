//! What an SVG would take to parse, each element counted as often as it is drawn: `use`, patterns, masks,
//! clip paths, markers and filters may hold one another, and ten of ten of ten are a billion. The parser
//! follows every one and cannot be stopped, so that this is reckoned before.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId};

use super::element::{self, LEVEL};
use super::links;
use super::sheets::Sheets;
use super::vertices::Vertices;
use crate::{Error, Result};

/// Nanoseconds, about, of an optimised build.
pub(super) const MOST: f64 = 3e8;
/// References from within what is referred to, one in another.
const DEEPEST: u32 = 32;
/// Elements in elements; each takes some of the parser's stack.
const MOST_NESTED: usize = 256;
/// References, before they are followed.
const MOST_REFERENCES: usize = 200_000;

/// Nanoseconds to parse it.
///
/// # Errors
/// [`Error::Stamp`] for more than [`MOST`], and for what stands too deep.
pub(super) fn check(document: &Document<'_>) -> Result<f64> {
    let whole = drawn(&parts(document)?)?;
    if whole.deep > DEEPEST {
        return Err(Error::stamp(format!(
            "the SVG's parts refer to one another more than {DEEPEST} deep; simplify it"
        )));
    }
    if whole.steps > MOST {
        return Err(too_much());
    }
    Ok(whole.steps)
}

pub(super) fn too_much() -> Error {
    Error::stamp(
        "reading the SVG would take too long: it has too many shapes, letters or style rules, or its parts \
         refer to one another too often; simplify it, or use an image of it",
    )
}

/// What is referred to, but for parts that stand in it; the first part is all that is in no other.
#[derive(Clone, Default)]
struct Part {
    own: Drawn,
    references: Vec<Reference>,
}

#[derive(Clone, Copy, Default)]
struct Drawn {
    elements: f64,
    /// Nanoseconds.
    steps: f64,
    /// References in what is referred to, one in another.
    deep: u32,
}

#[derive(Clone, Copy)]
struct Reference {
    target: usize,
    /// How deep the element stands that refers to it; none for a part that stands in another.
    from: Option<usize>,
    times: f64,
}

impl Drawn {
    /// What is referred to is drawn as deep as what refers to it.
    fn and(self, reference: Reference, target: Self) -> Self {
        let levels = LEVEL * reference.from.unwrap_or(0) as f64;
        Self {
            elements: self.elements + reference.times * target.elements,
            steps: self.steps + reference.times * (target.steps + levels * target.elements),
            deep: self.deep.max(target.deep + u32::from(reference.from.is_some())),
        }
    }
}

fn parts(document: &Document<'_>) -> Result<Vec<Part>> {
    let sheets = Sheets::of(document);
    let mut parts = vec![Part::default()];
    parts[0].own.steps = sheets.parsing;
    let referred = Referred::in_document(document, &sheets)?;
    parts.resize(1 + referred.numbers.len(), Part::default());
    // Of each node, how deep it stands and what part it is of.
    let mut known: Vec<(usize, usize)> = Vec::new();
    for node in document.descendants() {
        let (above, holder) = node.parent().map_or((0, 0), |parent| known[parent.id().get_usize()]);
        let depth = above + usize::from(node.is_element());
        if depth > MOST_NESTED {
            return Err(Error::stamp(format!(
                "the SVG's elements stand more than {MOST_NESTED} deep in one another; simplify it"
            )));
        }
        let part = referred.numbers.get(&node.id()).copied().unwrap_or(holder);
        if part != holder {
            parts[holder].references.push(Reference { target: part, from: None, times: 1.0 });
        }
        if node.is_element() {
            parts[part].own.elements += 1.0;
            parts[part].own.steps += element::steps(node, depth, &sheets);
        }
        known.push((depth, part));
    }
    for (node, target, times) in referred.references {
        let (depth, part) = known[node.get_usize()];
        parts[part].references.push(Reference { target, from: Some(depth), times });
    }
    Ok(parts)
}

/// All references, and numbers of what they refer to.
#[derive(Default)]
struct Referred {
    numbers: HashMap<NodeId, usize>,
    /// From where, to what, how often.
    references: Vec<(NodeId, usize, f64)>,
}

impl Referred {
    fn in_document(document: &Document<'_>, sheets: &Sheets<'_>) -> Result<Self> {
        let elements = || document.descendants().filter(Node::is_element);
        let vertices = Vertices::of(document);
        // Of elements with one name some readers take the first, and some the last.
        let mut by_name: HashMap<&str, Vec<Node<'_, '_>>> = HashMap::new();
        for node in elements() {
            if let Some(name) = node.attribute("id") {
                by_name.entry(name).or_default().push(node);
            }
        }
        let mut referred = Self::default();
        for node in elements() {
            let own = node.attributes().flat_map(|attribute| links::of_attribute(node, attribute));
            for link in own.chain(sheets.links_for(node)) {
                for target in by_name.get(link.name).into_iter().flatten() {
                    let next = referred.numbers.len() + 1;
                    let number = *referred.numbers.entry(target.id()).or_insert(next);
                    let is_marker = target.tag_name().name() == "marker";
                    let times = if is_marker { vertices.below(node, link.to_every_vertex) } else { 1.0 };
                    referred.references.push((node.id(), number, times));
                    if referred.references.len() > MOST_REFERENCES {
                        return Err(too_much());
                    }
                }
            }
        }
        Ok(referred)
    }
}

/// The first part with all that it refers to. Each part is reckoned once, behind those it refers to.
fn drawn(parts: &[Part]) -> Result<Drawn> {
    let mut reckoned: Vec<Option<Drawn>> = vec![None; parts.len()];
    let mut begun = vec![false; parts.len()];
    begun[0] = true;
    // Parts that are begun, each with the sum so far and the number of its next reference.
    let mut path = vec![(0, parts[0].own, 0)];
    while let Some((part, sum, next)) = path.last_mut() {
        let Some(&reference) = parts[*part].references.get(*next) else {
            reckoned[*part] = Some(*sum);
            path.pop();
            continue;
        };
        let target = reference.target;
        if let Some(drawn) = reckoned[target] {
            *sum = sum.and(reference, drawn);
            *next += 1;
        } else if begun[target] {
            return Err(Error::stamp("the SVG's parts refer to one another in a circle; simplify it"));
        } else {
            begun[target] = true;
            path.push((target, parts[target].own, 0));
        }
    }
    Ok(reckoned[0].unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(inside: &str) -> Result<()> {
        let text = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:x='http://www.w3.org/1999/xlink'>{inside}</svg>"
        );
        check(&Document::parse(&text).unwrap()).map(|_| ())
    }

    #[test]
    fn what_is_used_often_is_sound() {
        let symbols =
            format!("<symbol id='a'>{}</symbol>{}", "<path/>".repeat(99), "<use x:href='#a'/>".repeat(299));
        checked(&symbols).unwrap();
        checked("<linearGradient id='a'/><linearGradient id='b' x:href='#a'/><rect fill='url(#b)'/>")
            .unwrap();
        let classes = format!(
            "<style>.a {{ fill: url(#p) }} g > .b:hover {{ clip-path: url('#c') }}</style>\
             <pattern id='p'>{0}</pattern><clipPath id='c'>{0}</clipPath>{1}",
            "<rect class='c'/>".repeat(9),
            "<rect class='a b'/>".repeat(9)
        );
        checked(&classes).unwrap();
    }

    #[test]
    fn labels_and_links_are_no_references() {
        checked("<g id='a' label='#a'><a x:href='#a' class='#a'><rect fill='#a'/></a></g>").unwrap();
    }

    #[test]
    fn each_of_many_by_one_name_is_followed() {
        let rects = "<rect/>".repeat(1000);
        let large = format!("<g id='a'>{rects}</g>");
        let uses = "<use x:href='#a'/>".repeat(1000);
        checked(&format!("<g id='a'/>{uses}")).unwrap();
        checked(&format!("<g id='a'/>{large}{uses}")).unwrap_err();
        checked(&format!("{large}<g id='a'/>{uses}")).unwrap_err();
    }

    #[test]
    fn what_stands_deep_counts_for_more() {
        let steps = |inside: &str| {
            let text = format!("<svg xmlns:x='http://www.w3.org/1999/xlink'>{inside}</svg>");
            check(&Document::parse(&text).unwrap()).unwrap()
        };
        let groups = |inside: &str| format!("{}{inside}{}", "<g>".repeat(9), "</g>".repeat(9));
        let used = format!("<g id='a'>{}</g>", "<rect/>".repeat(99));
        let flat = steps(&format!("{used}<use x:href='#a'/>{}", groups("")));
        let deep = steps(&format!("{used}{}", groups("<use x:href='#a'/>")));
        assert_eq!(deep - flat, 9.0 * LEVEL * 101.0);
    }

    #[test]
    fn parts_in_parts_are_counted_once() {
        let groups: String = (0..200).map(|n| format!("<g id='g{n}'>")).collect();
        let groups = format!("{groups}<rect/>{}", "</g>".repeat(200));
        let uses: String = (0..200).map(|n| format!("<use x:href='#g{n}'/>")).collect();
        checked(&format!("{groups}{uses}")).unwrap();
        checked(&format!("<g id='a'>{groups}<use x:href='#a'/></g>")).unwrap_err();
    }

    #[test]
    fn circles_and_towers_are_refused() {
        assert!(checked("<g id='a'><use x:href='#a'/></g>").is_err());
        assert!(checked("<mask id='a' mask='url(#b)'/><mask id='b' style='mask:url(\"#a\")'/>").is_err());
        let tower = |link: &dyn Fn(u32) -> String| -> String {
            (1..9)
                .map(|level| format!("<pattern id='p{level}'>{}</pattern>", link(level - 1).repeat(10)))
                .collect()
        };
        let attributes = tower(&|level| format!("<rect fill='url(#p{level})'/>"));
        assert!(checked(&format!("{attributes}<rect fill='url(#p8)'/>")).is_err());
        let classes = tower(&|level| format!("<rect class='p{level}'/>"));
        for selector in [".p", "rect.p", "@media all { g > .p"] {
            let rule = |level| format!("{selector}{level} {{ fill: url(#p{level}) }}");
            let sheet: String = (0..9).map(rule).collect();
            assert!(
                checked(&format!("<style>{sheet}</style>{classes}<rect class='p8'/>")).is_err(),
                "{selector}"
            );
        }
    }
}
