# The tasks, and where those go that cannot be done. Standard queues: a message may come twice and out of order, and
# the stamper bears both; a FIFO queue would promise more for a tenth of the rate.

data "aws_caller_identity" "here" {}

locals {
  # Amazon SQS keeps messages for up to fourteen days.
  fortnight = 14 * 24 * 3600
}

resource "aws_sqs_queue" "tasks" {
  name                       = "${var.name}-tasks"
  visibility_timeout_seconds = 6 * var.lambda_timeout
  message_retention_seconds  = 4 * 24 * 3600
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = var.receives
  })
}

resource "aws_sqs_queue" "dead" {
  name = "${var.name}-dead-letters"
  # Longer than the tasks': a message keeps the age that it comes with.
  message_retention_seconds = local.fortnight
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = aws_sqs_queue.dead.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.tasks.arn]
  })
}

data "aws_iam_policy_document" "queue" {
  for_each = { tasks = aws_sqs_queue.tasks.arn, dead = aws_sqs_queue.dead.arn }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      # Nothing comes as "neither": an emulator's plain HTTP is let in.
      values = [var.plain_http ? "neither" : "false"]
    }
  }

  dynamic "statement" {
    for_each = each.key == "tasks" && length(var.notifying_buckets) > 0 ? [1] : []

    content {
      sid       = "BucketsTell"
      actions   = ["sqs:SendMessage"]
      resources = [each.value]

      principals {
        type        = "Service"
        identifiers = ["s3.amazonaws.com"]
      }
      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = var.notifying_buckets
      }
      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.here.account_id]
      }
    }
  }
}

resource "aws_sqs_queue_policy" "tasks" {
  queue_url = aws_sqs_queue.tasks.id
  policy    = data.aws_iam_policy_document.queue["tasks"].json
}

resource "aws_sqs_queue_policy" "dead" {
  queue_url = aws_sqs_queue.dead.id
  policy    = data.aws_iam_policy_document.queue["dead"].json
}
