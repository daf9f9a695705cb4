output "url" {
  description = "Where the API is, without a slash at the end: the stampers call back there."
  value       = aws_apigatewayv2_api.this.api_endpoint
}

output "domain" {
  description = "The same as a host, for CloudFront."
  value       = trimprefix(aws_apigatewayv2_api.this.api_endpoint, "https://")
}

output "id" {
  description = "What its metrics are called after."
  value       = aws_apigatewayv2_api.this.id
}

output "own_domain_target" {
  description = "What the API's own domain is to point to, if it has one."
  value       = one([for own in aws_apigatewayv2_domain_name.own : one(own.domain_name_configuration).target_domain_name])
}
