output "url" {
  description = "Where the site is."
  value = local.emulated ? replace(
    "http://${aws_cloudfront_distribution.this.domain_name}", "cloudfront.net", "cloudfront.${trimprefix(var.emulator, "http://")}"
  ) : "https://${var.domain == null ? aws_cloudfront_distribution.this.domain_name : var.domain.name}"
}

output "domain_name" {
  description = "What the site's own domain is to point to."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "distribution" {
  description = "What is to be told when the site changes: its page is cached at the edge."
  value       = aws_cloudfront_distribution.this.id
}
