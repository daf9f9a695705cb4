data "aws_caller_identity" "here" {}

locals {
  # On AWS who may do the one may do the other, and the other is no action of its own; the emulator thinks so.
  batched     = ["sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
  all_secrets = concat([var.secrets.signing], var.secrets.others, var.database == null ? [] : [var.database.login])
  objects     = { for use, arn in var.buckets : use => "${arn}/*" }
  # Who does what with which objects and messages.
  allowed = {
    middleware = [
      # What is uploaded is looked at and kept under a key of its own; forms and addresses are signed with this role's
      # name, so it must be allowed what they allow. Built-in stamps are read, not written.
      { sid = "Originals", actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], on = [local.objects.originals] },
      { sid = "Stamps", actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], on = [local.objects.stamps] },
      # Results are handed out, and the lists of ZIPs written.
      { sid = "Stamped", actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], on = [local.objects.stamped] },
      # Without it S3 answers 403 for what is not there.
      { sid = "Missing", actions = ["s3:ListBucket"], on = values(var.buckets) },
      { sid = "Secrets", actions = ["secretsmanager:GetSecretValue"], on = local.all_secrets },
      { sid = "Tasks", actions = ["sqs:SendMessage", "sqs:GetQueueAttributes"], on = [var.queue.tasks] },
      # GET /ready looks whether they are there.
      { sid = "DeadLetters", actions = ["sqs:GetQueueAttributes"], on = [var.queue.dead_letters] },
    ]
    stamper = [
      { sid = "Read", actions = ["s3:GetObject"], on = [local.objects.originals, local.objects.stamps] },
      { sid = "Write", actions = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"], on = [local.objects.stamped] },
      { sid = "Missing", actions = ["s3:ListBucket"], on = values(var.buckets) },
      {
        sid     = "Take"
        actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        on      = [var.queue.tasks]
      },
      { sid = "Secret", actions = ["secretsmanager:GetSecretValue"], on = [var.secrets.signing] },
      { sid = "Bury", actions = ["sqs:SendMessage"], on = [var.queue.dead_letters] },
    ]
    sweeper = [
      { sid = "Delete", actions = ["s3:DeleteObject"], on = values(local.objects) },
      { sid = "BuiltInStamps", actions = ["s3:GetObject", "s3:PutObject"], on = ["${var.buckets.stamps}/stamps/built-in/*"] },
      { sid = "List", actions = ["s3:ListBucket"], on = values(var.buckets) },
      { sid = "Secrets", actions = ["secretsmanager:GetSecretValue"], on = local.all_secrets },
      { sid = "Send", actions = ["sqs:SendMessage", "sqs:GetQueueAttributes"], on = [var.queue.tasks] },
      {
        sid     = "DeadLetters"
        actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        on      = [var.queue.dead_letters]
      },
    ]
  }
}

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "this" {
  for_each = local.functions

  dynamic "statement" {
    for_each = local.allowed[each.key]

    content {
      sid       = statement.value.sid
      actions   = concat(statement.value.actions, [for action in statement.value.actions : "${action}Batch" if var.emulated && contains(local.batched, action)])
      resources = statement.value.on
    }
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this[each.key].arn}:*"]
  }
}

resource "aws_iam_role" "this" {
  for_each           = local.functions
  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy" "this" {
  for_each = local.functions
  name     = "own"
  role     = aws_iam_role.this[each.key].id
  policy   = data.aws_iam_policy_document.this[each.key].json
}

# AWS's own policies, for what AWS knows no narrower resource of: traces, and network interfaces.
resource "aws_iam_role_policy_attachment" "traces" {
  for_each   = local.functions
  role       = aws_iam_role.this[each.key].name
  policy_arn = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
}

resource "aws_iam_role_policy_attachment" "network" {
  for_each   = var.network == null ? {} : local.functions
  role       = aws_iam_role.this[each.key].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.here.account_id]
    }
  }
}

data "aws_iam_policy_document" "sweep" {
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_function.this["sweeper"].arn]
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  assume_role_policy = data.aws_iam_policy_document.scheduler.json
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "own"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.sweep.json
}
