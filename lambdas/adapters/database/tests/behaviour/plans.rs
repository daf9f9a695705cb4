//! Every question is answered by an index, however many jobs there are.

use sqlx::{Connection as _, Row as _};
use stampede_database::{Database, Options};

#[tokio::test]
async fn no_question_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stampede.db");
    let database = Database::open(&format!("sqlite:{}", path.display()), Options::default()).await.unwrap();
    database.migrate().await.unwrap();
    let mut connection = sqlx::SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let sources = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
    let mut asked = 0;
    for source in sources {
        let source = std::fs::read_to_string(source.unwrap().path()).unwrap();
        for statement in statements(&source) {
            let explain = format!("EXPLAIN QUERY PLAN {statement}");
            let plan = sqlx::query(sqlx::AssertSqlSafe(explain)).fetch_all(&mut connection).await;
            let plan = plan.unwrap_or_else(|error| panic!("{statement}: {error}"));
            for step in plan {
                let step: String = step.get("detail");
                // What a statement brings with it is no table.
                let brought = step.contains("CONSTANT ROW") || step.contains("VALUES CLAUSE");
                assert!(!step.starts_with("SCAN") || brought, "{statement}: {step}");
            }
            asked += 1;
        }
    }
    assert!(asked > 15, "only {asked} statements were found");
}

/// The statements in a source file that read or change rows, with what is put in replaced.
fn statements(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for literal in source.split('"').skip(1).step_by(2) {
        if !["SELECT ", "UPDATE ", "DELETE "].iter().any(|verb| literal.starts_with(verb)) {
            continue;
        }
        let text = literal.replace("\\\n", " ");
        let mut statement = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (name, value) in [
            ("{COLUMNS}", "*"),
            ("{lock}", ""),
            ("{ids_listed}", "'a', 'b'"),
            ("{listed}", "1, 2"),
            ("{rows}", "(1, 'a', 'b', 'c'), (2, 'a', 'b', 'c')"),
            ("{}", "'a', 'b'"),
            ("{change}", "due = NULL WHERE due > 1"),
        ] {
            statement = statement.replace(name, value);
        }
        if statement != "SELECT 1" {
            found.push(statement);
        }
    }
    found
}
