//! What the user sees: a progress bar, a line of JSON a picture, the failures, the closing line.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use stamp_engine::{FileJob, Outcome, Report};

/// Follows a run and tells of it.
pub(crate) struct Reporter {
    bar: ProgressBar,
    json: bool,
    quiet: bool,
    started: Instant,
    sums: Mutex<Sums>,
}

#[derive(Default)]
struct Sums {
    stamped: u64,
    passed_through: u64,
    skipped: u64,
    failures: Vec<String>,
    pixels: u64,
    bytes: u64,
}

/// One picture in JSON; the names are part of the command's interface.
#[derive(Serialize)]
struct Line<'a> {
    input: String,
    output: String,
    bytes: Option<u64>,
    bytes_in: Option<u64>,
    width: Option<u32>,
    height: Option<u32>,
    frames: Option<u32>,
    milliseconds: Option<f64>,
    path: Option<&'a str>,
    /// Why the splice path was not taken.
    reason: Option<&'a str>,
    note: Option<&'a str>,
    error: Option<String>,
}

impl Reporter {
    /// For a run over `count` pictures. The bar is only drawn on a terminal.
    pub(crate) fn new(count: usize, json: bool, quiet: bool) -> Self {
        let target = match quiet || !io::stderr().is_terminal() {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let bar = ProgressBar::with_draw_target(Some(count as u64), target);
        let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len}  {per_sec}  {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar, json, quiet, started: Instant::now(), sums: Mutex::default() }
    }

    /// A picture was stamped, passed through, or failed.
    pub(crate) fn done(&self, job: &FileJob, result: Result<&Report, &stamp_engine::Error>, time: Duration) {
        let mut line = Line::of(job);
        line.milliseconds = Some((time.as_secs_f64() * 1e5).round() / 1e2);
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(report) => {
                line.describe(report);
                sums.pixels += u64::from(report.width) * u64::from(report.height) * u64::from(report.frames);
                sums.bytes += report.bytes_in;
                match report.outcome {
                    Outcome::Stamped => sums.stamped += 1,
                    Outcome::PassedThrough(_) => sums.passed_through += 1,
                }
            }
            Err(error) => {
                line.error = Some(error.to_string());
                sums.failures.push(failure(&job.input, error));
            }
        }
        drop(sums);
        self.print(&line);
        self.bar.inc(1);
    }

    /// More pictures than was known of.
    #[cfg(feature = "s3")]
    pub(crate) fn more(&self, count: usize) {
        self.bar.inc_length(count as u64);
    }

    /// A picture failed, and not by the engine.
    #[cfg(feature = "s3")]
    pub(crate) fn failed(&self, job: &FileJob, reason: &str) {
        let failure = format!("{}: {reason}", job.input.display());
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).failures.push(failure);
        self.print(&Line { error: Some(reason.to_owned()), ..Line::of(job) });
        self.bar.inc(1);
    }

    /// A picture was found finished by an earlier run.
    pub(crate) fn skipped(&self, job: &FileJob) {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).skipped += 1;
        self.print(&Line { note: Some("done by an earlier run"), ..Line::of(job) });
        self.bar.inc(1);
    }

    /// A picture that would be stamped, in a dry run.
    pub(crate) fn planned(&self, job: &FileJob) {
        match self.json {
            true => self.print(&Line { note: Some("dry run"), ..Line::of(job) }),
            false => say(&format!("{} -> {}", job.input.display(), job.output.display())),
        }
    }

    /// Something that was named could not be looked through.
    pub(crate) fn problem(&self, problem: String) {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).failures.push(problem);
    }

    /// Lists the failures and closes with the sums; gives whether all went well.
    pub(crate) fn close(self, left: Left) -> bool {
        self.bar.finish_and_clear();
        let seconds = self.started.elapsed().as_secs_f64();
        let sums = self.sums.into_inner().unwrap_or_else(PoisonError::into_inner);
        for failure in &sums.failures {
            eprintln!("failed: {failure}");
        }
        if let Some(left) = left.told() {
            eprintln!("stopped: {left}");
        }
        if !self.quiet {
            eprintln!("{}", closing_line(&sums, seconds));
        }
        sums.failures.is_empty() && left.told().is_none()
    }

    fn print(&self, line: &Line<'_>) {
        if self.json
            && let Ok(text) = serde_json::to_string(line)
        {
            say(&text);
        }
    }
}

/// Pictures that were not begun, since the run was stopped.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Left {
    /// Those that were known of.
    pub(crate) known: usize,
    /// Whether there may be others, which nobody has looked for.
    pub(crate) unlisted: bool,
}

impl Left {
    fn told(self) -> Option<String> {
        let known = pictures(self.known as u64);
        match (self.known, self.unlisted) {
            (0, false) => None,
            (0, true) => Some("what is left was not listed".to_owned()),
            (_, false) => Some(format!("{known} left")),
            (_, true) => Some(format!("{known} left, and what was not listed")),
        }
    }
}

impl Line<'_> {
    fn of(job: &FileJob) -> Self {
        Self {
            input: job.input.to_string_lossy().into_owned(),
            output: job.output.to_string_lossy().into_owned(),
            bytes: None,
            bytes_in: None,
            width: None,
            height: None,
            frames: None,
            milliseconds: None,
            path: None,
            reason: None,
            note: None,
            error: None,
        }
    }

    fn describe(&mut self, report: &Report) {
        self.bytes = Some(report.bytes_out);
        self.bytes_in = Some(report.bytes_in);
        (self.width, self.height) = (Some(report.width), Some(report.height));
        self.frames = Some(report.frames);
        self.path = Some(report.way.name());
        self.reason = report.reason;
        self.note = match report.outcome {
            Outcome::Stamped => None,
            Outcome::PassedThrough(reason) => Some(reason),
        };
    }
}

/// A failure as it is listed: the file, then the reason, not named twice.
fn failure(input: &Path, error: &stamp_engine::Error) -> String {
    let name = if input == Path::new("-") { Path::new("standard input") } else { input };
    match error {
        stamp_engine::Error::Io { path, source } if path == input => format!("{}: {source}", name.display()),
        _ => format!("{}: {error}", name.display()),
    }
}

/// A reader that went away (`| head`) is no reason to stop stamping.
fn say(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

fn pictures(count: u64) -> String {
    format!("{} {}", HumanCount(count), if count == 1 { "picture" } else { "pictures" })
}

fn closing_line(sums: &Sums, seconds: f64) -> String {
    let mut line = pictures(sums.stamped);
    let notes = [
        (sums.passed_through, "too small to stamp"),
        (sums.skipped, "done before"),
        (sums.failures.len() as u64, "failed"),
    ];
    for (count, note) in notes {
        if count > 0 || note == "failed" {
            line += &format!(", {} {note}", HumanCount(count));
        }
    }
    let rate = |amount: u64| amount as f64 / 1e6 / seconds.max(1e-9);
    line + &format!(", {:.1} MP/s, {:.1} MB/s, {seconds:.2} s", rate(sums.pixels), rate(sums.bytes))
}
