variable "name" {
  description = "What everything is called after; two systems in one account have two names."
  type        = string
  default     = "stampede"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "packages" {
  description = "The folder that `make package` fills: NAME/bootstrap.zip of each Lambda."
  type        = string

  validation {
    condition     = length(var.packages) > 0
    error_message = "The packages are in a folder."
  }
}

variable "architecture" {
  description = "What the packages were built for (ARCH of `make package`): x86_64, or arm64, which is a fifth cheaper."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "A Lambda runs on x86_64 or arm64."
  }
}

# Progress

variable "pusher" {
  description = "The app at Pusher Channels that browsers listen to, as its dashboard's \"App Keys\" shows it. It passes through here and stays in Secrets Manager alone."
  type        = object({ id = string, key = string, secret = string })
  ephemeral   = true

  validation {
    condition     = alltrue([for part in values(var.pusher) : can(regex("^[^:@ ]+$", part))])
    error_message = "An app's id, key and secret are neither empty nor do they hold a colon, an @ or a space."
  }
}

variable "pusher_cluster" {
  description = "That app's cluster, such as eu or us2; or the address of another server that speaks Pusher's protocol, such as https://live.example."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+|https?://[a-z0-9.:-]+)$", var.pusher_cluster))
    error_message = "A cluster is such as eu or us2, or an address without a path such as https://live.example."
  }
}

variable "secrets_edition" {
  description = "A higher number than before makes a new key to sign with, and stores the app and the database's address anew. Visitors begin new sessions."
  type        = number
  default     = 1

  validation {
    condition     = var.secrets_edition >= 1 && floor(var.secrets_edition) == var.secrets_edition
    error_message = "Editions are counted from 1."
  }
}

# Network and database

variable "cidr" {
  description = "The VPC's addresses."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.cidr, 4, 15))
    error_message = "The addresses are a block such as 10.20.0.0/16."
  }
}

variable "nat" {
  description = "How Lambdas in private subnets reach Pusher, SQS and the API: by a managed NAT gateway, by an instance that does the same for a fifth of the price and without a promise, or not at all (with an external database: they are then in no network of ours)."
  type        = string
  default     = "gateway"

  validation {
    condition     = contains(["gateway", "instance", "none"], var.nat)
    error_message = "The NAT is one of gateway, instance and none."
  }
  validation {
    condition     = var.nat != "none" || var.external_database
    error_message = "Without NAT, Lambdas beside our own database reach neither Pusher nor the API; take an instance, or an external database."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached without NAT, such as sqs and secretsmanager. Worth their price where much goes to them."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service))])
    error_message = "A service is named as its endpoint is: sqs, secretsmanager, monitoring."
  }
}

variable "external_database" {
  description = "Whether PostgreSQL is somebody else's, at database_url, rather than an RDS instance of this system."
  type        = bool
  default     = false
}

variable "database_url" {
  description = "The external database's address, postgres://USER:PASSWORD@HOST/NAME. It stays in Secrets Manager alone."
  type        = string
  ephemeral   = true
  default     = null

  validation {
    condition     = var.database_url == null ? !var.external_database : can(regex("^postgres(ql)?://[^ ]+@[^ ]+/[^ ]+$", var.database_url))
    error_message = "An external database has an address such as postgres://USER:PASSWORD@HOST/NAME."
  }
}

variable "database" {
  description = "The RDS instance: its class, its storage to begin with and at most, one zone or two, days of backups, RDS Proxy before it, and a ZIP with rds.pem that certificates are checked by (`make deploy` makes it; null: by the certificates of the world, as RDS Proxy's can be)."
  type = object({
    instance_class = optional(string, "db.t4g.micro")
    storage_gib    = optional(object({ least = number, most = number }), { least = 20, most = 200 })
    zones          = optional(number, 1)
    backup_days    = optional(number, 7)
    proxy          = optional(bool, false)
    certificates   = optional(string)
  })
  default = {}

  validation {
    condition     = contains([1, 2], var.database.zones)
    error_message = "The database stands in one zone or two."
  }
}

variable "deletion_protection" {
  description = "Whether `terraform destroy` refuses to delete the database and the buckets that hold anything."
  type        = bool
  default     = true
}

# Lambdas and API

variable "stamper" {
  description = "The stamper: memory in MiB, seconds a batch may take (and a ZIP, which has at most 19 MB for each), pictures of a batch, seconds that a batch is collected for, how many run at once, and /tmp in MiB."
  type = object({
    memory  = optional(number, 1769)
    timeout = optional(number, 120)
    batch   = optional(number, 10)
    window  = optional(number, 0)
    at_once = optional(number, 50)
    tmp     = optional(number, 512)
  })
  default = {}

  validation {
    condition     = var.stamper.memory >= 512 && var.stamper.at_once >= 2
    error_message = "The stamper has at least 512 MiB of memory, and at least two run at once."
  }
}

variable "middleware" {
  description = "The middleware: memory in MiB, and how many may run at once (null: as many as the account allows)."
  type        = object({ memory = optional(number, 1769), at_once = optional(number) })
  default     = {}

  validation {
    condition     = var.middleware.memory >= 256
    error_message = "The middleware has at least 256 MiB of memory."
  }
}

variable "throttle" {
  description = "Requests a second of all visitors together, and how many may come at once."
  type        = object({ rate = number, burst = number })
  default     = { rate = 1000, burst = 2000 }

  validation {
    condition     = var.throttle.rate > 0 && var.throttle.burst >= var.throttle.rate
    error_message = "The rate is positive, and at least so many may come at once."
  }
}

variable "origins" {
  description = "Other sites whose pages may call the API and upload with a token of their own."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.origins : can(regex("^https://[a-z0-9.:-]+$", origin))])
    error_message = "An origin is https:// and a host without a path."
  }
}

# Names, pictures and logs

variable "domain" {
  description = "The site's own domain, and the certificate for it in us-east-1; null: CloudFront's."
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = var.domain == null ? true : can(regex("^arn:[a-z-]+:acm:us-east-1:", var.domain.certificate_arn))
    error_message = "CloudFront takes certificates of us-east-1 only."
  }
}

variable "api_domain" {
  description = "The API's own domain for programs, and the certificate for it in the system's region; null: API Gateway's."
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = var.api_domain == null ? true : can(regex("^arn:[a-z-]+:acm:", var.api_domain.certificate_arn))
    error_message = "A certificate's ARN begins with arn:aws:acm:."
  }
}

variable "price_class" {
  description = "Where the site is near its visitors: PriceClass_100 (Europe and North America), PriceClass_200, PriceClass_All."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "The price class is PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "keep_days" {
  description = "How long originals and stamped pictures are kept, in days; null: until their owners delete them."
  type        = object({ originals = optional(number), stamped = optional(number) })
  default     = {}

  validation {
    condition     = alltrue([for days in values(var.keep_days) : days == null ? true : days >= 1])
    error_message = "Pictures are kept for a day at least."
  }
}

variable "log_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "CloudWatch keeps logs for certain numbers of days, such as 7, 30, 90 and 365."
  }
}

variable "email" {
  description = "Who is told of alarms; null: nobody, until something subscribes to the topic."
  type        = string
  default     = null

  validation {
    condition     = var.email == null ? true : can(regex("^[^@ ]+@[^@ ]+$", var.email))
    error_message = "An address has one @ and no space."
  }
}

variable "emulator" {
  description = "An emulator of AWS on loopback, such as http://localhost:4566 (`make deploy TARGET=local-aws`); null: AWS."
  type        = string
  default     = null

  validation {
    condition     = var.emulator == null ? true : can(regex("^http://(localhost|127\\.0\\.0\\.1):[0-9]+$", var.emulator))
    error_message = "An emulator is on loopback: http://localhost:PORT. Anything else would be spoken to in the clear."
  }
}
