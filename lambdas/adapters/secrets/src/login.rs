//! The database's address, with the user's name and password that RDS changes every few days.

use serde::Deserialize;
use url::Url;

use crate::{Environment, Fault, LOGIN};

/// As RDS writes it (Amazon RDS User Guide, "Password management with Amazon RDS and AWS Secrets Manager").
#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

impl Environment {
    /// `STAMPEDE_DATABASE`, with the login of `STAMPEDE_DATABASE_LOGIN` where that is set, as it is now.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn database(&self) -> Result<String, Fault> {
        let address = self.require("STAMPEDE_DATABASE")?;
        let Some(secret) = self.get(LOGIN) else { return Ok(address) };
        let login: Login =
            serde_json::from_str(&self.secret(&secret).await?).map_err(|_| Fault::Content(secret))?;
        with(&address, &login)
    }

    /// Whether the login may be another the next time.
    pub fn login_changes(&self) -> bool {
        self.get(LOGIN).is_some()
    }
}

fn with(address: &str, login: &Login) -> Result<String, Fault> {
    let mut address = Url::parse(address).map_err(|_| Fault::Address)?;
    address.set_username(&encoded(&login.username)).map_err(|()| Fault::Address)?;
    address.set_password(Some(&encoded(&login.password))).map_err(|()| Fault::Address)?;
    Ok(address.into())
}

/// `url` itself would leave a `%` as it is.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_may_have_any_sign() {
        let login = Login { username: "stampede".to_owned(), password: "a:b/c@d?e#f%g[h] i".to_owned() };
        let address = with("postgres://db.example:5432/stampede?sslmode=require", &login).unwrap();
        let read = Url::parse(&address).unwrap();
        assert_eq!(
            (read.host_str(), read.path(), read.query()),
            (Some("db.example"), "/stampede", Some("sslmode=require"))
        );
        assert_eq!(read.username(), "stampede");
        assert_eq!(read.password(), Some("a%3Ab%2Fc%40d%3Fe%23f%25g%5Bh%5D%20i"));
        assert!(matches!(with("db.example", &login), Err(Fault::Address)));
        assert!(matches!(with("mailto:a@b", &login), Err(Fault::Address)));
    }
}
