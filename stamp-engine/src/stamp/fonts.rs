//! Fonts: the one that is built in, the system's, and those that are named by file.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::{env, fs};

use cosmic_text::fontdb::{Database, Family, ID, Query, Source, Stretch, Style, Weight};
use cosmic_text::{Attrs, CacheKeyFlags, FontSystem, SwashCache};
use resvg::usvg::fontdb as svg_fontdb;

use super::source::hash;
use crate::recent::Recent;
use crate::{Error, Result};

/// A part of DejaVu Sans; `fonts/LICENCE` lies beside it.
const BUILT_IN: &[u8] = include_bytes!("../../fonts/StampedeSans.ttf");
/// Its family.
const BUILT_IN_FAMILY: &str = "Stampede Sans";

/// What a text is set with: the face asked for, and others for the characters that it lacks.
pub(super) struct FontSet {
    pub(super) system: FontSystem,
    pub(super) swash: SwashCache,
    /// Decides what text looks like: a hash of the fonts, or of where they lie and since when.
    pub(super) fingerprint: [u8; 32],
    face: Face,
}

struct Face {
    id: ID,
    family: String,
    weight: Weight,
    style: Style,
    stretch: Stretch,
}

impl FontSet {
    /// The attributes that choose the face, without hinting so that all sizes have one shape.
    pub(super) fn attributes(&self) -> Attrs<'_> {
        Attrs::new()
            .family(Family::Name(&self.face.family))
            .weight(self.face.weight)
            .style(self.face.style)
            .stretch(self.face.stretch)
            .cache_key_flags(CacheKeyFlags::DISABLE_HINTING)
    }

    /// Tells the faces of a set apart.
    pub(super) fn name(&self) -> String {
        let Face { family, weight, style, stretch, .. } = &self.face;
        format!("{family} {weight:?} {style:?} {stretch:?}")
    }

    /// Whether the face itself has all of the text's characters.
    fn covers(&mut self, text: &str) -> bool {
        let Some(font) = self.system.get_font(self.face.id, self.face.weight) else { return false };
        let characters = font.as_swash().charmap();
        text.chars().filter(|c| !c.is_control()).all(|c| characters.map(c) != 0)
    }
}

impl std::fmt::Debug for FontSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FontSet").field("family", &self.face.family).finish_non_exhaustive()
    }
}

/// By the font asked for and whether the system's are among them.
type Sets = Recent<(Option<String>, bool), Mutex<FontSet>>;

/// The fonts for a text in the font asked for: the name of a family, the path of a file, or
/// `None` for the built-in one. The system's fonts are only looked through when they are needed.
pub(super) fn for_text(font: Option<&str>, text: &str) -> Result<Arc<Mutex<FontSet>>> {
    static SETS: LazyLock<Sets> = LazyLock::new(|| Recent::new(8));
    let set = |system| {
        SETS.get((font.map(str::to_owned), system), |(font, system)| {
            open(font.as_deref(), *system).map(Mutex::new)
        })
    };
    if font.is_none_or(is_file) {
        let alone = set(false)?;
        if alone.lock().unwrap_or_else(std::sync::PoisonError::into_inner).covers(text) {
            return Ok(alone);
        }
    }
    set(true)
}

/// Whether a font is named by its file rather than by its family.
fn is_file(font: &str) -> bool {
    let extension = Path::new(font).extension().unwrap_or_default().to_ascii_lowercase();
    font.contains(['/', '\\']) || ["ttf", "otf", "ttc", "otc"].iter().any(|known| extension == *known)
}

fn open(font: Option<&str>, system: bool) -> Result<FontSet> {
    let mut database = if system { SYSTEM.0.clone() } else { built_in() };
    let mut fingerprint = if system { SYSTEM.1 } else { hash(&[BUILT_IN]) };
    let id = match font {
        Some(file) if is_file(file) => {
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
    let face = database.face(id).map(|info| Face {
        id,
        family: info.families.first().map(|family| family.0.clone()).unwrap_or_default(),
        weight: info.weight,
        style: info.style,
        stretch: info.stretch,
    });
    let face = face.ok_or_else(|| Error::stamp("the font has no face"))?;
    let system = FontSystem::new_with_locale_and_db(locale(), database);
    Ok(FontSet { system, swash: SwashCache::new(), fingerprint, face })
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

/// Which of the forms of Chinese characters are preferred follows the user's language.
fn locale() -> String {
    let set = |name: &&str| env::var(name).is_ok_and(|value| !value.is_empty());
    let value =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find(|name| set(name)).and_then(|name| env::var(name).ok());
    let language =
        value.as_deref().and_then(|value| value.split('.').next()).unwrap_or_default().replace('_', "-");
    if language.is_empty() || language == "C" || language == "POSIX" { "en-US".to_owned() } else { language }
}

/// The fonts for text in SVG.
pub(super) struct SvgFonts {
    pub(super) database: Arc<svg_fontdb::Database>,
    /// For text that names no family.
    pub(super) default_family: String,
    pub(super) fingerprint: [u8; 32],
}

/// The system's fonts and the built-in one, looked through once per process.
pub(super) fn for_svg() -> &'static SvgFonts {
    static FONTS: LazyLock<SvgFonts> = LazyLock::new(|| {
        let mut database = svg_fontdb::Database::new();
        database.load_system_fonts();
        let files = database.faces().filter_map(|face| match &face.source {
            svg_fontdb::Source::File(path) | svg_fontdb::Source::SharedFile(path, _) => Some(path.clone()),
            svg_fontdb::Source::Binary(_) => None,
        });
        let fingerprint = fingerprint(files.collect());
        database.load_font_source(svg_fontdb::Source::Binary(Arc::new(BUILT_IN)));
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

fn first_of(database: &svg_fontdb::Database, families: &[&str]) -> String {
    let installed = |family: &&&str| {
        let families = &[svg_fontdb::Family::Name(family)];
        database.query(&svg_fontdb::Query { families, ..svg_fontdb::Query::default() }).is_some()
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
        let mut set = open(None, false).unwrap();
        assert_eq!(set.face.family, BUILT_IN_FAMILY);
        assert!(set.covers("Ångström © 2024 — Ελλάδα, Москва 100 €"));
        assert!(!set.covers("東京"));
    }

    #[test]
    fn files_are_told_from_families() {
        for file in ["a/b", "Font.ttf", "x.OTF", "C:\\font", "./x"] {
            assert!(is_file(file), "{file}");
        }
        for family in ["DejaVu Sans", "Arial", "St. Something"] {
            assert!(!is_file(family), "{family}");
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
        assert_eq!(set.face.family, BUILT_IN_FAMILY);
        assert_ne!(set.fingerprint, open(None, false).unwrap().fingerprint);
    }
}
