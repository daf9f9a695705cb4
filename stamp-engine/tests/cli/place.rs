//! Where the stamp ends up, as a viewer shows it.

use std::path::Path;

use image::{DynamicImage, ImageDecoder as _, ImageReader, RgbImage};

use super::world::{fixture, run, stamp};

/// The picture as viewed, by the `image` crate's own reading of the orientation.
fn viewed(path: &Path) -> RgbImage {
    let mut decoder = ImageReader::open(path).unwrap().into_decoder().unwrap();
    let orientation = decoder.orientation().unwrap();
    let mut picture = DynamicImage::from_decoder(decoder).unwrap();
    picture.apply_orientation(orientation);
    picture.into_rgb8()
}

fn red_square(path: &Path, side: u32) {
    image::RgbaImage::from_pixel(side, side, image::Rgba([255, 0, 0, 255])).save(path).unwrap();
}

fn is_red(picture: &RgbImage, x: u32, y: u32) -> bool {
    let [r, g, b] = picture.get_pixel(x, y).0;
    r > 200 && g < 60 && b < 60
}

#[test]
fn all_eight_orientations_show_the_stamp_in_the_same_place() {
    let home = tempfile::tempdir().unwrap();
    let logo = fixture("stamps/logo.png");
    let mut upright = None::<RgbImage>;
    for value in 1..=8 {
        let input = fixture(&format!("pictures/variants/orientation-{value}.jpg"));
        let (code, _, stderr) = run(stamp(home.path()).arg(&input).arg("--stamp").arg(&logo).args([
            "--out",
            "out",
            "--at",
            "top-right",
            "--size",
            "30%",
            "--rotate",
            "20",
        ]));
        assert_eq!(code, 0, "{stderr}");
        let shown = viewed(&home.path().join(format!("out/orientation-{value}.jpg")));
        let Some(first) = &upright else {
            upright = Some(shown);
            continue;
        };
        assert_eq!(first.dimensions(), shown.dimensions(), "orientation {value}");
        let error: f64 =
            first.as_raw().iter().zip(shown.as_raw()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
        let mean = error / first.as_raw().len() as f64;
        assert!(mean < 4.0, "orientation {value} looks different: mean error {mean}");
    }
}

#[test]
fn oriented_pictures_stay_upright_in_formats_without_orientation() {
    let home = tempfile::tempdir().unwrap();
    red_square(&home.path().join("red.png"), 8);
    let input = fixture("pictures/variants/orientation-6.jpg");
    for format in ["png", "webp", "tiff", "jpeg"] {
        let (code, _, stderr) = run(stamp(home.path()).arg(&input).args([
            "--stamp", "red.png", "--size", "original", "--at", "0,0", "--out", format, "--format", format,
        ]));
        assert_eq!(code, 0, "{format}: {stderr}");
        let extension = if format == "jpeg" {
            "jpg"
        } else if format == "tiff" {
            "tif"
        } else {
            format
        };
        let shown = viewed(&home.path().join(format!("{format}/orientation-6.{extension}")));
        assert_eq!(shown.dimensions(), viewed(&input).dimensions(), "{format}");
        assert!(is_red(&shown, 3, 3), "{format}: {:?}", shown.get_pixel(3, 3));
    }
}

#[test]
fn pixels_count_from_the_top_left_as_viewed() {
    let home = tempfile::tempdir().unwrap();
    red_square(&home.path().join("red.png"), 16);
    RgbImage::from_pixel(100, 60, image::Rgb([0, 0, 255])).save(home.path().join("blue.png")).unwrap();
    let (code, _, stderr) = run(stamp(home.path()).args([
        "blue.png", "--stamp", "red.png", "--size", "original", "--at", "40,20", "--output", "done.png",
    ]));
    assert_eq!(code, 0, "{stderr}");
    let done = viewed(&home.path().join("done.png"));
    for (x, y, pixel) in done.enumerate_pixels() {
        let inside = (40..56).contains(&x) && (20..36).contains(&y);
        assert_eq!(pixel.0, if inside { [255, 0, 0] } else { [0, 0, 255] }, "at {x},{y}");
    }
}

#[test]
fn layers_lie_in_the_order_they_are_given() {
    let home = tempfile::tempdir().unwrap();
    red_square(&home.path().join("red.png"), 16);
    image::RgbaImage::from_pixel(16, 16, image::Rgba([0, 255, 0, 255]))
        .save(home.path().join("green.png"))
        .unwrap();
    RgbImage::from_pixel(64, 64, image::Rgb([9, 9, 9])).save(home.path().join("dark.png")).unwrap();
    let (code, _, stderr) = run(stamp(home.path()).args([
        "dark.png",
        "--size",
        "original",
        "--stamp",
        "red.png",
        "--at",
        "0,0",
        "--stamp",
        "green.png",
        "--at",
        "8,8",
        "--output",
        "done.png",
    ]));
    assert_eq!(code, 0, "{stderr}");
    let done = viewed(&home.path().join("done.png"));
    assert_eq!(done.get_pixel(4, 4).0, [255, 0, 0]);
    assert_eq!(done.get_pixel(12, 12).0, [0, 255, 0]);
    assert_eq!(done.get_pixel(30, 30).0, [9, 9, 9]);
}

#[test]
fn text_is_drawn_with_the_pictures_own_facts() {
    let home = tempfile::tempdir().unwrap();
    RgbImage::from_pixel(400, 300, image::Rgb([0, 0, 0])).save(home.path().join("night.png")).unwrap();
    let mut ink = Vec::new();
    for text in ["{name}", "night", "{name} {width}"] {
        let (code, _, stderr) = run(stamp(home.path()).args([
            "night.png",
            "--text",
            text,
            "--color",
            "white",
            "--text-size",
            "40",
            "--output",
            "done.png",
            "--overwrite",
        ]));
        assert_eq!(code, 0, "{stderr}");
        ink.push(viewed(&home.path().join("done.png")));
    }
    assert!(ink[0].pixels().any(|pixel| pixel.0[0] > 200), "the text is to be seen");
    assert_eq!(ink[0], ink[1]);
    assert_ne!(ink[0], ink[2]);
    let (code, _, stderr) =
        run(stamp(home.path()).args(["night.png", "--text", "{nme}", "--output", "x.png"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("nme") && stderr.contains("name"), "{stderr}");
}

#[test]
fn small_pictures_pass_through_untouched() {
    let home = tempfile::tempdir().unwrap();
    red_square(&home.path().join("red.png"), 16);
    let input = fixture("pictures/variants/one-pixel.jpg");
    let (code, stdout, stderr) = run(stamp(home.path()).arg(&input).args([
        "--stamp",
        "red.png",
        "--min-picture",
        "50x50",
        "--out",
        "out",
        "--json",
    ]));
    assert_eq!(code, 0, "{stderr}");
    let line: serde_json::Value = serde_json::from_str(stdout.trim()).unwrap();
    assert_eq!(line["path"], "copy");
    assert_eq!(std::fs::read(home.path().join("out/one-pixel.jpg")).unwrap(), std::fs::read(input).unwrap());
}

#[test]
fn a_red_logo_is_the_same_red_on_a_display_p3_photograph() {
    let home = tempfile::tempdir().unwrap();
    red_square(&home.path().join("red.png"), 64);
    let (code, _, stderr) = run(stamp(home.path())
        .arg(fixture("pictures/variants/display-p3.jpg"))
        .args(["--stamp", "red.png", "--size", "original", "--at", "0,0", "--out", "out"]));
    assert_eq!(code, 0, "{stderr}");
    // sRGB (255, 0, 0) is (234, 51, 35) in Display P3.
    let shown = viewed(&home.path().join("out/display-p3.jpg"));
    let [r, g, b] = shown.get_pixel(30, 30).0;
    let near = |a: u8, b: u8| a.abs_diff(b) <= 4;
    assert!(near(r, 234) && near(g, 51) && near(b, 35), "{:?}", [r, g, b]);
}
