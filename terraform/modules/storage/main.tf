# Four buckets, each for what has an owner, a life and readers of its own. None is public: browsers come with signed
# forms and addresses, and CloudFront with its identity.

data "aws_caller_identity" "here" {}

locals {
  # Which browsers may do what, and how long objects are kept.
  buckets = {
    originals = { methods = ["POST", "GET", "HEAD"], days = var.originals_days }
    stamped   = { methods = ["GET", "HEAD"], days = var.stamped_days }
    stamps    = { methods = ["POST", "GET", "HEAD"], days = null }
    site      = { methods = [], days = null }
  }
}

resource "aws_s3_bucket" "this" {
  for_each      = local.buckets
  bucket        = "${var.name}-${each.key}-${data.aws_caller_identity.here.account_id}"
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# Access lists are off: what is in a bucket belongs to its account, and policies alone say who may.
resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      # S3's own keys: they cost nothing, where each picture's request to KMS would.
      sse_algorithm = "AES256"
    }
  }
}

data "aws_iam_policy_document" "tls" {
  for_each = local.buckets

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      # Nothing comes as "neither": an emulator's plain HTTP is let in.
      values = [var.plain_http ? "neither" : "false"]
    }
  }
}

# CloudFront adds its own statement to the site's policy; that bucket's is made with it.
resource "aws_s3_bucket_policy" "tls" {
  for_each   = { for name, bucket in local.buckets : name => bucket if name != "site" }
  bucket     = aws_s3_bucket.this[each.key].id
  policy     = data.aws_iam_policy_document.tls[each.key].json
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_cors_configuration" "this" {
  for_each = { for name, bucket in local.buckets : name => bucket if length(bucket.methods) > 0 }
  bucket   = aws_s3_bucket.this[each.key].id

  cors_rule {
    allowed_origins = var.origins
    allowed_methods = each.value.methods
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id

  # Parts of an upload that nobody finished are paid for until they are deleted.
  rule {
    id     = "unfinished"
    status = "Enabled"

    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = each.value.days == null ? [] : [each.value.days]

    content {
      id     = "old"
      status = "Enabled"

      filter {}
      expiration {
        days = rule.value
      }
    }
  }
}
