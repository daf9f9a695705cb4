//! Text with variables.

use std::path::Path;
use std::time::SystemTime;

use crate::Result;

/// A text with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTemplate {}

impl std::str::FromStr for TextTemplate {
    type Err = crate::Error;
    fn from_str(_text: &str) -> Result<Self> {
        todo!()
    }
}

impl TextTemplate {
    pub(crate) fn render(&self, _variables: &Variables) -> String {
        todo!()
    }
}

/// The facts of one picture.
#[derive(Clone, Debug)]
pub(crate) struct Variables {}

impl Variables {
    pub(crate) fn of(
        _name: Option<&Path>,
        _exif: Option<&[u8]>,
        _viewed: (u32, u32),
        _modified: Option<SystemTime>,
        _index: u64,
    ) -> Self {
        todo!()
    }
}
