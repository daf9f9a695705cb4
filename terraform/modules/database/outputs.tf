output "address" {
  description = "Where it is, within the network; its user's name and password stand in the secret."
  value       = "postgres://${local.host}:5432/${aws_db_instance.this.db_name}"
}

output "secret_arn" {
  description = "The secret with its user's name and password."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "identifier" {
  description = "What its metrics are called after."
  value       = aws_db_instance.this.identifier
}
