//! What the style sheets of an SVG refer to, and what matching them with its elements takes.

#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};

use resvg::usvg::roxmltree::{Document, Node};
use simplecss::{Rule, StyleSheet};

use super::links::{self, Link};
use super::references::{MOST, too_much};
use crate::Result;

/// Of selectors, the combinators in one: a selector of more is taken for one of so many.
const COMBINATORS: usize = 8;
/// Nanoseconds: to look at a selector, and at a byte of a class or of what else it may ask for.
const LOOK: f64 = 10.0;
const BYTE: f64 = 0.25;
/// To set a property that a rule declares.
const DECLARATION: f64 = 200.0;
/// The parser finds out where it is in a sheet, line and column, at every name.
const PLACE: f64 = 0.13;
/// All rules are sorted again with each sheet.
const SORT: f64 = 10.0;

/// Rules by the last class, identifier or element that a selector names: what else it asks for is taken as
/// met.
#[derive(Default)]
pub(super) struct Sheets<'a> {
    named: HashMap<String, Rules<'a>>,
    any: Rules<'a>,
    selectors: f64,
    /// Whether any may ask for attributes other than `class` and `id`.
    asks_for_attributes: bool,
    /// Nanoseconds to parse them all.
    pub(super) parsing: f64,
}

/// Rules of one kind of elements.
#[derive(Default)]
struct Rules<'a> {
    links: HashSet<Link<'a>>,
    declarations: f64,
    /// How many have so many combinators.
    by_combinators: [f64; COMBINATORS + 1],
}

impl<'a> Sheets<'a> {
    /// # Errors
    /// [`Error::Stamp`](crate::Error::Stamp) where it would take too long to parse them.
    pub(super) fn of(document: &'a Document<'_>) -> Result<Self> {
        let mut sheets = Self::default();
        let styles = document.descendants().filter(|node| node.tag_name().name() == "style");
        for text in styles.filter_map(|node| node.text()) {
            sheets.parsing += parsing(text) + SORT * sheets.selectors;
            if sheets.parsing > MOST {
                return Err(too_much());
            }
            let asks_for_attributes = text.contains('[');
            sheets.asks_for_attributes |= asks_for_attributes;
            for rule in &StyleSheet::parse(text).rules {
                sheets.add(rule, asks_for_attributes);
            }
        }
        Ok(sheets)
    }

    /// Without attributes in its sheet a selector is written out by simplecss without doubt: `g > *[class~='a']`.
    fn add(&mut self, rule: &Rule<'a>, asks_for_attributes: bool) {
        let selector = rule.selector.to_string();
        let parts = || selector.split_whitespace().filter(|part| !matches!(*part, ">" | "+"));
        let last = if asks_for_attributes { None } else { parts().next_back().and_then(name_of) };
        let rules = match last {
            Some(name) => self.named.entry(name.to_owned()).or_default(),
            None => &mut self.any,
        };
        rules.links.extend(rule.declarations.iter().flat_map(links::of_declaration));
        rules.declarations += rule.declarations.len() as f64;
        rules.by_combinators[parts().count().saturating_sub(1).min(COMBINATORS)] += 1.0;
        self.selectors += 1.0;
    }

    /// What the rules that may be met by an element refer to.
    pub(super) fn links_for<'b>(&'b self, node: Node<'b, '_>) -> impl Iterator<Item = Link<'a>> + 'b {
        self.rules_for(node).flat_map(|rules| &rules.links).copied()
    }

    /// Nanoseconds to match an element that stands `depth` deep with all of them, and to set what they
    /// declare.
    pub(super) fn matching(&self, node: Node<'_, '_>, depth: usize) -> f64 {
        if self.selectors == 0.0 {
            return 0.0;
        }
        let compared = |name: &str| self.asks_for_attributes || name == "class" || name == "id";
        let attributes = node.attributes().filter(|attribute| compared(attribute.name()));
        let bytes: usize = attributes.map(|attribute| attribute.value().len()).sum();
        let looks: f64 = self.rules_for(node).map(|rules| rules.looks(depth)).sum();
        let declarations: f64 = self.rules_for(node).map(|rules| rules.declarations).sum();
        (self.selectors + looks) * (LOOK + BYTE * bytes as f64) + DECLARATION * declarations
    }

    fn rules_for<'b>(&'b self, node: Node<'b, '_>) -> impl Iterator<Item = &'b Rules<'a>> {
        let classes: HashSet<&str> = node.attribute("class").unwrap_or_default().split_whitespace().collect();
        let own = classes.into_iter().chain(node.attribute("id")).chain([node.tag_name().name()]);
        own.filter_map(|name| self.named.get(name)).chain([&self.any])
    }
}

impl Rules<'_> {
    /// At the most. For each combinator any of the elements above is tried with all that are above it.
    fn looks(&self, depth: usize) -> f64 {
        let mut ways = 1.0;
        let mut sum = 0.0;
        for (combinators, count) in self.by_combinators.iter().enumerate() {
            if combinators > 0 {
                ways *= 1.0 + depth.saturating_sub(combinators) as f64 / combinators as f64;
            }
            sum += count * ways;
        }
        sum
    }
}

/// Nanoseconds to parse declarations or a sheet of them.
pub(super) fn parsing(text: &str) -> f64 {
    let names = text.bytes().filter(|byte| matches!(byte, b'{' | b';' | b':' | b',' | b'.' | b'#')).count();
    (DECLARATION + PLACE * text.len() as f64) * names as f64
}

/// The last class or identifier of `rect[class~='a'][id='b']:hover`, or the element; none of `*`.
fn name_of(part: &str) -> Option<&str> {
    let name = match part.rsplit_once("='") {
        Some((_, name)) => name.split('\'').next(),
        None => part.split(':').next(),
    };
    name.filter(|name| !matches!(*name, "" | "*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_for(sheet: &str, element: &str) -> Vec<String> {
        let text = format!("<svg><style>{sheet}</style>{element}</svg>");
        let document = Document::parse(&text).unwrap();
        let sheets = Sheets::of(&document).unwrap();
        let node = document.root_element().last_child().unwrap();
        let mut names: Vec<String> = sheets.links_for(node).map(|link| link.name.to_owned()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn rules_are_found_by_what_their_selectors_end_with() {
        let sheet = ".a, g > .b:hover { fill: url(#p); x: y } rect { marker-end: url(#m) } #i { mask: url('#c') }\
                     * { clip-path: url(#s) } .a rect.d#e { filter: url(#f) }";
        assert_eq!(names_for(sheet, "<rect class='b c'/>"), ["m", "p", "s"]);
        assert_eq!(names_for(sheet, "<path id='i'/>"), ["c", "s"]);
        assert_eq!(names_for(sheet, "<path id='e'/>"), ["f", "s"]);
        assert_eq!(names_for(sheet, "<path/>"), ["s"]);
    }

    #[test]
    fn rules_do_not_hide_behind_comments_and_quotes() {
        for sheet in [
            ".p/* } */{fill:url(#x)}",
            ".p/* } .q{x:y*/ {fill:url(#x)}",
            ".a{x:'}'} .p{fill:url(#x)}",
            "@media all { .a { } } .p{fill:url(#x)}",
            ".p[class='p']{fill:url(#x)}",
            ".p[class=\"} .q{x:y\"]{fill:url(#x)}",
            ".p[class=\"y[class~='q\"]{fill:url(#x)}",
        ] {
            assert_eq!(names_for(sheet, "<path class='p'/>"), ["x"], "{sheet}");
        }
    }

    #[test]
    fn combinators_take_more_the_deeper_an_element_stands() {
        let rules = |combinators: usize| {
            let mut rules = Rules::default();
            rules.by_combinators[combinators] = 1.0;
            rules
        };
        assert_eq!(rules(0).looks(200), 1.0);
        assert_eq!(rules(1).looks(7), 7.0);
        // 7 over 2 are 21 pairs, and some are tried in vain.
        assert!((21.0..30.0).contains(&rules(2).looks(7)));
        assert!(rules(8).looks(100) > 1e10);
    }

    #[test]
    fn sheets_and_declarations_take_the_square_of_their_length() {
        assert!(parsing(&"fill:red;".repeat(1000)) * 50.0 < parsing(&"fill:red;".repeat(10_000)));
        assert!(parsing(&format!("src:url(data:font/woff,{})", "A".repeat(1_000_000))) < 1e6);
    }
}
