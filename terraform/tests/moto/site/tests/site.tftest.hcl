# Applied for real and destroyed, but for what moto does not have: AWS's own policies, policies of response headers,
# and publishing a function.

override_data {
  target = module.site.data.aws_cloudfront_cache_policy.none
  values = { id = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" }
}

override_data {
  target = module.site.data.aws_cloudfront_cache_policy.files
  values = { id = "658327ea-f89d-4fab-a63d-7e88639e58f6" }
}

override_data {
  target = module.site.data.aws_cloudfront_origin_request_policy.all_but_host
  values = { id = "b689b0a8-53d0-40ab-baf2-68738e2966ac" }
}

override_resource {
  target = module.site.aws_cloudfront_response_headers_policy.site
  values = { id = "60669652-455b-4ae9-85a4-c4c02393f86c" }
}

override_resource {
  target = module.site.aws_cloudfront_function.page
  values = { arn = "arn:aws:cloudfront::123456789012:function/stampede-page" }
}

run "the_distribution_is_made" {
  assert {
    condition     = data.aws_cloudfront_distribution.held.enabled && data.aws_cloudfront_distribution.held.status == "Deployed"
    error_message = "The distribution is enabled and deployed."
  }
  assert {
    condition     = module.site.url == "https://${data.aws_cloudfront_distribution.held.domain_name}"
    error_message = "The site is at its distribution's name."
  }
}

run "only_this_distribution_reads_the_bucket" {
  assert {
    condition = one(jsondecode(data.aws_s3_bucket_policy.held.policy).Statement) == {
      Sid       = "CloudFrontReads"
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.site.arn}/*"
      Condition = { StringEquals = { "aws:SourceArn" = data.aws_cloudfront_distribution.held.arn } }
    }
    error_message = "Another distribution can read the site's bucket."
  }
}
