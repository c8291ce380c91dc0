//! The configuration that a vector was made with.

use sts_proto::{Credentials, Settings};

use crate::record::Record;

pub(crate) struct Config {
    pub(crate) region: Option<String>,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) credentials: Option<Credentials>,
    fips: bool,
    dualstack: bool,
    global_endpoint: bool,
}

impl Config {
    pub(crate) fn read(mut record: Record) -> Result<Self, String> {
        let credentials = record.record_or_null("credentials")?.map(credentials).transpose()?;
        let config = Self {
            region: record.text_or_null("region")?,
            endpoint_url: record.text_or_null("endpoint_url")?,
            credentials,
            fips: record.flag("fips")?,
            dualstack: record.flag("dualstack")?,
            global_endpoint: record.flag("global_endpoint")?,
        };
        record.end()?;
        Ok(config)
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new()
            .use_fips_endpoint(self.fips)
            .use_dualstack_endpoint(self.dualstack)
            .use_global_endpoint(self.global_endpoint);
        if let Some(region) = &self.region {
            settings = settings.region(region);
        }
        if let Some(url) = &self.endpoint_url {
            settings = settings.endpoint_url(url);
        }
        match &self.credentials {
            Some(credentials) => settings.credentials(credentials.clone()),
            None => settings,
        }
    }

    /// The keys; a vector with a signature has them.
    pub(crate) fn keys(&self) -> Result<&Credentials, String> {
        self.credentials.as_ref().ok_or_else(|| "there is a signature, but no credentials".to_owned())
    }
}

fn credentials(mut record: Record) -> Result<Credentials, String> {
    let keys = Credentials::new(record.text("access_key_id")?, record.text("secret_access_key")?);
    let token = record.text_or_null("session_token")?;
    record.end()?;
    Ok(match token {
        Some(token) => keys.with_session_token(token),
        None => keys,
    })
}
