# RDS with its proxy, and CloudFront, which ask for more than the emulator of the whole system has; moto holds them.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

module "network" {
  source         = "../../modules/network"
  name           = "stampede"
  database_proxy = true
}

module "database" {
  source              = "../../modules/database"
  name                = "stampede"
  subnets             = module.network.private_subnets
  security_group      = module.network.database_security_group
  zones               = 2
  proxy               = true
  deletion_protection = false
}

module "storage" {
  source        = "../../modules/storage"
  name          = "stampede"
  origins       = [module.site.url]
  force_destroy = true
}

module "site" {
  source    = "../../modules/site"
  name      = "stampede"
  api       = { domain = "abc.execute-api.us-east-1.amazonaws.com" }
  elsewhere = [for domain in values(module.storage.upload_domains) : "https://${domain}"]
  bucket = {
    name       = module.storage.names.site
    arn        = module.storage.arns.site
    domain     = module.storage.site_domain
    tls_policy = module.storage.site_tls_policy
  }
}

output "database" {
  value = module.database.address
}

output "login" {
  value = module.database.secret_arn
}

output "site" {
  value = module.site.url
}
