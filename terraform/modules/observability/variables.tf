variable "name" {
  description = "What dashboard, topic and alarms are called after."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "email" {
  description = "Who is told of alarms; they confirm it once by a link. Null: nobody, until something subscribes to the topic."
  type        = string
  default     = null

  validation {
    condition     = var.email == null ? true : can(regex("^[^@ ]+@[^@ ]+$", var.email))
    error_message = "An address has one @ and no space."
  }
}

variable "queue" {
  description = "The queue of tasks, and its dead letters, by name."
  type        = object({ tasks = string, dead_letters = string })

  validation {
    condition     = length(var.queue.tasks) > 0 && var.queue.tasks != var.queue.dead_letters
    error_message = "Tasks and dead letters are two queues."
  }
}

variable "lambdas" {
  description = "The Lambdas by their use, such as stamper, and their names."
  type        = map(string)

  validation {
    condition     = length(var.lambdas) > 0
    error_message = "There is at least one Lambda to look at."
  }
}

variable "api" {
  description = "The API's identifier."
  type        = string

  validation {
    condition     = length(var.api) > 0
    error_message = "The API has an identifier."
  }
}

variable "database" {
  description = "The database's identifier; null where it is somebody else's."
  type        = string
  default     = null

  validation {
    condition     = var.database == null ? true : length(var.database) > 0
    error_message = "The database has an identifier, or is null."
  }
}

variable "limits" {
  description = "From where on somebody should look: a task's age in seconds, the API's 99th percentile in milliseconds, server errors in per cent, the database's processor in per cent and its free disk in GiB."
  type = object({
    task_age      = optional(number, 900)
    p99           = optional(number, 3000)
    errors        = optional(number, 1)
    processor     = optional(number, 80)
    free_disk_gib = optional(number, 4)
  })
  default = {}

  validation {
    condition     = alltrue([for limit in values(var.limits) : limit > 0])
    error_message = "A limit is more than nothing."
  }
}
