//! Many pictures: as many at once as there are cores and memory for, with progress and cancellation.

#![forbid(unsafe_code)]

mod budget;

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use self::budget::{Budget, Share};
use crate::file::{self, FileJob, Input, WriteOptions};
use crate::{Error, Picture, Report, Result, Stamped, Stamper, available_memory};

/// Stops a batch from another thread: pictures in hand are finished, no other is begun.
#[derive(Debug, Default)]
pub struct Cancel(AtomicBool);

impl Cancel {
    /// Not cancelled.
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Asks the batch to stop; safe to call at any time and more than once.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the batch was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// One picture of a batch that was finished, or failed.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Its place in the list that the batch was given.
    pub position: usize,
    /// What was done, or why it was not.
    pub result: Result<&'a Report, &'a Error>,
    /// How long stamping it and writing it took; reading and waiting for memory are not counted.
    pub time: Duration,
}

/// Stamps many pictures with one [`Stamper`].
///
/// ```
/// use std::sync::Arc;
/// use stamp_engine::{Batch, Cache, Cancel, FileJob, Layer, Options, Placement, Source, Stamp, Stamper};
/// use stamp_engine::WriteOptions;
/// # let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="red"/></svg>"##;
/// # let folder = tempfile::tempdir()?;
/// # let photo = folder.path().join("in.jpg");
/// # std::fs::write(&photo, include_bytes!("../../../fixtures/pictures/variants/baseline-420.jpg"))?;
/// # let output = folder.path().join("out.jpg");
///
/// let logo = Source::Stamp(Arc::new(Stamp::from_bytes(svg)?));
/// let layer = Layer { source: logo, placement: Placement::default() };
/// let stamper = Stamper::new(vec![layer], Options::default(), Arc::new(Cache::in_memory()))?;
///
/// let jobs = [FileJob { input: photo, output, index: 1 }];
/// let cancel = Cancel::new(); // another thread may call cancel.cancel()
/// let results = Batch::new(&stamper).cancel(&cancel).files(&jobs, &WriteOptions::default(), |done| {
///     println!("{}: {:?}", jobs[done.position].input.display(), done.result);
/// });
/// assert!(results.iter().all(|result| result.is_ok()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    stamper: &'a Stamper,
    jobs: usize,
    memory: u64,
    cancel: Option<&'a Cancel>,
    fail_fast: bool,
}

/// The budget where the system does not tell its memory.
const UNKNOWN_MEMORY: u64 = 1 << 31;

impl<'a> Batch<'a> {
    /// As many pictures at once as there are cores, in half of the memory that the process may
    /// use.
    pub fn new(stamper: &'a Stamper) -> Self {
        let jobs = thread::available_parallelism().map_or(1, usize::from);
        let memory = available_memory().map_or(UNKNOWN_MEMORY, |bytes| bytes / 2);
        Self { stamper, jobs, memory, cancel: None, fail_fast: false }
    }

    /// At most so many pictures at once; 0 counts as 1.
    #[must_use]
    pub fn jobs(self, jobs: usize) -> Self {
        Self { jobs: jobs.max(1), ..self }
    }

    /// Bytes of memory for all pictures in hand together. Fewer pictures are worked on at once
    /// when they would not fit; one that alone does not fit is refused.
    #[must_use]
    pub fn memory(self, bytes: u64) -> Self {
        Self { memory: bytes, ..self }
    }

    /// Lets `cancel` stop the batch.
    #[must_use]
    pub fn cancel(self, cancel: &'a Cancel) -> Self {
        Self { cancel: Some(cancel), ..self }
    }

    /// Begin no other picture after one has failed.
    #[must_use]
    pub fn fail_fast(self, fail_fast: bool) -> Self {
        Self { fail_fast, ..self }
    }

    /// Stamps files into files, in any order; `progress` is called for each as it is finished,
    /// from the thread that did it. The results stand in the order of `jobs`;
    /// [`Error::Cancelled`] marks those that were not begun. Should the engine panic on a picture,
    /// that is the picture's failure, and the others go on.
    pub fn files(
        &self,
        jobs: &[FileJob],
        options: &WriteOptions,
        progress: impl Fn(Progress<'_>) + Sync,
    ) -> Vec<Result<Report>> {
        let work = |position: usize, budget: &Budget| {
            let job = &jobs[position];
            let read = file::check_free(&job.output, options).and_then(|()| self.read(job, budget));
            let (input, share) = match read {
                Ok(read) => read,
                Err(error) => return (Err(error), Duration::ZERO),
            };
            let started = Instant::now();
            let write = |pieces: [&[u8]; 2]| file::write(&job.output, &pieces, Some(&input), options);
            let result = self.stamper.stamp_pieces(input.picture(job), write);
            drop(share);
            (result, started.elapsed())
        };
        self.run(jobs.len(), work, |report| report, progress)
    }

    /// Stamps pictures in memory; otherwise as [`files`](Self::files).
    pub fn pictures(
        &self,
        pictures: &[Picture<'_>],
        progress: impl Fn(Progress<'_>) + Sync,
    ) -> Vec<Result<Stamped>> {
        let work = |position: usize, budget: &Budget| {
            let picture = pictures[position];
            let needed = self.stamper.memory_needed(picture.bytes);
            let share = match needed.and_then(|needed| take(budget, needed, "")) {
                Ok(share) => share,
                Err(error) => return (Err(error), Duration::ZERO),
            };
            let started = Instant::now();
            let result = self.stamper.stamp(picture);
            drop(share);
            (result, started.elapsed())
        };
        self.run(pictures.len(), work, |stamped| &stamped.report, progress)
    }

    /// Reads a file into its share of the memory, which is then all that stamping it needs.
    ///
    /// Before it is read only its length is known, and twice that is needed by every way. Where the
    /// rest is not free then, those who have it may be waiting for this one's: it is given up, and
    /// the file read again once there is room for all.
    fn read<'b>(&self, job: &FileJob, budget: &'b Budget) -> Result<(Input, Share<'b>)> {
        let limits = &self.stamper.options().limits;
        let mut known = 0;
        loop {
            let metadata = file::look_at(&job.input, limits)?;
            let least = metadata.len().saturating_mul(2);
            let mut share = take(budget, least.max(known), " or more")?;
            let input = file::read(&job.input, metadata, limits)?;
            let needed = self.stamper.memory_needed(input.picture(job).bytes)?;
            if share.resize(needed) {
                return Ok((input, share));
            }
            if needed > budget.total() {
                return Err(too_large(budget, needed, ""));
            }
            input.give_up();
            known = needed;
        }
    }

    fn run<T: Send>(
        &self,
        count: usize,
        work: impl Fn(usize, &Budget) -> (Result<T>, Duration) + Sync,
        report: impl Fn(&T) -> &Report + Sync,
        progress: impl Fn(Progress<'_>) + Sync,
    ) -> Vec<Result<T>> {
        let budget = Budget::new(self.memory);
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let results: Mutex<Vec<_>> = Mutex::new((0..count).map(|_| Err(Error::Cancelled)).collect());
        let stopped = || {
            self.cancel.is_some_and(Cancel::is_cancelled)
                || (self.fail_fast && failed.load(Ordering::Relaxed))
        };
        let worker = || {
            while !stopped() {
                let position = next.fetch_add(1, Ordering::Relaxed);
                if position >= count {
                    return;
                }
                let (result, time) = guarded(|| work(position, &budget));
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                progress(Progress { position, result: result.as_ref().map(&report), time });
                results.lock().unwrap_or_else(PoisonError::into_inner)[position] = result;
            }
        };
        self.on_every_thread(worker);
        results.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `worker` on each thread of a pool. One long task a thread, rather than one task a
    /// picture: an encoder that itself uses the pool could else be handed another picture while
    /// it holds memory which that picture waits for. Threads that have no picture left help with those
    /// of others.
    fn on_every_thread(&self, worker: impl Fn() + Sync) {
        match rayon::ThreadPoolBuilder::new().num_threads(self.jobs).build() {
            Ok(pool) => {
                pool.broadcast(|_| worker());
            }
            // The system gives no more threads: this one can still do it all.
            Err(_) => worker(),
        }
    }
}

fn take<'b>(budget: &'b Budget, bytes: u64, or_more: &str) -> Result<Share<'b>> {
    budget.take(bytes).ok_or_else(|| too_large(budget, bytes, or_more))
}

fn too_large(budget: &Budget, needed: u64, or_more: &str) -> Error {
    Error::Limit {
        what: "the memory to stamp the picture",
        actual: format!("{} MiB{or_more}", needed.div_ceil(1 << 20)),
        limit: format!("{} MiB", budget.total() >> 20),
        option: "--memory",
    }
}

/// Does the work for one picture; a panic is that picture's failure.
///
/// Nothing half done outlives it: buffers are kept for the next picture only by who is through with
/// them, and a stamp being prepared is prepared again.
fn guarded<T>(work: impl FnOnce() -> (Result<T>, Duration)) -> (Result<T>, Duration) {
    let started = Instant::now();
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|panic| (Err(bug(&*panic)), started.elapsed()))
}

fn bug(panic: &(dyn Any + Send)) -> Error {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(|said| &**said));
    Error::Bug(said.unwrap_or("it panicked").to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use super::*;
    use crate::{Cache, Layer, Options, Placement, Source, Stamp};

    fn stamper() -> Stamper {
        let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>"##;
        let source = Source::Stamp(Arc::new(Stamp::from_bytes(svg).unwrap()));
        let layer = Layer { source, placement: Placement::default() };
        Stamper::new(vec![layer], Options::default(), Arc::new(Cache::in_memory())).unwrap()
    }

    fn jobs(folder: &std::path::Path, count: usize) -> Vec<FileJob> {
        let job = |number| {
            let (input, output) =
                (folder.join(format!("{number}.png")), folder.join(format!("out/{number}.png")));
            FileJob { input, output, index: number as u64 }
        };
        (1..=count).map(job).collect()
    }

    #[test]
    fn a_file_that_cannot_fit_is_refused_before_it_is_read() {
        let home = tempfile::tempdir().unwrap();
        let jobs = jobs(home.path(), 1);
        // No picture: were it read, that would be the reason.
        fs::File::create(&jobs[0].input).unwrap().set_len(40 << 20).unwrap();
        let stamper = stamper();
        let results = Batch::new(&stamper).memory(64 << 20).files(&jobs, &WriteOptions::default(), |_| {});
        let said = results[0].as_ref().unwrap_err().to_string();
        assert!(said.contains("80 MiB or more") && said.contains("--memory"), "{said}");
    }

    #[test]
    fn files_that_fit_only_one_by_one_are_all_stamped() {
        let home = tempfile::tempdir().unwrap();
        let jobs = jobs(home.path(), 12);
        let pixel = |x, y| image::Rgb([(x ^ y) as u8, x as u8, y as u8]);
        jobs.iter().for_each(|job| image::RgbImage::from_fn(200, 150, pixel).save(&job.input).unwrap());
        let stamper = stamper();
        let bytes = fs::read(&jobs[0].input).unwrap();
        let needed = stamper.memory_needed(&bytes).unwrap();
        assert!(
            needed > 4 * bytes.len() as u64,
            "several are read at once, and then one has no room to grow"
        );
        let batch = Batch::new(&stamper).jobs(4).memory(needed);
        let results = batch.files(&jobs, &WriteOptions::default(), |_| {});
        results.into_iter().for_each(|result| assert!(result.is_ok(), "{result:?}"));
    }

    #[test]
    fn an_output_that_is_in_the_way_is_told_before_the_input_is_read() {
        let home = tempfile::tempdir().unwrap();
        let jobs = jobs(home.path(), 1);
        fs::create_dir(home.path().join("out")).unwrap();
        for file in [&jobs[0].input, &jobs[0].output] {
            fs::write(file, b"no picture").unwrap();
        }
        let (stamper, options) = (stamper(), WriteOptions::default());
        let said = Batch::new(&stamper).files(&jobs, &options, |_| {})[0].as_ref().unwrap_err().to_string();
        assert!(said.contains("already there"), "{said}");
        let said = stamper.stamp_file(&jobs[0].input, &jobs[0].output, &options).unwrap_err().to_string();
        assert!(said.contains("already there"), "{said}");
    }

    #[test]
    fn a_panic_fails_its_picture_and_no_other() {
        let stamper = stamper();
        let told = AtomicUsize::new(0);
        // Each takes all of the memory: one that kept it would leave the others waiting forever.
        let batch = Batch::new(&stamper).jobs(2).memory(100);
        let work = |position: usize, budget: &Budget| {
            let _share = budget.take(100).unwrap();
            assert!(position % 3 != 1, "picture {position} broke it");
            (Err::<Report, _>(Error::Setting(format!("{position} was done"))), Duration::ZERO)
        };
        let results = batch.run(
            9,
            work,
            |report| report,
            |_| {
                told.fetch_add(1, Ordering::Relaxed);
            },
        );
        assert_eq!(told.into_inner(), 9);
        for (position, result) in results.into_iter().enumerate() {
            let said = result.unwrap_err().to_string();
            match position % 3 {
                1 => {
                    assert!(said.contains(&format!("picture {position} broke it")), "{said}");
                    assert!(said.contains("please report it with the picture"), "{said}");
                }
                _ => assert_eq!(said, format!("{position} was done")),
            }
        }
    }
}
