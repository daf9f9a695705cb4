//! What the local queue costs: `cargo run --release -p stampede-queue --example measure [MESSAGES]`.
//!
//! First single sends from 1 and 64 callers, then a queue of a million messages (or of as many as are
//! asked for), which is filled and drained; memory and time for each message are told along the way.

use std::time::{Duration, Instant};

use stampede_queue::{Depth, Fault, Local, Queue};

const SINGLE: usize = 20_000;
const VISIBILITY: Duration = Duration::from_secs(3600);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let messages: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let queue = Queue::Local(Local::open(folder.path().join("queue")).await?);
    for callers in [1, 64] {
        single_sends(&queue, callers).await?;
    }
    drain(&queue, 2 * SINGLE).await?;
    fill(&queue, messages).await?;
    let start = Instant::now();
    let depth = queue.depth().await?;
    println!("depth {depth:?} in {:.1} ms", 1e3 * start.elapsed().as_secs_f64());
    drain(&queue, messages).await
}

fn body(n: usize) -> String {
    format!("{{\"n\": {n}, \"text\": \"{}\"}}", "x".repeat(600))
}

async fn single_sends(queue: &Queue, callers: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (start, busy) = (Instant::now(), processor_time());
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                for n in 0..SINGLE / callers {
                    queue.send(&[body(n)]).await?.remove(0)?;
                }
                Ok::<_, Fault>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let each = |seconds: f64| 1e6 * seconds / SINGLE as f64;
    let (elapsed, busy) = (start.elapsed().as_secs_f64(), processor_time() - busy);
    println!("{callers:2} callers: {:.1} µs a send, {:.1} µs of processor", each(elapsed), each(busy));
    Ok(())
}

async fn fill(queue: &Queue, messages: usize) -> Result<(), Fault> {
    let start = Instant::now();
    for from in (0..messages).step_by(1000) {
        let bodies: Vec<_> = (from..messages.min(from + 1000)).map(body).collect();
        queue.send(&bodies).await?.into_iter().collect::<Result<(), _>>()?;
    }
    let each = 1e6 * start.elapsed().as_secs_f64() / messages as f64;
    println!("filled with {messages} messages: {each:.1} µs each, {:.0} MiB resident", resident());
    Ok(())
}

/// Receives by tens and deletes, as a consumer does.
async fn drain(queue: &Queue, messages: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (mut count, mut last) = (0, Instant::now());
    let tenth = messages.div_ceil(10);
    loop {
        let received = queue.receive(10, Duration::ZERO, VISIBILITY).await?;
        if received.is_empty() {
            break;
        }
        let receipts: Vec<_> = received.into_iter().map(|message| message.receipt).collect();
        queue.delete(&receipts).await?.into_iter().collect::<Result<(), _>>()?;
        let before = count;
        count += receipts.len();
        if before / tenth < count / tenth {
            let each = 1e6 * last.elapsed().as_secs_f64() / tenth as f64;
            println!("drained {count:7}: {each:.1} µs each, {:.0} MiB resident", resident());
            last = Instant::now();
        }
    }
    assert_eq!(queue.depth().await?, Depth::default());
    println!("drained {count} in all");
    Ok(())
}

/// Memory in MiB (proc(5), `/proc/self/statm`, in pages of 4 KiB).
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok());
    pages.unwrap_or(f64::NAN) / 256.0
}

/// Seconds of all threads (proc(5), `/proc/self/stat`, fields 14 and 15, in hundredths).
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    fields.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
