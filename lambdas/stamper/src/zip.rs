//! A job's results in one ZIP, written piece by piece: memory does not grow with them.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use stampede_domain::callback::{ZipEvent, ZipReport};
use stampede_domain::message::{Entry, Manifest, Zip};
use stampede_store::About;
use tokio::sync::mpsc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{Fault, Stamper};

/// A list of ten thousand results is shorter.
const LONGEST_MANIFEST: u64 = 16 << 20;
/// Pieces that wait to be written.
const WAITING: usize = 16;
/// Results that are opened before it is their turn: each is some tens of milliseconds away, which ten thousand small
/// ones in a row would not be packed for.
const AHEAD: usize = 8;
/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// What the compressor's side does next.
enum Step {
    Begin(String, u64),
    Bytes(Bytes),
}

/// Hands what is written to it on.
struct Pieces(mpsc::Sender<Bytes>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Bytes::copy_from_slice(bytes)).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stamper {
    /// Makes a ZIP; gives its length.
    pub(crate) async fn zip(&self, zip: &Zip) -> Result<u64, Fault> {
        let store = self.store();
        if let Some(known) = store.head(&zip.output).await? {
            self.forget(zip).await;
            return Ok(known.bytes);
        }
        let (_, manifest) = store.get(&zip.manifest, LONGEST_MANIFEST).await?;
        let manifest: Manifest =
            serde_json::from_slice(&manifest).map_err(|error| Fault::Permanent(error.to_string()))?;
        let (steps, next) = mpsc::channel(WAITING);
        let (pieces, mut written) = mpsc::channel(WAITING);
        let compress = tokio::task::spawn_blocking(move || compress(next, Pieces(pieces)));
        let mut writing = store.write(&zip.output, &About::of_type("application/zip")).await?;
        let fill = async {
            let mut told = Instant::now();
            let opened = stream::iter(manifest.entries).map(|Entry { key, name }| {
                let store = store.clone();
                // On its own: a request that nobody looks after while another result is copied runs out of time.
                let opening = tokio::spawn(async move { store.read(&key).await });
                async move { (name, opening.await) }
            });
            let mut opened = opened.buffered(AHEAD).enumerate();
            while let Some((entries, (name, reading))) = opened.next().await {
                let stopped = |_| Fault::Passing("the ZIP was not written on".to_owned());
                let mut reading = reading.map_err(|error| Fault::Passing(error.to_string()))??;
                let bytes = reading.object().bytes;
                steps.send(Step::Begin(name, bytes)).await.map_err(stopped)?;
                while let Some(bytes) = reading.next().await? {
                    steps.send(Step::Bytes(bytes)).await.map_err(stopped)?;
                }
                if told.elapsed() > TOLD_EVERY {
                    told = Instant::now();
                    let event = ZipEvent::Progress { entries: entries as u64 };
                    let report = ZipReport { job: zip.job, attempt: zip.attempt, event };
                    // The next one tells more.
                    drop(self.reporter()?.zip(report, zip.traceparent.as_deref()).await);
                }
            }
            drop(steps);
            Ok::<_, Fault>(())
        };
        let drain = async {
            while let Some(bytes) = written.recv().await {
                writing.write(bytes).await?;
            }
            Ok::<_, Fault>(writing)
        };
        let ((), writing) = tokio::try_join!(fill, drain)?;
        match compress.await {
            Ok(Ok(())) => {
                let bytes = writing.finish().await?;
                self.forget(zip).await;
                Ok(bytes)
            }
            Ok(Err(error)) => Err(Fault::Passing(format!("the ZIP cannot be written: {error}"))),
            Err(error) => Err(Fault::Passing(error.to_string())),
        }
    }

    /// Deletes the list of what was to be in a ZIP that is there: whoever asks again finds the ZIP first.
    async fn forget(&self, zip: &Zip) {
        if let Err(fault) = self.store().delete(std::slice::from_ref(&zip.manifest)).await {
            tracing::warn!(%fault, "a ZIP's manifest stays in the store");
        }
    }
}

/// Pictures are compressed already: they are stored as they are.
fn compress(mut next: mpsc::Receiver<Step>, pieces: Pieces) -> io::Result<()> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new_stream(io::BufWriter::with_capacity(256 << 10, pieces));
    while let Some(step) = next.blocking_recv() {
        match step {
            Step::Begin(name, bytes) => {
                // Some unpackers know no ZIP64; only what needs it has it.
                writer.start_file(name, options.large_file(bytes > u64::from(u32::MAX)))?;
            }
            Step::Bytes(bytes) => writer.write_all(&bytes)?,
        }
    }
    let mut stream = writer.finish()?;
    stream.flush()
}
