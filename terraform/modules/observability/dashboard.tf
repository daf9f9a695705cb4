locals {
  region = data.aws_region.here.name
  graphs = concat(
    [
      {
        title = "Pictures a minute"
        stat  = "Sum"
        # The stamper's own metrics, from its log.
        metrics = [for name in ["Stamped", "Failed", "Retried", "Buried"] : ["Stampede", name, "Function", "stamper"]]
      },
      {
        title = "Tasks that wait, and the oldest's age"
        stat  = "Maximum"
        metrics = [
          ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.queue.tasks],
          ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", var.queue.tasks],
          ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.queue.dead_letters],
        ]
      },
      {
        title   = "Requests and errors"
        stat    = "Sum"
        metrics = [for name in ["Count", "4xx", "5xx"] : ["AWS/ApiGateway", name, "ApiId", var.api]]
      },
      {
        title   = "The API's 99th percentile"
        stat    = "p99"
        metrics = [["AWS/ApiGateway", "Latency", "ApiId", var.api]]
      },
    ],
    [
      for metric in ["Duration", "ConcurrentExecutions", "Errors", "Throttles"] : {
        title   = "Lambdas: ${metric}"
        stat    = contains(["Errors", "Throttles"], metric) ? "Sum" : "Maximum"
        metrics = [for function in values(var.lambdas) : ["AWS/Lambda", metric, "FunctionName", function]]
      }
    ],
    var.database == null ? [] : [
      {
        title = "Database"
        stat  = "Average"
        metrics = [
          for metric in ["CPUUtilization", "DatabaseConnections"] : ["AWS/RDS", metric, "DBInstanceIdentifier", var.database]
        ]
      },
    ],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      for number, graph in local.graphs : {
        type   = "metric"
        x      = 12 * (number % 2)
        y      = 6 * floor(number / 2)
        width  = 12
        height = 6
        properties = {
          title   = graph.title
          region  = local.region
          stat    = graph.stat
          period  = 60
          metrics = graph.metrics
        }
      }
    ]
  })
}
