output "topic" {
  description = "What alarms are told to: chats and pagers subscribe to it."
  value       = aws_sns_topic.alarms.arn
}

output "dashboard_url" {
  description = "The page to look at."
  value       = "https://${local.region}.console.aws.amazon.com/cloudwatch/home?region=${local.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}
