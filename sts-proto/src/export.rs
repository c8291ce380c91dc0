//! Credentials in the forms in which other programs read them.

use crate::keys::Credentials;
use crate::proof::Draft;
use crate::secret::Secret;
use crate::wire::time;

impl Credentials {
    /// When the keys cease to work, in UTC as RFC 3339 writes it, without the fraction of a second: for a file or a program that
    /// reads text, such as the answer of a `credential_process`. `None` for long-term keys, and outside the years 0 to 9999.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use sts_proto::Credentials;
    ///
    /// let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_715_940_487);
    /// let keys =
    ///     Credentials::new("ASIAEXAMPLE", "wJalrXUtnFEMI").with_expiration(end);
    /// assert_eq!(
    ///     keys.expiration_rfc3339().as_deref(),
    ///     Some("2024-05-17T10:08:07Z")
    /// );
    /// ```
    pub fn expiration_rfc3339(&self) -> Option<String> {
        time::format(self.expiration?)
    }

    /// The environment variables that hold the keys, for another program: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN` and `AWS_CREDENTIAL_EXPIRATION`. Remove those that have no value, or the program signs with these
    /// keys and the session token of others.
    ///
    /// ```no_run
    /// use std::process::Command;
    /// use sts_proto::Credentials;
    ///
    /// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
    /// let mut command = Command::new("aws");
    /// for (name, value) in keys.to_env() {
    ///     match value {
    ///         Some(value) => command.env(name, value.expose()),
    ///         None => command.env_remove(name),
    ///     };
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn to_env(&self) -> [(&'static str, Option<Secret>); 4] {
        [
            ("AWS_ACCESS_KEY_ID", Some(Secret::from(self.access_key_id.as_str()))),
            ("AWS_SECRET_ACCESS_KEY", Some(self.secret_access_key.clone())),
            ("AWS_SESSION_TOKEN", self.session_token.clone()),
            ("AWS_CREDENTIAL_EXPIRATION", self.expiration_rfc3339().map(Secret::new)),
        ]
    }

    /// What a `credential_process` prints: JSON that the AWS CLI and every SDK read.
    ///
    /// ```
    /// use sts_proto::Credentials;
    ///
    /// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
    /// println!("{}", keys.to_credential_process().expose());
    /// ```
    pub fn to_credential_process(&self) -> Secret {
        let mut json = Draft::with_capacity(JSON);
        json.put("{\n  \"Version\": 1");
        for (name, value) in [
            ("AccessKeyId", Some(self.access_key_id.as_str())),
            ("SecretAccessKey", Some(self.secret_access_key.expose())),
            ("SessionToken", self.session_token.as_ref().map(Secret::expose)),
            ("Expiration", self.expiration_rfc3339().as_deref()),
            ("AccountId", self.account_id.as_deref()),
        ] {
            if let Some(value) = value {
                json.put(",\n  ");
                json.put_json(name);
                json.put(": ");
                json.put_json(value);
            }
        }
        json.put("\n}");
        json.into_secret()
    }
}

/// Room for the keys of a role, whose session tokens have about 1,000 bytes.
const JSON: usize = 2048;

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn what_is_handed_on_is_what_is_read() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_715_940_487);
        let keys = Credentials::new("ASIA", "pl\"an\\ted\n\u{1}é");
        let session = keys.clone().with_session_token("token").with_expiration(end).with_account_id("0123");
        for keys in [keys, session] {
            let json = keys.to_credential_process();
            let json: serde_json::Value = serde_json::from_str(json.expose()).unwrap();
            let text = |value: &Option<Secret>| value.as_ref().map(|value| value.expose().to_owned());
            let told = |name: &str| json.get(name).map(|value| value.as_str().unwrap().to_owned());
            let [id, secret, token, end] = keys.to_env().map(|(_, value)| value);
            assert_eq!(json["Version"], 1);
            assert_eq!(told("AccessKeyId"), text(&id));
            assert_eq!(told("SecretAccessKey"), text(&secret));
            assert_eq!(told("SessionToken"), text(&token));
            assert_eq!(told("Expiration"), text(&end));
            assert_eq!(told("AccountId"), keys.account_id);
            assert_eq!(secret.as_ref(), Some(&keys.secret_access_key));
            assert_eq!(end.is_some(), keys.expiration.is_some());
            assert!(!format!("{:?} {:?}", keys.to_env(), keys.to_credential_process()).contains("ASIA"));
        }
    }
}
