mock_provider "aws" {
  override_during = plan

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:stampede-alarms" }
  }
}

variables {
  name     = "stampede"
  queue    = { tasks = "stampede-tasks", dead_letters = "stampede-dead-letters" }
  lambdas  = { middleware = "stampede-middleware", stamper = "stampede-stamper" }
  api      = "abc"
  database = "stampede"
}

run "all_that_matters_is_watched" {
  command = plan

  assert {
    condition = alltrue([
      for name in ["dead-letters", "dead-letters-stay", "tasks-wait", "stamper-fails", "middleware-is-throttled", "api-is-slow", "database-is-busy"] :
      contains(keys(aws_cloudwatch_metric_alarm.above), name)
    ])
    error_message = "Dead letters, age, errors, throttles, latency and the database have alarms."
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.above["dead-letters"].threshold == 0
      && aws_cloudwatch_metric_alarm.above["dead-letters"].datapoints_to_alarm == 1
      && aws_cloudwatch_metric_alarm.above["dead-letters"].metric_name == "NumberOfMessagesReceived"
    )
    error_message = "One dead letter is one too many, also where the sweeper takes it in the same minute."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.above["api-is-slow"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.above["api-is-slow"].statistic == null
    error_message = "Latency is looked at by its 99th percentile."
  }
  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.above :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:stampede-alarms"]) && length(alarm.alarm_description) > 20
    ])
    error_message = "Every alarm tells the topic, in a sentence."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.disk[0].threshold == 4294967296
    error_message = "Somebody looks when 4 GiB of disk are left."
  }
}

run "the_page_shows_each" {
  command = plan

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 9
    error_message = "Pictures, tasks, requests, latency, four of the Lambdas and the database have a graph."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "Stampede")
    error_message = "The stamper's own metrics are shown."
  }
}

run "somebody_elses_database_is_not_watched" {
  command = plan

  variables {
    database = null
    email    = "ops@stamp.example"
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.disk) == 0 && !contains(keys(aws_cloudwatch_metric_alarm.above), "database-is-busy")
    error_message = "There is no database here to look at."
  }
  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "ops@stamp.example"
    error_message = "Somebody is told."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    email   = "nobody"
    lambdas = {}
    limits  = { p99 = 0 }
  }
  expect_failures = [var.email, var.lambdas, var.limits]
}
