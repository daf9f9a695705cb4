//! Spliced pictures as a browser shows them.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use super::splice::{jpegs, splice};
use super::world::{chromium, fixture};

/// Where the stamp goes in every picture as viewed, and its size.
const STAMP: (u32, u32, u32) = (24, 16, 48);

/// Counts, for each pair of pictures, the pixels that differ under the stamp and elsewhere. A block that
/// the stamp touches may differ as a whole, and chroma is spread by a sample when it is shown.
const SCRIPT: &str = "
const pixels = image => {
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth || 1;
  canvas.height = image.naturalHeight || 1;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
};
onload = () => {
  const [x0, y0, size] = STAMP, reach = 34, lines = [];
  const images = [...document.images];
  for (let i = 0; i < images.length; i += 2) {
    const [before, after] = [pixels(images[i]), pixels(images[i + 1])];
    let inside = 0, outside = 0;
    if (before.width !== after.width || before.height !== after.height) outside = -1;
    else for (let at = 0; at < before.data.length; at++) {
      if (before.data[at] === after.data[at]) continue;
      const x = (at >> 2) % before.width, y = Math.floor((at >> 2) / before.width);
      const near = x >= x0 - reach && x < x0 + size + reach && y >= y0 - reach && y < y0 + size + reach;
      near ? inside++ : outside++;
    }
    const size_of = images[i + 1].naturalWidth + 'x' + images[i + 1].naturalHeight;
    lines.push(['RESULT', images[i].alt, size_of, inside, outside].join(' '));
  }
  document.getElementById('results').textContent = lines.join('\\n') + '\\n';
};";

#[test]
fn chromium_shows_spliced_pictures_changed_under_the_stamp_alone() {
    let Some(chromium) = chromium() else { return };
    let home = tempfile::tempdir().unwrap();
    let logo = fixture("stamps/badge.png");
    let (x, y, size) = STAMP;
    let (at, size) = (format!("{x},{y}"), format!("{size}px"));
    let stamp = logo.to_str().unwrap();
    let arguments = ["--stamp", stamp, "--at", &at, "--size", &size, "--out", "out"];
    let mut page = String::from("<!doctype html>");
    let mut expected = 0;
    for line in splice(home.path(), &jpegs(), &arguments) {
        let (width, height) = (line["width"].as_u64().unwrap(), line["height"].as_u64().unwrap());
        // Smaller ones are in the stamp's reach as a whole.
        if line["path"] != "splice" || width < 150 || height < 150 {
            continue;
        }
        let before = line["input"].as_str().unwrap();
        let after = home.path().join(line["output"].as_str().unwrap());
        let name = before.rsplit('/').next().unwrap();
        write!(page, "<img alt='{name}' src='file://{before}'><img src='file://{}'>", after.display())
            .unwrap();
        expected += 1;
    }
    let script = SCRIPT.replace("STAMP", &format!("{:?}", [STAMP.0, STAMP.1, STAMP.2]));
    write!(page, "<pre id='results'></pre>\n<script>{script}</script>").unwrap();
    fs::write(home.path().join("page.html"), page).unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update"])
        .args(["--allow-file-access-from-files", "--dump-dom"])
        .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
        .arg(format!("file://{}", home.path().join("page.html").display()))
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    let results: Vec<Vec<&str>> = page
        .lines()
        .filter_map(|line| line.find("RESULT ").map(|at| line[at..].split(' ').collect()))
        .filter(|fields: &Vec<&str>| fields.len() == 5)
        .collect();
    assert!(results.len() == expected && expected >= 40, "{} of {expected} pictures", results.len());
    for fields in results {
        let [_, name, shown, inside, outside] = fields[..] else { panic!("{fields:?}") };
        assert_ne!(shown, "0x0", "{name} is not shown");
        assert!(inside.parse::<i64>().unwrap_or(0) > 500, "{name}: no stamp shows");
        assert_eq!(outside, "0", "{name}: pixels outside of the stamp changed");
    }
}
