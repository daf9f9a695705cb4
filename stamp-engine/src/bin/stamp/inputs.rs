//! From the PICTURES that were named to a list of files to read and files to write.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use stamp_engine::{FileJob, Format};
use walkdir::WalkDir;

use crate::settings::Target;

/// The pictures found, and what could not be looked through.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) jobs: Vec<FileJob>,
    pub(crate) problems: Vec<String>,
}

/// A picture that was named, or found where a folder or a glob was.
struct Found {
    input: PathBuf,
    /// Its path below what was named.
    below: PathBuf,
    /// Found, not named itself.
    walked: bool,
}

/// Where outputs go and how they are named.
pub(crate) struct Naming<'a> {
    pub(crate) target: &'a Target,
    /// The format chosen for all outputs; `None` keeps each input's.
    pub(crate) format: Option<Format>,
}

impl Inputs {
    /// Looks up everything named.
    ///
    /// # Errors
    /// A message when two inputs would be written to one output, or an output would replace
    /// another picture of the same run.
    pub(crate) fn find(pictures: &[PathBuf], naming: &Naming<'_>) -> Result<Self, String> {
        let mut inputs = Self::default();
        let mut found = Vec::new();
        for named in pictures {
            inputs.find_one(named, naming.out(), &mut found);
        }
        let mut seen = HashMap::new();
        let mut folders = HashMap::new();
        leave_out_outputs(&mut found, naming, &mut folders);
        for Found { input, below, .. } in found {
            let output = naming.output(&input, &below);
            let place = real_place(&output, &mut folders);
            match seen.insert(place, input.clone()) {
                None => {
                    let index = inputs.jobs.len() as u64 + 1;
                    inputs.jobs.push(FileJob { input, output, index });
                }
                Some(first) if real_place(&first, &mut folders) == real_place(&input, &mut folders) => {}
                Some(first) => return Err(collision(&first, &input, &output)),
            }
        }
        for job in &inputs.jobs {
            let replaced = seen.get(&real_place(&job.input, &mut folders));
            if let Some(other) = replaced.filter(|&other| *other != job.input) {
                return Err(format!(
                    "{} would become {}, which is itself to be stamped; leave it out, or give another --suffix or --out",
                    other.display(),
                    job.input.display()
                ));
            }
        }
        Ok(inputs)
    }

    /// Adds each picture under `named` with its path below the folder that was named.
    fn find_one(&mut self, named: &Path, out: Option<&Path>, found: &mut Vec<Found>) {
        match fs::metadata(named) {
            Ok(metadata) if metadata.is_dir() => self.walk(named, out, found, |_| true),
            Ok(_) => {
                let below = named.file_name().unwrap_or_default().into();
                found.push(Found { input: named.to_owned(), below, walked: false });
            }
            Err(error) => match glob_of(named) {
                Some((folder, Ok(glob))) => {
                    let before = found.len();
                    self.walk(&folder, out, found, |path| glob.is_match(path));
                    if found.len() == before {
                        self.problems.push(format!("{}: no picture has such a name", named.display()));
                    }
                }
                Some((_, Err(error))) => self.problems.push(format!("{}: {error}", named.display())),
                None => self.problems.push(format!("{}: {error}", named.display())),
            },
        }
    }

    fn walk(
        &mut self,
        folder: &Path,
        out: Option<&Path>,
        found: &mut Vec<Found>,
        wanted: impl Fn(&Path) -> bool,
    ) {
        let out = out.and_then(|out| out.canonicalize().ok());
        let is_out = |path: &Path| out.is_some() && path.canonicalize().ok() == out;
        // The folder that was named is read in any case; below it, hidden ones and the outputs' are not.
        let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
        let entries = entries.filter_entry(|entry| {
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            entry.depth() == 0 || !(hidden || entry.file_type().is_dir() && is_out(entry.path()))
        });
        for entry in entries {
            match entry {
                Ok(entry) => {
                    let path = entry.path();
                    if entry.file_type().is_file() && wanted(path) && looks_like_picture(path) {
                        let below = path.strip_prefix(folder).unwrap_or(path).to_owned();
                        found.push(Found { input: entry.into_path(), below, walked: true });
                    }
                }
                // A symlink that leads back up: everything behind it is found on the straight way.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(folder).display().to_string();
                    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    self.problems.push(format!("{path}: {reason}"));
                }
            }
        }
    }
}

/// Leaves out what was found and is the output of another picture that was: with a suffix and no folder of
/// their own, an earlier run's outputs lie among the pictures.
fn leave_out_outputs(found: &mut Vec<Found>, naming: &Naming<'_>, folders: &mut HashMap<PathBuf, PathBuf>) {
    if !naming.has_suffix() {
        return;
    }
    let place = |one: &Found| real_place(&naming.output(&one.input, &one.below), folders);
    let outputs: HashSet<_> = found.iter().map(place).collect();
    found.retain(|one| !(one.walked && outputs.contains(&real_place(&one.input, folders))));
}

impl Naming<'_> {
    fn has_suffix(&self) -> bool {
        matches!(self.target, Target::Folder(_, suffix) if !suffix.is_empty())
    }

    fn out(&self) -> Option<&Path> {
        match self.target {
            Target::Folder(out, _) => out.as_deref(),
            Target::File(_) | Target::Stdout => None,
        }
    }

    fn output(&self, input: &Path, below: &Path) -> PathBuf {
        match self.target {
            Target::Stdout => PathBuf::from("-"),
            Target::File(file) => file.clone(),
            Target::Folder(Some(out), suffix) => out.join(below).with_file_name(self.name(below, suffix)),
            Target::Folder(None, suffix) => input.with_file_name(self.name(input, suffix)),
        }
    }

    /// The input's name with the suffix, and with another extension where another format is
    /// written and the name would tell a lie.
    fn name(&self, input: &Path, suffix: &str) -> OsString {
        let mut name = input.file_stem().unwrap_or_default().to_owned();
        name.push(suffix);
        let extension = match (self.format, input.extension()) {
            (Some(format), own)
                if !own.and_then(OsStr::to_str).is_some_and(|own| format.has_extension(own)) =>
            {
                Some(OsStr::new(format.extension()))
            }
            (_, own) => own,
        };
        if let Some(extension) = extension {
            name.push(".");
            name.push(extension);
        }
        name
    }
}

/// Whether a file found in a folder is to be stamped: its name says so, or its first bytes do.
fn looks_like_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| Format::of_extension(extension).is_some()) || format_of(path).is_some()
}

/// The format that a file's first bytes tell.
pub(crate) fn format_of(path: &Path) -> Option<Format> {
    let mut start = [0; 64];
    let length = fs::File::open(path).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    Format::of(&start[..length])
}

/// A path with `*`, `?`, `[…]` or `{…}`, as the folder before the first of them and the pattern.
pub(crate) fn glob_of(named: &Path) -> Option<(PathBuf, Result<globset::GlobMatcher, globset::Error>)> {
    let text = named.to_str()?;
    let first = text.find(['*', '?', '[', '{'])?;
    let folder = match text[..first].rfind('/') {
        Some(0) => "/",
        Some(slash) => &text[..slash],
        None => ".",
    };
    // Walked paths begin with the folder as it is written here.
    let pattern =
        if folder == "." && !text.starts_with("./") { format!("./{text}") } else { text.to_owned() };
    let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
    Some((PathBuf::from(folder), glob.map(|glob| glob.compile_matcher())))
}

/// Where a path really lies: its folder without symlinks (as far as that is there), its own name.
fn real_place(path: &Path, folders: &mut HashMap<PathBuf, PathBuf>) -> PathBuf {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let real = folders.entry(folder.to_owned()).or_insert_with(|| {
        let absolute = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        folder.canonicalize().unwrap_or_else(|_| absolute())
    });
    real.join(path.file_name().unwrap_or_default())
}

fn collision(first: &Path, second: &Path, output: &Path) -> String {
    format!(
        "{} and {} would both become {}; stamp them in two runs, or give --suffix or another --out",
        first.display(),
        second.display(),
        output.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_format_and_the_suffix() {
        let target = Target::Folder(Some("out".into()), "-s".to_owned());
        let naming = |format| Naming { target: &target, format };
        let name = |format, input: &str| naming(format).output(Path::new(input), Path::new(input));
        assert_eq!(name(None, "a/b.jpeg"), Path::new("out/a/b-s.jpeg"));
        assert_eq!(name(Some(Format::Jpeg), "b.JPEG"), Path::new("out/b-s.JPEG"));
        assert_eq!(name(Some(Format::Png), "b.tar.jpg"), Path::new("out/b.tar-s.png"));
        assert_eq!(name(Some(Format::Png), "b"), Path::new("out/b-s.png"));
    }

    #[test]
    fn what_an_earlier_run_wrote_beside_its_picture_is_no_picture() {
        let home = tempfile::tempdir().unwrap();
        for name in ["a.png", "a-s.png", "a-s-s.png", "b-s.png", "c.jpg", "c-s.png"] {
            fs::write(home.path().join(name), b"").unwrap();
        }
        let target = Target::Folder(None, "-s".to_owned());
        let naming = Naming { target: &target, format: None };
        let find = |named: &[&str]| {
            let named: Vec<_> = named.iter().map(|name| home.path().join(name)).collect();
            let jobs = Inputs::find(&named, &naming)?.jobs.into_iter();
            let names = jobs.map(|job| job.input.file_name().unwrap().to_str().unwrap().to_owned());
            Ok::<Vec<_>, String>(names.collect())
        };
        let others = ["b-s.png", "c-s.png", "c.jpg"];
        let all: Vec<_> = ["a.png"].into_iter().chain(others).collect();
        assert_eq!(find(&[""]).unwrap(), all);
        assert_eq!(find(&["*.png"]).unwrap(), ["a.png", "b-s.png", "c-s.png"]);
        assert_eq!(find(&["a-s.png"]).unwrap(), ["a-s.png"]);
        let error = find(&["", "a-s.png"]).unwrap_err();
        assert!(error.contains("a-s.png, which is itself to be stamped"), "{error}");
    }

    #[test]
    fn globs_are_found_below_their_fixed_part() {
        let home = tempfile::tempdir().unwrap();
        for name in ["a.png", "b.jpg", "deep/c.png"] {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let target = Target::Folder(Some(home.path().join("out")), String::new());
        let find = |pattern: &str| {
            let naming = Naming { target: &target, format: None };
            let inputs = Inputs::find(&[home.path().join(pattern)], &naming).unwrap();
            inputs
                .jobs
                .into_iter()
                .map(|job| job.output.strip_prefix(home.path()).unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(find("*.png"), [Path::new("out/a.png")]);
        assert_eq!(find("**/*.png"), [Path::new("out/a.png"), Path::new("out/deep/c.png")]);
        assert!(find("*.gif").is_empty());
    }
}
