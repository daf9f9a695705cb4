mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/stampede" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:stampede" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:stampede" }
  }
}

variables {
  name        = "stampede"
  packages    = "none"
  environment = { STAMPEDE_BUCKETS = "originals,stamps,stamped" }
  secrets     = { signing = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:signing", others = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:pusher"] }
  callback    = "https://abc.execute-api.eu-west-1.amazonaws.com/callback"
  buckets     = { originals = "arn:aws:s3:::originals", stamped = "arn:aws:s3:::stamped", stamps = "arn:aws:s3:::stamps" }
  queue = {
    tasks        = "arn:aws:sqs:eu-west-1:123456789012:tasks"
    dead_letters = "arn:aws:sqs:eu-west-1:123456789012:dead-letters"
  }
}

run "nobody_may_do_more_than_it_does" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for document in data.aws_iam_policy_document.this : [
        for statement in document.statement : [
          for action in statement.actions : !strcontains(action, "*")
        ]
      ]
    ]))
    error_message = "An action is named, not guessed."
  }
  assert {
    condition = alltrue(flatten([
      for document in data.aws_iam_policy_document.this : [
        for statement in document.statement : [
          for resource in statement.resources : startswith(resource, "arn:aws:") && resource != "*"
        ]
      ]
    ]))
    error_message = "A resource is one of ours."
  }
  assert {
    condition = !anytrue([
      for statement in data.aws_iam_policy_document.this["stamper"].statement :
      anytrue([for action in statement.actions : contains(["s3:PutObject", "s3:DeleteObject"], action)]) && contains(statement.resources, "arn:aws:s3:::originals/*")
    ])
    error_message = "The stamper changes no original."
  }
  assert {
    condition = !anytrue([
      for statement in data.aws_iam_policy_document.this["middleware"].statement : contains(statement.actions, "sqs:ReceiveMessage")
    ])
    error_message = "The middleware takes no task."
  }
}

run "secrets_are_read_by_who_needs_them" {
  command = plan

  variables {
    database = {
      address      = "postgres://db.example:5432/stampede"
      login        = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:login"
      certificates = "certificates.zip"
    }
  }
  assert {
    condition = toset(flatten([
      for statement in data.aws_iam_policy_document.this["stamper"].statement :
      statement.resources if contains(statement.actions, "secretsmanager:GetSecretValue")
    ])) == toset([var.secrets.signing])
    error_message = "The stamper signs its reports and reads no other secret."
  }
  assert {
    condition = alltrue([
      for use in ["middleware", "sweeper"] : length(flatten([
        for statement in data.aws_iam_policy_document.this[use].statement :
        statement.resources if contains(statement.actions, "secretsmanager:GetSecretValue")
      ])) == 3
    ])
    error_message = "Middleware and sweeper read the key, Pusher's secret and the database's login."
  }
  assert {
    condition = alltrue([
      for function in aws_lambda_function.this : alltrue([
        for name in ["STAMPEDE_SECRET", "STAMPEDE_PUSHER"] : !contains(keys(function.environment[0].variables), name)
      ])
    ])
    error_message = "No secret is a variable."
  }
  assert {
    condition     = endswith(aws_lambda_function.this["middleware"].environment[0].variables["STAMPEDE_DATABASE"], "?sslmode=verify-full&sslrootcert=/opt/rds.pem")
    error_message = "The database's certificate is checked."
  }
  assert {
    condition     = length(aws_lambda_layer_version.certificates) == 1 && !contains(keys(aws_lambda_function.this["stamper"].environment[0].variables), "STAMPEDE_DATABASE")
    error_message = "The stamper does not know where the database is."
  }
}

run "a_bad_picture_holds_up_none" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.tasks.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "Of a batch only the failed ones come again."
  }
  assert {
    condition     = one(aws_lambda_event_source_mapping.tasks.scaling_config).maximum_concurrency == 50 && aws_lambda_function.this["stamper"].reserved_concurrent_executions == -1
    error_message = "SQS starts no more stampers than there may be."
  }
  assert {
    condition     = aws_lambda_function.this["sweeper"].timeout < 60 && aws_scheduler_schedule.sweep.schedule_expression == "rate(1 minute)"
    error_message = "There is one sweeper at a time."
  }
  assert {
    condition     = aws_lambda_function.this["stamper"].environment[0].variables["STAMPEDE_CALLBACK"] == var.callback
    error_message = "The stamper knows whom to tell."
  }
}

run "work_ends_before_its_lambda_does" {
  command = plan

  variables {
    stamper = { timeout = 30 }
  }
  assert {
    condition = alltrue([
      for use in ["middleware", "stamper"] :
      tonumber(aws_lambda_function.this[use].environment[0].variables["STAMPEDE_PICTURE_SECONDS"]) < aws_lambda_function.this[use].timeout
    ])
    error_message = "A picture that takes too long fails with a reason, before its Lambda is out of time."
  }
  # PATIENCE of lambdas/middleware/src/routes.rs.
  assert {
    condition     = tonumber(aws_lambda_function.this["middleware"].environment[0].variables["STAMPEDE_PICTURE_SECONDS"]) < 25
    error_message = "A preview that takes too long fails with a reason, before its request is given up."
  }
  assert {
    condition     = tonumber(aws_lambda_function.this["middleware"].environment[0].variables["STAMPEDE_LONGEST_ZIP"]) == 30 * 18750000
    error_message = "A ZIP is as long as a stamper can pack it in its time."
  }
}

run "in_a_network" {
  command = plan

  variables {
    architecture = "arm64"
    network      = { subnets = ["subnet-1", "subnet-2"], security_group = "sg-1" }
    stamper      = { batch = 100, window = 5 }
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : length(one(function.vpc_config).subnet_ids) == 2 && function.architectures == tolist(["arm64"])])
    error_message = "All three are in the private subnets, on arm64."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.tasks.batch_size == 100 && aws_lambda_event_source_mapping.tasks.maximum_batching_window_in_seconds == 5
    error_message = "A hundred pictures are collected."
  }
  assert {
    condition     = aws_lambda_function.this["stamper"].environment[0].variables["STAMPEDE_PICTURE_SECONDS"] == "60"
    error_message = "With time enough a picture has a minute, as everywhere."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    architecture = "mips"
    callback     = "https://api.example"
    environment  = { STAMPEDE_SECRET = "seen by all" }
    database     = { address = "postgres://user:password@db.example/stampede", login = "arn" }
    stamper      = { memory = 128, batch = 50, at_once = 1, timeout = 1 }
    middleware   = { memory = 128 }
    log_days     = 8
  }
  expect_failures = [var.architecture, var.callback, var.environment, var.database, var.stamper, var.middleware, var.log_days]
}
