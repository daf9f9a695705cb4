//! The API's description is kept as a file, so that a change of it is seen.

use std::path::Path;

/// Programs are made of it: two operations, or two bodies, of one name would be one of them.
#[test]
fn every_operation_has_a_name_of_its_own_and_says_what_it_takes() {
    let document = serde_json::to_value(stampede_middleware::document()).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is the name of two operations");
            // These take nothing but what stands in the path.
            let is_plain = method == "get"
                || [
                    "/sessions",
                    "/jobs/{id}/cancel",
                    "/jobs/{id}/zip",
                    "/stamps/{id}/confirm",
                    "/stamps/{id}",
                ]
                .contains(&&**path);
            assert_eq!(is_plain, operation["requestBody"].is_null(), "{method} {path}");
        }
    }
}

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
