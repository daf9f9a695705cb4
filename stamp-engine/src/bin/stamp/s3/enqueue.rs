//! `stamp enqueue`: one message for each picture of a bucket.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use aws_config::SdkConfig;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use stamp_engine::{At, Format, Length, Mode, Size, TextTemplate, Tile};

use super::address::{Prefix, is_picture, renamed};
use super::fleet::Fleet;
use super::inventory::Inventory;
use super::source::{Page, Source};
use super::state::{State, StateFile};
use crate::values::{Color, Offset};

/// What a fleet is to do.
#[derive(Debug, Args)]
pub(crate) struct Enqueue {
    /// s3://BUCKET/PREFIX, or the manifest.json of an S3 inventory (CSV)
    #[arg(value_name = "SOURCE")]
    source: Prefix,
    /// The queue's URL
    #[arg(long, value_name = "URL")]
    queue: String,
    /// Write below s3://BUCKET/PREFIX, under the pictures' names
    #[arg(long, value_name = "PLACE")]
    out: Prefix,
    /// Add to the names, before the extension
    #[arg(long, value_name = "TEXT", default_value = "", allow_hyphen_values = true)]
    suffix: String,
    /// The stamp, s3://BUCKET/KEY: the fleet must be able to read it
    #[arg(long, value_name = "PLACE", required_unless_present = "text")]
    stamp: Option<Prefix>,
    #[command(flatten)]
    settings: Settings,
    /// Note in this file how far the queue is filled [default: one in the system's place for states]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Begin anew although an earlier run sent some or all
    #[arg(long)]
    again: bool,
}

/// As messages have them: the names and meanings of the command's own options.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    /// Put on this text
    #[arg(long, value_parser = checked::<TextTemplate>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Place: a gravity such as bottom-right, or X,Y
    #[arg(long, value_parser = checked::<At>, allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Move right and down from the place
    #[arg(long, value_parser = checked::<Offset>, allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<String>,
    /// Distance from the edges
    #[arg(long, value_parser = checked::<Length>, allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<String>,
    /// original, fit, fill, a width, h:HEIGHT, or s:N%
    #[arg(long, value_parser = checked::<Size>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    /// Turn clockwise, in degrees
    #[arg(long, allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    rotate: Option<f64>,
    /// Repeat, GAP or GAP,STAGGER apart
    #[arg(long, value_parser = checked::<Tile>, num_args = 0..=1, require_equals = true, default_missing_value = "50%,0.5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tile: Option<String>,
    /// From 0 to 1
    #[arg(long, value_parser = share)]
    #[serde(skip_serializing_if = "Option::is_none")]
    opacity: Option<f64>,
    /// over, multiply, screen, overlay, darken, lighten or soft-light
    #[arg(long, value_parser = checked::<Mode>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    blend: Option<String>,
    /// Mix in linear light
    #[arg(long)]
    linear: bool,
    /// Colour of the text
    #[arg(long, value_parser = checked::<Color>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    /// Size of the text's letters
    #[arg(long, value_parser = checked::<Length>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    text_size: Option<String>,
    /// Format to write: jpg, png, webp, avif or tif
    #[arg(long, value_parser = format_name)]
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    /// 1 to 100
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<u8>,
    /// Remove all metadata but the colour profile
    #[arg(long)]
    strip: bool,
    /// Stamp what is there of a damaged JPEG
    #[arg(long)]
    lenient: bool,
}

/// A value that the engine understands, as it was typed.
fn checked<T: FromStr<Err: Display>>(text: &str) -> Result<String, String> {
    text.parse::<T>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "write a number from 0 to 1".to_owned())
}

fn format_name(text: &str) -> Result<String, String> {
    let written = Format::of_extension(text).filter(|format| !matches!(format, Format::Gif | Format::Bmp));
    written
        .map(|format| format.extension().to_owned())
        .ok_or_else(|| "write jpg, png, webp, avif or tif".to_owned())
}

impl Enqueue {
    pub(super) async fn run(&self, config: &SdkConfig) -> Result<bool, String> {
        let file = self.state_file()?;
        let mut state = match file.read()? {
            Some(state) if !self.again => state,
            _ => State { source: self.source.to_string(), queue: self.queue.clone(), ..State::default() },
        };
        if state.finished {
            eprintln!("all {} were sent by an earlier run; send them anew with --again", state.sent);
            return Ok(true);
        }
        let client = super::client(config);
        let (bucket, mut source) = match self.is_inventory() {
            true => {
                let inventory = Inventory::open(client, &self.source, state.after.as_deref()).await?;
                (inventory.source().to_owned(), Source::Inventory(inventory))
            }
            false => {
                let listing = Source::listing(client, self.source.clone(), state.after.clone());
                (self.source.bucket.clone(), listing)
            }
        };
        let fleet = Fleet::new(config, &self.queue);
        let started = std::time::Instant::now();
        let before = state.sent;
        let mut page = source.next().await?;
        while let Some(Page { keys, after }) = page {
            let listed = keys.len() as u64;
            let bodies = self.messages(&bucket, keys, state.sent);
            // The next keys are listed while these are sent.
            let (sent, next) = tokio::join!(fleet.send(&bodies), source.next());
            sent?;
            state.sent += bodies.len() as u64;
            state.passed_over += listed - bodies.len() as u64;
            state.after = Some(after);
            file.write(&state)?;
            page = next?;
        }
        state.finished = true;
        file.write(&state)?;
        let (sent, seconds) = (state.sent - before, started.elapsed().as_secs_f64());
        let rate = sent as f64 / seconds.max(1e-9);
        let passed = match state.passed_over {
            0 => String::new(),
            count => format!(", {count} objects passed over: their names are no pictures'"),
        };
        eprintln!("{sent} messages sent, {rate:.0} a second, {seconds:.1} s{passed}");
        Ok(true)
    }

    fn messages(&self, bucket: &str, keys: Vec<String>, before: u64) -> Vec<String> {
        // An inventory is of a whole bucket.
        let prefix = if self.is_inventory() { String::new() } else { self.source.prefix.clone() };
        let listed = Prefix { bucket: bucket.to_owned(), prefix };
        let format = self.settings.format.as_deref().and_then(Format::of_extension);
        let wanted = keys.into_iter().filter(|key| is_picture(key) && !self.out.is_below(&listed, key));
        let message = |(index, key): (u64, String)| {
            let stamp =
                self.stamp.as_ref().map(|stamp| json!({ "bucket": stamp.bucket, "key": stamp.prefix }));
            let output = self.out.join(&renamed(listed.below(&key), &self.suffix, format));
            json!({
                "kind": "object", "version": 1, "index": index,
                "picture": { "bucket": bucket, "key": key },
                "stamp": stamp, "settings": self.settings,
                "output": { "bucket": self.out.bucket, "key": output },
            })
            .to_string()
        };
        (before + 1..).zip(wanted).map(message).collect()
    }

    fn is_inventory(&self) -> bool {
        self.source.prefix.ends_with("manifest.json")
    }

    /// One for each wish, so that another wish begins at the beginning.
    fn state_file(&self) -> Result<StateFile, String> {
        if let Some(file) = &self.state {
            return Ok(StateFile(file.clone()));
        }
        let wish = format!(
            "{:?}",
            (&self.source, &self.queue, &self.out, &self.suffix, &self.stamp, &self.settings)
        );
        let name = format!("enqueue-{}.json", &blake3::hash(wish.as_bytes()).to_hex()[..16]);
        let none = || "there is no place for the state; name one with --state FILE".to_owned();
        super::state_file(&name).map(StateFile).ok_or_else(none)
    }
}
