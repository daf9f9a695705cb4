output "site" {
  description = "Where the site is."
  value       = module.site.url
}

output "api" {
  description = "Where the API is for programs; the site reaches it under its own name."
  value       = local.api_url
}

output "domain_targets" {
  description = "What your own domains are to point to (CNAME or alias), if you have set any."
  value       = { site = module.site.domain_name, api = module.api.own_domain_target }
}

output "buckets" {
  description = "The buckets by their use."
  value       = module.storage.names
}

output "queues" {
  description = "The queues' URLs."
  value       = { tasks = module.queue.tasks.url, dead_letters = module.queue.dead_letters.url }
}

output "lambdas" {
  description = "The Lambdas by their use."
  value       = module.lambdas.names
}

output "distribution" {
  description = "CloudFront's distribution, which is told when the site changes."
  value       = module.site.distribution
}

output "alarms" {
  description = "The topic that alarms are told to."
  value       = module.observability.topic
}

output "dashboard" {
  description = "The page to look at."
  value       = module.observability.dashboard_url
}
