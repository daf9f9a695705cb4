# Three Lambdas of one code base. Each has a role of its own, which allows what that one does and no more.

locals {
  # An HTTP API waits for thirty seconds, and the middleware itself answers that it is out of time after 25.
  api_timeout = 29
  # A Lambda is assumed to move 75 MB/s (terraform/costs.py). What is packed is read and written, by a stamper that has
  # a batch's pictures in hand besides: a quarter of that.
  zip_bytes_a_second = 18750000
  # Who speaks to the database, and to the browsers.
  full = merge(
    { STAMPEDE_SECRETS = join(",", concat([var.secrets.signing], var.secrets.others)) },
    var.database == null ? {} : {
      STAMPEDE_DATABASE_LOGIN = var.database.login
      STAMPEDE_DATABASE = join("", [
        var.database.address, "?sslmode=verify-full", var.database.certificates == null ? "" : "&sslrootcert=/opt/rds.pem",
      ])
    },
  )
  functions = {
    middleware = {
      description = "The API: uploads, jobs, previews, progress."
      memory      = var.middleware.memory
      timeout     = local.api_timeout
      at_once     = var.middleware.at_once
      tmp         = 512
      environment = merge(local.full, {
        # Before the request is given up, so that its sender hears which picture takes too long.
        STAMPEDE_PICTURE_SECONDS = 20
        STAMPEDE_LONGEST_ZIP     = var.stamper.timeout * local.zip_bytes_a_second
      })
      layers = aws_lambda_layer_version.certificates[*].arn
    }
    stamper = {
      description = "Takes tasks in batches: reads pictures, stamps them, writes them, tells the middleware."
      memory      = var.stamper.memory
      timeout     = var.stamper.timeout
      at_once     = null
      tmp         = var.stamper.tmp
      environment = {
        STAMPEDE_CALLBACK = var.callback
        STAMPEDE_SECRETS  = var.secrets.signing
        # One picture does not take a batch's whole time.
        STAMPEDE_PICTURE_SECONDS = min(60, floor(var.stamper.timeout / 2))
      }
      layers = []
    }
    sweeper = {
      description = "Every minute: sends what was not sent, fails what cannot be done, deletes what is to be deleted."
      memory      = 256
      # Over before the next begins; a reservation would be refused by accounts that are new.
      timeout     = 55
      at_once     = null
      tmp         = 512
      environment = local.full
      layers      = aws_lambda_layer_version.certificates[*].arn
    }
  }
}

# RDS signs its certificates with authorities of its own, which a program has to be given.
resource "aws_lambda_layer_version" "certificates" {
  count            = try(var.database.certificates, null) == null ? 0 : 1
  layer_name       = "${var.name}-certificates"
  description      = "RDS's certificate authorities, as /opt/rds.pem."
  filename         = var.database.certificates
  source_code_hash = try(filebase64sha256(var.database.certificates), null)
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
  layers                         = each.value.layers

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
