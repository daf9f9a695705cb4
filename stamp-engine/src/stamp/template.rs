//! Text with variables, such as `© {year} {artist}`.

#![forbid(unsafe_code)]

mod facts;
mod moment;

use std::str::FromStr;

use facts::Variable;
pub(crate) use facts::Variables;

use crate::{Error, Result};

/// A text with variables in braces; `{{` and `}}` stand for single braces.
///
/// | Variables | |
/// |---|---|
/// | `name`, `file`, `ext`, `folder` | `IMG_1`, `IMG_1.jpg`, `jpg` and the folder's name |
/// | `width`, `height` | of the picture as viewed, in pixels |
/// | `index` | the picture's number in the batch |
/// | `date`, `time` | `2024-05-17`, `14:03:22` |
/// | `year`, `month`, `day`, `hour`, `minute`, `second` | parts of them, of two digits but the year |
/// | `make`, `model`, `camera` | of the camera; `camera` is both |
/// | `lens` | the lens model |
/// | `exposure`, `aperture`, `iso`, `focal` | `1/250`, `2.8`, `100`, `35`, for `{exposure} s f/{aperture}` |
/// | `artist`, `copyright`, `description` | as EXIF has them |
///
/// Date and time are those of the photograph (EXIF `DateTimeOriginal`, the camera's own clock);
/// where there is none, those of the file's last change, else of now, both in UTC. What a picture
/// does not tell is empty.
///
/// ```
/// use stamp_engine::TextTemplate;
///
/// assert!("© {year} {artist}".parse::<TextTemplate>().is_ok());
/// let error = "{yaer}".parse::<TextTemplate>().unwrap_err();
/// assert!(error.to_string().contains("yaer"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTemplate {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

impl FromStr for TextTemplate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            rest = &brace[1..];
            if brace.starts_with("{{") || brace.starts_with("}}") {
                plain.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            let name = rest.split_once('}').filter(|_| brace.starts_with('{'));
            let Some((name, after)) = name else { return Err(lonely(brace)) };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Variable(Variable::named(name).ok_or_else(|| unknown(name))?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }
}

fn lonely(brace: &str) -> Error {
    let brace = &brace[..1];
    Error::Setting(format!(
        "a “{brace}” of the text has no partner; write “{brace}{brace}” for the character itself"
    ))
}

fn unknown(name: &str) -> Error {
    let known = Variable::ALL.map(Variable::name).join(", ");
    Error::Setting(format!("the text has an unknown variable “{name}”; known are {known}"))
}

impl TextTemplate {
    pub(crate) fn render(&self, variables: &Variables<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Variable(variable) => text.push_str(&variables.value(*variable)),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn render(text: &str) -> String {
        let variables = Variables::of(Some(Path::new("trip/IMG_1.jpg")), None, (640, 480), None, 7);
        text.parse::<TextTemplate>().unwrap().render(&variables)
    }

    #[test]
    fn variables_are_filled_in_and_braces_kept() {
        for (text, wanted) in [
            ("", ""),
            ("plain", "plain"),
            ("{name}", "IMG_1"),
            ("#{index}: {file} in {folder}", "#7: IMG_1.jpg in trip"),
            ("{width}×{height} {ext}", "640×480 jpg"),
            ("{{name}} {{{name}}}", "{name} {IMG_1}"),
            ("{camera}|{artist}|{iso}", "||"),
        ] {
            assert_eq!(render(text), wanted, "{text}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("{nme}", "nme"),
            ("{Name}", "Name"),
            ("{}", "known are name"),
            ("{name", "no partner"),
            ("name}", "no partner"),
            ("{{name}", "no partner"),
        ] {
            let error = text.parse::<TextTemplate>().unwrap_err();
            assert!(matches!(error, Error::Setting(_)));
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn every_variable_is_known_by_its_name() {
        for variable in Variable::ALL {
            assert_eq!(Variable::named(variable.name()), Some(variable));
            assert!(format!("{{{}}}", variable.name()).parse::<TextTemplate>().is_ok());
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_escaped(text: String) {
            let escaped = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(render(&escaped), text);
        }

        #[test]
        fn any_text_is_a_template_or_an_error(text in "[a-z{}é]{0,20}") {
            let _ = text.parse::<TextTemplate>();
        }
    }
}
