variable "name" {
  description = "What the distribution is called after."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "The name has 2 to 31 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "bucket" {
  description = "The site's bucket: its name, its ARN, its regional domain, and its policy without CloudFront's statement."
  type        = object({ name = string, arn = string, domain = string, tls_policy = string })

  validation {
    condition     = startswith(var.bucket.arn, "arn:") && length(var.bucket.domain) > 0
    error_message = "The bucket has an ARN and a domain."
  }
}

variable "api" {
  description = "The API's host, such as abc.execute-api.eu-west-1.amazonaws.com; an emulator's besides with a path before the API's own and a port. The site speaks to it under its own name, so that the session cookie is of one site."
  type        = object({ domain = string, path = optional(string, ""), port = optional(number, 80) })

  validation {
    condition     = can(regex("^[a-z0-9.-]+$", var.api.domain))
    error_message = "The API's domain is a host without scheme and path."
  }
}

variable "emulator" {
  description = "An emulator's address, such as http://localhost:4566: it takes plain HTTP, and its distributions have names under its own. Null: AWS."
  type        = string
  default     = null

  validation {
    condition     = var.emulator == null ? true : can(regex("^http://(localhost|127\\.0\\.0\\.1):[0-9]+$", var.emulator))
    error_message = "An emulator is on loopback: http://localhost:PORT. Anything else would be spoken to in the clear."
  }
}

variable "elsewhere" {
  description = "Origins that the site's pages speak with besides their own: the buckets' and Pusher's."
  type        = list(string)

  validation {
    condition     = alltrue([for origin in var.elsewhere : can(regex("^((https|wss)://[a-z0-9.:*-]+|(http|ws)://(localhost|127\\.0\\.0\\.1):[0-9]+)$", origin))])
    error_message = "An origin is https:// or wss:// and a host without a path; on loopback, without TLS."
  }
}

variable "domain" {
  description = "The site's own domain, and the certificate for it in us-east-1; null: CloudFront's."
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = var.domain == null ? true : can(regex("^arn:[a-z-]+:acm:us-east-1:", var.domain.certificate_arn))
    error_message = "CloudFront takes certificates of us-east-1 only."
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
