//! The run itself: find the pictures, stamp them, tell of it.

use std::path::Path;

use stamp_engine::{Batch, Cancel};

use crate::inputs::{Inputs, Naming, format_of};
use crate::report::{Left, Reporter};
use crate::resume::{Journal, State};
use crate::settings::{Settings, Target};
use crate::values::Bytes;
use crate::{format, stdin};

/// Set by Ctrl-C.
static CANCEL: Cancel = Cancel::new();

/// Does what the settings say; `Ok(false)` when a picture failed or was left.
///
/// # Errors
/// A message on wrong usage, before any picture was touched.
pub(crate) fn run(settings: &Settings) -> Result<bool, String> {
    if settings.pictures.iter().any(|picture| picture.as_os_str() == "-") {
        return Ok(stdin::stamp(settings));
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
    if let (Target::File(output), None) = (&settings.target, naming.format) {
        let files = jobs.iter().filter(|job| job.input.is_file());
        let mut formats = files.filter_map(|job| format_of(&job.input));
        formats.try_for_each(|own| format::check(own, output))?;
    }
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
