//! Bucket mode: whatever lands below a prefix is stamped into another place, without any job.

use std::fmt;
use std::str::FromStr;

use stamp_engine::Format;

use crate::message::{Address, Message, ObjectTask, VERSION};
use crate::settings::Settings;

/// What is done with each picture that lands in a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    from: Prefix,
    into: Prefix,
    stamp: Option<Address>,
    settings: Settings,
}

/// A bucket, or the part of it whose keys begin with a prefix.
///
/// ```
/// use stampede_domain::rule::Prefix;
///
/// let prefix: Prefix = "s3://holiday/2026/".parse()?;
/// assert_eq!((&*prefix.bucket, &*prefix.prefix), ("holiday", "2026/"));
/// assert_eq!("s3://holiday".parse::<Prefix>()?.prefix, "");
/// # Ok::<(), stampede_domain::rule::WrongRule>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The bucket's name.
    pub bucket: String,
    /// With what keys begin; may be empty.
    pub prefix: String,
}

/// A rule that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongRule {
    /// Not `s3://BUCKET/PREFIX`.
    #[error("{0} is no place in a bucket; write s3://BUCKET/PREFIX")]
    Place(String),
    /// What is written would be what is read.
    #[error("what is written to {0} would be read again; write to another prefix or bucket")]
    Loop(Prefix),
    /// The stamp's place is no object, or the settings are wrong.
    #[error("{0}")]
    Wrong(String),
}

impl Rule {
    /// A rule. Outputs go below `into` as below a folder, with a slash or without. It may lie below `from`: what lies
    /// there is never taken.
    ///
    /// # Errors
    /// [`WrongRule`].
    pub fn new(
        from: Prefix,
        into: Prefix,
        stamp: Option<Address>,
        settings: Settings,
    ) -> Result<Self, WrongRule> {
        let into = into.into_folder();
        // Each of the two begins with the other only where they are the same; where `from` is the longer
        // one, everything that is read lies where nothing may be read.
        if from.bucket == into.bucket && from.clone().into_folder().prefix.starts_with(&into.prefix) {
            return Err(WrongRule::Loop(into));
        }
        let rule = Self { from, into, stamp, settings };
        // As a stamper will read it.
        let picture = Address { bucket: rule.from.bucket.clone(), key: format!("{}x", rule.from.prefix) };
        let task = Message::Object(rule.task(&picture, 0, None));
        match Message::from_json(task.to_json().as_bytes()) {
            Ok(_) => Ok(rule),
            Err(refused) => Err(WrongRule::Wrong(refused.to_string())),
        }
    }

    /// What is to be done with an object that has landed; `None` where it is none of this rule's, or its own
    /// output.
    pub fn apply(&self, landed: &Address, request: Option<String>) -> Option<ObjectTask> {
        let is_own = self.into.holds(landed) || !self.from.holds(landed);
        // S3's consoles make such objects to show folders.
        if is_own || landed.key.ends_with('/') {
            return None;
        }
        Some(self.task(landed, 1, request))
    }

    fn task(&self, picture: &Address, index: u64, request: Option<String>) -> ObjectTask {
        let format = self.settings.format.as_deref().and_then(Format::of_extension);
        let name = self.from.below(&picture.key);
        // As `stamp enqueue` names outputs.
        let name = format.map_or_else(|| name.to_owned(), |format| format.rename(name));
        ObjectTask {
            version: VERSION,
            picture: picture.clone(),
            index,
            stamp: self.stamp.clone(),
            settings: self.settings.clone(),
            output: Address { bucket: self.into.bucket.clone(), key: format!("{}{name}", self.into.prefix) },
            request,
            traceparent: None,
        }
    }
}

impl Prefix {
    /// Whether an object lies there.
    pub fn holds(&self, object: &Address) -> bool {
        self.bucket == object.bucket && object.key.starts_with(&self.prefix)
    }

    /// What stands behind the prefix's last folder: outputs keep it.
    fn below<'k>(&self, key: &'k str) -> &'k str {
        let folder = self.prefix.rfind('/').map_or(0, |slash| slash + 1);
        key.get(folder..).unwrap_or(key)
    }

    /// The same as a folder: what is put into it lies behind a slash.
    fn into_folder(mut self) -> Self {
        if !self.prefix.is_empty() && !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        self
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

impl FromStr for Prefix {
    type Err = WrongRule;

    fn from_str(text: &str) -> Result<Self, WrongRule> {
        let place = text.strip_prefix("s3://").map(|place| place.split_once('/').unwrap_or((place, "")));
        match place {
            Some((bucket, prefix)) if !bucket.is_empty() => {
                Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
            }
            _ => Err(WrongRule::Place(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(from: &str, into: &str) -> Result<Rule, WrongRule> {
        let stamp = Address { bucket: "stamps".to_owned(), key: "logo.png".to_owned() };
        Rule::new(from.parse()?, into.parse()?, Some(stamp), Settings::default())
    }

    fn landed(bucket: &str, key: &str) -> Address {
        Address { bucket: bucket.to_owned(), key: key.to_owned() }
    }

    #[test]
    fn what_lands_below_the_prefix_is_stamped_under_the_same_name() {
        let rule = rule("s3://in/photos/", "s3://out/stamped/").unwrap();
        let task = rule.apply(&landed("in", "photos/a/b c.jpg"), Some("r".to_owned())).unwrap();
        assert_eq!(task.output, landed("out", "stamped/a/b c.jpg"));
        assert_eq!((task.index, task.request.as_deref()), (1, Some("r")));
        for other in [("in", "other/a.jpg"), ("out", "photos/a.jpg"), ("in", "photos/folder/")] {
            assert_eq!(rule.apply(&landed(other.0, other.1), None), None, "{other:?}");
        }
    }

    #[test]
    fn outputs_lie_in_a_folder_under_what_is_below_the_pictures_last_one() {
        let output = |from: &str, into: &str, key: &str| {
            rule(from, into).unwrap().apply(&landed("in", key), None).unwrap().output.key
        };
        assert_eq!(output("s3://in/photos/", "s3://out/stamped", "photos/a.jpg"), "stamped/a.jpg");
        assert_eq!(output("s3://in/photos", "s3://out/stamped", "photos/a.jpg"), "stamped/photos/a.jpg");
        assert_eq!(output("s3://in/photos/2026-", "s3://out", "photos/2026-a/b.jpg"), "2026-a/b.jpg");
        let beside = rule("s3://in", "s3://in/stamped").unwrap();
        assert_eq!(beside.apply(&landed("in", "stamped/a.jpg"), None), None, "its own output");
        assert!(beside.apply(&landed("in", "stamped-before.jpg"), None).is_some());
    }

    #[test]
    fn another_format_is_another_extension() {
        let settings =
            Settings { format: Some("webp".to_owned()), text: Some("x".to_owned()), ..Settings::default() };
        let (from, into) = ("s3://in".parse().unwrap(), "s3://out".parse().unwrap());
        let rule = Rule::new(from, into, None, settings).unwrap();
        for (key, output) in [
            ("a.jpg", "a.webp"),
            ("a.b/c.tar.JPG", "a.b/c.tar.webp"),
            ("a.WEBP", "a.WEBP"),
            ("a.jpg/none", "a.jpg/none"),
        ] {
            assert_eq!(rule.apply(&landed("in", key), None).unwrap().output.key, output);
        }
    }

    #[test]
    fn no_rule_loops() {
        for (from, into) in [
            ("s3://in/photos", "s3://in/photos"),
            ("s3://in/photos/", "s3://in/photos"),
            ("s3://in/photos", "s3://in/photos/"),
            ("s3://in", "s3://in"),
            ("s3://in/photos/", "s3://in/photos/"),
            ("s3://in/photos/", "s3://in"),
            ("s3://in/photos/new/", "s3://in/photos/"),
        ] {
            assert!(matches!(rule(from, into), Err(WrongRule::Loop(_))), "{from} {into}");
        }
        let below = rule("s3://in/", "s3://in/stamped/").unwrap();
        let first = below.apply(&landed("in", "a.jpg"), None).unwrap();
        assert_eq!(below.apply(&first.output, None), None, "its own output");
    }

    #[test]
    fn places_and_stamps_are_checked_at_once() {
        for text in ["in/photos", "s3://", "s3:///x", "https://in"] {
            assert_eq!(text.parse::<Prefix>(), Err(WrongRule::Place(text.to_owned())));
        }
        let nothing =
            Rule::new("s3://a/x/".parse().unwrap(), "s3://b/y/".parse().unwrap(), None, Settings::default());
        assert!(matches!(nothing, Err(WrongRule::Wrong(reason)) if reason.contains("neither a stamp")));
    }
}
