# CloudFront before a bucket and an API, as examples/minimal has it, without the emulator's own addresses.

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
  s3_use_path_style           = true
}

resource "aws_s3_bucket" "site" {
  bucket_prefix = "stampede-site-"
}

module "site" {
  source    = "../../../modules/site"
  name      = "stampede"
  api       = { domain = "abc.execute-api.us-east-1.amazonaws.com" }
  elsewhere = ["wss://ws-eu.pusher.com"]
  bucket = {
    name       = aws_s3_bucket.site.bucket
    arn        = aws_s3_bucket.site.arn
    domain     = aws_s3_bucket.site.bucket_regional_domain_name
    tls_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
  }
}

# What the emulator holds in the end, whatever was sent.
data "aws_cloudfront_distribution" "held" {
  id = module.site.distribution
}

data "aws_s3_bucket_policy" "held" {
  bucket     = aws_s3_bucket.site.bucket
  depends_on = [module.site]
}
