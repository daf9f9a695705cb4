//! Many pictures: as many at once as there are cores and memory for, with progress and cancellation.

#![forbid(unsafe_code)]

mod budget;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use self::budget::Budget;
use crate::file::{self, FileJob, WriteOptions};
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
    /// How long it took, waiting for memory not counted.
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
    /// [`Error::Cancelled`] marks those that were not begun.
    pub fn files(
        &self,
        jobs: &[FileJob],
        options: &WriteOptions,
        progress: impl Fn(Progress<'_>) + Sync,
    ) -> Vec<Result<Report>> {
        let work = |position: usize, budget: &Budget| {
            let job = &jobs[position];
            let started = Instant::now();
            let input = match file::read(&job.input, &self.stamper.options().limits) {
                Ok(input) => input,
                Err(error) => return (Err(error), started.elapsed()),
            };
            self.within(budget, input.picture(job), || {
                let write = |pieces: [&[u8]; 2]| file::write(&job.output, &pieces, Some(&input), options);
                self.stamper.stamp_pieces(input.picture(job), write)
            })
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
            self.within(budget, picture, || self.stamper.stamp(picture))
        };
        self.run(pictures.len(), work, |stamped| &stamped.report, progress)
    }

    /// Does `work` once the memory that the picture needs is free; gives its time beside.
    fn within<T>(
        &self,
        budget: &Budget,
        picture: Picture<'_>,
        work: impl FnOnce() -> Result<T>,
    ) -> (Result<T>, Duration) {
        let started = Instant::now();
        let needed = match self.stamper.memory_needed(picture.bytes) {
            Ok(needed) => needed,
            Err(error) => return (Err(error), started.elapsed()),
        };
        let Some(share) = budget.take(needed) else {
            let error = Error::Limit {
                what: "the memory to stamp the picture",
                actual: format!("{} MiB", needed.div_ceil(1 << 20)),
                limit: format!("{} MiB", budget.total() >> 20),
                option: "--memory",
            };
            return (Err(error), started.elapsed());
        };
        let started = Instant::now();
        let result = work();
        drop(share);
        (result, started.elapsed())
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
                let (result, time) = work(position, &budget);
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
