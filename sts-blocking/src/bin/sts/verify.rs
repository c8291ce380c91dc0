use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use sts_blocking::http;
use sts_blocking::proof::verify::{AnswerFormat, Identity, Reason, Verifier};
use sts_blocking::{Error, Secret};

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::input;
use crate::json::Json as Document;
use crate::output::{Json, columns, print, print_json};
use crate::proof::header_and_value;
use crate::session::duration;

/// Checks a proof of identity and says whose it is, by asking STS: a token of EKS, or what sts proof prints for Vault, Consul,
/// Teleport and an audience.
///
/// Needs no credentials. Ends with 0 if the proof is accepted, with 1 if it is not, and with 4 if STS does not answer.
#[derive(Args)]
pub(crate) struct Verify {
    /// File with the proof; standard input by default, so that no list of processes shows it
    file: Option<PathBuf>,
    #[command(flatten)]
    audience: Audience,
    /// Account that the caller may belong to; any by default
    #[arg(long = "account", value_name = "ID")]
    accounts: Vec<String>,
    /// Partition that the caller may belong to; aws by default
    #[arg(long = "partition", value_name = "NAME")]
    partitions: Vec<String>,
    /// Region whose STS may be asked; any of the partitions' by default
    #[arg(long = "in-region", value_name = "NAME")]
    regions: Vec<String>,
    /// How old the proof may be; 15m by default, which is also the bound
    #[arg(long, value_name = "TIME", value_parser = duration)]
    max_age: Option<Duration>,
    #[command(flatten)]
    json: Json,
}

/// What the proof has to be made for.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Audience {
    /// A token for this cluster of EKS
    #[arg(long, value_name = "CLUSTER")]
    eks: Option<String>,
    /// A login to Vault with this id of the server
    #[arg(long, value_name = "ID")]
    vault: Option<String>,
    /// A login to Consul with this id of the server
    #[arg(long, value_name = "ID")]
    consul: Option<String>,
    /// An answer to this challenge of Teleport
    #[arg(long, value_name = "CHALLENGE")]
    teleport: Option<String>,
    /// A signed request with this audience in this header
    #[arg(long, value_name = "HEADER=VALUE", value_parser = header_and_value)]
    audience: Option<(String, String)>,
    /// A signed request for anyone: one that was made for another service is accepted too
    #[arg(long)]
    any_audience: bool,
}

impl Run for Verify {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        if global.endpoint_url.is_some() {
            let problem =
                "--endpoint-url cannot be used here: a proof is checked by the STS that it is signed for";
            return Err(Failure::Usage(problem.to_owned()));
        }
        if global.region.is_some() {
            let problem = "--region cannot be used here: --in-region names a region whose sts may be asked";
            return Err(Failure::Usage(problem.to_owned()));
        }
        let proof = read(self.file.as_ref())?;
        let mut verifier = self.audience.verifier()?;
        if !self.accounts.is_empty() {
            verifier = verifier.accounts(self.accounts);
        }
        if !self.partitions.is_empty() {
            verifier = verifier.partitions(self.partitions);
        }
        if !self.regions.is_empty() {
            verifier = verifier.regions(self.regions);
        }
        if let Some(age) = self.max_age {
            verifier = verifier.max_age(age);
        }
        let text = proof.expose().trim();
        let flow = if self.audience.eks.is_some() {
            verifier.token(token_in(text).as_deref().unwrap_or(text))
        } else if let Some(request) = request_in(proof.expose()) {
            // What is asked of STS is what the caller has signed.
            let json = request.headers().get("accept").is_some_and(|accept| accept == "application/json");
            let format = if json { AnswerFormat::Json } else { AnswerFormat::Xml };
            verifier.answer_format(format).http_request(&request)
        } else {
            verifier.request(text.as_bytes())
        };
        let identity = global.builder().credentials_only().build()?.run(flow)?;
        show(&identity, self.json.json)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Audience {
    fn verifier(&self) -> Result<Verifier, Failure> {
        let named = [
            ("X-Vault-AWS-IAM-Server-ID", &self.vault),
            ("X-Consul-IAM-ServerID", &self.consul),
            ("X-Teleport-Challenge", &self.teleport),
        ];
        let named = named.into_iter().find_map(|(name, value)| Some((name, value.as_deref()?)));
        let given = self.audience.as_ref().map(|(header, value)| (&**header, &**value));
        let verifier = match (&self.eks, named.or(given)) {
            (Some(cluster), _) => Verifier::eks(cluster),
            (None, Some((name, value))) => Verifier::audience(name, value),
            (None, None) if self.any_audience => Ok(Verifier::without_audience()),
            // The group is required.
            (None, None) => return Err(Failure::Usage("no audience is named".to_owned())),
        };
        Ok(verifier.map_err(Error::from)?)
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        if reason.is_transient() {
            Self::NoAnswer(reason.to_string())
        } else {
            Self::Other(reason.to_string())
        }
    }
}

fn read(file: Option<&PathBuf>) -> Result<Secret, Failure> {
    let text = match file {
        Some(path) if path.as_os_str() != "-" => input::file(path),
        _ => input::stdin(),
    };
    text.map_err(Failure::Usage)
}

/// The token in what kubectl reads of a credential plugin.
fn token_in(text: &str) -> Option<String> {
    let member = |document: Document, name: &str| match document {
        Document::Object(members) => {
            members.into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
        }
        _ => None,
    };
    match member(member(serde_json::from_str(text).ok()?, "status")?, "token")? {
        Document::Text(token) => Some(token),
        _ => None,
    }
}

/// The request that a proof of HTTP's own form is.
fn request_in(text: &str) -> Option<http::Request<Vec<u8>>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head) = parsed.parse(text.as_bytes()).ok()? else { return None };
    let mut request = http::Request::builder().method(parsed.method?);
    let mut host = None;
    for header in &*parsed.headers {
        request = request.header(header.name, header.value);
        if header.name.eq_ignore_ascii_case("host") {
            host = std::str::from_utf8(header.value).ok();
        }
    }
    // The end of a line is that of the file.
    let body = text.as_bytes().get(head..)?.trim_ascii_end();
    request.uri(format!("https://{}{}", host?, parsed.path?)).body(body.to_vec()).ok()
}

fn show(identity: &Identity, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(&json!({
            "Account": identity.account,
            "Arn": identity.arn,
            "CanonicalArn": identity.canonical_arn,
            "UniqueId": identity.unique_id,
            "Kind": identity.kind.as_str(),
            "SessionName": identity.session_name,
            "Partition": identity.partition,
        }));
    }
    let mut rows = vec![
        ("account", identity.account.clone()),
        ("unique id", identity.unique_id.clone()),
        ("arn", identity.arn.clone()),
        ("kind", identity.kind.as_str().to_owned()),
    ];
    rows.extend(identity.session_name.clone().map(|name| ("session name", name)));
    print(&columns(&rows))
}
