//! What a run will do: what was typed, over what the configuration file says, over the defaults.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgMatches, FromArgMatches as _};
use stamp_engine::{
    Cache, CacheOptions, EncodeOptions, Format, Layer, Limits, Options, Source, Stamper, WriteOptions,
};

use crate::args::{Cli, Wishes};
use crate::config::Config;
use crate::layers::Layers;
use crate::values::{Bytes, Dimensions};
use crate::{format, resume, sandbox};

/// Where outputs go.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// To this very file.
    File(PathBuf),
    /// Into a folder (`None`: beside the input) with a suffix to the names.
    Folder(Option<PathBuf>, String),
    /// To standard output.
    Stdout,
}

/// Everything about a run, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) pictures: Vec<PathBuf>,
    pub(crate) target: Target,
    pub(crate) stamper: Arc<Stamper>,
    /// Changes when anything changes that decides what the outputs look like.
    pub(crate) fingerprint: blake3::Hash,
    /// Whether a picture's name and number may be written on it.
    #[cfg(feature = "s3")]
    pub(crate) has_text: bool,
    pub(crate) write: WriteOptions,
    pub(crate) cache: Option<PathBuf>,
    pub(crate) wishes: Wishes,
}

impl Settings {
    /// From the command line; the message of an error is for its user.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Self, String> {
        let cli = Cli::from_arg_matches(matches).map_err(|error| error.to_string())?;
        let config = cli.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        let layers = Layers::from_matches(matches, &cli.layers).over(config.layers);
        let wishes = cli.wishes.over(config.wishes);
        let target = target(&cli.pictures, &wishes)?;
        let options = options(&cli.pictures, &wishes, &target)?;
        let say = |error: stamp_engine::Error| error.to_string();
        let defaults = CacheOptions::default();
        let folder = wishes.cache.clone().or(defaults.folder);
        let cache = Arc::new(Cache::new(CacheOptions { folder: folder.clone(), ..defaults }));
        if wishes.sandbox {
            sandbox::enter(
                &cli.pictures,
                &target,
                &layers,
                [folder, resume::folder(wishes.cache.as_deref())],
            )?;
        }
        let layers = layers.resolve().map_err(say)?;
        let fingerprint = fingerprint(&layers, &options);
        #[cfg(feature = "s3")]
        let has_text = layers.iter().any(|layer| matches!(layer.source, Source::Text { .. }));
        Ok(Self {
            pictures: cli.pictures,
            target,
            stamper: Arc::new(Stamper::new(layers, options, cache).map_err(say)?),
            fingerprint,
            #[cfg(feature = "s3")]
            has_text,
            write: WriteOptions { overwrite: wishes.overwrite || wishes.resume, preserve: wishes.preserve },
            cache: wishes.cache.clone(),
            wishes,
        })
    }
}

impl Wishes {
    /// These where they were said, `other` where not.
    fn over(self, other: Self) -> Self {
        // One place for outputs: a typed one replaces the file's, of whatever kind.
        let places =
            |wishes: &Self| wishes.out.is_some() || wishes.output.is_some() || wishes.suffix.is_some();
        let places = if places(&self) { self.clone() } else { other.clone() };
        Self {
            out: places.out,
            output: places.output,
            suffix: places.suffix,
            format: self.format.or(other.format),
            quality: self.quality.or(other.quality),
            lossless: self.lossless.or(other.lossless),
            path: self.path.or(other.path),
            strip: self.strip || other.strip,
            lenient: self.lenient || other.lenient,
            overwrite: self.overwrite || other.overwrite,
            resume: self.resume || other.resume,
            preserve: self.preserve || other.preserve,
            min_picture: self.min_picture.or(other.min_picture),
            jobs: self.jobs.or(other.jobs),
            memory: self.memory.or(other.memory),
            limit_pixels: self.limit_pixels.or(other.limit_pixels),
            limit_bytes: self.limit_bytes.or(other.limit_bytes),
            keep_going: self.keep_going,
            fail_fast: self.fail_fast || (other.fail_fast && !self.keep_going),
            dry_run: self.dry_run || other.dry_run,
            sandbox: self.sandbox || other.sandbox,
            cache: self.cache.or(other.cache),
            json: self.json || other.json,
            quiet: self.quiet || other.quiet,
        }
    }
}

fn target(pictures: &[PathBuf], wishes: &Wishes) -> Result<Target, String> {
    let from_stdin = pictures.iter().any(|picture| picture.as_os_str() == "-");
    if from_stdin && pictures.len() > 1 {
        return Err("- (standard input) must be the only picture".to_owned());
    }
    if wishes.output.is_some() && (wishes.out.is_some() || wishes.suffix.is_some()) {
        return Err("output contradicts out and suffix; name one place for the outputs".to_owned());
    }
    if let Some(file) = &wishes.output {
        let one = pictures.len() == 1 && !pictures[0].is_dir();
        return match one {
            true => Ok(Target::File(file.clone())),
            false => Err("--output takes one picture; write several with --out DIR".to_owned()),
        };
    }
    if from_stdin {
        return match (&wishes.out, wishes.json) {
            (None, false) => Ok(Target::Stdout),
            (None, true) => {
                Err("--json and the picture would both go to standard output; use --output".to_owned())
            }
            (Some(_), _) => Err("standard input has no name to write under; use --output FILE".to_owned()),
        };
    }
    match (&wishes.out, &wishes.suffix) {
        (None, None) => Err("say where to write: --out DIR, --output FILE, or --suffix TEXT".to_owned()),
        (out, suffix) => Ok(Target::Folder(out.clone(), suffix.clone().unwrap_or_default())),
    }
}

fn options(pictures: &[PathBuf], wishes: &Wishes, target: &Target) -> Result<Options, String> {
    let wished = wishes.format.map(Format::from);
    let format = match (target, pictures) {
        (Target::File(output), [input]) => format::chosen(input, output, wished)?,
        _ => wished,
    };
    let mut limits = Limits::default();
    if let Some(pixels) = wishes.limit_pixels {
        limits.pixels = pixels;
        limits.animation_pixels = pixels.saturating_mul(4);
    }
    if let Some(Bytes(bytes)) = wishes.limit_bytes {
        limits.input_bytes = bytes;
    }
    Ok(Options {
        format,
        encode: EncodeOptions { quality: wishes.quality, lossless: wishes.lossless },
        strip: wishes.strip,
        lenient: wishes.lenient,
        path: wishes.path.map(Into::into).unwrap_or_default(),
        min_picture: wishes.min_picture.map(|Dimensions(width, height)| (width, height)),
        limits,
    })
}

fn fingerprint(layers: &[Layer], options: &Options) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for layer in layers {
        match &layer.source {
            Source::Stamp(stamp) => hasher.update(&stamp.content_hash()),
            Source::Text { template, style } => hasher.update(format!("{template:?}{style:?}").as_bytes()),
        };
        hasher.update(format!("{:?}", layer.placement).as_bytes());
    }
    let looks = (
        (options.format, options.encode, options.strip),
        (options.min_picture, options.path, options.lenient),
    );
    hasher.update(format!("{looks:?}").as_bytes());
    hasher.finalize()
}
