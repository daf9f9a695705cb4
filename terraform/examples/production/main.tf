# For a hundred million pictures a month: a database with a standby in another zone behind RDS Proxy, a managed NAT
# gateway, SQS and Secrets Manager reached from within, hundreds of stampers, and nothing that a slip deletes.

module "stampede" {
  source       = "../.."
  name         = var.name
  packages     = var.packages
  architecture = var.architecture

  pusher         = var.pusher
  pusher_cluster = var.pusher_cluster

  nat                 = "gateway"
  interface_endpoints = ["sqs", "secretsmanager"]
  database = {
    instance_class = "db.m7g.large"
    storage_gib    = { least = 100, most = 2000 }
    zones          = 2
    backup_days    = 14
    proxy          = true
    certificates   = var.certificates
  }

  stamper    = { at_once = 500, batch = 50, window = 2, timeout = 300 }
  middleware = { at_once = 200 }
  throttle   = { rate = 5000, burst = 10000 }

  domain              = var.domain
  email               = var.email
  price_class         = "PriceClass_All"
  keep_days           = { stamped = 90 }
  log_days            = 365
  deletion_protection = true
}
