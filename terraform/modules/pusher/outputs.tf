output "secret_arn" {
  description = "The secret that holds STAMPEDE_PUSHER."
  # Its version's: nobody is to read it before there is something to read.
  value = aws_secretsmanager_secret_version.this.arn
}

output "origins" {
  description = "Where browsers reach it: by a socket, or by requests where no socket passes."
  value = strcontains(var.cluster, "://") ? [replace(var.cluster, "/^http/", "ws"), var.cluster] : [
    "wss://ws-${var.cluster}.pusher.com", "https://sockjs-${var.cluster}.pusher.com",
  ]
}
