# The least that works: one small database without a standby, a NAT instance in a gateway's place, arm64. What it costs
# stands in terraform/README.md. `make deploy` applies it; `make deploy TARGET=local-aws` does so to an emulator.

module "stampede" {
  source       = "../.."
  name         = var.name
  packages     = var.packages
  architecture = var.architecture

  pusher         = var.pusher
  pusher_cluster = var.pusher_cluster

  nat               = var.nat
  external_database = var.external_database
  database_url      = var.database_url
  database          = { storage_gib = { least = 20, most = 100 }, backup_days = 1, certificates = var.certificates }

  # A trial is to leave nothing behind.
  deletion_protection = false
  keep_days           = { originals = 7, stamped = 7 }
  log_days            = 7
  stamper             = { at_once = 10 }
  emulator            = var.emulator
}
