//! What a picture says about itself: its name, its size, its EXIF block.

#![forbid(unsafe_code)]

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::path::Path;
use std::time::SystemTime;

use exif::{Context, Exif, In, Reader, Tag, Value};

use super::moment::Moment;

/// A variable of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    Name,
    File,
    Ext,
    Folder,
    Width,
    Height,
    Index,
    Date,
    Time,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Make,
    Model,
    Camera,
    Lens,
    Exposure,
    Aperture,
    Iso,
    Focal,
    Artist,
    Copyright,
    Description,
}

impl Variable {
    pub(super) const ALL: [Self; 26] = [
        Self::Name,
        Self::File,
        Self::Ext,
        Self::Folder,
        Self::Width,
        Self::Height,
        Self::Index,
        Self::Date,
        Self::Time,
        Self::Year,
        Self::Month,
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Second,
        Self::Make,
        Self::Model,
        Self::Camera,
        Self::Lens,
        Self::Exposure,
        Self::Aperture,
        Self::Iso,
        Self::Focal,
        Self::Artist,
        Self::Copyright,
        Self::Description,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::File => "file",
            Self::Ext => "ext",
            Self::Folder => "folder",
            Self::Width => "width",
            Self::Height => "height",
            Self::Index => "index",
            Self::Date => "date",
            Self::Time => "time",
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
            Self::Make => "make",
            Self::Model => "model",
            Self::Camera => "camera",
            Self::Lens => "lens",
            Self::Exposure => "exposure",
            Self::Aperture => "aperture",
            Self::Iso => "iso",
            Self::Focal => "focal",
            Self::Artist => "artist",
            Self::Copyright => "copyright",
            Self::Description => "description",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variable| variable.name() == name)
    }
}

/// The facts of one picture. EXIF is read when a variable first needs it.
pub(crate) struct Variables<'a> {
    name: Option<&'a Path>,
    exif: Option<&'a [u8]>,
    viewed: (u32, u32),
    modified: Option<SystemTime>,
    index: u64,
    fields: OnceCell<Option<Exif>>,
}

/// Of a text in EXIF, which may be hostile, at most so many characters are taken.
const MAX_CHARACTERS: usize = 200;

impl<'a> Variables<'a> {
    /// `exif` is a TIFF structure, `viewed` the size as viewed in pixels.
    pub(crate) fn of(
        name: Option<&'a Path>,
        exif: Option<&'a [u8]>,
        viewed: (u32, u32),
        modified: Option<SystemTime>,
        index: u64,
    ) -> Self {
        Self { name, exif, viewed, modified, index, fields: OnceCell::new() }
    }

    pub(super) fn value(&self, variable: Variable) -> String {
        match variable {
            Variable::Name => self.of_path(Path::file_stem),
            Variable::File => self.of_path(Path::file_name),
            Variable::Ext => self.of_path(Path::extension),
            Variable::Folder => self.of_path(|path| path.parent()?.file_name()),
            Variable::Width => self.viewed.0.to_string(),
            Variable::Height => self.viewed.1.to_string(),
            Variable::Index => self.index.to_string(),
            Variable::Date => {
                let Moment { year, month, day, .. } = self.moment();
                format!("{year:04}-{month:02}-{day:02}")
            }
            Variable::Time => {
                let Moment { hour, minute, second, .. } = self.moment();
                format!("{hour:02}:{minute:02}:{second:02}")
            }
            Variable::Year => format!("{:04}", self.moment().year),
            Variable::Month => format!("{:02}", self.moment().month),
            Variable::Day => format!("{:02}", self.moment().day),
            Variable::Hour => format!("{:02}", self.moment().hour),
            Variable::Minute => format!("{:02}", self.moment().minute),
            Variable::Second => format!("{:02}", self.moment().second),
            Variable::Make => self.text(Tag::Make),
            Variable::Model => self.text(Tag::Model),
            Variable::Camera => camera(&self.text(Tag::Make), &self.text(Tag::Model)),
            Variable::Lens => self.text(Tag::LensModel),
            Variable::Exposure => self.rational(Tag::ExposureTime).map_or_else(String::new, exposure),
            Variable::Aperture => self.number(Tag::FNumber),
            Variable::Iso => self.iso(),
            Variable::Focal => self.number(Tag::FocalLength),
            Variable::Artist => self.text(Tag::Artist),
            Variable::Copyright => self.text(Tag::Copyright),
            Variable::Description => self.text(Tag::ImageDescription),
        }
    }

    fn of_path(&self, part: impl Fn(&'a Path) -> Option<&'a OsStr>) -> String {
        self.name.and_then(part).map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn field(&self, tag: Tag) -> Option<&Value> {
        let read = || {
            let mut reader = Reader::new();
            let read = reader.continue_on_error(true).read_raw(self.exif?.to_vec());
            read.or_else(|error| error.distill_partial_result(|_| ())).ok()
        };
        let fields = self.fields.get_or_init(read).as_ref()?;
        // Some writers put every field in the first directory, whatever the standard says.
        let anywhere = Tag(Context::Tiff, tag.number());
        fields
            .get_field(tag, In::PRIMARY)
            .or_else(|| fields.get_field(anywhere, In::PRIMARY))
            .map(|field| &field.value)
    }

    /// A text up to its first NUL, trimmed; what is not UTF-8 is read as Latin-1.
    fn text(&self, tag: Tag) -> String {
        let Some(Value::Ascii(parts)) = self.field(tag) else { return String::new() };
        let bytes = parts.first().map_or(&[][..], Vec::as_slice);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
        };
        text.trim().chars().filter(|c| !c.is_control()).take(MAX_CHARACTERS).collect()
    }

    fn rational(&self, tag: Tag) -> Option<(u32, u32)> {
        match self.field(tag)? {
            Value::Rational(values) => values.first().map(|value| (value.num, value.denom)),
            _ => None,
        }
        .filter(|&(numerator, denominator)| numerator > 0 && denominator > 0)
    }

    /// To one decimal place, which is left off where it is 0.
    fn number(&self, tag: Tag) -> String {
        let Some((numerator, denominator)) = self.rational(tag) else { return String::new() };
        let value = f64::from(numerator) / f64::from(denominator);
        let text = format!("{value:.1}");
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    }

    fn iso(&self) -> String {
        let value = self.field(Tag::PhotographicSensitivity).and_then(|value| value.get_uint(0));
        value.map(|value| value.to_string()).unwrap_or_default()
    }

    fn moment(&self) -> Moment {
        let taken = match self.field(Tag::DateTimeOriginal) {
            Some(Value::Ascii(parts)) => parts.first().and_then(|text| Moment::from_exif(text)),
            _ => None,
        };
        taken.unwrap_or_else(|| Moment::from_system(self.modified.unwrap_or_else(SystemTime::now)))
    }
}

/// Make and model; many models name their make themselves.
fn camera(make: &str, model: &str) -> String {
    let brand = make.split_whitespace().next().unwrap_or_default().to_lowercase();
    if brand.is_empty() || model.to_lowercase().starts_with(&brand) {
        return model.to_owned();
    }
    format!("{make} {model}").trim_end().to_owned()
}

/// Seconds: `1/250` below half a second, else with one decimal place at most.
fn exposure((numerator, denominator): (u32, u32)) -> String {
    let seconds = f64::from(numerator) / f64::from(denominator);
    if seconds < 0.5 {
        return format!("1/{:.0}", 1.0 / seconds);
    }
    let text = format!("{seconds:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    /// The EXIF block of a fixture: APP1 (Exif 2.32, 4.7.2).
    fn exif() -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pictures/variants");
        let bytes = std::fs::read(folder.join("xmp-iptc.jpg")).unwrap();
        let start = bytes.windows(6).position(|window| window == b"Exif\0\0").unwrap();
        let length = usize::from(u16::from_be_bytes([bytes[start - 2], bytes[start - 1]]));
        bytes[start + 6..start - 2 + length].to_vec()
    }

    fn value(exif: Option<&[u8]>, name: &str) -> String {
        let modified = Some(UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        Variables::of(None, exif, (1, 1), modified, 0).value(Variable::named(name).unwrap())
    }

    #[test]
    fn exif_speaks_of_the_photograph() {
        let exif = exif();
        for (name, wanted) in [("date", "2024-05-17"), ("year", "2024"), ("month", "05"), ("day", "17")] {
            assert_eq!(value(Some(&exif), name), wanted, "{name}");
        }
        assert!(value(Some(&exif), "camera").contains("Halden F2"), "{}", value(Some(&exif), "camera"));
        assert!(value(Some(&exif), "artist").contains("Aitzol Berasategi"));
        assert!(!value(Some(&exif), "copyright").is_empty());
    }

    #[test]
    fn without_exif_the_files_date_counts() {
        assert_eq!(value(None, "date"), "2001-09-09");
        assert_eq!(value(Some(b"damaged"), "time"), "01:46:40");
        assert_eq!(value(None, "camera"), "");
    }

    #[test]
    fn without_any_date_it_is_today() {
        let variables = Variables::of(None, None, (1, 1), None, 0);
        assert!(variables.value(Variable::Year).parse::<i64>().unwrap() >= 2024);
    }

    #[test]
    fn cameras_are_named_once() {
        assert_eq!(camera("Canon", "Canon EOS R5"), "Canon EOS R5");
        assert_eq!(camera("NIKON CORPORATION", "NIKON D850"), "NIKON D850");
        assert_eq!(camera("Halden", "F2"), "Halden F2");
        assert_eq!(camera("", "F2"), "F2");
        assert_eq!(camera("Halden", ""), "Halden");
    }

    #[test]
    fn exposures_read_as_on_a_dial() {
        for (fraction, wanted) in
            [((1, 250), "1/250"), ((10, 2500), "1/250"), ((1, 2), "0.5"), ((13, 10), "1.3"), ((30, 1), "30")]
        {
            assert_eq!(exposure(fraction), wanted);
        }
    }

    #[test]
    fn names_need_not_be_there() {
        let variables = Variables::of(Some(Path::new("/")), None, (1, 1), None, 0);
        for variable in [Variable::Name, Variable::File, Variable::Ext, Variable::Folder] {
            assert_eq!(variables.value(variable), "");
        }
    }

    proptest! {
        #[test]
        fn changed_exif_does_no_harm(at in 0_usize..4000, change: u8) {
            let mut exif = exif();
            let at = at % exif.len();
            exif[at] ^= change;
            let variables = Variables::of(None, Some(&exif), (1, 1), None, 0);
            for variable in Variable::ALL {
                prop_assert!(variables.value(variable).chars().count() <= 2 * MAX_CHARACTERS + 1);
            }
        }
    }
}
