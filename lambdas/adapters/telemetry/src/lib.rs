//! What a Lambda says of itself. Its standard output goes to CloudWatch Logs: lines of JSON, with the request
//! and the trace that each belongs to. Metrics are lines of the same log, in CloudWatch's embedded metric
//! format: no call, no agent, and none is lost when the Lambda is frozen.

#![forbid(unsafe_code)]

use std::io::Write as _;

use serde_json::{Map, Value, json};
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Logs as lines of JSON to standard output; `STAMPEDE_LOG` says how much: `warn`, or `info,sqlx=warn`.
pub fn start_log() {
    let wanted = std::env::var("STAMPEDE_LOG").ok().and_then(|wanted| wanted.parse::<Targets>().ok());
    let filter = wanted.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().json().with_ansi(false);
    // The runtime's own traces are whole events, with the credentials that requests bring.
    let no_events =
        filter_fn(|about| *about.level() < Level::TRACE || !about.target().starts_with("lambda_runtime"));
    tracing_subscriber::registry().with(lines).with(filter).with(no_events).init();
}

/// In what a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Times.
    Count,
    /// Thousandths of a second.
    Milliseconds,
}

/// Metrics of one moment, all of one function. (Amazon CloudWatch User Guide, "Specification: Embedded metric
/// format".)
///
/// ```
/// use stampede_telemetry::{Metrics, Unit};
///
/// let line = Metrics::of("stamper").with("Stamped", Unit::Count, 10).line(1_700_000_000_000);
/// assert!(line.starts_with(r#"{"Function":"stamper","Stamped":10,"_aws":"#));
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    function: &'static str,
    values: Vec<(&'static str, Unit, u64)>,
}

impl Metrics {
    /// Of a function.
    pub fn of(function: &'static str) -> Self {
        Self { function, values: Vec::new() }
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, unit: Unit, value: u64) -> Self {
        self.values.push((name, unit, value));
        self
    }

    /// The line of a log, at a time in milliseconds since 1970-01-01 UTC.
    pub fn line(&self, now: u64) -> String {
        let metric = |&(name, unit, _): &(&str, Unit, u64)| {
            let unit = match unit {
                Unit::Count => "Count",
                Unit::Milliseconds => "Milliseconds",
            };
            json!({ "Name": name, "Unit": unit })
        };
        let metrics: Vec<_> = self.values.iter().map(metric).collect();
        let mut line = Map::new();
        line.insert("Function".to_owned(), self.function.into());
        for (name, _, value) in &self.values {
            line.insert((*name).to_owned(), (*value).into());
        }
        let directive = json!({
            "Namespace": "Stampede", "Dimensions": [["Function"]], "Metrics": metrics,
        });
        line.insert("_aws".to_owned(), json!({ "Timestamp": now, "CloudWatchMetrics": [directive] }));
        Value::Object(line).to_string()
    }

    /// Writes the line to standard output.
    pub fn print(&self) {
        let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis() as u64);
        // A log that is closed is nobody's loss.
        let _ = writeln!(std::io::stdout(), "{}", self.line(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_is_named_and_given_at_the_top() {
        let metrics = Metrics::of("middleware").with("Requests", Unit::Count, 1);
        let line = metrics.with("Duration", Unit::Milliseconds, 12).line(5);
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["_aws"]["Timestamp"], 5);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["Function"]]));
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{metric}");
        }
        assert_eq!(directive["Metrics"][1], json!({ "Name": "Duration", "Unit": "Milliseconds" }));
        assert_eq!(line[directive["Dimensions"][0][0].as_str().unwrap()], "middleware");
    }
}
