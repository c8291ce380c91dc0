use std::env;
use std::process::ExitCode;

use clap::Args;
use sts_blocking::proof::{ApiVersion, Eks};

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::output::{print, tell};
use crate::session::Session;

/// Prints a token for a Kubernetes cluster of Amazon EKS, as kubectl wants it of a credential plugin.
///
/// In a kubeconfig, the exec plugin of a user: command sts, args eks-token and the cluster's name, apiVersion
/// client.authentication.k8s.io/v1, interactiveMode IfAvailable.
#[derive(Args)]
pub(crate) struct EksToken {
    #[command(flatten)]
    session: Session,
    /// Name of the cluster, or its id for aws-iam-authenticator
    cluster: String,
    /// Print the token alone
    #[arg(long)]
    token_only: bool,
}

impl Run for EksToken {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let token = self.session.client(global)?.prove(&Eks::new(self.cluster))?;
        if self.token_only {
            print(token.token.expose())?;
            return Ok(ExitCode::SUCCESS);
        }
        let info = env::var_os("KUBERNETES_EXEC_INFO").map(|info| info.to_string_lossy().into_owned());
        let (version, warning) = ApiVersion::of_exec_info(info.as_deref());
        if let Some(warning) = warning {
            tell(warning);
        }
        print(token.exec_credential(version).expose())?;
        Ok(ExitCode::SUCCESS)
    }
}
