mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_cloudfront_origin_access_control" {
    defaults = { id = "E2" }
  }
  mock_resource "aws_cloudfront_function" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:function/stampede-page" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = {
      arn         = "arn:aws:cloudfront::123456789012:distribution/E1"
      domain_name = "d1.cloudfront.net"
    }
  }
}

variables {
  name      = "stampede"
  api       = { domain = "abc.execute-api.eu-west-1.amazonaws.com" }
  elsewhere = ["https://stampede-originals-123456789012.s3.eu-west-1.amazonaws.com", "wss://ws-eu.pusher.com"]
  bucket = {
    name       = "stampede-site-123456789012"
    arn        = "arn:aws:s3:::stampede-site-123456789012"
    domain     = "stampede-site-123456789012.s3.eu-west-1.amazonaws.com"
    tls_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  }
}

run "pages_and_api_are_of_one_origin" {
  command = plan

  assert {
    condition     = length(aws_cloudfront_distribution.this.origin) == 2
    error_message = "The site and the API stand under one name."
  }
  assert {
    condition = alltrue([
      for behaviour in aws_cloudfront_distribution.this.ordered_cache_behavior :
      behaviour.target_origin_id == "api" && behaviour.viewer_protocol_policy == "https-only"
    ])
    error_message = "The API's routes go to the API, by HTTPS alone."
  }
  assert {
    condition     = output.url == "https://d1.cloudfront.net"
    error_message = "Without a domain of its own the site has CloudFront's."
  }
}

run "every_route_of_the_api_is_found" {
  command = plan

  # The stamper calls back by the API's own address.
  assert {
    condition = alltrue([
      for path in keys(jsondecode(file("../../../lambdas/middleware/openapi.json")).paths) :
      path == "/callback" || anytrue([
        for route in local.api_routes :
        route == path || (endswith(route, "/*") && startswith(path, trimsuffix(route, "*")))
      ])
    ])
    error_message = "A route of openapi.json is not among those that CloudFront hands to the API."
  }
}

run "what_the_api_refuses_is_not_answered_with_the_page" {
  command = plan

  assert {
    condition     = length(aws_cloudfront_distribution.this.custom_error_response) == 0
    error_message = "Such a response holds for the whole distribution: the API's 403 would be a page with status 200."
  }
  assert {
    condition = one(one(aws_cloudfront_distribution.this.default_cache_behavior).function_association) == {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.page.arn
    } && aws_cloudfront_function.page.publish
    error_message = "The site's paths lead to its page."
  }
  assert {
    condition = alltrue([
      for behaviour in aws_cloudfront_distribution.this.ordered_cache_behavior : length(behaviour.function_association) == 0
    ])
    error_message = "The API's paths stay as they are."
  }
}

run "the_policy_lets_no_script_in" {
  command = plan

  assert {
    condition = alltrue([
      for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "connect-src 'self' https://stampede-originals"] :
      strcontains(local.policy, part)
    ]) && !strcontains(local.policy, "unsafe")
    error_message = "The policy is that of the local service."
  }
}

run "only_this_distribution_reads_the_bucket" {
  command = plan

  assert {
    condition     = one(data.aws_iam_policy_document.site.statement).actions == toset(["s3:GetObject"])
    error_message = "CloudFront reads objects, and no more."
  }
  assert {
    condition     = one(one(data.aws_iam_policy_document.site.statement).condition).values[0] == aws_cloudfront_distribution.this.arn
    error_message = "Another account's distribution reads nothing."
  }
}

run "an_emulator_speaks_plain_http" {
  command = plan

  variables {
    api       = { domain = "localhost", path = "/_aws/execute-api/abc/$default", port = 4566 }
    emulator  = "http://localhost:4566"
    elsewhere = ["http://localhost:4566", "ws://127.0.0.1:6001"]
  }
  assert {
    condition     = output.url == "http://d1.cloudfront.localhost:4566"
    error_message = "A distribution's name is under the emulator's."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    api         = { domain = "https://api.example" }
    emulator    = "http://emulator.example:80"
    elsewhere   = ["http://plain.example"]
    domain      = { name = "stamp.example", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1" }
    price_class = "all"
  }
  expect_failures = [var.api, var.emulator, var.elsewhere, var.domain, var.price_class]
}
