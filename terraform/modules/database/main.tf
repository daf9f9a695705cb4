# PostgreSQL that nobody reaches but the Lambdas. RDS makes its password and keeps it in Secrets Manager; it stands in
# no plan and no state.

locals {
  version = "17"
  host    = var.proxy ? aws_db_proxy.this[0].endpoint : aws_db_instance.this.address
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnets
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres${local.version}"

  # Nobody speaks to it in the clear, even from within.
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = local.version
  instance_class = var.instance_class
  multi_az       = var.zones == 2

  allocated_storage     = var.storage_gib.least
  max_allocated_storage = var.storage_gib.most
  storage_type          = "gp3"
  storage_encrypted     = true

  db_name                     = "stampede"
  username                    = "stampede"
  manage_master_user_password = true

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period      = var.backup_days
  copy_tags_to_snapshot        = true
  auto_minor_version_upgrade   = true
  performance_insights_enabled = true
  enabled_cloudwatch_logs_exports = [
    "postgresql", "upgrade",
  ]

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = "${var.name}-last"
}
