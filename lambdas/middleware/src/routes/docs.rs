//! The API on a page for people, made of its own description: operations, and below them the schemas that they name,
//! each once. A link leads from one to the other; nothing of it is a script.

use std::sync::LazyLock;

use axum::http::HeaderName;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Html;
use data_encoding::BASE64;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The page's only style; its policy names it by its hash (W3C, "Content Security Policy Level 3", 8.4).
const STYLE: &str = "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}\
    code{background:#8882;padding:.1em .3em;border-radius:.2em}h2{margin-top:2em}\
    table{border-collapse:collapse;margin:.5em 0}td,th{text-align:left;vertical-align:top;\
    padding:.2em 1em .2em 0;border-bottom:1px solid #8884}";

/// Of an operation (OpenAPI 3.1, "Path Item Object"), in the order in which they are shown.
const METHODS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
/// What begins the reference to a schema that has a name.
const NAMED: &str = "#/components/schemas/";
/// What a schema is put together by, and the word between its parts.
const TOGETHER: [(&str, &str); 3] = [("allOf", " and "), ("oneOf", " or "), ("anyOf", " or ")];

static PAGE: LazyLock<String> =
    LazyLock::new(|| page(&serde_json::to_value(super::document()).unwrap_or_default()));

/// The API on a page for people.
pub(super) async fn docs() -> ([(HeaderName, String); 1], Html<&'static str>) {
    let style = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    ([(CONTENT_SECURITY_POLICY, policy)], Html(PAGE.as_str()))
}

fn page(document: &Value) -> String {
    let operations = operations(document);
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Stampede API</title><style>{STYLE}</style>\
         <h1>Stampede API</h1><p>{} The same for programs: <a href=\"/openapi.json\">openapi.json</a> (OpenAPI 3.1). \
         Begin with <code>POST /sessions</code>.<ul>",
        described(&document["info"])
    );
    for (name, operation) in &operations {
        let (id, summary) = (id_of(operation), prose(text(&operation["summary"])));
        page += &format!("<li><a href=\"#{id}\"><code>{}</code></a> {summary}", escaped(name));
    }
    page += "</ul>";
    for (name, operation) in &operations {
        page += &shown(name, operation);
    }
    page += "<h2>Schemas</h2>";
    for (name, schema) in members(&document["components"]["schemas"]) {
        let id = escaped(name);
        page +=
            &format!("<h3 id=\"{id}\"><code>{id}</code></h3><p>{}<p>{}", described(schema), shape(schema));
    }
    page
}

/// Each with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in members(&document["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                operations.push((format!("{} {path}", method.to_uppercase()), operation));
            }
        }
    }
    operations
}

fn shown(name: &str, operation: &Value) -> String {
    let mut shown = format!("<h2 id=\"{}\"><code>{}</code></h2>", id_of(operation), escaped(name));
    for said in ["summary", "description"] {
        if let Some(said) = operation[said].as_str() {
            shown += &format!("<p>{}", prose(said));
        }
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| {
        let (name, place) = (code(text(&parameter["name"])), escaped(text(&parameter["in"])));
        let is_required = parameter["required"] == true;
        [name, place, shape(&parameter["schema"]), required(is_required), described(parameter)]
    });
    shown += &table(["Parameter", "Where", "Type", "Required", "Description"], parameters);
    let body = &operation["requestBody"];
    if body.is_object() {
        let is_required = body["required"] == true;
        shown += &format!("<p>Body ({}): {}", required(is_required), content(body));
    }
    let answers = members(&operation["responses"])
        .map(|(status, answer)| [code(status), content(answer), described(answer)]);
    shown += &table(["Status", "Answer", "Description"], answers);
    shown
}

/// The media types of a body, and what is in those that have fields.
fn content(body: &Value) -> String {
    let kinds = members(&body["content"]).map(|(kind, content)| {
        let has_fields = kind.ends_with("json") || kind == "application/x-www-form-urlencoded";
        match has_fields {
            true => format!("{}: {}", code(kind), shape(&content["schema"])),
            false => code(kind),
        }
    });
    kinds.collect::<Vec<_>>().join(" or ")
}

/// What a value is: a link to its schema, a table of its fields, or a type.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix(NAMED)) {
        let name = escaped(name);
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let mut shapes = Vec::new();
    for (together, word) in TOGETHER {
        if let Some(parts) = schema[together].as_array() {
            shapes.push(parts.iter().map(part).collect::<Vec<_>>().join(word));
        }
    }
    if schema["properties"].is_object() {
        shapes.push(fields(schema));
    }
    match shapes.is_empty() {
        true => kind(schema),
        false => shapes.join(" and "),
    }
}

/// One of several, with what is said of it. What is said of a reference is said where it stands.
fn part(schema: &Value) -> String {
    match (schema["$ref"].as_str(), schema["description"].as_str()) {
        (None, Some(said)) => format!("<p>{}</p>{}", prose(said), shape(schema)),
        _ => shape(schema),
    }
}

fn fields(schema: &Value) -> String {
    let is_required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let rows = members(&schema["properties"])
        .map(|(name, of)| [code(name), shape(of), required(is_required(name)), described(of)]);
    table(["Field", "Type", "Required", "Description"], rows)
}

/// A type by its name, a list, or the values that there are.
fn kind(schema: &Value) -> String {
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().map(|value| code(&value.to_string()));
        return values.collect::<Vec<_>>().join(" or ");
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let named = kinds.into_iter().map(|kind| match (kind, schema["format"].as_str()) {
        ("array", _) => list(schema),
        ("null", _) | (_, None) => escaped(kind),
        (_, Some(form)) => format!("{} ({})", escaped(kind), escaped(form)),
    });
    let named = named.collect::<Vec<_>>().join(" or ");
    if named.is_empty() { "anything".to_owned() } else { named }
}

fn list(schema: &Value) -> String {
    match schema["prefixItems"].as_array() {
        Some(items) => format!("({})", items.iter().map(shape).collect::<Vec<_>>().join(", ")),
        None => format!("list of {}", shape(&schema["items"])),
    }
}

/// What is said of something, or else of the first part of it of which something is said.
fn described(of: &Value) -> String {
    let own = of["description"].as_str();
    let of_parts = || {
        let mut parts = TOGETHER.into_iter().filter_map(|(together, _)| of[together].as_array()).flatten();
        parts.find_map(|part| part["description"].as_str())
    };
    prose(own.or_else(of_parts).unwrap_or_default())
}

/// A table, if it has rows. What stands in them is HTML.
fn table<const COLUMNS: usize>(
    heads: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let rows: String = rows.map(|row| format!("<tr><td>{}", row.join("<td>"))).collect();
    match rows.is_empty() {
        true => rows,
        false => format!("<table><tr><th>{}{rows}</table>", heads.join("<th>")),
    }
}

fn required(is_required: bool) -> String {
    let word = if is_required { "required" } else { "optional" };
    word.to_owned()
}

fn id_of(operation: &Value) -> String {
    escaped(text(&operation["operationId"]))
}

fn members(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Sentences, in which code stands between backticks.
fn prose(text: &str) -> String {
    let pieces: Vec<_> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return escaped(text);
    }
    let is_code = [false, true].into_iter().cycle();
    pieces
        .into_iter()
        .zip(is_code)
        .map(|(piece, is_code)| if is_code { code(piece) } else { escaped(piece) })
        .collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// As HTML shows it, between tags and in quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn document() -> Value {
        serde_json::to_value(crate::document()).unwrap()
    }

    /// What stands between a word and the next quotation mark, wherever it does.
    fn quoted<'a>(page: &'a str, word: &str) -> Vec<&'a str> {
        page.split(word).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    /// The names of all fields of all schemas within.
    fn fields_of(value: &Value, names: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::Object(properties)) = members.get("properties") {
                    names.extend(properties.keys().cloned());
                }
                members.values().for_each(|member| fields_of(member, names));
            }
            Value::Array(values) => values.iter().for_each(|value| fields_of(value, names)),
            _ => {}
        }
    }

    #[test]
    fn every_operation_every_parameter_and_every_field_is_on_the_page() {
        let document = document();
        let page = page(&document);
        let mut operations = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = format!("<code>{} {path}</code></h2>", method.to_uppercase());
                assert!(page.contains(&name), "{name}");
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let name = format!("<td><code>{}</code><td>", parameter["name"].as_str().unwrap());
                    assert!(page.contains(&name), "{name}");
                }
                operations += 1;
            }
        }
        assert!(operations > 20, "{operations}");
        let mut names = BTreeSet::new();
        fields_of(&document, &mut names);
        assert!(names.len() > 50, "{names:?}");
        for name in names {
            assert!(page.contains(&format!("<td><code>{name}</code><td>")), "{name}");
        }
    }

    #[test]
    fn every_link_within_leads_somewhere_and_nowhere_else() {
        let page = page(&document());
        let (ids, links) = (quoted(&page, " id=\""), quoted(&page, "href=\"#"));
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(distinct.len(), ids.len(), "{ids:?}");
        assert!(links.len() > ids.len(), "{links:?}");
        for link in links {
            assert!(distinct.contains(link), "{link}");
        }
    }

    #[test]
    fn a_job_is_described_where_it_is_made() {
        let page = page(&document());
        let (_, made) = page.split_once("<h2 id=\"create_job\">").unwrap();
        let (made, _) = made.split_once("<h2 ").unwrap();
        for said in [
            "<td><code>Idempotency-Key</code><td>header<td>string or null<td>optional<td>At most 200 bytes",
            "<p>Body (required): <code>application/json</code>: <a href=\"#JobWanted\">JobWanted</a>",
            "<td><code>201</code><td><code>application/json</code>: <a href=\"#Job\">Job</a><td>Made now",
            "<td><code>4XX</code><td><code>application/problem+json</code>: <a href=\"#Problem\">Problem</a>",
        ] {
            assert!(made.contains(said), "{said}: {made}");
        }
        let wanted =
            "<td><code>pictures</code><td>list of string<td>required<td>1 to 10,000 pictures, in order.";
        assert!(page.contains(wanted));
    }

    #[test]
    fn what_the_document_says_is_shown_and_is_no_markup() {
        let hostile = "<script>\"&'";
        let schema = json!({ "type": "object", "properties": { hostile: { "enum": [hostile] } } });
        let page = page(&json!({
            "paths": { hostile: { "patch": { "operationId": hostile, "summary": hostile,
                "parameters": [{ "name": hostile, "in": hostile, "schema": { "type": hostile, "format": hostile } }],
                "requestBody": { "content": { hostile: {}, "json": { "schema": schema.clone() } } },
                "responses": { hostile: { "description": hostile } } } } },
            "components": { "schemas": { hostile: schema } },
        }));
        assert!(page.contains("PATCH &lt;script&gt;&quot;&amp;&#39;"), "{page}");
        assert!(!page.contains("<script") && !page.contains("\"&'"), "{page}");
    }

    #[test]
    fn code_stands_between_backticks() {
        assert_eq!(prose("`a` & `b<`"), "<code>a</code> &amp; <code>b&lt;</code>");
        assert_eq!(prose("one ` alone"), "one ` alone");
    }
}
