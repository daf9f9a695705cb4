variable "name" {
  description = "What the API is called after."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "middleware" {
  description = "The Lambda that answers: its name, and the ARN that API Gateway calls it by."
  type        = object({ name = string, invoke_arn = string })

  validation {
    condition     = length(var.middleware.name) > 0 && startswith(var.middleware.invoke_arn, "arn:")
    error_message = "The Lambda has a name, and an ARN to be called by."
  }
}

variable "throttle" {
  description = "Requests a second of all visitors together, and how many may come at once; on Lambda this is the limit that holds, since the middleware's own one for each owner is counted in each Lambda by itself."
  type        = object({ rate = number, burst = number })
  default     = { rate = 1000, burst = 2000 }

  validation {
    condition     = var.throttle.rate > 0 && var.throttle.burst >= var.throttle.rate
    error_message = "The rate is positive, and at least so many may come at once."
  }
}

variable "origins" {
  description = "Other sites whose pages may call the API with a token of their own. The site itself needs none: CloudFront puts it and the API under one name."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.origins : can(regex("^https://[a-z0-9.:-]+$", origin))])
    error_message = "An origin is https:// and a host without a path."
  }
}

variable "log_days" {
  description = "How long access logs are kept, in days."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "CloudWatch keeps logs for certain numbers of days, such as 7, 30, 90 and 365."
  }
}

variable "domain" {
  description = "The API's own domain, and the certificate for it in the API's region; null: API Gateway's."
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = var.domain == null ? true : can(regex("^arn:[a-z-]+:acm:", var.domain.certificate_arn))
    error_message = "A certificate's ARN begins with arn:aws:acm:."
  }
}
