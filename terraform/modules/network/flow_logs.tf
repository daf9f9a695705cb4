# Who was refused: a Lambda that speaks where it should not, or a stranger at the NAT's door. What passes is not logged;
# it would cost more than the NAT gateway.

resource "aws_cloudwatch_log_group" "refused" {
  name              = "/aws/vpc/${var.name}-refused"
  retention_in_days = var.log_days
}

resource "aws_flow_log" "refused" {
  vpc_id          = aws_vpc.this.id
  traffic_type    = "REJECT"
  log_destination = aws_cloudwatch_log_group.refused.arn
  iam_role_arn    = aws_iam_role.flow_logs.arn
  tags            = { Name = "${var.name}-refused" }
}

data "aws_iam_policy_document" "flow_logs" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "log" {
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = [aws_cloudwatch_log_group.refused.arn, "${aws_cloudwatch_log_group.refused.arn}:*"]
  }
}

resource "aws_iam_role" "flow_logs" {
  name               = "${var.name}-flow-logs"
  assume_role_policy = data.aws_iam_policy_document.flow_logs.json
}

resource "aws_iam_role_policy" "flow_logs" {
  name   = "own"
  role   = aws_iam_role.flow_logs.id
  policy = data.aws_iam_policy_document.log.json
}
