//! The format of the one file of `--output`: its name chooses it, and never tells a lie.

use std::path::Path;

use stamp_engine::Format;

/// The format to write, `None` for the input's own, which is known once the input is read: see [`check`].
///
/// # Errors
/// A message when the name says another format than `wished`, or none that is known.
pub(crate) fn chosen(input: &Path, output: &Path, wished: Option<Format>) -> Result<Option<Format>, String> {
    let Some(extension) = output.extension() else { return Ok(wished) };
    match (named(output), wished) {
        (Some(named), Some(wished)) if named != wished => Err(format!(
            "{} is named as a {named}, and --format says {wished}; leave one out",
            output.display()
        )),
        (_, Some(wished)) => Ok(Some(wished)),
        (Some(named), None) => Ok(Some(named).filter(|named| !follows_input(*named))),
        // Whatever it is, it stays that.
        (None, None) if input.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension)) => Ok(None),
        (None, None) => Err(format!(
            "{}: .{} is no format that can be written; name it {WRITTEN}, or say which with --format",
            output.display(),
            extension.display()
        )),
    }
}

/// Whether an input of format `input`, written in its own format, may be named `output`.
///
/// # Errors
/// A message when not.
pub(crate) fn check(input: Format, output: &Path) -> Result<(), String> {
    match named(output).filter(|named| follows_input(*named) && *named != input) {
        Some(named) => Err(format!(
            "{}: only a {named} is written as {named}, and the picture is {input}; name it {WRITTEN}",
            output.display()
        )),
        None => Ok(()),
    }
}

const WRITTEN: &str = ".jpg, .png, .webp, .avif or .tif";

fn named(output: &Path) -> Option<Format> {
    output.extension().and_then(|extension| Format::of_extension(extension.to_str()?))
}

/// GIF and BMP are written where they were read; as names they choose nothing.
fn follows_input(format: Format) -> bool {
    matches!(format, Format::Gif | Format::Bmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_or_agree() {
        let chosen = |input: &str, output: &str, wished| chosen(input.as_ref(), output.as_ref(), wished);
        assert_eq!(chosen("a.png", "b.JPEG", None), Ok(Some(Format::Jpeg)));
        assert_eq!(chosen("a.png", "b.jpg", Some(Format::Jpeg)), Ok(Some(Format::Jpeg)));
        assert_eq!(chosen("a.png", "b", Some(Format::Jpeg)), Ok(Some(Format::Jpeg)));
        assert_eq!(chosen("a.gif", "b.gif", None), Ok(None));
        assert_eq!(chosen("a.photo", "b.PHOTO", None), Ok(None));
        assert_eq!(chosen("a.png", "b.part", Some(Format::Png)), Ok(Some(Format::Png)));
        assert_eq!(chosen("-", "b", None), Ok(None));
        for (output, wished) in
            [("b.heic", None), ("b.jxl", None), ("b.jpg", Some(Format::Png)), ("b.gif", Some(Format::Png))]
        {
            assert!(chosen("a.png", output, wished).unwrap_err().contains(output), "{output}");
        }
    }

    #[test]
    fn a_gif_is_made_of_a_gif_only() {
        assert_eq!(check(Format::Gif, "b.gif".as_ref()), Ok(()));
        assert_eq!(check(Format::Png, "b.photo".as_ref()), Ok(()));
        for output in ["b.gif", "b.DIB"] {
            assert!(check(Format::Png, output.as_ref()).unwrap_err().contains("the picture is PNG"));
        }
    }
}
