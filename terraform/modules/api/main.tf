# An HTTP API: a third of a REST API's price, and all that is needed, since the middleware routes for itself.

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = "Stampede: uploads, jobs, progress. It describes itself at /openapi.json."
  protocol_type = "HTTP"
  # Its own address stays: the stampers call back by it.
  disable_execute_api_endpoint = false

  dynamic "cors_configuration" {
    for_each = length(var.origins) == 0 ? [] : [1]

    content {
      allow_origins = var.origins
      allow_methods = ["GET", "POST", "DELETE"]
      allow_headers = ["authorization", "content-type", "idempotency-key", "if-none-match"]
      max_age       = 3600
    }
  }
}

resource "aws_apigatewayv2_integration" "middleware" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = var.middleware.invoke_arn
  payload_format_version = "2.0"
  # API Gateway waits no longer than thirty seconds; the middleware gives up after twenty-five, with a sentence.
  timeout_milliseconds = 29000
}

resource "aws_apigatewayv2_route" "all" {
  api_id    = aws_apigatewayv2_api.this.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.middleware.id}"
  # Who asks is found out by the middleware: sessions, tokens and signatures are its own.
  authorization_type = "NONE"
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_days
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # No header and no query: cookies, tokens and signatures are among them.
    format = jsonencode({
      request      = "$context.requestId"
      time         = "$context.requestTime"
      address      = "$context.identity.sourceIp"
      method       = "$context.httpMethod"
      path         = "$context.path"
      status       = "$context.status"
      bytes        = "$context.responseLength"
      milliseconds = "$context.responseLatency"
      lambda       = "$context.integrationLatency"
      error        = "$context.integrationErrorMessage"
    })
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "ApiGateway"
  action        = "lambda:InvokeFunction"
  function_name = var.middleware.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}

resource "aws_apigatewayv2_domain_name" "own" {
  count       = var.domain == null ? 0 : 1
  domain_name = var.domain.name

  domain_name_configuration {
    certificate_arn = var.domain.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "own" {
  count       = length(aws_apigatewayv2_domain_name.own)
  api_id      = aws_apigatewayv2_api.this.id
  domain_name = aws_apigatewayv2_domain_name.own[0].id
  stage       = aws_apigatewayv2_stage.default.id
}
