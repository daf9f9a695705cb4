//! What an SVG would take to parse, each element counted as often as it is drawn: `use`, patterns, masks,
//! clip paths, markers and filters may hold one another, and ten of ten of ten are a billion. The parser
//! follows every one and cannot be stopped, so that this is reckoned before.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId};

use super::element::{Element, LEVEL};
use super::links;
use super::sheets::Sheets;
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
    if !whole.nanoseconds.is_finite() || whole.nanoseconds > MOST {
        return Err(too_much());
    }
    Ok(whole.nanoseconds)
}

pub(super) fn too_much() -> Error {
    Error::stamp(
        "reading the SVG would take too long: it has too many shapes, letters or style rules, or vast arcs, or \
         its parts refer to one another too often; simplify it, or use an image of it",
    )
}

/// What is referred to, or has markers, but for parts that stand in it; the first part is all that is in no
/// other.
#[derive(Clone, Default)]
struct Part {
    own: Drawn,
    references: Vec<Reference>,
    /// Behind the references: they are drawn on the shapes that those bring, too.
    markers: Vec<Reference>,
}

#[derive(Clone, Copy, Default)]
struct Drawn {
    elements: f64,
    nanoseconds: f64,
    shapes: f64,
    vertices: f64,
    /// References in what is referred to, one in another.
    deep: u32,
}

#[derive(Clone, Copy)]
struct Reference {
    target: usize,
    /// How deep the element stands that refers to it; none for a part that stands in another.
    from: Option<usize>,
    often: Often,
}

#[derive(Clone, Copy)]
enum Often {
    Once,
    /// On both ends of each shape.
    Ends,
    Vertices,
}

impl Drawn {
    /// What is referred to is drawn as deep as what refers to it; `upon` is what markers are drawn on.
    fn and(self, reference: Reference, target: Self, upon: Self) -> Self {
        let times = match reference.often {
            Often::Once => 1.0,
            Often::Ends => 2.0 * upon.shapes,
            Often::Vertices => upon.vertices,
        };
        let levels = LEVEL * reference.from.unwrap_or(0) as f64;
        Self {
            elements: self.elements + times * target.elements,
            nanoseconds: self.nanoseconds + times * (target.nanoseconds + levels * target.elements),
            shapes: self.shapes + times * target.shapes,
            vertices: self.vertices + times * target.vertices,
            deep: self.deep.max(target.deep + u32::from(reference.from.is_some())),
        }
    }
}

fn parts(document: &Document<'_>) -> Result<Vec<Part>> {
    let sheets = Sheets::of(document)?;
    let referred = Referred::in_document(document, &sheets)?;
    let mut parts = vec![Part::default(); 1 + referred.numbers.len()];
    parts[0].own.nanoseconds = sheets.parsing;
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
            parts[holder].references.push(Reference { target: part, from: None, often: Often::Once });
        }
        if node.is_element() {
            let element = Element::of(node, depth, &sheets)?;
            let own = &mut parts[part].own;
            own.elements += 1.0;
            own.nanoseconds += element.nanoseconds;
            own.shapes += element.shapes;
            own.vertices += element.vertices;
        }
        known.push((depth, part));
    }
    for (node, target, often) in referred.references {
        let (depth, part) = known[node.get_usize()];
        let reference = Reference { target, from: Some(depth), often };
        match often {
            Often::Once => parts[part].references.push(reference),
            Often::Ends | Often::Vertices => parts[part].markers.push(reference),
        }
    }
    Ok(parts)
}

/// All references, and numbers of the parts.
#[derive(Default)]
struct Referred {
    numbers: HashMap<NodeId, usize>,
    /// From where, to which part, how often.
    references: Vec<(NodeId, usize, Often)>,
}

impl Referred {
    fn in_document(document: &Document<'_>, sheets: &Sheets<'_>) -> Result<Self> {
        let elements = || document.descendants().filter(Node::is_element);
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
                    let number = referred.number(target.id());
                    let often = match (target.tag_name().name(), link.to_every_vertex) {
                        ("marker", true) => Often::Vertices,
                        ("marker", false) => Often::Ends,
                        _ => Often::Once,
                    };
                    if !matches!(often, Often::Once) {
                        referred.number(node.id());
                    }
                    referred.references.push((node.id(), number, often));
                    if referred.references.len() > MOST_REFERENCES {
                        return Err(too_much());
                    }
                }
            }
        }
        Ok(referred)
    }

    fn number(&mut self, part: NodeId) -> usize {
        let next = self.numbers.len() + 1;
        *self.numbers.entry(part).or_insert(next)
    }
}

/// A part that is begun.
struct Sum {
    part: usize,
    sum: Drawn,
    /// Without markers.
    bare: Drawn,
    /// The number of the reference to follow, those to markers behind the others.
    next: usize,
}

/// The first part with all that it refers to. Each part is reckoned once, behind those it refers to.
fn drawn(parts: &[Part]) -> Result<Drawn> {
    let begin = |part: usize| Sum { part, sum: parts[part].own, bare: parts[part].own, next: 0 };
    let mut reckoned: Vec<Option<Drawn>> = vec![None; parts.len()];
    let mut begun = vec![false; parts.len()];
    begun[0] = true;
    let mut path = vec![begin(0)];
    while let Some(Sum { part, sum, bare, next }) = path.last_mut() {
        let Part { references, markers, .. } = &parts[*part];
        let Some(&reference) = references.iter().chain(markers).nth(*next) else {
            reckoned[*part] = Some(*sum);
            path.pop();
            continue;
        };
        let target = reference.target;
        if let Some(drawn) = reckoned[target] {
            *sum = sum.and(reference, drawn, *bare);
            if matches!(reference.often, Often::Once) {
                *bare = *sum;
            }
            *next += 1;
        } else if begun[target] {
            return Err(Error::stamp("the SVG's parts refer to one another in a circle; simplify it"));
        } else {
            begun[target] = true;
            path.push(begin(target));
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
    fn markers_are_drawn_at_each_vertex_of_what_inherits_them() {
        let marker = format!("<marker id='m'>{}</marker>", "<rect/>".repeat(100));
        let path = format!("<path id='p' d='M0 0{}'/>", "h1".repeat(1000));
        let short = "<path d='M0 0h1'/>";
        checked(&format!("{marker}{path}<g marker-mid='url(#m)'>{short}</g>")).unwrap();
        checked(&format!("{marker}<g marker-end='url(#m)'>{path}</g>")).unwrap();
        checked(&format!("{marker}<g marker-mid='url(#m)'>{path}</g>")).unwrap_err();
        checked(&format!("{marker}<g style='marker:url(#m)'><g>{path}</g></g>")).unwrap_err();
        checked(&format!("<style>g {{ marker-mid: url(#m) }}</style>{marker}<g>{path}</g>")).unwrap_err();
        checked(&format!("{marker}{path}<g marker-mid='url(#m)'><use x:href='#p'/></g>")).unwrap_err();
        checked(&format!("{marker}{path}<use marker-mid='url(#m)' x:href='#p'/>")).unwrap_err();
    }

    #[test]
    fn text_from_elsewhere_is_refused() {
        let refused = checked("<g id='a'>text</g><text><tref x:href='#a'/></text>").unwrap_err();
        assert!(refused.to_string().contains("tref"), "{refused}");
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
        for selector in [".p", "rect.p", "a, g > .x rect.p", "@media all { .x { } } pattern>.p"] {
            let rule = |level| format!("{selector}{level} {{ fill: url(#p{level}) }}");
            let sheet: String = (0..9).map(rule).collect();
            assert!(
                checked(&format!("<style>{sheet}</style>{classes}<rect class='p8'/>")).is_err(),
                "{selector}"
            );
        }
    }
}
