mock_provider "aws" {}

variables {
  name    = "stampede"
  app     = { id = "1", key = "key", secret = "hidden" }
  cluster = "eu"
}

run "the_secret_is_in_no_plan" {
  command = plan

  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_string == null && aws_secretsmanager_secret_version.this.secret_string_wo_version == 1
    error_message = "It is written, and not kept."
  }
  assert {
    condition     = output.origins == ["wss://ws-eu.pusher.com", "https://sockjs-eu.pusher.com"]
    error_message = "Browsers may speak to the app's cluster."
  }
}

run "another_server_of_the_protocol" {
  command = plan

  variables {
    cluster = "https://live.example"
  }
  assert {
    condition     = output.origins == ["wss://live.example", "https://live.example"]
    error_message = "Browsers may speak to that server."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    app     = { id = "1", key = "a:b", secret = "hidden" }
    cluster = "https://live.example/path"
    edition = 0
  }
  expect_failures = [var.app, var.cluster, var.edition]
}
