mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/stampede" }
  }
  mock_resource "aws_db_instance" {
    defaults = { master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:login" }] }
  }
}

variables {
  name           = "stampede"
  subnets        = ["subnet-1", "subnet-2"]
  security_group = "sg-1"
}

run "nobody_reaches_it_but_the_lambdas" {
  command = plan

  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "The database is private."
  }
  assert {
    condition     = aws_db_instance.this.storage_encrypted
    error_message = "What lies on its disk is encrypted."
  }
  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "It takes TLS alone."
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "Its password stands in no plan and no state."
  }
}

run "it_is_not_deleted_by_a_slip" {
  command = plan

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.backup_retention_period == 7
    error_message = "It is protected, and a week of it can be had back."
  }
}

run "a_trial_leaves_nothing" {
  command = plan

  variables {
    deletion_protection = false
  }
  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot
    error_message = "A trial can be destroyed."
  }
}

run "a_proxy_before_it" {
  command = plan

  variables {
    proxy = true
  }
  assert {
    condition     = aws_db_proxy.this[0].require_tls && one(aws_db_proxy.this[0].auth).auth_scheme == "SECRETS"
    error_message = "The proxy takes TLS alone, and logs in by the secret."
  }
  assert {
    condition     = one(data.aws_iam_policy_document.login[0].statement).actions == toset(["secretsmanager:GetSecretValue"])
    error_message = "The proxy may read the login, and no more."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    subnets        = ["subnet-1"]
    security_group = "default"
    instance_class = "t4g.micro"
    storage_gib    = { least = 10, most = 10 }
    zones          = 3
    backup_days    = 0
  }
  expect_failures = [var.subnets, var.security_group, var.instance_class, var.storage_gib, var.zones, var.backup_days]
}
