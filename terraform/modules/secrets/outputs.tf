output "signing" {
  description = "The secret that holds STAMPEDE_SECRET."
  # Its version's ARN: nobody is to read it before there is something to read.
  value = aws_secretsmanager_secret_version.signing.arn
}

output "database" {
  description = "The secret that holds STAMPEDE_DATABASE; null where the database is not external."
  value       = one(aws_secretsmanager_secret_version.database[*].arn)
}
