//! The config file of a client for the server.

use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A config file, which lasts as long as this value.
pub(crate) struct ConfigFile(PathBuf);

impl ConfigFile {
    /// A profile with a role that is assumed at this server.
    pub(crate) fn write(server: SocketAddr) -> io::Result<Self> {
        let file = Self(std::env::temp_dir().join(format!("event-loop-{}", std::process::id())));
        let config = CONFIG.replace("{server}", &server.to_string());
        File::create_new(file.path())?.write_all(config.as_bytes())?;
        Ok(file)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The command line has a `;`, so a shell reads it. It takes a moment, in which the loop must go on.
const CONFIG: &str = r#"
[default]
region = eu-west-1
endpoint_url = http://{server}
role_arn = arn:aws:iam::123456789012:role/loop
mfa_serial = arn:aws:iam::123456789012:mfa/ada
source_profile = base

[profile base]
credential_process = sleep 0.2; echo '{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI"}'
"#;
