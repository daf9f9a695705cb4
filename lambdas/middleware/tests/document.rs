//! The API's description is kept as a file, so that a change of it is seen.

use std::path::Path;

#[test]
fn the_description_kept_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let document = stampede_middleware::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("STAMPEDE_WRITE_DOCUMENT").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == document, "run this test once with STAMPEDE_WRITE_DOCUMENT=1 and look at what changed");
}
