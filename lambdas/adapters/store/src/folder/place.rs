//! Where a key's object lies below the folder.
//!
//! Each part of a key is a folder and the last a file, named as the part is. Files have a `%` behind
//! their names, so that `a` and `a/b` can both be objects, as in S3. On a file system that takes `a` and
//! `A` for one name, keys that differ in nothing else are one object.

use std::path::PathBuf;

use stampede_domain::message::is_key;

use crate::Fault;

/// Of a file's or folder's name, in bytes (`NAME_MAX` of most file systems).
const LONGEST_NAME: usize = 255;
/// What ends a file's name, and begins a character that is written as its code.
const MARK: char = '%';

/// A path relative to the folder of the objects. No part of it is `..`, absolute, or empty.
pub(super) fn path(key: &str) -> Result<PathBuf, Fault> {
    let not_a_key = || Fault::Key(key.chars().take(80).collect());
    if !is_key(key) || key.contains(char::is_control) {
        return Err(not_a_key());
    }
    let (folders, file) = key.rsplit_once('/').map_or((None, key), |(above, file)| (Some(above), file));
    let folders = folders.into_iter().flat_map(|folders| folders.split('/')).map(folder_name);
    let path: Vec<String> = folders.chain([file_name(file)]).collect();
    match path.iter().all(|name| name.len() <= LONGEST_NAME) {
        true => Ok(path.iter().collect()),
        false => Err(Fault::LongName(key.chars().take(80).collect())),
    }
}

/// The name of the file that is the last part of a key.
fn file_name(part: &str) -> String {
    let mut name = folder_name(part);
    name.push(MARK);
    name
}

/// The name of the folder that is another part of a key.
pub(super) fn folder_name(part: &str) -> String {
    let mut name = String::with_capacity(part.len());
    for c in part.chars() {
        // What Windows gives no file for a name, and our own mark.
        if "%:*?\"<>|".contains(c) {
            name.push_str(&format!("{MARK}{:02X}", u32::from(c)));
        } else {
            name.push(c);
        }
    }
    name
}

/// What a name found below the folder stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The last part of a key.
    File(String),
    /// Another part of a key.
    Folder(String),
}

/// Reads a name; `None` where it is none of ours.
pub(super) fn part(name: &str) -> Option<Part> {
    let (name, is_file) = name.strip_suffix(MARK).map_or((name, false), |name| (name, true));
    let mut part = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, code)) = rest.split_once(MARK) {
        part.push_str(before);
        part.push(char::from(u8::from_str_radix(code.get(..2)?, 16).ok()?));
        rest = &code[2..];
    }
    part.push_str(rest);
    // Only one name stands for each part.
    let ours = folder_name(&part) == name && is_key(&part);
    ours.then_some(if is_file { Part::File(part) } else { Part::Folder(part) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn objects_and_folders_of_one_name_lie_apart() {
        assert_eq!(path("a").unwrap(), PathBuf::from("a%"));
        assert_eq!(path("a/b").unwrap(), PathBuf::from("a/b%"));
        assert_eq!(path("a%/b").unwrap(), PathBuf::from("a%25/b%"));
        assert_eq!(path("été/1:2").unwrap(), PathBuf::from("été/1%3A2%"));
    }

    #[test]
    fn what_no_file_can_be_called_is_refused() {
        assert!(path(&"a".repeat(254)).is_ok());
        assert!(matches!(path(&"a".repeat(255)), Err(Fault::LongName(_))));
        assert!(matches!(path(&format!("{}/b", "a".repeat(256))), Err(Fault::LongName(_))));
        for key in ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a\\b", "a\0", "a\nb"] {
            assert!(matches!(path(key), Err(Fault::Key(_))), "{key:?}");
        }
    }

    #[test]
    fn foreign_names_are_no_parts() {
        for name in ["%", "%%", "a%2", "a%zz", "a%41", "a:b", "a%é"] {
            assert_eq!(part(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn names_come_back(key in "[^/\\\\\\x00]{1,40}") {
            prop_assume!(is_key(&key));
            prop_assert_eq!(part(&file_name(&key)), Some(Part::File(key.clone())));
            prop_assert_eq!(part(&folder_name(&key)), Some(Part::Folder(key)));
        }

        #[test]
        fn no_path_leads_upwards(key in ".{0,60}") {
            if let Ok(path) = path(&key) {
                for step in path.components() {
                    prop_assert!(matches!(step, std::path::Component::Normal(_)));
                }
            }
        }

        #[test]
        fn any_name_is_read_without_panic(name in ".{0,40}") {
            drop(part(&name));
        }
    }
}
