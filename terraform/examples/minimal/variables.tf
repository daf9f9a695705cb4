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

variable "nat" {
  description = "The way out of the private subnets: gateway, instance or none."
  type        = string
  default     = "instance"

  validation {
    condition     = contains(["gateway", "instance", "none"], var.nat)
    error_message = "The NAT is one of gateway, instance and none."
  }
}

variable "external_database" {
  description = "Whether PostgreSQL is somebody else's, at database_url."
  type        = bool
  default     = false
}

variable "database_url" {
  description = "The external database's address, postgres://USER:PASSWORD@HOST/NAME."
  type        = string
  ephemeral   = true
  default     = null

  validation {
    condition     = var.database_url == null ? true : can(regex("^postgres(ql)?://", var.database_url))
    error_message = "The address is such as postgres://USER:PASSWORD@HOST/NAME."
  }
}

variable "emulator" {
  description = "An emulator of AWS on loopback, such as http://localhost:4566; null: AWS."
  type        = string
  default     = null

  validation {
    condition     = var.emulator == null ? true : can(regex("^http://(localhost|127\\.0\\.0\\.1):[0-9]+$", var.emulator))
    error_message = "An emulator is on loopback: http://localhost:PORT."
  }
}
