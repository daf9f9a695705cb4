mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  name    = "stampede"
  origins = ["https://stamp.example"]
}

run "every_bucket_is_private" {
  command = plan

  assert {
    condition     = aws_s3_bucket.this["originals"].bucket == "stampede-originals-123456789012"
    error_message = "Buckets are called after the system, their use and the account."
  }
  assert {
    condition = length(aws_s3_bucket_public_access_block.this) == 4 && alltrue([
      for block in aws_s3_bucket_public_access_block.this :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "Nothing makes a bucket public."
  }
  assert {
    condition     = length(aws_s3_bucket_server_side_encryption_configuration.this) == 4
    error_message = "Every bucket is encrypted."
  }
  assert {
    condition = alltrue([
      for document in data.aws_iam_policy_document.tls :
      one(document.statement).effect == "Deny" && one(one(document.statement).condition).variable == "aws:SecureTransport"
    ])
    error_message = "Every bucket refuses what does not come through TLS."
  }
  assert {
    condition = alltrue([
      for lifecycle in aws_s3_bucket_lifecycle_configuration.this :
      one(lifecycle.rule[0].abort_incomplete_multipart_upload).days_after_initiation == 1
    ])
    error_message = "Unfinished uploads are given up after a day."
  }
}

run "browsers_upload_where_they_may" {
  command = plan

  assert {
    condition = alltrue([
      for cors in aws_s3_bucket_cors_configuration.this : one(cors.cors_rule).allowed_origins == toset(["https://stamp.example"])
    ])
    error_message = "Only the site's pages speak with the buckets."
  }
  assert {
    condition     = !contains(one(aws_s3_bucket_cors_configuration.this["stamped"].cors_rule).allowed_methods, "POST")
    error_message = "Nobody uploads stamped pictures but the stamper."
  }
  assert {
    condition     = !contains(keys(aws_s3_bucket_cors_configuration.this), "site")
    error_message = "The site's bucket is CloudFront's alone."
  }
}

run "old_pictures_go_where_a_time_is_set" {
  command = plan

  variables {
    stamped_days = 30
  }
  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this["stamped"].rule) == 2
    error_message = "Stamped pictures are kept for thirty days."
  }
  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this["originals"].rule) == 1
    error_message = "Originals are kept until their owners delete them."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    origins        = ["https://stamp.example/path"]
    originals_days = 0
  }
  expect_failures = [var.origins, var.originals_days]
}
