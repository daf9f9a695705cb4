variable "region" {
  description = "The region that all but CloudFront is in."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is named such as eu-west-1."
  }
}

variable "name" {
  description = "What everything is called after."
  type        = string
  default     = "stampede"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "packages" {
  description = "The folder that `make package` fills."
  type        = string
  default     = "../../../target/package"

  validation {
    condition     = length(var.packages) > 0
    error_message = "There is a folder."
  }
}

variable "architecture" {
  description = "What the packages were built for: x86_64 or arm64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "A Lambda runs on x86_64 or arm64."
  }
}

variable "pusher" {
  description = "The app at Pusher Channels (https://dashboard.pusher.com, \"App Keys\"): TF_VAR_pusher='{\"id\":\"…\",\"key\":\"…\",\"secret\":\"…\"}'."
  type        = object({ id = string, key = string, secret = string })
  ephemeral   = true

  validation {
    condition     = alltrue([for part in values(var.pusher) : can(regex("^[^:@ ]+$", part))])
    error_message = "An app's id, key and secret are neither empty nor do they hold a colon, an @ or a space."
  }
}

variable "pusher_cluster" {
  description = "That app's cluster, such as eu."
  type        = string
  default     = "eu"

  validation {
    condition     = can(regex("^([a-z0-9-]+|https?://[a-z0-9.:-]+)$", var.pusher_cluster))
    error_message = "A cluster is such as eu or us2, or an address without a path such as https://live.example."
  }
}

variable "certificates" {
  description = "The ZIP with rds.pem that `make deploy` makes, by which the database's certificate is checked."
  type        = string
  default     = null

  validation {
    condition     = var.certificates == null ? true : endswith(var.certificates, ".zip")
    error_message = "The certificates are in a ZIP."
  }
}

variable "domain" {
  description = "The site's domain, and the certificate for it in us-east-1."
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = var.domain == null ? true : can(regex("^arn:[a-z-]+:acm:us-east-1:", var.domain.certificate_arn))
    error_message = "CloudFront takes certificates of us-east-1 only."
  }
}

variable "email" {
  description = "Who is told of alarms."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.email))
    error_message = "An address has one @ and no space."
  }
}
