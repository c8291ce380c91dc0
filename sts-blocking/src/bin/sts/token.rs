use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use clap::{Args, Subcommand};
use sts_blocking::token::{Dsql, ElastiCache, MemoryDb, Msk, Rds};
use sts_blocking::{Client, Error, Secret};

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::output::print;
use crate::session::{Session, WithSession, duration};

/// Prints a token that takes the place of a password: for a database, a cache or a broker with IAM authentication.
///
/// It opens connections for 15 minutes, unless --lifetime of dsql says otherwise. It is signed for the region of the client:
/// see --region.
#[derive(Args)]
pub(crate) struct Token {
    #[command(flatten)]
    session: Session,
    #[command(subcommand)]
    service: WithSession<Service>,
}

#[derive(Subcommand)]
enum Service {
    /// Password of a user of RDS or Aurora
    Rds {
        /// Endpoint of the instance, the cluster or the proxy
        host: String,
        /// User of the database
        user: String,
        /// Port of the endpoint
        #[arg(long, default_value_t = 5432)]
        port: u16,
    },
    /// Password of a role of Aurora DSQL
    Dsql {
        /// Endpoint of the cluster
        host: String,
        /// For the role admin
        #[arg(long)]
        admin: bool,
        /// How long it is good for, up to 7 days (168h); 15 minutes by default
        #[arg(long, value_name = "TIME", value_parser = duration)]
        lifetime: Option<Duration>,
    },
    /// Password of a user of ElastiCache
    Elasticache {
        /// Name of the cache or the replication group, not its host name
        cache: String,
        /// Id of the user
        user: String,
        /// For a serverless cache
        #[arg(long)]
        serverless: bool,
    },
    /// Password of a user of MemoryDB
    Memorydb {
        /// Name of the cluster, not its host name
        cluster: String,
        /// Id of the user
        user: String,
    },
    /// Token of SASL/OAUTHBEARER for the MSK clusters of the region
    Msk {
        /// Print JSON with the end of its life, in milliseconds since 1970 as Kafka's clients want it
        #[arg(long)]
        json: bool,
    },
}

impl Run for Token {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let sts = self.service.session(self.session)?.client(global)?;
        print(self.service.chosen.token(&sts)?.expose())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Service {
    fn token(self, sts: &Client) -> Result<Secret, Error> {
        match self {
            Self::Rds { host, user, port } => sts.prove(&Rds::new(host, port, user)),
            Self::Dsql { host, admin, lifetime } => {
                let token = Dsql::new(host);
                let token = if admin { token.admin() } else { token };
                sts.prove(&lifetime.map_or(token.clone(), |lifetime| token.lifetime(lifetime)))
            }
            Self::Elasticache { cache, user, serverless } => {
                let token = ElastiCache::new(cache, user);
                sts.prove(&if serverless { token.serverless() } else { token })
            }
            Self::Memorydb { cluster, user } => sts.prove(&MemoryDb::new(cluster, user)),
            Self::Msk { json } => {
                let made = sts.prove(&Msk::new())?;
                let end = made.expires.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
                let document = || format!("{{\"token\":\"{}\",\"expires_ms\":{end}}}", made.token.expose());
                Ok(if json { Secret::new(document()) } else { made.token })
            }
        }
    }
}
