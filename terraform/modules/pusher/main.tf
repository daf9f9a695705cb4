# Pusher holds the browsers' sockets, which no Lambda can. Who has its secret can tell every browser anything, so that
# it is no variable of a Lambda, and is written without passing through Terraform's state.

resource "aws_secretsmanager_secret" "this" {
  name        = "${var.name}-pusher"
  description = "The app at Pusher: the variable STAMPEDE_PUSHER of the Lambdas that tell browsers."
  # A name is free for the next deployment at once.
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret.this.id
  secret_string_wo = jsonencode({
    STAMPEDE_PUSHER = "${var.app.id}:${var.app.key}:${var.app.secret}@${var.cluster}"
  })
  secret_string_wo_version = var.edition
}
