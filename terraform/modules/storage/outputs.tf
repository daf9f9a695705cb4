output "names" {
  description = "The buckets' names: originals, stamped, stamps and site."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.id }
}

output "arns" {
  description = "The same as ARNs, for policies."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
}

output "upload_domains" {
  description = "Where browsers reach the buckets that they speak with."
  value       = { for name, bucket in local.buckets : name => aws_s3_bucket.this[name].bucket_regional_domain_name if length(bucket.methods) > 0 }
}

output "site_domain" {
  description = "Where CloudFront finds the site."
  value       = aws_s3_bucket.this["site"].bucket_regional_domain_name
}

output "site_tls_policy" {
  description = "The site's policy without CloudFront's statement."
  value       = data.aws_iam_policy_document.tls["site"].json
}
