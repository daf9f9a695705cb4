//! How often the elements of an SVG are drawn, counting each reference to them: `use`, patterns, masks,
//! clip paths, markers and filters may hold one another, and ten of ten of ten are a billion. The parser
//! follows every one, so that this is counted before.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId};

use crate::{Error, Result};

/// Elements drawn, each as often as it is referred to.
const MOST: f64 = 500_000.0;
/// References from within what is referred to, one in another.
const DEEPEST: usize = 32;
/// Elements in elements; each takes some of the parser's stack.
const MOST_NESTED: u32 = 256;

/// # Errors
/// [`Error::Stamp`].
pub(super) fn check(document: &Document<'_>) -> Result<()> {
    if is_too_deep(document) {
        return Err(Error::stamp(format!(
            "the SVG's elements stand more than {MOST_NESTED} deep in one another; simplify it"
        )));
    }
    let graph = Graph::of(document);
    let mut drawn = vec![0.0; graph.targets.len()];
    for _ in 0..DEEPEST {
        let next: Vec<f64> = graph.targets.iter().map(|target| target.drawn(&drawn)).collect();
        let whole = graph.root.drawn(&next);
        if whole > MOST {
            return Err(Error::stamp(format!(
                "the SVG would draw more than {MOST} shapes, as its parts refer to one another; simplify it"
            )));
        }
        if next == drawn {
            return Ok(());
        }
        drawn = next;
    }
    Err(Error::stamp(format!(
        "the SVG's parts refer to one another in a circle, or more than {DEEPEST} deep; simplify it"
    )))
}

fn is_too_deep(document: &Document<'_>) -> bool {
    let mut depths = HashMap::new();
    document.descendants().filter(Node::is_element).any(|node| {
        let above = node.parent_element().and_then(|parent| depths.get(&parent.id()).copied());
        let depth = above.unwrap_or(0) + 1;
        depths.insert(node.id(), depth);
        depth > MOST_NESTED
    })
}

/// What is referred to, and from within what.
struct Graph {
    root: Part,
    targets: Vec<Part>,
}

/// An element with all that stands in it.
#[derive(Clone, Default)]
struct Part {
    elements: f64,
    references: Vec<usize>,
}

impl Part {
    /// Elements drawn for one drawing of it, if so many are for each target.
    fn drawn(&self, targets: &[f64]) -> f64 {
        self.elements + self.references.iter().map(|&target| targets[target]).sum::<f64>()
    }
}

impl Graph {
    fn of(document: &Document<'_>) -> Self {
        let elements = || document.descendants().filter(Node::is_element);
        let with_id = elements().filter_map(|node| Some((node.attribute("id")?, node.id())));
        let by_name: HashMap<&str, NodeId> = with_id.collect();
        let sheets = Sheets::of(document);
        let mut number = HashMap::new();
        let mut references = Vec::new();
        for node in elements() {
            let own = node.attributes().flat_map(|attribute| names(attribute.value()));
            for target in own.chain(sheets.names_for(node)).filter_map(|name| by_name.get(name)) {
                let next = number.len();
                references.push((node, *number.entry(*target).or_insert(next)));
            }
        }
        let mut targets = vec![Part::default(); number.len()];
        let mut root = Part::default();
        let within = |node: Node<'_, '_>| -> Vec<usize> {
            node.ancestors().filter_map(|node| number.get(&node.id()).copied()).collect()
        };
        for node in elements() {
            root.elements += 1.0;
            within(node).into_iter().for_each(|target| targets[target].elements += 1.0);
        }
        for (node, target) in references {
            root.references.push(target);
            within(node).into_iter().for_each(|holder| targets[holder].references.push(target));
        }
        Self { root, targets }
    }
}

/// What style sheets refer to, by the last class, identifier or element that a selector names: what else it
/// asks for is taken as met.
#[derive(Default)]
struct Sheets<'a> {
    named: HashMap<&'a str, Vec<&'a str>>,
    any: Vec<&'a str>,
}

impl<'a> Sheets<'a> {
    fn of(document: &'a Document<'_>) -> Self {
        let mut sheets = Self::default();
        let texts = document.descendants().filter(|node| node.tag_name().name() == "style");
        for rule in texts.filter_map(|node| node.text()).flat_map(|text| text.split('}')) {
            let Some((head, body)) = rule.rsplit_once('{') else { continue };
            let targets: Vec<&str> = names(body).collect();
            // Behind another brace, such as that of `@media`.
            let selectors = head.rsplit('{').next().unwrap_or_default();
            for selector in selectors.split(',').filter(|_| !targets.is_empty()) {
                let last =
                    selector.trim().rsplit([' ', '\t', '\n', '>', '+', '~']).next().unwrap_or_default();
                let last = last.split([':', '[']).next().unwrap_or_default();
                match last.rsplit(['.', '#']).next().unwrap_or_default() {
                    "" | "*" => sheets.any.extend(&targets),
                    name => sheets.named.entry(name).or_default().extend(&targets),
                }
            }
        }
        sheets
    }

    fn names_for<'b>(&'b self, node: Node<'b, '_>) -> impl Iterator<Item = &'a str> + 'b {
        let classes = node.attribute("class").unwrap_or_default().split_whitespace();
        let own = classes.chain(node.attribute("id")).chain([node.tag_name().name()]);
        own.filter_map(|name| self.named.get(name)).flatten().chain(&self.any).copied()
    }
}

/// The names in `#name` and `url(#name)`, quoted or not.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let end = |c: char| matches!(c, ')' | '"' | '\'' | ';' | ',') || c.is_whitespace();
    text.split('#').skip(1).filter_map(move |rest| rest.split(end).next()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(inside: &str) -> Result<()> {
        let text = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:x='http://www.w3.org/1999/xlink'>{inside}</svg>"
        );
        check(&Document::parse(&text).unwrap())
    }

    #[test]
    fn what_is_used_often_is_sound() {
        let symbols =
            format!("<symbol id='a'>{}</symbol>{}", "<path/>".repeat(99), "<use x:href='#a'/>".repeat(999));
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
