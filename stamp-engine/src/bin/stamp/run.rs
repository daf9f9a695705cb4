//! The run itself: find the pictures, stamp them, tell of it.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use stamp_engine::{Batch, Cancel, Picture};

use crate::inputs::{Inputs, Naming};
use crate::report::{Left, Reporter, failure};
use crate::resume::{Journal, State};
use crate::settings::{Settings, Target};
use crate::values::Bytes;

/// Set by Ctrl-C.
static CANCEL: Cancel = Cancel::new();

/// Does what the settings say; `Ok(false)` when a picture failed or was left.
///
/// # Errors
/// A message on wrong usage, before any picture was touched.
pub(crate) fn run(settings: &Settings) -> Result<bool, String> {
    if settings.pictures.iter().any(|picture| picture.as_os_str() == "-") {
        return Ok(stamp_stdin(settings));
    }
    if let Some(picture) = settings.pictures.iter().find(|picture| is_s3(picture)) {
        if !settings.pictures.iter().all(|picture| is_s3(picture)) {
            return Err("pictures in buckets and in files are not stamped by one command; use two".to_owned());
        }
        return in_buckets(settings, picture);
    }
    let wishes = &settings.wishes;
    let naming = Naming { target: &settings.target, format: settings.stamper.options().format };
    let Inputs { mut jobs, problems } = Inputs::find(&settings.pictures, &naming)?;
    let reporter = Reporter::new(jobs.len(), wishes.json, wishes.quiet);
    problems.into_iter().for_each(|problem| reporter.problem(problem));
    if wishes.dry_run {
        jobs.iter().for_each(|job| reporter.planned(job));
        return Ok(reporter.close(Left::default()));
    }
    let journal = Journal::open(settings.cache.as_deref(), settings.fingerprint, wishes.resume);
    if wishes.resume {
        jobs.retain(|job| {
            let done = journal.is_done(job);
            if done {
                reporter.skipped(job);
            }
            !done
        });
    }
    let states: Vec<_> = jobs.iter().map(|job| State::of(&job.input)).collect();
    stop_on_interrupt();
    let mut batch = Batch::new(&settings.stamper).cancel(&CANCEL).fail_fast(wishes.fail_fast);
    if let Some(count) = wishes.jobs {
        batch = batch.jobs(usize::from(count));
    }
    if let Some(Bytes(bytes)) = wishes.memory {
        batch = batch.memory(bytes);
    }
    let results = batch.files(&jobs, &settings.write, |progress| {
        let job = &jobs[progress.position];
        if let (Ok(_), Some(state)) = (&progress.result, states[progress.position]) {
            journal.note(job, state);
        }
        reporter.done(job, progress.result, progress.time);
    });
    let left = results.iter().filter(|result| matches!(result, Err(stamp_engine::Error::Cancelled)));
    Ok(reporter.close(Left { known: left.count(), unlisted: false }))
}

/// Whether a picture lies in a bucket of S3.
fn is_s3(picture: &Path) -> bool {
    picture.to_str().is_some_and(|picture| picture.starts_with("s3://"))
}

#[cfg(feature = "s3")]
fn in_buckets(settings: &Settings, _: &Path) -> Result<bool, String> {
    stop_on_interrupt();
    crate::s3::copy(settings, || CANCEL.is_cancelled())
}

#[cfg(not(feature = "s3"))]
fn in_buckets(_: &Settings, picture: &Path) -> Result<bool, String> {
    let picture = picture.display();
    Err(format!("{picture}: this `stamp` was built without S3; build it with --features s3"))
}

/// The first Ctrl-C lets the pictures in hand be finished, the second ends the program at once:
/// outputs are renamed into place whole, so that loses nothing but time.
fn stop_on_interrupt() {
    let set = ctrlc::set_handler(|| {
        if CANCEL.is_cancelled() {
            std::process::exit(130);
        }
        CANCEL.cancel();
    });
    if let Err(error) = set {
        tracing::warn!("Ctrl-C ends the program at once: {error}");
    }
}

fn stamp_stdin(settings: &Settings) -> bool {
    match stamp_one(settings) {
        Ok(()) => true,
        Err(reason) => {
            eprintln!("failed: {reason}");
            false
        }
    }
}

fn stamp_one(settings: &Settings) -> Result<(), String> {
    let limits = settings.stamper.options().limits;
    let mut bytes = Vec::new();
    let mut input = io::stdin().lock().take(limits.input_bytes.saturating_add(1));
    input.read_to_end(&mut bytes).map_err(|error| format!("standard input: {error}"))?;
    let name = Path::new("standard input");
    let say = |error| failure(name, &error);
    limits.check_bytes(bytes.len() as u64).map_err(say)?;
    let stamped = settings.stamper.stamp(Picture::from(&bytes[..])).map_err(say)?;
    match &settings.target {
        Target::File(path) => {
            stamp_engine::write_file(path, &stamped.bytes, &settings.write).map_err(|error| error.to_string())
        }
        Target::Stdout | Target::Folder(..) => {
            let mut output = io::stdout().lock();
            let written = output.write_all(&stamped.bytes).and_then(|()| output.flush());
            written.map_err(|error| format!("standard output: {error}"))
        }
    }
}
