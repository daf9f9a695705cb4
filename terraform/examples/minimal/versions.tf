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
  region = var.region

  default_tags {
    tags = { Application = var.name }
  }

  # An emulator is found by AWS_ENDPOINT_URL. It has no name for each bucket, and nobody to ask who one is.
  s3_use_path_style           = var.emulator != null
  skip_credentials_validation = var.emulator != null
  skip_metadata_api_check     = var.emulator != null
}
