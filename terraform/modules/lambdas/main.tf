# Three Lambdas of one code base. Each has a role of its own, which allows what that one does and no more.

locals {
  functions = {
    middleware = {
      description = "The API: uploads, jobs, previews, progress."
      memory      = var.middleware.memory
      timeout     = 29
      at_once     = var.middleware.at_once
      tmp         = 512
      environment = {}
    }
    stamper = {
      description = "Takes tasks in batches: reads pictures, stamps them, writes them, tells the middleware."
      memory      = var.stamper.memory
      timeout     = var.stamper.timeout
      at_once     = null
      tmp         = var.stamper.tmp
      environment = { STAMPEDE_CALLBACK = var.callback }
    }
    sweeper = {
      description = "Every minute: sends what was not sent, fails what cannot be done, deletes what is to be deleted."
      memory      = 256
      timeout     = 55
      at_once     = 1
      tmp         = 512
      environment = {}
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = local.functions
  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_days
}

resource "aws_lambda_function" "this" {
  for_each      = local.functions
  function_name = "${var.name}-${each.key}"
  description   = each.value.description
  role          = aws_iam_role.this[each.key].arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]
  filename      = "${var.packages}/${each.key}/bootstrap.zip"
  # A plan can be made before the packages are.
  source_code_hash = try(filebase64sha256("${var.packages}/${each.key}/bootstrap.zip"), null)
  memory_size      = each.value.memory
  timeout          = each.value.timeout
  # The account's rest is for others: -1 reserves nothing.
  reserved_concurrent_executions = each.value.at_once == null ? -1 : each.value.at_once

  environment {
    variables = merge(var.environment, each.value.environment)
  }

  ephemeral_storage {
    size = each.value.tmp
  }

  tracing_config {
    mode = "Active"
  }

  logging_config {
    # The lines are JSON already.
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this[each.key].name
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]

    content {
      subnet_ids         = vpc_config.value.subnets
      security_group_ids = [vpc_config.value.security_group]
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_lambda_event_source_mapping" "tasks" {
  event_source_arn                   = var.queue.tasks
  function_name                      = aws_lambda_function.this["stamper"].arn
  batch_size                         = var.stamper.batch
  maximum_batching_window_in_seconds = var.stamper.window
  # A bad picture does not bring its neighbours back.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    # Not by reserving: SQS would count what is throttled as received.
    maximum_concurrency = var.stamper.at_once
  }
}

resource "aws_scheduler_schedule" "sweep" {
  name                         = "${var.name}-sweep"
  description                  = "Calls the sweeper."
  schedule_expression          = "rate(1 minute)"
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this["sweeper"].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({})

    retry_policy {
      # The next minute is soon enough.
      maximum_retry_attempts = 0
    }
  }
}
