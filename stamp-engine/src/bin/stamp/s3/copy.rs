//! From bucket to bucket on this machine: some pictures are read, some stamped, some written at any moment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use stamp_engine::{FileJob, Picture, Report, Stamped, Stamper, available_memory};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::address::{Prefix, is_picture, renamed};
use super::source::{Page, Source};
use super::{block_on, client, environment, prefix, said};
use crate::report::{Left, Reporter};
use crate::settings::{Settings, Target};
use crate::values::Bytes;

/// The metadata that says of what an output was made.
const SEAL: &str = "stampede";
const MIB: u64 = 1 << 20;
/// Pictures in hand for each core: while one is stamped, others are on their way.
const AHEAD: usize = 4;

/// How pictures are copied from bucket to bucket.
struct Copy {
    client: Client,
    out: Prefix,
    suffix: String,
    overwrite: bool,
    resume: bool,
    fingerprint: blake3::Hash,
    has_text: bool,
    stamper: Arc<Stamper>,
    cores: Semaphore,
    memory: Semaphore,
    /// MiB.
    budget: u64,
}

/// What became of a picture.
enum Done {
    Stamped(Box<Report>, Duration),
    /// By an earlier run.
    Known,
}

/// Stamps what lies below the places named into the place of `--out`; `Ok(false)` when a picture failed or was
/// left.
///
/// # Errors
/// A message on wrong usage.
pub(crate) fn copy(settings: &Settings, cancelled: impl Fn() -> bool) -> Result<bool, String> {
    let Target::Folder(Some(out), suffix) = &settings.target else {
        return Err("pictures in a bucket are written to one: --out s3://BUCKET/PREFIX".to_owned());
    };
    let places = settings.pictures.iter().map(|picture| prefix(picture)).collect::<Result<Vec<_>, _>>()?;
    let wishes = &settings.wishes;
    let jobs = wishes.jobs.map_or_else(cores, usize::from);
    let half = || available_memory().map_or(2 << 30, |bytes| bytes / 2);
    let budget = wishes.memory.map_or_else(half, |Bytes(bytes)| bytes).div_ceil(MIB).min(u64::from(u32::MAX));
    let out = prefix(out)?;
    block_on(async {
        let copy = Arc::new(Copy {
            client: client(&environment().await),
            out,
            suffix: suffix.clone(),
            overwrite: wishes.overwrite,
            resume: wishes.resume,
            fingerprint: settings.fingerprint,
            has_text: settings.has_text,
            stamper: Arc::clone(&settings.stamper),
            cores: Semaphore::new(jobs),
            memory: Semaphore::new(budget as usize),
            budget,
        });
        let reporter = Reporter::new(0, wishes.json, wishes.quiet);
        let left = Left::default();
        let mut run = Run { reporter, at_once: AHEAD * jobs, in_hand: JoinSet::new(), failed: false, left };
        let is_over = |failed| cancelled() || (failed && wishes.fail_fast);
        for place in places {
            run.place(&copy, &place, wishes.dry_run, is_over).await;
        }
        while !run.in_hand.is_empty() {
            run.one_less().await;
        }
        Ok(run.reporter.close(run.left))
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A run, and what it has in hand.
struct Run {
    reporter: Reporter,
    at_once: usize,
    in_hand: JoinSet<(FileJob, Result<Done, String>)>,
    failed: bool,
    left: Left,
}

impl Run {
    async fn place(
        &mut self,
        copy: &Arc<Copy>,
        place: &Prefix,
        dry_run: bool,
        is_over: impl Fn(bool) -> bool,
    ) {
        let mut source = Source::listing(copy.client.clone(), place.clone(), None);
        let mut index = 0;
        loop {
            if is_over(self.failed) {
                self.left.unlisted |= !source.is_at_end();
                return;
            }
            let Page { keys, .. } = match source.next().await {
                Ok(Some(page)) => page,
                Ok(None) => return,
                Err(reason) => {
                    self.failed = true;
                    self.reporter.problem(reason);
                    return;
                }
            };
            // What is written below the place is not read again.
            let keys = keys.into_iter().filter(|key| is_picture(key) && !copy.out.is_below(place, key));
            let keys: Vec<_> = keys.collect();
            self.reporter.more(keys.len());
            for key in keys {
                index += 1;
                let output = copy.output(place, &key);
                let file = |bucket: &str, key: &str| PathBuf::from(format!("s3://{bucket}/{key}"));
                let input = file(&place.bucket, &key);
                let job = FileJob { input, output: file(&copy.out.bucket, &output), index };
                if dry_run {
                    self.reporter.planned(&job);
                    continue;
                }
                while self.in_hand.len() >= self.at_once {
                    self.one_less().await;
                }
                if is_over(self.failed) {
                    self.left.known += 1;
                    continue;
                }
                let (copy, bucket) = (Arc::clone(copy), place.bucket.clone());
                self.in_hand.spawn(async move {
                    let done = copy.one(&bucket, &key, &output, index).await;
                    (job, done)
                });
            }
        }
    }

    /// Waits until one of those in hand is done, and tells of it.
    async fn one_less(&mut self) {
        match self.in_hand.join_next().await {
            Some(Ok((job, Ok(Done::Known)))) => self.reporter.skipped(&job),
            Some(Ok((job, Ok(Done::Stamped(report, time))))) => self.reporter.done(&job, Ok(&report), time),
            Some(Ok((job, Err(reason)))) => {
                self.failed = true;
                self.reporter.failed(&job, &reason);
            }
            Some(Err(panicked)) => {
                self.failed = true;
                self.reporter.problem(panicked.to_string());
            }
            None => {}
        }
    }
}

impl Copy {
    fn output(&self, place: &Prefix, key: &str) -> String {
        self.out.join(&renamed(place.below(key), &self.suffix, self.stamper.options().format))
    }

    async fn one(&self, bucket: &str, key: &str, output: &str, index: u64) -> Result<Done, String> {
        if (bucket, key) == (&self.out.bucket, output) && !self.overwrite {
            return Err("it would be replaced by its stamped picture; write to another place".to_owned());
        }
        // Before anything of the picture comes over the wire.
        if !self.overwrite
            && let Some(known) = self.sealed(output).await?
        {
            if !self.resume {
                return Err("the output is there already; use --overwrite".to_owned());
            }
            if known == self.seal(&self.etag(bucket, key).await?, key, index) {
                return Ok(Done::Known);
            }
        }
        let (etag, content) = self.get(bucket, key).await?;
        let seal = self.seal(&etag, key, index);
        let name = key.rsplit('/').next().unwrap_or_default().to_owned();
        let (stamped, time) = self.stamp(content, name, index).await?;
        let Stamped { bytes, report, .. } = stamped;
        let put = self.client.put_object().bucket(&self.out.bucket).key(output).metadata(SEAL, seal);
        let put = put.content_type(report.output_format.media_type()).body(bytes.into());
        put.send().await.map_err(|error| said("it cannot be written", error))?;
        Ok(Done::Stamped(Box::new(report), time))
    }

    async fn etag(&self, bucket: &str, key: &str) -> Result<String, String> {
        let head = self.client.head_object().bucket(bucket).key(key).send().await;
        let head = head.map_err(|error| said("it cannot be looked at", error))?;
        Ok(head.e_tag().unwrap_or_default().to_owned())
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<(String, Vec<u8>), String> {
        let object = self.client.get_object().bucket(bucket).key(key).send().await;
        let object = object.map_err(|error| said("it cannot be read", error))?;
        let length = object.content_length().unwrap_or(0).cast_unsigned();
        self.stamper.options().limits.check_bytes(length).map_err(|error| error.to_string())?;
        let etag = object.e_tag().unwrap_or_default().to_owned();
        let content = object.body.collect().await.map_err(|error| format!("it cannot be read: {error}"))?;
        Ok((etag, content.to_vec()))
    }

    /// Of what the output was made, if it is there.
    async fn sealed(&self, output: &str) -> Result<Option<String>, String> {
        match self.client.head_object().bucket(&self.out.bucket).key(output).send().await {
            Ok(head) => {
                let seal = head.metadata().and_then(|metadata| metadata.get(SEAL)).cloned();
                Ok(Some(seal.unwrap_or_default()))
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(said("its output cannot be looked at", error)),
        }
    }

    fn seal(&self, etag: &str, key: &str, index: u64) -> String {
        let mut made_of = format!("{} {etag}", self.fingerprint.to_hex());
        if self.has_text {
            // Its variables may name them.
            made_of += &format!(" {key} {index}");
        }
        blake3::hash(made_of.as_bytes()).to_hex()[..32].to_owned()
    }

    async fn stamp(&self, content: Vec<u8>, name: String, index: u64) -> Result<(Stamped, Duration), String> {
        let needed = self.stamper.memory_needed(&content).map_err(|error| error.to_string())?.div_ceil(MIB);
        if needed > self.budget {
            return Err(format!(
                "it takes {needed} MiB of memory, more than the {} MiB there are",
                self.budget
            ));
        }
        let closed = |_| "the run is over".to_owned();
        let memory = self.memory.acquire_many(needed as u32).await.map_err(closed)?;
        let core = self.cores.acquire().await.map_err(closed)?;
        let stamper = Arc::clone(&self.stamper);
        let computed = tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let picture = Picture { bytes: &content, name: Some(Path::new(&name)), modified: None, index };
            let stamped = stamper.stamp(picture).map_err(|error| error.to_string())?;
            Ok((stamped, started.elapsed()))
        });
        let computed = computed.await.map_err(|panic| {
            format!("the engine failed on it ({panic}); this is a bug, please report it with the picture")
        })?;
        drop((core, memory));
        computed
    }
}
