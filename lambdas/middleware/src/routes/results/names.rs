//! What the files in a ZIP are called.

use std::collections::HashSet;

/// Names that are taken. As some unpackers have it, `A.jpg` and `a.jpg` are one.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// Takes a name, or where another has it, one with the item's number before it.
    pub(super) fn take(&mut self, mut name: String, number: u32) -> String {
        // Somebody may have called a picture as another is called here.
        while !self.0.insert(name.to_lowercase()) {
            name = format!("{number}-{name}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(names: &[impl AsRef<str>]) -> Vec<String> {
        let mut taken = Names::default();
        (1..).zip(names).map(|(number, name)| taken.take(name.as_ref().to_owned(), number)).collect()
    }

    #[test]
    fn a_name_that_is_free_stays() {
        assert_eq!(named(&["a.jpg", "b.jpg", "A.jpg"]), ["a.jpg", "b.jpg", "3-A.jpg"]);
        assert_eq!(named(&["a.jpg", "3-a.jpg", "a.jpg"]), ["a.jpg", "3-a.jpg", "3-3-a.jpg"]);
    }

    proptest! {
        #[test]
        fn no_two_files_have_one_name(names in prop::collection::vec("([1-4]-){0,2}[aAb]", 0..12)) {
            let taken = named(&names);
            let different: HashSet<_> = taken.iter().map(|name| name.to_lowercase()).collect();
            prop_assert_eq!(different.len(), names.len(), "{:?}", taken);
            for (name, taken) in names.iter().zip(&taken) {
                prop_assert!(taken.ends_with(name));
            }
        }
    }
}
