//! What reading the XML of an SVG would take, told from its bytes. The reader compares all attributes of
//! an element with one another, and copies an entity wherever it is named: both are bounded before it
//! begins.

#![forbid(unsafe_code)]

use crate::{Error, Result};

/// Comparisons of attributes, of two nanoseconds each.
const MOST_COMPARISONS: f64 = 1e8;
/// Bytes that naming entities may add.
const MOST_ADDED: usize = 16 << 20;
/// Names within what is named, for each name (roxmltree's own bound).
const NAMES_A_NAME: usize = 255;

/// # Errors
/// [`Error::Stamp`].
pub(super) fn check(text: &str) -> Result<()> {
    let entities = Entities::of(text);
    if entities.declarations.len().saturating_mul(entities.names) > MOST_ADDED {
        return Err(Error::stamp(
            "the SVG's entities would add too much text; write out what they stand for",
        ));
    }
    let again = comparisons(entities.declarations) * entities.names as f64;
    if comparisons(text) + again > MOST_COMPARISONS {
        return Err(Error::stamp("an element of the SVG has too many attributes; simplify it"));
    }
    Ok(())
}

/// The squares of all elements' numbers of attributes. What stands in comments and the like is counted
/// too: the little that looks like attributes there does not matter.
fn comparisons(text: &str) -> f64 {
    text.split('<').skip(1).map(attributes).map(|count| count * count).sum()
}

/// An `=` outside of quotes stands for an attribute, up to the `>` that ends the tag. No value holds a `<`.
fn attributes(tag: &str) -> f64 {
    let mut count = 0.0;
    let mut quote = None;
    for byte in tag.bytes() {
        match (byte, quote) {
            (b'>', None) => break,
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'=', None) => count += 1.0,
            _ => {}
        }
    }
    count
}

struct Entities<'a> {
    /// All that stands before the first element, of which one may be the most; nothing where there are none.
    declarations: &'a str,
    /// How often any may be named: by each `&`, and each by its own.
    names: usize,
}

impl<'a> Entities<'a> {
    fn of(text: &'a str) -> Self {
        let prolog = prolog(text);
        if !prolog.contains("<!ENTITY") {
            return Self { declarations: "", names: 0 };
        }
        let nested = if prolog.contains('&') { NAMES_A_NAME } else { 1 };
        let names = text.bytes().filter(|&byte| byte == b'&').count().saturating_mul(nested);
        Self { declarations: prolog, names }
    }
}

/// Up to the first element, as roxmltree goes through it; or to the first fault, where it stops.
fn prolog(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n', ']', '>']);
        let behind = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.split_once("-->").map(|(_, behind)| behind)
        } else if let Some(instruction) = rest.strip_prefix("<?") {
            instruction.split_once("?>").map(|(_, behind)| behind)
        } else if rest.starts_with("<!DOCTYPE") || rest.starts_with("<!ENTITY") {
            behind_literals(rest)
        } else if rest.starts_with("<!") {
            rest.split_once('>').map(|(_, behind)| behind)
        } else {
            return &text[..text.len() - rest.len()];
        };
        let Some(behind) = behind else { return text };
        rest = behind;
    }
}

/// Behind the first `[` or `>` that stands in no quotes.
fn behind_literals(declaration: &str) -> Option<&str> {
    let mut quote = None;
    for (at, byte) in declaration.bytes().enumerate() {
        match (byte, quote) {
            (b'[' | b'>', None) => return Some(&declaration[at + 1..]),
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drawing_programs_write_is_sound() {
        let illustrator = format!(
            "<!DOCTYPE svg [<!ENTITY ns_svg \"http://www.w3.org/2000/svg\"> <!ENTITY q '>'>]>\
             <svg xmlns='&ns_svg;' a='b=c' >{}</svg>",
            "<g i:extraneous='self' x='&ns_svg;'>&amp;</g>".repeat(1000)
        );
        check(&illustrator).unwrap();
        check(&format!("<svg><![CDATA[{}]]></svg>", "a = 'b'; if (a > b) {} ".repeat(10_000))).unwrap();
    }

    #[test]
    fn the_prolog_is_found_whatever_stands_in_it() {
        for prolog in [
            "",
            "\u{feff}<?xml version='1.0'?>\n<!-- <svg> ' -->\n",
            "<!DOCTYPE svg PUBLIC \"a[>\" 'b'>",
            "<!DOCTYPE svg [<!-- ' ]> --><!ENTITY e \"<svg>]>'\"><!ELEMENT ' a><?a ' ?> ] > ",
        ] {
            assert_eq!(super::prolog(&format!("{prolog}<svg>]></svg>")), prolog);
        }
    }

    #[test]
    fn attributes_are_counted() {
        assert_eq!(attributes("a b='c=d' e = \"f='g'\" h=\"1>\" i=''>j=k"), 4.0);
        assert_eq!(comparisons("<a b='' c=''><d e=''/>f=g</a>"), 5.0);
    }

    #[test]
    fn many_attributes_are_refused() {
        let tag: String = (0..20_000).map(|n| format!(" a{n}='>'")).collect();
        let refused = check(&format!("<svg{tag}/>")).unwrap_err().to_string();
        assert!(refused.contains("attributes"), "{refused}");
        let tag: String = (0..1000).map(|n| format!(" a{n}='>'")).collect();
        let named = format!("<!DOCTYPE svg [<!ENTITY e \"<g{tag}/>\">]><svg>{}</svg>", "&e;".repeat(200));
        assert!(check(&named).is_err());
        let hidden = format!("<!DOCTYPE svg [<!ENTITY e '<!--'>]><svg{}/>", tag.repeat(20));
        assert!(check(&hidden).is_err());
    }

    #[test]
    fn entities_that_grow_are_refused() {
        let one = format!("<!DOCTYPE svg [<!ENTITY e '{}'>]>", "x".repeat(100_000));
        assert!(check(&format!("{one}<svg>{}</svg>", "&e;".repeat(100))).is_ok());
        assert!(check(&format!("{one}<svg>{}</svg>", "&e;".repeat(1000))).is_err());
        let nested = one.replace("]>", "<!ENTITY f '&e;&e;'>]>");
        assert!(check(&format!("{nested}<svg>&f;</svg>")).is_err());
    }
}
