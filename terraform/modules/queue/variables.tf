variable "name" {
  description = "What the queues are called after."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "lambda_timeout" {
  description = "The stamper's timeout in seconds. Messages stay invisible six times as long, as AWS asks for queues that feed a Lambda: a throttled batch is tried again within it."
  type        = number

  validation {
    condition     = var.lambda_timeout >= 1 && var.lambda_timeout <= 900
    error_message = "A Lambda's timeout lies between 1 and 900 seconds."
  }
}

variable "receives" {
  description = "How often a message is received before it goes to the dead letters."
  type        = number
  default     = 5

  validation {
    condition     = var.receives >= 5 && var.receives <= 1000
    error_message = "AWS asks for at least 5 receives where a Lambda is fed: throttling counts, too."
  }
}

variable "notifying_buckets" {
  description = "ARNs of buckets whose event notifications the queue takes (bucket mode)."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.notifying_buckets : can(regex("^arn:[a-z-]+:s3:::", arn))])
    error_message = "A bucket's ARN begins with arn:aws:s3:::."
  }
}

variable "plain_http" {
  description = "Whether what does not come through TLS is let in, for an emulator on loopback alone."
  type        = bool
  default     = false
}
