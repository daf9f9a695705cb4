variable "name" {
  description = "What the buckets are called after; the account's number makes their names the world's only ones."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "origins" {
  description = "From where browsers may upload and look at pictures: the site's own origins, such as https://stamp.example."
  type        = list(string)

  validation {
    condition     = alltrue([for origin in var.origins : can(regex("^https?://[a-z0-9.:-]+$", origin))])
    error_message = "An origin is a scheme and a host without a path, such as https://stamp.example."
  }
}

variable "originals_days" {
  description = "How long uploaded pictures are kept, in days; null: until their owners delete them."
  type        = number
  default     = null

  validation {
    condition     = var.originals_days == null ? true : var.originals_days >= 1 && floor(var.originals_days) == var.originals_days
    error_message = "Pictures are kept for whole days, at least one."
  }
}

variable "stamped_days" {
  description = "How long stamped pictures and ZIPs are kept, in days; null: until their owners delete them. They can be made again as long as there are originals."
  type        = number
  default     = null

  validation {
    condition     = var.stamped_days == null ? true : var.stamped_days >= 1 && floor(var.stamped_days) == var.stamped_days
    error_message = "Pictures are kept for whole days, at least one."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` deletes pictures, too. False lets it fail where there are any."
  type        = bool
  default     = false
}

variable "plain_http" {
  description = "Whether what does not come through TLS is let in, for an emulator on loopback alone."
  type        = bool
  default     = false
}
