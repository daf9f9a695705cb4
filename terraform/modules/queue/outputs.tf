output "tasks" {
  description = "The queue of tasks: its URL, ARN and name."
  value       = { url = aws_sqs_queue.tasks.id, arn = aws_sqs_queue.tasks.arn, name = aws_sqs_queue.tasks.name }
}

output "dead_letters" {
  description = "The dead-letter queue: its URL, ARN and name."
  value       = { url = aws_sqs_queue.dead.id, arn = aws_sqs_queue.dead.arn, name = aws_sqs_queue.dead.name }
}
