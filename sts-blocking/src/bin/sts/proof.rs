use std::io::{self, BufRead as _};
use std::process::ExitCode;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use clap::{Args, Subcommand};
use sts_blocking::proof::{
    Audience, Chainguard, Conjur, Consul, Datadog, Google, Hcp, Infisical, LakeFs, MongoDb, Snowflake,
    Teleport, Vault,
};
use sts_blocking::sts_proto::perform::in_our_style;
use sts_blocking::{Client, Secret};

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::output::print;
use crate::random;
use crate::session::{Session, WithSession};

/// Prints a proof of identity: a signed request that another service sends to STS, to learn whose credentials signed it.
///
/// A proof is a secret: for 15 minutes, all that have it can log in where it belongs. Give it to that service alone, through
/// a pipe or a file, not as an argument of a command.
#[derive(Args)]
pub(crate) struct Proof {
    #[command(flatten)]
    session: Session,
    #[command(subcommand)]
    consumer: WithSession<Consumer>,
}

#[derive(Subcommand)]
enum Consumer {
    /// Body of a login to HashiCorp Vault or OpenBao, to be posted to /v1/auth/aws/login
    Vault {
        /// Role of Vault to log in with
        role: String,
        /// Value of iam_server_id_header_value in the configuration of the auth method
        #[arg(long, value_name = "ID")]
        server_id: Option<String>,
    },
    /// Bearer token of a login to HashiCorp Consul
    Consul {
        /// Value of ServerIDHeaderValue in the configuration of the auth method
        #[arg(long, value_name = "ID")]
        server_id: Option<String>,
    },
    /// Answer to the challenge of a Teleport cluster
    Teleport {
        /// The challenge, as the cluster has sent it
        challenge: String,
    },
    /// Both messages of a login to MongoDB in base64: prints the first, reads the server's from standard input, prints the
    /// second
    Mongodb,
    /// Subject token of Google's workload identity federation
    #[command(visible_alias = "gcp")]
    Google {
        /// //iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER
        audience: String,
    },
    /// Proof for the workload identity federation of HCP
    Hcp {
        /// Resource name of the workload identity provider
        provider: String,
    },
    /// Token of a login to Snowflake with workload identity federation
    Snowflake,
    /// Proof for Datadog's cloud authentication
    Datadog {
        /// UUID of the organization
        org: String,
    },
    /// Body of a login to Infisical, to be posted to /api/v1/auth/aws-auth/login
    Infisical {
        /// Id of the machine identity
        identity_id: String,
    },
    /// Token of an AWS identity for Chainguard
    Chainguard {
        /// URL of the issuer
        audience: String,
        /// Id of the identity
        identity: String,
    },
    /// Body of a login to CyberArk Conjur
    Conjur,
    /// Identity token of a login to lakeFS
    Lakefs {
        /// Host name of the server
        server_id: String,
    },
    /// JSON for any service that checks it as sts verify --audience does
    Audience {
        /// The header that the service looks for, and the service's name in it
        #[arg(value_name = "HEADER=VALUE", value_parser = header_and_value)]
        audience: (String, String),
    },
}

impl Run for Proof {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let sts = self.consumer.session(self.session)?.client(global)?;
        print(self.consumer.chosen.proof(&sts)?.expose())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Consumer {
    fn proof(self, sts: &Client) -> Result<Secret, Failure> {
        Ok(match self {
            Self::Vault { role, server_id } => {
                let login = Vault::new(role);
                sts.prove(&match server_id {
                    Some(id) => login.server_id(id),
                    None => login,
                })?
            }
            Self::Consul { server_id } => sts.prove(&match server_id {
                Some(id) => Consul::new().server_id(id),
                None => Consul::new(),
            })?,
            Self::Teleport { challenge } => sts.prove(&Teleport::new(challenge))?,
            Self::Mongodb => mongodb(sts)?,
            Self::Google { audience } => sts.prove(&Google::new(audience))?,
            Self::Hcp { provider } => sts.prove(&Hcp::new(provider))?,
            Self::Snowflake => sts.prove(&Snowflake::new())?,
            Self::Datadog { org } => sts.prove(&Datadog::new(org))?,
            Self::Infisical { identity_id } => sts.prove(&Infisical::new(identity_id))?,
            Self::Chainguard { audience, identity } => sts.prove(&Chainguard::new(audience, identity))?,
            Self::Conjur => sts.prove(&Conjur::new())?,
            Self::Lakefs { server_id } => sts.prove(&LakeFs::new(server_id))?,
            Self::Audience { audience: (header, name) } => sts.prove(&Audience::new(header, name))?,
        })
    }
}

/// The parts of `HEADER=VALUE`.
pub(crate) fn header_and_value(audience: &str) -> Result<(String, String), &'static str> {
    let (header, value) = audience.split_once('=').ok_or("it has no =")?;
    Ok((header.to_owned(), value.to_owned()))
}

/// A conversation, of which the caller passes the messages on.
fn mongodb(sts: &Client) -> Result<Secret, Failure> {
    let conversation = MongoDb::new(random::bytes().map_err(random::failed)?);
    print(&BASE64_STANDARD.encode(conversation.first()))?;
    let mut line = String::new();
    let unusable = |problem| Failure::Usage(format!("the server's message on standard input {problem}"));
    let read = io::Read::take(io::stdin().lock(), MAX_LINE).read_line(&mut line);
    read.map_err(|error| unusable(format!("cannot be read: {}", in_our_style(&error))))?;
    let server = BASE64_STANDARD.decode(line.trim()).map_err(|_| unusable("is not base64".to_owned()))?;
    let reply = conversation.reply(&server).map_err(sts_blocking::Error::from)?;
    Ok(Secret::new(BASE64_STANDARD.encode(sts.prove(&reply)?.expose())))
}

/// The message has a nonce of 64 bytes and a host of at most 255.
const MAX_LINE: u64 = 4096;
