mock_provider "aws" {
  override_during = plan

  mock_resource "aws_apigatewayv2_api" {
    defaults = {
      id            = "abc"
      api_endpoint  = "https://abc.execute-api.eu-west-1.amazonaws.com"
      execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:abc"
    }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/apigateway/stampede" }
  }
}

variables {
  name = "stampede"
  middleware = {
    name       = "stampede-middleware"
    invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:stampede-middleware/invocations"
  }
}

run "all_goes_to_the_middleware_and_nobody_else_calls_it" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_route.all.route_key == "$default" && aws_apigatewayv2_integration.middleware.payload_format_version == "2.0"
    error_message = "The middleware routes for itself."
  }
  assert {
    condition     = aws_lambda_permission.api.source_arn == "arn:aws:execute-api:eu-west-1:123456789012:abc/*/*"
    error_message = "This API alone may call the middleware."
  }
  assert {
    condition     = aws_apigatewayv2_integration.middleware.timeout_milliseconds > 25000
    error_message = "The middleware gives up first, with a sentence."
  }
  assert {
    condition     = output.domain == "abc.execute-api.eu-west-1.amazonaws.com"
    error_message = "CloudFront is given a host."
  }
}

run "it_is_throttled_and_logs_no_secret" {
  command = plan

  assert {
    condition     = one(aws_apigatewayv2_stage.default.default_route_settings).throttling_rate_limit == 1000
    error_message = "There is a limit for all visitors together."
  }
  assert {
    condition     = !strcontains(one(aws_apigatewayv2_stage.default.access_log_settings).format, "header")
    error_message = "Headers hold cookies and tokens: they are not logged."
  }
  assert {
    condition     = length(aws_apigatewayv2_api.this.cors_configuration) == 0
    error_message = "Pages of other sites call the API only where they are named."
  }
}

run "a_domain_of_its_own_takes_new_tls_only" {
  command = plan

  variables {
    domain = { name = "api.stamp.example", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1" }
  }
  assert {
    condition     = one(aws_apigatewayv2_domain_name.own[0].domain_name_configuration).security_policy == "TLS_1_2"
    error_message = "The domain takes TLS 1.2 and newer."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    throttle = { rate = 10, burst = 1 }
    origins  = ["*"]
    log_days = 31
    domain   = { name = "a", certificate_arn = "b" }
  }
  expect_failures = [var.throttle, var.origins, var.log_days, var.domain]
}
