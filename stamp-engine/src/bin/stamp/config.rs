//! The configuration file: TOML with the options' names, and a `[[layer]]` table for each layer
//! where there are several.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use stamp_engine::is_font_file;

use crate::args::Wishes;
use crate::layers::{LayerWishes, Layers};

/// What a configuration file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) wishes: Wishes,
    pub(crate) layers: Layers,
}

#[derive(Deserialize)]
struct Tables {
    #[serde(default)]
    layer: Vec<LayerWishes>,
}

impl Config {
    /// Reads `path`; the paths in it are taken from its own folder.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let failed = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        let mut config = Self::parse(&text).map_err(|error| failed(&error))?;
        config.move_paths(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let Tables { layer } = toml::from_str(text)?;
        let mut rest: toml::Table = toml::from_str(text)?;
        rest.remove("layer");
        let (mut of_layers, mut of_run) = (toml::Table::new(), toml::Table::new());
        for (name, value) in rest {
            let table = if LAYER_NAMES.contains(&name.as_str()) { &mut of_layers } else { &mut of_run };
            table.insert(name, value);
        }
        let mut layers = Layers { defaults: of_layers.try_into()?, layers: layer };
        let top = layers.defaults.clone();
        let sources = (layers.defaults.stamp.take(), layers.defaults.text.take());
        // A stamp and a text at the top are two layers, the stamp below.
        let mut first = Vec::new();
        if sources.0.is_some() {
            first.push(LayerWishes { stamp: sources.0, text: None, ..top.clone() });
        }
        if sources.1.is_some() {
            first.push(LayerWishes { stamp: None, text: sources.1, ..top });
        }
        layers.layers.splice(..0, first);
        Ok(Self { wishes: of_run.try_into()?, layers })
    }

    fn move_paths(&mut self, folder: &Path) {
        let Layers { defaults, layers } = &mut self.layers;
        let fonts = layers.iter_mut().chain([defaults]).filter_map(|layer| layer.font.as_mut());
        for font in fonts.filter(|font| is_font_file(font)) {
            *font = folder.join(&*font).to_string_lossy().into_owned();
        }
        let stamps = self.layers.layers.iter_mut().filter_map(|layer| layer.stamp.as_mut());
        let wishes = &mut self.wishes;
        let others = [&mut wishes.out, &mut wishes.output, &mut wishes.cache].into_iter().flatten();
        let move_one = |path: &mut PathBuf| *path = folder.join(&*path);
        stamps.chain(others).for_each(move_one);
    }
}

/// The options that belong to a layer; every other one is the run's.
const LAYER_NAMES: [&str; 14] = [
    "stamp",
    "text",
    "at",
    "offset",
    "margin",
    "size",
    "rotate",
    "tile",
    "opacity",
    "blend",
    "linear",
    "font",
    "color",
    "text-size",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A name with a value of any kind, right or wrong.
    fn line() -> impl Strategy<Value = String> {
        let names = LAYER_NAMES.iter().copied().chain([
            "quality",
            "memory",
            "out",
            "min-picture",
            "jobs",
            "[[layer]]",
            "x",
        ]);
        let values = "(true|-?[0-9]{1,22}(\\.[0-9]{1,9})?|nan|'[^'\n]{0,12}'|\\[1, 2\\]|\\{a = 1\\}|'-?[0-9]{0,9}(px|%|x|,|h:)?[0-9]{0,3}')";
        (prop::sample::select(names.collect::<Vec<_>>()), values).prop_map(|(name, value)| match name {
            "[[layer]]" => name.to_owned(),
            _ => format!("{name} = {value}"),
        })
    }

    proptest! {
        /// Whatever stands in the file, it is read or refused.
        #[test]
        fn no_file_is_read_with_a_panic(lines in prop::collection::vec(line(), 0..12), rest in any::<String>()) {
            let text = lines.join("\n");
            let _ = Config::parse(&text).map(|mut config| config.move_paths(Path::new("/a")));
            let _ = Config::parse(&format!("{text}\n{rest}"));
        }
    }

    #[test]
    fn layers_and_settings_are_told_apart() {
        let config = Config::parse(
            "stamp = 'a.png'\nopacity = 0.5\ntile = true\nquality = 80\nmemory = '1GiB'\n\
             [[layer]]\ntext = 'hello'\nmargin = 12\n",
        )
        .unwrap();
        assert_eq!(config.layers.layers.len(), 2);
        assert_eq!(config.layers.layers[0].stamp.as_deref(), Some(Path::new("a.png")));
        assert!(config.layers.layers[1].text.is_some() && config.layers.defaults.stamp.is_none());
        assert_eq!(config.wishes.quality, Some(80));
    }

    #[test]
    fn paths_are_taken_from_the_files_own_folder_and_families_left() {
        let mut config = Config::parse(
            "font = 'own.TTF'\nstamp = 'a.png'\ntext = 'x'\n[[layer]]\ntext = 'y'\nfont = 'fonts/other'\n\
             [[layer]]\ntext = 'z'\nfont = 'DejaVu Sans'\n[[layer]]\ntext = 'w'\nfont = '/own.otf'\n",
        )
        .unwrap();
        config.move_paths(Path::new("conf"));
        let Layers { defaults, layers } = config.layers;
        assert_eq!(layers[0].stamp.as_deref(), Some(Path::new("conf/a.png")));
        let fonts: Vec<_> =
            layers.iter().chain([&defaults]).map(|layer| layer.font.as_deref().unwrap()).collect();
        let own = "conf/own.TTF";
        assert_eq!(fonts, [own, own, "conf/fonts/other", "DejaVu Sans", "/own.otf", own]);
    }

    #[test]
    fn unknown_names_and_wrong_values_are_named() {
        for (text, word) in [
            ("opactiy = 1", "opactiy"),
            ("at = 'nowhere'", "nowhere"),
            ("[[layer]]\nqulity = 1", "qulity"),
            ("min-picture = '7'", "“7”"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
