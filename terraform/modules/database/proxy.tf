# RDS Proxy keeps connections for Lambdas that come and go, and holds requests while a standby takes over. Its
# certificate is of Amazon's public authority, its price at least that of a small instance.

data "aws_iam_policy_document" "rds" {
  count = var.proxy ? 1 : 0

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["rds.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "login" {
  count = var.proxy ? 1 : 0

  statement {
    sid       = "Login"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_db_instance.this.master_user_secret[0].secret_arn]
  }
}

resource "aws_iam_role" "proxy" {
  count              = var.proxy ? 1 : 0
  name               = "${var.name}-database-proxy"
  assume_role_policy = data.aws_iam_policy_document.rds[0].json
}

resource "aws_iam_role_policy" "proxy" {
  count  = var.proxy ? 1 : 0
  name   = "own"
  role   = aws_iam_role.proxy[0].id
  policy = data.aws_iam_policy_document.login[0].json
}

resource "aws_db_proxy" "this" {
  count                  = var.proxy ? 1 : 0
  name                   = var.name
  engine_family          = "POSTGRESQL"
  role_arn               = aws_iam_role.proxy[0].arn
  require_tls            = true
  idle_client_timeout    = 1800
  vpc_subnet_ids         = var.subnets
  vpc_security_group_ids = [var.security_group]

  auth {
    auth_scheme = "SECRETS"
    iam_auth    = "DISABLED"
    secret_arn  = aws_db_instance.this.master_user_secret[0].secret_arn
  }
}

resource "aws_db_proxy_default_target_group" "this" {
  count         = var.proxy ? 1 : 0
  db_proxy_name = aws_db_proxy.this[0].name

  connection_pool_config {
    # The rest is for who looks at it by hand, and for what RDS itself does.
    max_connections_percent = 80
  }
}

resource "aws_db_proxy_target" "this" {
  count                  = var.proxy ? 1 : 0
  db_proxy_name          = aws_db_proxy.this[0].name
  target_group_name      = aws_db_proxy_default_target_group.this[0].name
  db_instance_identifier = aws_db_instance.this.identifier
}
