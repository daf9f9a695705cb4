# Stampede on AWS: what each module makes, and how they know of each other. Nothing but wires.

locals {
  emulated = var.emulator != null
  # An emulator has no name for each API.
  api_url = local.emulated ? "${var.emulator}/_aws/execute-api/${module.api.id}/$default" : module.api.url
  # Lambdas are in a network for the database's sake, and for a fixed address to the outside.
  in_network = !var.external_database || var.nat != "none"
  network = local.in_network ? {
    subnets        = module.network[0].private_subnets
    security_group = module.network[0].lambda_security_group
  } : null
}

module "network" {
  count               = local.in_network ? 1 : 0
  source              = "./modules/network"
  name                = var.name
  cidr                = var.cidr
  nat                 = var.nat
  interface_endpoints = var.interface_endpoints
  database_proxy      = var.database.proxy
  log_days            = var.log_days
}

module "database" {
  count               = var.external_database ? 0 : 1
  source              = "./modules/database"
  name                = var.name
  subnets             = module.network[0].private_subnets
  security_group      = module.network[0].database_security_group
  instance_class      = var.database.instance_class
  storage_gib         = var.database.storage_gib
  zones               = var.database.zones
  backup_days         = var.database.backup_days
  proxy               = var.database.proxy
  deletion_protection = var.deletion_protection
}

module "storage" {
  source         = "./modules/storage"
  name           = var.name
  origins        = concat([module.site.url], var.origins)
  originals_days = var.keep_days.originals
  stamped_days   = var.keep_days.stamped
  force_destroy  = !var.deletion_protection
  plain_http     = local.emulated
}

module "queue" {
  source         = "./modules/queue"
  name           = var.name
  lambda_timeout = module.lambdas.stamper_timeout
  plain_http     = local.emulated
}

module "secrets" {
  source         = "./modules/secrets"
  name           = var.name
  holds_database = var.external_database
  database_url   = var.database_url
  edition        = var.secrets_edition
}

module "pusher" {
  source  = "./modules/pusher"
  name    = var.name
  app     = var.pusher
  cluster = var.pusher_cluster
  edition = var.secrets_edition
}

module "lambdas" {
  source       = "./modules/lambdas"
  name         = var.name
  packages     = var.packages
  architecture = var.architecture
  callback     = "${local.api_url}/callback"
  stamper      = var.stamper
  middleware   = var.middleware
  network      = local.network
  log_days     = var.log_days
  emulated     = local.emulated

  environment = merge(
    {
      STAMPEDE_BUCKETS      = join(",", [for use in ["originals", "stamps", "stamped"] : module.storage.names[use]])
      STAMPEDE_QUEUE        = module.queue.tasks.url
      STAMPEDE_DEAD_LETTERS = module.queue.dead_letters.url
    },
    local.emulated ? { AWS_ENDPOINT_URL = var.emulator, STAMPEDE_INSECURE_COOKIE = "1" } : {},
  )
  secrets = {
    signing = module.secrets.signing
    others  = concat([module.pusher.secret_arn], module.secrets.database[*])
  }
  database = var.external_database ? null : {
    address = module.database[0].address
    login   = module.database[0].secret_arn
    # RDS Proxy has its certificate from Amazon's public authority.
    certificates = var.database.proxy ? null : var.database.certificates
  }

  buckets = { for use in ["originals", "stamped", "stamps"] : use => module.storage.arns[use] }
  queue   = { tasks = module.queue.tasks.arn, dead_letters = module.queue.dead_letters.arn }
}

module "api" {
  source     = "./modules/api"
  name       = var.name
  middleware = module.lambdas.middleware
  throttle   = var.throttle
  origins    = var.origins
  domain     = var.api_domain
  log_days   = var.log_days
}

module "site" {
  source      = "./modules/site"
  name        = var.name
  domain      = var.domain
  price_class = var.price_class
  emulator    = var.emulator
  api = local.emulated ? {
    domain = regex("^http://([^:/]+)", var.emulator)[0]
    path   = "/_aws/execute-api/${module.api.id}/$default"
    port   = tonumber(regex(":([0-9]+)$", var.emulator)[0])
  } : { domain = module.api.domain }
  elsewhere = concat(
    local.emulated ? [var.emulator] : [for domain in values(module.storage.upload_domains) : "https://${domain}"],
    module.pusher.origins,
  )
  bucket = {
    name       = module.storage.names.site
    arn        = module.storage.arns.site
    domain     = module.storage.site_domain
    tls_policy = module.storage.site_tls_policy
  }
}

module "observability" {
  source   = "./modules/observability"
  name     = var.name
  email    = var.email
  queue    = { tasks = module.queue.tasks.name, dead_letters = module.queue.dead_letters.name }
  lambdas  = module.lambdas.names
  api      = module.api.id
  database = one(module.database[*].identifier)
}
