output "site" {
  description = "Where the site is."
  value       = module.stampede.site
}

output "api" {
  description = "Where the API is for programs."
  value       = module.stampede.api
}

output "buckets" {
  description = "The buckets by their use."
  value       = module.stampede.buckets
}

output "queues" {
  description = "The queues' URLs."
  value       = module.stampede.queues
}

output "lambdas" {
  description = "The Lambdas by their use."
  value       = module.stampede.lambdas
}

output "distribution" {
  description = "CloudFront's distribution."
  value       = module.stampede.distribution
}

output "dashboard" {
  description = "The page to look at."
  value       = module.stampede.dashboard
}

output "domain_targets" {
  description = "What your own domain is to point to."
  value       = module.stampede.domain_targets
}
