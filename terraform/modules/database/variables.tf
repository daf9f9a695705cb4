variable "name" {
  description = "What the database is called after."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "subnets" {
  description = "Private subnets in at least two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnets) >= 2
    error_message = "RDS asks for subnets in two zones."
  }
}

variable "security_group" {
  description = "The database's security group."
  type        = string

  validation {
    condition     = can(regex("^sg-", var.security_group))
    error_message = "A security group is named as AWS does: sg-…"
  }
}

variable "instance_class" {
  description = "The instance's class. A million pictures a month keep the smallest less than a tenth busy."
  type        = string
  default     = "db.t4g.micro"

  validation {
    condition     = can(regex("^db\\.", var.instance_class))
    error_message = "A class begins with db., such as db.t4g.micro."
  }
}

variable "storage_gib" {
  description = "Its storage to begin with, and at most, in GiB. It grows by itself and never shrinks."
  type        = object({ least = number, most = number })
  default     = { least = 20, most = 200 }

  validation {
    condition     = var.storage_gib.least >= 20 && var.storage_gib.most >= var.storage_gib.least * 1.1
    error_message = "RDS begins at 20 GiB, and asks for at least a tenth of room to grow."
  }
}

variable "zones" {
  description = "1: one instance; 2: a second in another zone that takes over when the first fails, for twice the price."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2], var.zones)
    error_message = "The database stands in one zone or two."
  }
}

variable "backup_days" {
  description = "How long backups are kept, in days; any second of that time can be had back."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "RDS keeps backups for 1 to 35 days."
  }
}

variable "deletion_protection" {
  description = "Whether the database refuses to be deleted; without it, `terraform destroy` leaves no last snapshot either."
  type        = bool
  default     = true
}

variable "proxy" {
  description = "Whether RDS Proxy stands before the database: for hundreds of middlewares at once, each with connections of its own."
  type        = bool
  default     = false
}
