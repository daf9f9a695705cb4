//! From the order of options on the command line, or the tables of a configuration file, to
//! layers: an option belongs to the `--stamp` or `--text` before it, or to all when it comes first.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use serde::Deserialize;
use stamp_engine::{
    At, Error, Layer, Length, Mode, Placement, Result, Size, Source, Stamp, TextStyle, TextTemplate, Tile,
};

use crate::args::LayerArgs;
use crate::values::{Color, Offset, TileWish, word};

/// One layer as far as it was said; what was not said comes from the layer it is [`or`](Self::or)ed with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct LayerWishes {
    pub(crate) stamp: Option<PathBuf>,
    #[serde(deserialize_with = "word")]
    pub(crate) text: Option<TextTemplate>,
    #[serde(deserialize_with = "word")]
    pub(crate) at: Option<At>,
    #[serde(deserialize_with = "word")]
    pub(crate) offset: Option<Offset>,
    #[serde(deserialize_with = "word")]
    pub(crate) margin: Option<Length>,
    #[serde(deserialize_with = "word")]
    pub(crate) size: Option<Size>,
    #[serde(deserialize_with = "word")]
    pub(crate) rotate: Option<f64>,
    #[serde(deserialize_with = "word")]
    pub(crate) tile: Option<TileWish>,
    #[serde(deserialize_with = "word")]
    pub(crate) opacity: Option<f64>,
    #[serde(deserialize_with = "word")]
    pub(crate) blend: Option<Mode>,
    pub(crate) linear: Option<bool>,
    pub(crate) font: Option<String>,
    #[serde(deserialize_with = "word")]
    pub(crate) color: Option<Color>,
    #[serde(deserialize_with = "word")]
    pub(crate) text_size: Option<Length>,
}

/// All layers that were said, and what was said for all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) defaults: LayerWishes,
    pub(crate) layers: Vec<LayerWishes>,
}

impl Layers {
    /// In the order that the options were typed in.
    pub(crate) fn from_matches(matches: &ArgMatches, args: &LayerArgs) -> Self {
        let mut layers = Self::default();
        let mut typed: Vec<(usize, Change)> = Vec::new();
        typed.extend(option(matches, "stamp", &args.stamp, |to, value| to.stamp = value));
        typed.extend(option(matches, "text", &args.text, |to, value| to.text = value));
        typed.extend(option(matches, "at", &args.at, |to, value| to.at = value));
        typed.extend(option(matches, "offset", &args.offset, |to, value| to.offset = value));
        typed.extend(option(matches, "margin", &args.margin, |to, value| to.margin = value));
        typed.extend(option(matches, "size", &args.size, |to, value| to.size = value));
        typed.extend(option(matches, "rotate", &args.rotate, |to, value| to.rotate = value));
        typed.extend(option(matches, "tile", &args.tile, |to, value| to.tile = value));
        typed.extend(option(matches, "opacity", &args.opacity, |to, value| to.opacity = value));
        typed.extend(option(matches, "blend", &args.blend, |to, value| to.blend = value));
        typed.extend(option(matches, "linear", &args.linear, |to, value| to.linear = value));
        typed.extend(option(matches, "font", &args.font, |to, value| to.font = value));
        typed.extend(option(matches, "color", &args.color, |to, value| to.color = value));
        typed.extend(option(matches, "text_size", &args.text_size, |to, value| to.text_size = value));
        typed.sort_by_key(|&(index, _)| index);
        for (_, change) in typed {
            let mut next = LayerWishes::default();
            change(&mut next);
            if next.names_source() {
                layers.layers.push(next);
            } else {
                change(layers.layers.last_mut().unwrap_or(&mut layers.defaults));
            }
        }
        layers
    }

    /// These over `config`'s: a layer typed replaces the file's layers, an option typed for all
    /// layers replaces what the file says for all or for one.
    pub(crate) fn over(self, config: Self) -> Self {
        let defaults = self.defaults.clone().or(&config.defaults);
        let layers = match self.layers.is_empty() {
            true => config.layers.into_iter().map(|layer| self.defaults.clone().or(&layer)).collect(),
            false => self.layers,
        };
        Self { defaults, layers }
    }

    /// The files named: stamps, and fonts that are named by their files.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        let named = self.layers.iter().chain([&self.defaults]);
        named.flat_map(|layer| layer.stamp.clone().into_iter().chain(layer.font.as_ref().map(PathBuf::from)))
    }

    /// The engine's layers, their stamps read and their fonts found.
    pub(crate) fn resolve(&self) -> Result<Vec<Layer>> {
        self.layers.iter().map(|layer| layer.clone().or(&self.defaults).resolve()).collect()
    }
}

type Change = Box<dyn Fn(&mut LayerWishes)>;

/// Each value of one option with its place on the command line.
fn option<T: Clone + 'static>(
    matches: &ArgMatches,
    id: &str,
    values: &[T],
    set: fn(&mut LayerWishes, Option<T>),
) -> Vec<(usize, Change)> {
    let change = |value: &T| -> Change {
        let value = value.clone();
        Box::new(move |to| set(to, Some(value.clone())))
    };
    matches.indices_of(id).into_iter().flatten().zip(values.iter().map(change)).collect()
}

impl LayerWishes {
    fn names_source(&self) -> bool {
        self.stamp.is_some() || self.text.is_some()
    }

    pub(crate) fn or(self, other: &Self) -> Self {
        let named = self.names_source();
        Self {
            stamp: if named { self.stamp } else { other.stamp.clone() },
            text: if named { self.text } else { other.text.clone() },
            at: self.at.or(other.at),
            offset: self.offset.or(other.offset),
            margin: self.margin.or(other.margin),
            size: self.size.or(other.size),
            rotate: self.rotate.or(other.rotate),
            tile: self.tile.or(other.tile),
            opacity: self.opacity.or(other.opacity),
            blend: self.blend.or(other.blend),
            linear: self.linear.or(other.linear),
            font: self.font.or_else(|| other.font.clone()),
            color: self.color.or(other.color),
            text_size: self.text_size.or(other.text_size),
        }
    }

    fn resolve(self) -> Result<Layer> {
        let is_text = self.text.is_some();
        let default = Placement::default();
        let placement = Placement {
            at: self.at.unwrap_or(default.at),
            offset: self.offset.map_or(default.offset, |Offset(x, y)| (x, y)),
            margin: self.margin.unwrap_or(default.margin),
            size: self.size.unwrap_or(if is_text { Size::Original } else { default.size }),
            rotate: self.rotate.unwrap_or(default.rotate),
            tile: self.tile.map_or(default.tile, |TileWish(tile): TileWish| -> Option<Tile> { tile }),
            opacity: self.opacity.unwrap_or(default.opacity),
            blend: self.blend.unwrap_or(default.blend),
            linear: self.linear.unwrap_or(default.linear),
        };
        let source = match (self.stamp, self.text) {
            (Some(path), None) => Source::Stamp(Arc::new(read_stamp(&path)?)),
            (None, Some(template)) => {
                let color = self.color.map_or([255; 4], |Color(color)| color);
                let size = self.text_size.unwrap_or(Length::Percent(4.0));
                let style = TextStyle { font: self.font, size, color };
                // A font that is not there is wrong usage: known now, not at the first picture.
                Stamp::text("x", &style, 16.0)?;
                Source::Text { template, style }
            }
            _ => return Err(Error::Setting("a layer needs a stamp or a text, not both".to_owned())),
        };
        Ok(Layer { source, placement })
    }
}

fn read_stamp(path: &Path) -> Result<Stamp> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
    Stamp::from_bytes(&bytes).map_err(|error| Error::Setting(format!("{}: {error}", path.display())))
}
