# Who may speak with whom, by group rather than by address.

resource "aws_security_group" "lambdas" {
  name        = "${var.name}-lambdas"
  description = "The Lambdas: nobody speaks to them, they speak to S3, the database and the outside."
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "lambdas_https" {
  security_group_id = aws_security_group.lambdas.id
  description       = "S3, SQS, the API and Pusher"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "lambdas_database" {
  security_group_id            = aws_security_group.lambdas.id
  description                  = "The database"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_security_group" "database" {
  name        = "${var.name}-database"
  description = "The database: the Lambdas speak to it, it speaks to nobody."
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  description                  = "The Lambdas"
  referenced_security_group_id = aws_security_group.lambdas.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_vpc_security_group_ingress_rule" "proxy" {
  count                        = var.database_proxy ? 1 : 0
  security_group_id            = aws_security_group.database.id
  description                  = "The proxy"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_vpc_security_group_egress_rule" "proxy" {
  count                        = var.database_proxy ? 1 : 0
  security_group_id            = aws_security_group.database.id
  description                  = "The database behind the proxy"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_security_group" "endpoints" {
  count       = length(var.interface_endpoints) == 0 ? 0 : 1
  name        = "${var.name}-endpoints"
  description = "AWS services within the network: the Lambdas speak to them."
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count                        = length(aws_security_group.endpoints)
  security_group_id            = aws_security_group.endpoints[0].id
  description                  = "The Lambdas"
  referenced_security_group_id = aws_security_group.lambdas.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_security_group" "nat" {
  count       = var.nat == "instance" ? 1 : 0
  name        = "${var.name}-nat"
  description = "The NAT instance: it passes the Lambdas' HTTPS on."
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "nat" {
  count                        = length(aws_security_group.nat)
  security_group_id            = aws_security_group.nat[0].id
  description                  = "The Lambdas"
  referenced_security_group_id = aws_security_group.lambdas.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "nat" {
  count             = length(aws_security_group.nat)
  security_group_id = aws_security_group.nat[0].id
  description       = "The outside; its own packages, too"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
