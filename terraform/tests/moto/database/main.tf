# RDS with its proxy, for which the emulator of the whole system would want Docker; moto holds them.

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
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

module "network" {
  source         = "../../../modules/network"
  name           = "stampede"
  database_proxy = true
}

module "database" {
  source              = "../../../modules/database"
  name                = "stampede"
  subnets             = module.network.private_subnets
  security_group      = module.network.database_security_group
  zones               = 2
  proxy               = true
  deletion_protection = false
}

output "database" {
  description = "The address that Lambdas are told."
  value       = module.database.address
}

output "login" {
  description = "The secret with the login."
  value       = module.database.secret_arn
}
