output "vpc" {
  description = "The VPC's identifier."
  value       = aws_vpc.this.id
}

output "private_subnets" {
  description = "Where Lambdas and the database are, one in each zone."
  value       = aws_subnet.private[*].id
}

output "lambda_security_group" {
  description = "For the Lambdas."
  value       = aws_security_group.lambdas.id
}

output "database_security_group" {
  description = "For the database."
  value       = aws_security_group.database.id
}

output "nat_address" {
  description = "From where the Lambdas are seen outside, if they are."
  value       = one(aws_eip.nat[*].public_ip)
}
