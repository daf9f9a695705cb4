//! Keys from an inventory that S3 wrote (Amazon S3 User Guide, "Amazon S3 Inventory").

use std::io::Read as _;

use aws_sdk_s3::Client;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::address::Prefix;
use super::said;
use super::source::Page;

/// Lines of one page.
const PAGE: usize = 1000;

/// The files of an inventory, read one after the other.
pub(super) struct Inventory {
    client: Client,
    manifest: Manifest,
    /// Of the bucket that holds the inventory.
    bucket: String,
    file: usize,
    line: usize,
    lines: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    source_bucket: String,
    file_format: String,
    file_schema: String,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    key: String,
}

impl Inventory {
    /// Opens the one that a manifest lists; goes on behind `after`.
    pub(super) async fn open(client: Client, place: &Prefix, after: Option<&str>) -> Result<Self, String> {
        let text = get(&client, &place.bucket, &place.prefix).await?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| format!("{place} is no manifest of an S3 inventory: {error}"))?;
        if manifest.file_format != "CSV" {
            let format = &manifest.file_format;
            return Err(format!("{place}: the inventory is {format}; have S3 write it as CSV"));
        }
        let place_of =
            |text: &str| Some((text.split_once(':')?.0.parse().ok()?, text.split_once(':')?.1.parse().ok()?));
        let (file, line) = after.and_then(place_of).unwrap_or((0, 0));
        Ok(Self { client, manifest, bucket: place.bucket.clone(), file, line, lines: None })
    }

    /// The bucket whose objects are listed.
    pub(super) fn source(&self) -> &str {
        &self.manifest.source_bucket
    }

    pub(super) async fn next(&mut self) -> Result<Option<Page>, String> {
        while let Some(file) = self.manifest.files.get(self.file) {
            if self.lines.is_none() {
                let packed = get(&self.client, &self.bucket, &file.key).await?;
                self.lines = Some(unpacked(&file.key, &packed)?);
            }
            let lines = self.lines.as_deref().unwrap_or_default();
            let end = lines.len().min(self.line.saturating_add(PAGE));
            if let Some(page) = lines.get(self.line..end).filter(|page| !page.is_empty()) {
                let column = self.column()?;
                let keys = page.iter().filter_map(|line| key_of(line, column)).collect();
                self.line = end;
                return Ok(Some(Page { keys, after: format!("{}:{end}", self.file) }));
            }
            (self.file, self.line, self.lines) = (self.file + 1, 0, None);
        }
        Ok(None)
    }

    fn column(&self) -> Result<usize, String> {
        let schema = &self.manifest.file_schema;
        let mut columns = schema.split(',').map(str::trim);
        columns
            .position(|name| name == "Key")
            .ok_or_else(|| format!("the inventory has no keys, only {schema}"))
    }
}

async fn get(client: &Client, bucket: &str, key: &str) -> Result<Vec<u8>, String> {
    let place = format!("s3://{bucket}/{key}");
    let object = client.get_object().bucket(bucket).key(key).send().await;
    let body = object.map_err(|error| said(&place, error))?.body.collect().await;
    Ok(body.map_err(|error| format!("{place}: {error}"))?.to_vec())
}

fn unpacked(name: &str, packed: &[u8]) -> Result<Vec<String>, String> {
    let mut text = String::new();
    let read = MultiGzDecoder::new(packed).read_to_string(&mut text);
    read.map_err(|error| format!("{name} of the inventory is damaged: {error}"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Fields stand in quotes, and keys are escaped as in an address: there is no comma and no quote in one.
fn key_of(line: &str, column: usize) -> Option<String> {
    let field = line.split(',').nth(column)?.trim().trim_matches('"');
    let pair = format!("key={field}");
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, key)| key.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_their_column() {
        let line = r#""holiday","2026/%C3%89t%C3%A9+1%2C2.jpg","51","2026-01-01T00:00:00.000Z""#;
        assert_eq!(key_of(line, 1).as_deref(), Some("2026/Été 1,2.jpg"));
        assert_eq!(key_of("\"holiday\"", 1), None);
    }
}
