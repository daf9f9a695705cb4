mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/stampede" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:stampede" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
}

variables {
  name = "stampede"
}

run "two_zones_with_a_gateway" {
  command = plan

  assert {
    condition     = length(aws_subnet.private) == 2 && length(aws_subnet.public) == 2
    error_message = "There are two zones, with a public and a private subnet in each."
  }
  assert {
    condition     = length(distinct(concat(aws_subnet.private[*].cidr_block, aws_subnet.public[*].cidr_block))) == 4
    error_message = "Subnets share no address."
  }
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "Pictures reach S3 without paying for NAT."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_instance.nat) == 0
    error_message = "There is one NAT gateway."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.database.cidr_ipv4 == null
    error_message = "The database is reached by group, from no address."
  }
}

run "who_was_refused_is_known" {
  command = plan

  assert {
    condition     = aws_flow_log.refused.traffic_type == "REJECT"
    error_message = "What was refused is logged, and nothing else."
  }
}

run "an_instance_in_its_place" {
  command = plan

  variables {
    nat = "instance"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 0 && !aws_instance.nat[0].source_dest_check
    error_message = "The instance passes on what is not for itself."
  }
  assert {
    condition     = aws_instance.nat[0].metadata_options[0].http_tokens == "required"
    error_message = "Its metadata is not given to who does not ask for a token."
  }
}

run "no_way_out" {
  command = plan

  variables {
    nat                 = "none"
    interface_endpoints = ["sqs"]
  }
  assert {
    condition     = length(aws_route.private_out) == 0 && length(aws_eip.nat) == 0
    error_message = "Private subnets have no way out."
  }
  assert {
    condition     = aws_vpc_endpoint.interface["sqs"].service_name == "com.amazonaws.eu-west-1.sqs"
    error_message = "SQS is reached from within."
  }
}

run "a_proxy_speaks_to_the_database" {
  command = plan

  variables {
    database_proxy = true
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.proxy[0].cidr_ipv4 == null && aws_vpc_security_group_egress_rule.proxy[0].cidr_ipv4 == null
    error_message = "The database's group speaks with itself, and with no address."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    nat  = "maybe"
    name = "Not a name"
    cidr = "10.0.0.0/28"

    log_days = 2
  }
  expect_failures = [var.nat, var.name, var.cidr, var.log_days]
}
