mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:queue" }
  }
}

variables {
  name           = "stampede"
  lambda_timeout = 120
}

run "timeouts_fit_together" {
  command = plan

  assert {
    condition     = aws_sqs_queue.tasks.visibility_timeout_seconds >= 6 * var.lambda_timeout
    error_message = "A message stays invisible at least six times as long as the stamper may take."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.tasks.redrive_policy).maxReceiveCount == 5
    error_message = "After five receives a message goes to the dead letters."
  }
  assert {
    condition     = aws_sqs_queue.dead.message_retention_seconds > aws_sqs_queue.tasks.message_retention_seconds
    error_message = "Dead letters are kept longer than tasks."
  }
  assert {
    condition     = aws_sqs_queue.tasks.sqs_managed_sse_enabled && aws_sqs_queue.dead.sqs_managed_sse_enabled
    error_message = "Both queues are encrypted."
  }
}

run "only_named_buckets_tell" {
  command = plan

  variables {
    notifying_buckets = ["arn:aws:s3:::pictures"]
  }
  assert {
    condition     = length(data.aws_iam_policy_document.queue["tasks"].statement) == 2
    error_message = "S3 sends for the named bucket, and nobody without TLS."
  }
  assert {
    condition = toset(flatten([
      for condition in data.aws_iam_policy_document.queue["tasks"].statement[1].condition : condition.variable
    ])) == toset(["aws:SourceArn", "aws:SourceAccount"])
    error_message = "Another account's bucket of the same name tells nothing."
  }
  assert {
    condition     = length(data.aws_iam_policy_document.queue["dead"].statement) == 1
    error_message = "Nobody sends to the dead letters but the queue."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    lambda_timeout    = 1000
    receives          = 1
    notifying_buckets = ["pictures"]
  }
  expect_failures = [var.lambda_timeout, var.receives, var.notifying_buckets]
}
