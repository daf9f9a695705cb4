//! Fonts: the one that is built in, the system's, and those that are named by file.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::{Database, Family, ID, Query, Source};

use super::source::hash;
use crate::recent::Recent;
use crate::{Error, Result};

/// A part of DejaVu Sans; `fonts/LICENCE` lies beside it.
const BUILT_IN: &[u8] = include_bytes!("../../fonts/StampedeSans.ttf");
/// Its family.
const BUILT_IN_FAMILY: &str = "Stampede Sans";

/// What a text is set with: the face asked for, and others for the characters that it lacks.
#[derive(Debug)]
pub(super) struct FontSet {
    pub(super) database: Arc<Database>,
    pub(super) face: ID,
    /// Decides what text looks like: a hash of the fonts, or of where they lie and since when.
    pub(super) fingerprint: [u8; 32],
}

impl FontSet {
    /// Tells the faces of a set apart.
    pub(super) fn name(&self) -> String {
        let Some(face) = self.database.face(self.face) else { return String::new() };
        let family = face.families.first().map(|family| family.0.as_str()).unwrap_or_default();
        format!("{family} {:?} {:?} {:?}", face.weight, face.style, face.stretch)
    }
}

/// By the font asked for and whether the system's are among them.
type Sets = Recent<(Option<String>, bool), FontSet>;

/// The fonts for a text in the font asked for: the name of a family, the path of a file, or
/// `None` for the built-in one. Without `system`, a family that is not built in is found among the
/// system's fonts, too.
pub(super) fn for_text(font: Option<&str>, system: bool) -> Result<Arc<FontSet>> {
    static SETS: LazyLock<Sets> = LazyLock::new(|| Recent::new(8));
    let system = system || !font.is_none_or(is_font_file);
    SETS.get((font.map(str::to_owned), system), |(font, system)| open(font.as_deref(), *system))
}

/// Whether a font is named by its file rather than by its family.
pub fn is_font_file(font: &str) -> bool {
    let extension = Path::new(font).extension().unwrap_or_default().to_ascii_lowercase();
    font.contains(['/', '\\']) || ["ttf", "otf", "ttc", "otc"].iter().any(|known| extension == *known)
}

fn open(font: Option<&str>, system: bool) -> Result<FontSet> {
    let mut database = if system { SYSTEM.0.clone() } else { built_in() };
    let mut fingerprint = if system { SYSTEM.1 } else { hash(&[BUILT_IN]) };
    let id = match font {
        Some(file) if is_font_file(file) => {
            let bytes = fs::read(file).map_err(|error| Error::io(file, error))?;
            fingerprint = hash(&[&fingerprint, &bytes]);
            let ids = database.load_font_source(Source::Binary(Arc::new(bytes)));
            ids.first()
                .copied()
                .ok_or_else(|| Error::stamp(format!("“{file}” is no TrueType or OpenType font")))?
        }
        _ => {
            let family = font.unwrap_or(BUILT_IN_FAMILY);
            let query = Query { families: &[Family::Name(family)], ..Query::default() };
            database.query(&query).ok_or_else(|| {
                Error::stamp(format!(
                    "no font family “{family}” is installed; install it or name a font file"
                ))
            })?
        }
    };
    Ok(FontSet { database: Arc::new(database), face: id, fingerprint })
}

fn built_in() -> Database {
    let mut database = Database::new();
    database.load_font_source(Source::Binary(Arc::new(BUILT_IN)));
    database
}

/// The system's fonts and the built-in one, and their fingerprint.
static SYSTEM: LazyLock<(Database, [u8; 32])> = LazyLock::new(|| {
    let mut database = built_in();
    database.load_system_fonts();
    let files = database.faces().filter_map(|face| match &face.source {
        Source::File(path) | Source::SharedFile(path, _) => Some(path.clone()),
        Source::Binary(_) => None,
    });
    let fingerprint = fingerprint(files.collect());
    (database, fingerprint)
});

/// The fonts for text in SVG.
pub(super) struct SvgFonts {
    pub(super) database: Arc<Database>,
    /// For text that names no family.
    pub(super) default_family: String,
    pub(super) fingerprint: [u8; 32],
}

/// The system's fonts and the built-in one, looked through once per process.
pub(super) fn for_svg() -> &'static SvgFonts {
    static FONTS: LazyLock<SvgFonts> = LazyLock::new(|| {
        let (mut database, fingerprint) = SYSTEM.clone();
        let sans =
            first_of(&database, &["Arial", "Helvetica", "Liberation Sans", "DejaVu Sans", "Noto Sans"]);
        let serif =
            first_of(&database, &["Times New Roman", "Liberation Serif", "DejaVu Serif", "Noto Serif"]);
        let mono =
            first_of(&database, &["Courier New", "Liberation Mono", "DejaVu Sans Mono", "Noto Sans Mono"]);
        database.set_sans_serif_family(sans);
        database.set_serif_family(serif);
        database.set_monospace_family(mono);
        SvgFonts { database: Arc::new(database), default_family: BUILT_IN_FAMILY.to_owned(), fingerprint }
    });
    &FONTS
}

fn first_of(database: &Database, families: &[&str]) -> String {
    let installed = |family: &&&str| {
        let families = &[Family::Name(family)];
        database.query(&Query { families, ..Query::default() }).is_some()
    };
    families.iter().find(installed).map_or(BUILT_IN_FAMILY, |family| family).to_owned()
}

/// Changes whenever a font file comes, goes or is replaced. Reading them all would take too long.
fn fingerprint(mut files: Vec<PathBuf>) -> [u8; 32] {
    files.sort();
    files.dedup();
    let mut facts = BUILT_IN.to_vec();
    for file in files {
        let found = fs::metadata(&file).ok();
        let since = found.as_ref().and_then(|found| found.modified().ok());
        let length = found.map_or(0, |found| found.len());
        facts.extend_from_slice(format!("{}\0{length}\0{since:?}\0", file.display()).as_bytes());
    }
    hash(&[&facts])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_font_is_found_under_its_name() {
        let set = open(None, false).unwrap();
        assert!(set.name().starts_with(BUILT_IN_FAMILY), "{}", set.name());
    }

    #[test]
    fn files_are_told_from_families() {
        for file in ["a/b", "Font.ttf", "x.OTF", "C:\\font", "./x"] {
            assert!(is_font_file(file), "{file}");
        }
        for family in ["DejaVu Sans", "Arial", "St. Something"] {
            assert!(!is_font_file(family), "{family}");
        }
    }

    #[test]
    fn unknown_fonts_are_named_in_the_error() {
        for (font, advice) in [("No Such Family", "install"), ("no/such/font.ttf", "font.ttf")] {
            let error = open(Some(font), true).unwrap_err().to_string();
            assert!(error.contains(font) && error.contains(advice), "{error}");
        }
        let file = tempfile::Builder::new().suffix(".ttf").tempfile().unwrap();
        fs::write(file.path(), b"no font").unwrap();
        let error = open(file.path().to_str(), false).unwrap_err().to_string();
        assert!(error.contains("no TrueType"), "{error}");
    }

    #[test]
    fn a_font_file_is_used_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("font.ttf");
        fs::write(&file, BUILT_IN).unwrap();
        let set = open(file.to_str(), false).unwrap();
        assert!(set.name().starts_with(BUILT_IN_FAMILY), "{}", set.name());
        assert_ne!(set.fingerprint, open(None, false).unwrap().fingerprint);
    }
}
