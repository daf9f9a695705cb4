//! Whatever the API's own description allows, and much that it does not, is answered as it says.

use std::path::Path;
use std::process::Command;

use crate::client::Client;
use crate::places::{Service, free_port};

/// In CI; more by hand.
const EXAMPLES: &str = "20";

#[tokio::test(flavor = "multi_thread")]
async fn made_up_requests_are_answered_as_the_document_says() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv-schemathesis/bin/schemathesis");
    if !program.exists() {
        assert!(std::env::var_os("STAMPEDE_REQUIRE_PYTHON").is_none(), "run `.ci/set-up test`");
        return eprintln!("schemathesis is not installed: run `.ci/set-up test`");
    }
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path(), free_port(), &[]);
    let client = Client::new(&service.url).await;
    let mut command = Command::new(program);
    // What it keeps is kept here.
    command.current_dir(data.path()).arg("run").arg(format!("{}/openapi.json", service.url));
    command.arg("--header").arg(format!("Authorization: Bearer {}", client.token()));
    command.args(["--max-examples", EXAMPLES, "--no-color", "--checks"]);
    command.arg(
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
    );
    let run = command.output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}
