//! `--sandbox`: the files that this very run may still read and write.

use std::fs;
use std::path::{Path, PathBuf};

use stamp_engine::{Confined, Sandbox};

use crate::inputs::glob_of;
use crate::layers::Layers;
use crate::settings::Target;

/// Confines this process to what was named, before anything is read of it. Folders to write to must be there before
/// they can be told from others, and are made.
pub(crate) fn enter(
    pictures: &[PathBuf],
    target: &Target,
    layers: &Layers,
    kept: [Option<PathBuf>; 2],
) -> Result<(), String> {
    let mut sandbox = Sandbox::new().read_system();
    for picture in pictures {
        sandbox = sandbox.read(readable(picture));
    }
    for file in layers.files() {
        sandbox = sandbox.read(file);
    }
    for folder in written(pictures, target).into_iter().chain(kept.into_iter().flatten()) {
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        sandbox = sandbox.write(folder);
    }
    let named =
        pictures.iter().find(|picture| picture.to_str().is_some_and(|name| name.starts_with("s3://")));
    if let Some(picture) = named {
        return Err(format!("{}: in a sandbox there is no network; leave --sandbox out", picture.display()));
    }
    match sandbox.enter().map_err(|error| error.to_string())? {
        Confined::Fully => Ok(()),
        Confined::WithoutFiles => Err("this kernel has no Landlock; leave --sandbox out".to_owned()),
    }
}

/// Where a picture is looked for: itself, or the folder that its glob begins in.
fn readable(picture: &Path) -> PathBuf {
    match glob_of(picture) {
        Some((folder, _)) if !picture.exists() => folder,
        _ => picture.to_owned(),
    }
}

fn written(pictures: &[PathBuf], target: &Target) -> Vec<PathBuf> {
    match target {
        Target::Stdout => Vec::new(),
        Target::File(file) => vec![folder_of(file)],
        Target::Folder(Some(out), _) => vec![out.clone()],
        Target::Folder(None, _) => {
            let beside = |picture: &PathBuf| match readable(picture) {
                folder if folder.is_dir() => folder,
                file => folder_of(&file),
            };
            pictures.iter().map(beside).collect()
        }
    }
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
