# What must not be read in a plan, a state or a Lambda's configuration. AWS itself draws the key that the service signs
# with, and only Secrets Manager ever holds it.

ephemeral "aws_secretsmanager_random_password" "signing" {
  password_length     = 64
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "signing" {
  name                    = "${var.name}-signing"
  description             = "What sessions and the stampers' reports are signed with: the variable STAMPEDE_SECRET."
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "signing" {
  secret_id                = aws_secretsmanager_secret.signing.id
  secret_string_wo         = jsonencode({ STAMPEDE_SECRET = ephemeral.aws_secretsmanager_random_password.signing.random_password })
  secret_string_wo_version = var.edition
}

# The address of a database that is somebody else's.
resource "aws_secretsmanager_secret" "database" {
  count                   = var.holds_database ? 1 : 0
  name                    = "${var.name}-database"
  description             = "Where the database is, with its password: the variable STAMPEDE_DATABASE."
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "database" {
  count                    = var.holds_database ? 1 : 0
  secret_id                = aws_secretsmanager_secret.database[0].id
  secret_string_wo         = jsonencode({ STAMPEDE_DATABASE = var.database_url })
  secret_string_wo_version = var.edition
}
