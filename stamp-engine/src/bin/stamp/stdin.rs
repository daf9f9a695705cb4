//! One picture from standard input, to standard output or to a file.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use stamp_engine::{Error, FileJob, Format, Picture, Report, Result, Stamped};

use crate::format;
use crate::report::{Left, Reporter};
use crate::settings::{Settings, Target};

/// Stamps it; `false` when that failed.
pub(crate) fn stamp(settings: &Settings) -> bool {
    let output = match &settings.target {
        Target::File(file) => file.clone(),
        Target::Stdout | Target::Folder(..) => PathBuf::from("-"),
    };
    let job = FileJob { input: PathBuf::from("-"), output, index: 1 };
    // In a pipeline only failures are told.
    let reporter = Reporter::new(1, settings.wishes.json, true);
    if settings.wishes.dry_run {
        reporter.planned(&job);
    } else {
        let result = read(settings).and_then(|bytes| write(settings, &bytes));
        match &result {
            Ok((report, time)) => reporter.done(&job, Ok(report), *time),
            Err(error) => reporter.done(&job, Err(error), Duration::ZERO),
        }
    }
    reporter.close(Left::default())
}

fn read(settings: &Settings) -> Result<Vec<u8>> {
    let limits = settings.stamper.options().limits;
    let mut bytes = Vec::new();
    let mut input = io::stdin().lock().take(limits.input_bytes.saturating_add(1));
    input.read_to_end(&mut bytes).map_err(|error| Error::io(Path::new("-"), error))?;
    limits.check_bytes(bytes.len() as u64)?;
    if let (Target::File(output), None, Some(own)) =
        (&settings.target, settings.stamper.options().format, Format::of(&bytes))
    {
        format::check(own, output).map_err(Error::Setting)?;
    }
    Ok(bytes)
}

fn write(settings: &Settings, bytes: &[u8]) -> Result<(Report, Duration)> {
    let started = Instant::now();
    let Stamped { bytes, report, .. } = settings.stamper.stamp(Picture::from(bytes))?;
    match &settings.target {
        Target::File(path) => stamp_engine::write_file(path, &bytes, &settings.write)?,
        Target::Stdout | Target::Folder(..) => {
            let mut output = io::stdout().lock();
            let written = output.write_all(&bytes).and_then(|()| output.flush());
            written.map_err(|error| Error::io("standard output", error))?;
        }
    }
    Ok((report, started.elapsed()))
}
