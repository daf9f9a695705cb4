variable "name" {
  description = "What the secret is called after: NAME-pusher."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "app" {
  description = "The app at Pusher Channels, as its dashboard's \"App Keys\" shows it. Neither plan nor state hold it."
  type        = object({ id = string, key = string, secret = string })
  ephemeral   = true

  validation {
    condition     = alltrue([for part in [var.app.id, var.app.key, var.app.secret] : can(regex("^[^:@ ]+$", part))])
    error_message = "An app's id, key and secret are neither empty nor do they hold a colon, an @ or a space."
  }
}

variable "cluster" {
  description = "The app's cluster, such as eu or us2; or the address of another server that speaks Pusher's protocol, such as https://live.example."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+|https?://[a-z0-9.:-]+)$", var.cluster))
    error_message = "A cluster is such as eu or us2, or an address without a path such as https://live.example."
  }
}

variable "edition" {
  description = "A higher number than before where the app is another by now: what is not in the state cannot be compared."
  type        = number
  default     = 1

  validation {
    condition     = var.edition >= 1 && floor(var.edition) == var.edition
    error_message = "Editions are counted from 1."
  }
}
