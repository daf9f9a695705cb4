variable "name" {
  description = "What the Lambdas are called after: NAME-middleware, NAME-stamper, NAME-sweeper."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "packages" {
  description = "The folder that `make package` fills: NAME/bootstrap.zip of each."
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

variable "environment" {
  description = "Variables of all three that are no secret, by the names that their sources list."
  type        = map(string)

  validation {
    condition     = !anytrue([for name in keys(var.environment) : contains(["STAMPEDE_SECRET", "STAMPEDE_PUSHER"], name)])
    error_message = "Who may look at a Lambda sees its variables; put the secret into Secrets Manager and name it in secrets."
  }
}

variable "secrets" {
  description = "ARNs of secrets that hold variables: the one with the key that is signed with, which all three read, and those that the middleware and the sweeper read besides."
  type        = object({ signing = string, others = list(string) })

  validation {
    condition     = alltrue([for arn in concat([var.secrets.signing], var.secrets.others) : startswith(arn, "arn:")])
    error_message = "Secrets are named by their ARNs."
  }
}

variable "database" {
  description = "The database: its address without a login, the ARN of the secret with the login, and a ZIP with rds.pem, by which its certificate is checked (null: by the certificates of the world). Null: a secret holds the address."
  type        = object({ address = string, login = string, certificates = optional(string) })
  default     = null

  validation {
    condition     = var.database == null ? true : can(regex("^postgres://[^@]+$", var.database.address))
    error_message = "The address is such as postgres://HOST/NAME, without a user's name and password."
  }
}

variable "callback" {
  description = "Where the stamper reports to: the API's address and /callback."
  type        = string

  validation {
    condition     = can(regex("^https?://.+/callback$", var.callback))
    error_message = "The callback is an address that ends with /callback."
  }
}

variable "buckets" {
  description = "ARNs of the buckets for originals, stamped pictures and stamps."
  type        = object({ originals = string, stamped = string, stamps = string })

  validation {
    condition     = alltrue([for arn in values(var.buckets) : startswith(arn, "arn:")])
    error_message = "Buckets are named by their ARNs."
  }
}

variable "queue" {
  description = "ARNs of the queue of tasks and of its dead letters."
  type        = object({ tasks = string, dead_letters = string })

  validation {
    condition     = alltrue([for arn in values(var.queue) : startswith(arn, "arn:")])
    error_message = "Queues are named by their ARNs."
  }
}

variable "network" {
  description = "Private subnets and the Lambdas' security group; null: outside of any network, where the database is reached from everywhere."
  type        = object({ subnets = list(string), security_group = string })
  default     = null

  validation {
    condition     = var.network == null ? true : length(var.network.subnets) > 0
    error_message = "Lambdas in a network are in a subnet of it."
  }
}

variable "stamper" {
  description = "The stamper: memory in MiB (a Lambda has a whole core from 1769 on), seconds a batch may take (and a ZIP, which has at most 19 MB for each), pictures of a batch, seconds that a batch is collected for, how many may run at once, and /tmp in MiB for prepared stamps."
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
    condition     = var.stamper.memory >= 512 && var.stamper.memory <= 10240
    error_message = "The stamper has 512 to 10,240 MiB of memory: a picture of 50 megapixels takes 400."
  }
  validation {
    condition     = var.stamper.batch >= 1 && var.stamper.batch <= 100 && (var.stamper.batch <= 10 || var.stamper.window >= 1)
    error_message = "A batch has 1 to 100 pictures; more than 10 are collected for at least a second."
  }
  validation {
    condition     = var.stamper.at_once >= 2 && var.stamper.at_once <= 1000
    error_message = "SQS runs 2 to 1000 stampers at once."
  }
  validation {
    condition     = var.stamper.timeout >= 30 && var.stamper.timeout <= 900 && var.stamper.tmp >= 512 && var.stamper.tmp <= 10240
    error_message = "A batch may take 30 to 900 seconds, and /tmp has 512 to 10,240 MiB."
  }
}

variable "middleware" {
  description = "The middleware: memory in MiB (previews take a core), and how many may run at once; null: as many as the account allows."
  type        = object({ memory = optional(number, 1769), at_once = optional(number) })
  default     = {}

  validation {
    condition     = var.middleware.memory >= 256 && var.middleware.memory <= 10240
    error_message = "The middleware has 256 to 10,240 MiB of memory."
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

variable "emulated" {
  description = "Whether an emulator is to be applied to, which asks for the batches of SQS by themselves."
  type        = bool
  default     = false
}
