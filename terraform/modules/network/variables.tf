variable "name" {
  description = "What everything in the network is called after."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "cidr" {
  description = "The VPC's addresses. A /16 leaves room for a /20 in each of its subnets."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.cidr, 4, 15)) && tonumber(split("/", var.cidr)[1]) <= 24
    error_message = "The addresses are a block such as 10.20.0.0/16, no smaller than a /24."
  }
}

variable "nat" {
  description = "How Lambdas in private subnets reach the internet (Pusher): a managed NAT gateway, an instance that does the same for less and without a promise, or not at all."
  type        = string
  default     = "gateway"

  validation {
    condition     = contains(["gateway", "instance", "none"], var.nat)
    error_message = "The NAT is one of gateway, instance and none."
  }
}

variable "nat_instance_type" {
  description = "The NAT instance's type, if there is one; an arm64 one."
  type        = string
  default     = "t4g.nano"

  validation {
    condition     = can(regex("^[a-z0-9]+g[a-z]*\\.[a-z0-9]+$", var.nat_instance_type))
    error_message = "The NAT instance has a Graviton type, such as t4g.nano."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached from within without any NAT, such as sqs and secretsmanager. Each costs about as much as a small NAT instance in each zone."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service))])
    error_message = "A service is named as its endpoint is: sqs, secretsmanager, monitoring."
  }
}

variable "database_proxy" {
  description = "Whether a proxy in the database's security group speaks to the database."
  type        = bool
  default     = false
}

variable "log_days" {
  description = "How long it is kept who was refused, in days."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "CloudWatch keeps logs for certain numbers of days, such as 7, 30, 90 and 365."
  }
}
