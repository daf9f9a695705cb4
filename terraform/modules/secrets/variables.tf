variable "name" {
  description = "What the secrets are called after: NAME-signing, NAME-database."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "holds_database" {
  description = "Whether database_url is to be kept."
  type        = bool
  default     = false
}

variable "database_url" {
  description = "An external database's address, postgres://USER:PASSWORD@HOST/NAME."
  type        = string
  ephemeral   = true
  default     = null

  validation {
    condition     = var.database_url == null ? !var.holds_database : can(regex("^postgres(ql)?://[^ ]+@[^ ]+/[^ ]+$", var.database_url))
    error_message = "An external database has an address such as postgres://USER:PASSWORD@HOST/NAME."
  }
}

variable "edition" {
  description = "A higher number than before makes a new key and stores the address anew."
  type        = number
  default     = 1

  validation {
    condition     = var.edition >= 1 && floor(var.edition) == var.edition
    error_message = "Editions are counted from 1."
  }
}
