# What somebody should look at, and one page to look at it on.

data "aws_region" "here" {}

resource "aws_sns_topic" "alarms" {
  # In the clear: CloudWatch may not use the key that AWS keeps for SNS, and alarms would be lost.
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.email == null ? 0 : 1
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.email
}

locals {
  # Each is a metric, a limit and a sentence for who is woken by it.
  queue_alarms = {
    # The sweeper takes each within a minute, so that a look at how many there are would miss it.
    dead-letters = {
      why = "A message could not be done in five receives, or is none that is understood. The sweeper tells the owners; the stamper's log says why."
      of  = ["AWS/SQS", "NumberOfMessagesReceived", { QueueName = var.queue.dead_letters }, "Sum"]
      at  = 0
    }
    dead-letters-stay = {
      why = "The sweeper does not take the dead letters, so that their owners still wait: its log says why."
      of  = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName = var.queue.dead_letters }, "Minimum"]
      at  = 0
    }
    tasks-wait = {
      why = "The oldest task waits longer than it should: the stamper is throttled, fails, or has too few at once."
      of  = ["AWS/SQS", "ApproximateAgeOfOldestMessage", { QueueName = var.queue.tasks }, "Maximum"]
      at  = var.limits.task_age
    }
  }
  lambda_alarms = merge([
    for use, function in var.lambdas : {
      "${use}-fails" = {
        why = "The ${use} ends with an error, which no picture's fault explains. Its log says why."
        of  = ["AWS/Lambda", "Errors", { FunctionName = function }, "Sum"]
        at  = 5
      }
      "${use}-is-throttled" = {
        why = "The ${use} is called more often than it may run at once."
        of  = ["AWS/Lambda", "Throttles", { FunctionName = function }, "Sum"]
        at  = 50
      }
    }
  ]...)
  api_alarms = {
    api-is-slow = {
      why = "One request in a hundred takes longer than it should."
      of  = ["AWS/ApiGateway", "Latency", { ApiId = var.api }, "p99"]
      at  = var.limits.p99
    }
  }
  database_alarms = var.database == null ? {} : {
    database-is-busy = {
      why = "The database's processor is busy: look at its slow statements, or take a larger class."
      of  = ["AWS/RDS", "CPUUtilization", { DBInstanceIdentifier = var.database }, "Average"]
      at  = var.limits.processor
    }
  }
  # What needs no second look; of all else, three minutes of five.
  at_once = ["dead-letters"]
  alarms  = merge(local.queue_alarms, local.lambda_alarms, local.api_alarms, local.database_alarms)
}

resource "aws_cloudwatch_metric_alarm" "above" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.why
  namespace           = each.value.of[0]
  metric_name         = each.value.of[1]
  dimensions          = each.value.of[2]
  statistic           = startswith(each.value.of[3], "p") ? null : each.value.of[3]
  extended_statistic  = startswith(each.value.of[3], "p") ? each.value.of[3] : null
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.at
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = contains(local.at_once, each.key) ? 1 : 3
  # Where nothing happens, nothing is wrong.
  treat_missing_data = "notBreaching"
  alarm_actions      = [aws_sns_topic.alarms.arn]
  ok_actions         = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-api-fails"
  alarm_description   = "The API answers with server errors: the middleware's log and /ready say which part is down."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.limits.errors
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "share"
    expression  = "IF(requests > 20, 100 * errors / requests, 0)"
    label       = "Server errors, %"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "5xx", requests = "Count" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApiGateway"
        metric_name = metric_query.value
        dimensions  = { ApiId = var.api }
        period      = 60
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "disk" {
  count               = var.database == null ? 0 : 1
  alarm_name          = "${var.name}-database-fills"
  alarm_description   = "The database's disk fills faster than it grows."
  namespace           = "AWS/RDS"
  metric_name         = "FreeStorageSpace"
  dimensions          = { DBInstanceIdentifier = var.database }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = var.limits.free_disk_gib * pow(1024, 3)
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
