//! How long a Lambda's binary takes from its start until it asks for the first event.
//!
//! `cargo run -p stampede-emulators --example init -- PATH/TO/bootstrap [TIMES]`, with the binary's variables in
//! the environment.

use std::path::PathBuf;

use stampede_emulators::Function;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let program = PathBuf::from(arguments.next().ok_or("name a binary")?);
    let times: usize = arguments.next().map_or(Ok(20), |times| times.parse())?;
    let mut all = Vec::with_capacity(times);
    for _ in 0..times {
        all.push(Function::start(&program, &[]).await?.init);
    }
    all.sort_unstable();
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Ok(()) };
    println!("median {:?}, {first:?} to {last:?}", all[all.len() / 2]);
    Ok(())
}
