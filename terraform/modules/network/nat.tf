# The way out of the private subnets. One for both zones: when its zone fails, the other's Lambdas still reach
# S3 and the database, and what they would have told Pusher is asked for by the browsers.

resource "aws_eip" "nat" {
  count  = var.nat == "none" ? 0 : 1
  domain = "vpc"
  tags   = { Name = "${var.name}-nat" }
}

resource "aws_nat_gateway" "this" {
  count         = var.nat == "gateway" ? 1 : 0
  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.public[0].id
  tags          = { Name = var.name }
  depends_on    = [aws_internet_gateway.this]
}

data "aws_ssm_parameter" "nat_image" {
  count = var.nat == "instance" ? 1 : 0
  name  = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_instance" "nat" {
  count                  = var.nat == "instance" ? 1 : 0
  ami                    = data.aws_ssm_parameter.nat_image[0].insecure_value
  instance_type          = var.nat_instance_type
  subnet_id              = aws_subnet.public[0].id
  vpc_security_group_ids = [aws_security_group.nat[0].id]
  # It passes on what is not for itself.
  source_dest_check = false
  ebs_optimized     = true
  monitoring        = true
  user_data         = file("${path.module}/nat.sh")
  tags              = { Name = "${var.name}-nat" }

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    encrypted = true
  }

  lifecycle {
    # A newer image is no reason to cut everybody off.
    ignore_changes = [ami]
  }
}

resource "aws_eip_association" "nat" {
  count         = var.nat == "instance" ? 1 : 0
  allocation_id = aws_eip.nat[0].id
  instance_id   = aws_instance.nat[0].id
}

resource "aws_route" "private_out" {
  count                  = var.nat == "none" ? 0 : 1
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = one(aws_nat_gateway.this[*].id)
  network_interface_id   = one(aws_instance.nat[*].primary_network_interface_id)
}
