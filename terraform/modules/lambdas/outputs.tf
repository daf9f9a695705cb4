output "names" {
  description = "The functions' names: middleware, stamper and sweeper."
  value       = { for use, function in aws_lambda_function.this : use => function.function_name }
}

output "middleware" {
  description = "What API Gateway calls: the name, and the ARN to call it by."
  value = {
    name       = aws_lambda_function.this["middleware"].function_name
    invoke_arn = aws_lambda_function.this["middleware"].invoke_arn
  }
}

output "stamper_timeout" {
  description = "In seconds: a message stays invisible six times as long."
  value       = var.stamper.timeout
}
