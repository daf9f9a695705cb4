//! What is made in ministack as one would make it on AWS.

use std::path::Path;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Value, json};

use crate::Ministack;

/// A call that ministack did not answer as it should.
#[derive(Debug, thiserror::Error)]
#[error("ministack: {call}: {said}")]
pub struct Refusal {
    call: String,
    said: String,
}

/// The account and the region that ministack has unless told otherwise.
const ACCOUNT: &str = "us-east-1:000000000000";
/// A Lambda's role; nobody checks it.
const ROLE: &str = "arn:aws:iam::000000000000:role/stampede";

impl Ministack {
    /// The variables by which an AWS SDK finds it.
    pub fn variables(&self) -> [(String, String); 4] {
        [
            ("AWS_ENDPOINT_URL", &*self.endpoint),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    }

    /// For an SDK within the test itself.
    pub fn sdk_config(&self) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.endpoint)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn bucket(&self, name: &str) -> Result<(), Refusal> {
        self.put_xml(&format!("/{name}"), String::new()).await
    }

    /// Has a bucket tell a queue of what lands in it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn notify(&self, bucket: &str, queue: &str) -> Result<(), Refusal> {
        let rules = format!(
            "<NotificationConfiguration><QueueConfiguration><Id>landed</Id>\
             <Queue>arn:aws:sqs:{ACCOUNT}:{queue}</Queue><Event>s3:ObjectCreated:*</Event>\
             </QueueConfiguration></NotificationConfiguration>"
        );
        self.put_xml(&format!("/{bucket}?notification"), rules).await
    }

    /// Makes a queue and its dead-letter queue, `NAME-dead`, which takes what was received `most` times; their
    /// URLs.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn queue(&self, name: &str, most: u32) -> Result<(String, String), Refusal> {
        let dead = self.make_queue(json!({ "QueueName": format!("{name}-dead") })).await?;
        let redrive = json!({
            "deadLetterTargetArn": format!("arn:aws:sqs:{ACCOUNT}:{name}-dead"),
            "maxReceiveCount": most.to_string(),
        });
        let attributes = json!({ "RedrivePolicy": redrive.to_string(), "VisibilityTimeout": "60" });
        let queue = self.make_queue(json!({ "QueueName": name, "Attributes": attributes })).await?;
        Ok((queue, dead))
    }

    async fn make_queue(&self, body: Value) -> Result<String, Refusal> {
        let call = self.http().post(&self.endpoint).header("x-amz-target", "AmazonSQS.CreateQueue");
        let call = call.header("content-type", "application/x-amz-json-1.0").body(body.to_string());
        let answer = self.answer("CreateQueue", signed(call, "sqs")).await?;
        Ok(answer["QueueUrl"].as_str().unwrap_or_default().to_owned())
    }

    /// Makes a function of a ZIP with `bootstrap` in it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn function(
        &self,
        name: &str,
        zip: &Path,
        variables: &[(String, String)],
    ) -> Result<(), Refusal> {
        let refused = |error: std::io::Error| Refusal {
            call: zip.display().to_string(),
            said: format!("{error}; run `make package`"),
        };
        let zip = data_encoding::BASE64.encode(&std::fs::read(zip).map_err(refused)?);
        let variables: serde_json::Map<_, _> =
            variables.iter().map(|(name, value)| (name.clone(), Value::from(&**value))).collect();
        let body = json!({
            "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": ROLE,
            "Timeout": 60, "MemorySize": 2048, "Code": { "ZipFile": zip },
            "Environment": { "Variables": variables },
        });
        let call = self.http().post(format!("{}/2015-03-31/functions", self.endpoint));
        self.answer("CreateFunction", signed(call, "lambda").body(body.to_string())).await.map(drop)
    }

    /// Has a function take a queue's messages, up to ten at a time, and say which are to come again.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn feed(&self, function: &str, queue: &str) -> Result<(), Refusal> {
        let body = json!({
            "EventSourceArn": format!("arn:aws:sqs:{ACCOUNT}:{queue}"), "FunctionName": function,
            "BatchSize": 10, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        });
        let call = self.http().post(format!("{}/2015-03-31/event-source-mappings", self.endpoint));
        self.answer("CreateEventSourceMapping", signed(call, "lambda").body(body.to_string())).await.map(drop)
    }

    /// Calls a function and waits for what it answers.
    ///
    /// # Errors
    /// [`Refusal`], also when the function fails.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, Refusal> {
        let path = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let call = signed(self.http().post(path), "lambda").body(payload.to_string());
        let answer = self.answer("Invoke", call).await?;
        match answer.get("errorMessage") {
            Some(said) => Err(Refusal { call: format!("Invoke {function}"), said: said.to_string() }),
            None => Ok(answer),
        }
    }

    /// All that a function has logged, line by line.
    ///
    /// # Errors
    /// [`Refusal`], also when it never ran.
    pub async fn log(&self, function: &str) -> Result<String, Refusal> {
        let ask = async |what: &str, body: Value| {
            let call =
                self.http().post(&self.endpoint).header("x-amz-target", format!("Logs_20140328.{what}"));
            let call = call.header("content-type", "application/x-amz-json-1.1").body(body.to_string());
            self.answer(what, signed(call, "logs")).await
        };
        let group = format!("/aws/lambda/{function}");
        let (mut log, mut next) = (String::new(), Value::Null);
        loop {
            let mut page = json!({ "logGroupName": group });
            if next.is_string() {
                page["nextToken"] = next;
            }
            let mut streams = ask("DescribeLogStreams", page).await?;
            for stream in streams["logStreams"].as_array().into_iter().flatten() {
                let name = &stream["logStreamName"];
                let of = json!({ "logGroupName": group, "logStreamName": name, "limit": 10_000, "startFromHead": true });
                let events = ask("GetLogEvents", of).await?;
                let lines = events["events"].as_array().into_iter().flatten();
                for line in lines.filter_map(|event| event["message"].as_str()) {
                    log.push_str(line);
                    log.push('\n');
                }
            }
            next = streams["nextToken"].take();
            if next.is_null() {
                return Ok(log);
            }
        }
    }

    /// Makes an HTTP API all of whose routes lead to a function; where it answers.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn http_api(&self, function: &str) -> Result<String, Refusal> {
        let post = |path: &str, body: Value| {
            signed(self.http().post(format!("{}/v2/apis{path}", self.endpoint)), "apigateway")
                .header("content-type", "application/json")
                .body(body.to_string())
        };
        let api = json!({ "name": "stampede", "protocolType": "HTTP" });
        let api = self.answer("CreateApi", post("", api)).await?;
        let id = api["apiId"].as_str().unwrap_or_default();
        let integration = json!({
            "integrationType": "AWS_PROXY", "payloadFormatVersion": "2.0",
            "integrationUri": format!("arn:aws:lambda:{ACCOUNT}:function:{function}"),
        });
        let call = post(&format!("/{id}/integrations"), integration);
        let integration = self.answer("CreateIntegration", call).await?;
        let integration = integration["integrationId"].as_str().unwrap_or_default();
        let route = json!({ "routeKey": "$default", "target": format!("integrations/{integration}") });
        self.answer("CreateRoute", post(&format!("/{id}/routes"), route)).await?;
        let stage = json!({ "stageName": "$default", "autoDeploy": true });
        self.answer("CreateStage", post(&format!("/{id}/stages"), stage)).await?;
        Ok(format!("{}/_aws/execute-api/{id}/$default", self.endpoint))
    }

    async fn put_xml(&self, path: &str, body: String) -> Result<(), Refusal> {
        let call = self.http().put(format!("{}{path}", self.endpoint)).body(body);
        self.answer(path, call).await.map(drop)
    }

    /// What a call is answered with; `null` where that is no JSON.
    async fn answer(&self, call: &str, request: reqwest::RequestBuilder) -> Result<Value, Refusal> {
        let refused = |said: String| Refusal { call: call.to_owned(), said };
        let answer = request.send().await.map_err(|error| refused(error.to_string()))?;
        let status = answer.status();
        let said = answer.text().await.map_err(|error| refused(error.to_string()))?;
        match status.is_success() {
            true => Ok(serde_json::from_str(&said).unwrap_or_default()),
            false => Err(refused(format!("{status} {said}"))),
        }
    }

    fn http(&self) -> reqwest::Client {
        drop(rustls::crypto::ring::default_provider().install_default());
        reqwest::Client::new()
    }
}

/// Which service and region a call is for stands in its signature, which is not checked.
fn signed(call: reqwest::RequestBuilder, service: &str) -> reqwest::RequestBuilder {
    let scope = format!("test/20260101/us-east-1/{service}/aws4_request");
    call.header(
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
    )
}
