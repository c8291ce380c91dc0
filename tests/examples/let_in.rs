//! A small server that lets callers in by a proof of their AWS identity, and its client.
//!
//! `cargo run --example let_in`: nothing to configure, nothing leaves the machine. An STS that this example starts itself
//! stands for AWS's; without `transport`, both sides would ask AWS.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sts_async::proof::Eks;
use sts_async::proof::verify::Verifier;
use sts_proto::operations::AssumeRole;
use sts_proto::{Credentials, Settings};
use sts_tests::driver::{Driver, Setup};
use sts_tests::exchange;
use sts_tests::peer::Peer;
use sts_tests::sts::Server;
use tokio::net::TcpListener;

/// What callers name as the audience of their proofs. The header is that of EKS, and any name will do.
const MYSELF: &str = "let-in.example.com";

fn main() -> Result<(), Box<dyn Error>> {
    let sts = Server::start();
    let client = sts_async::Builder::isolated().region("eu-west-1").without_credentials();
    let client = client.transport(Peer::network_of(&sts).service().clone()).build()?;
    // Each proof is good for one visit.
    let verifier = Verifier::eks(MYSELF)?.accounts(["123456789012"]).remember(10_000);

    let runtime = tokio::runtime::Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}/", listener.local_addr()?);
    runtime.spawn(serve(listener, client, verifier));
    visit(&sts, &url)?;
    Ok(())
}

/// Lets in callers with a proof behind `Authorization: Bearer`.
async fn serve(listener: TcpListener, client: sts_async::Client, verifier: Verifier) {
    while let Ok((stream, _)) = listener.accept().await {
        let (client, verifier) = (client.clone(), verifier.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (client, verifier) = (client.clone(), verifier.clone());
            async move {
                let authorization =
                    request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
                let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
                let (status, text) = match client.run(verifier.token(token)).await {
                    // Permissions belong to account and unique id together.
                    Ok(caller) => {
                        (StatusCode::OK, format!("{} of account {}", caller.unique_id, caller.account))
                    }
                    Err(reason) if reason.is_transient() => {
                        (StatusCode::SERVICE_UNAVAILABLE, reason.to_string())
                    }
                    Err(reason) => (StatusCode::UNAUTHORIZED, reason.to_string()),
                };
                let mut response = Response::new(Full::new(Bytes::from(text)));
                *response.status_mut() = status;
                Ok::<_, Infallible>(response)
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn visit(sts: &Server, url: &str) -> Result<(), sts_proto::Error> {
    let keys = Credentials::new(sts.access_key_id(), sts.secret_access_key());
    let [local, _] =
        clients(Settings::new().region("us-east-1").endpoint_url(sts.url()).credentials(keys.clone()))?;
    let session = local.send(AssumeRole::new(sts.role_arn("demo"), "visitor"))?.credentials;
    for (name, keys, audience) in [
        ("alice", keys.clone(), MYSELF),
        ("a session of the role demo", session, MYSELF),
        ("alice, with a proof for another server", keys, "other.example.com"),
    ] {
        let [caller, _] = clients(Settings::new().region("eu-west-1").credentials(keys))?;
        let proof = caller.prove(&Eks::new(audience))?.token;
        for visit in ["", ", once more"] {
            let request = Request::get(url).header(AUTHORIZATION, format!("Bearer {}", proof.expose()));
            let answer = exchange::send(&caller, request.body(Bytes::new()).expect("a good request"))?;
            println!("{name}{visit}: {} {}", answer.status(), String::from_utf8_lossy(answer.body()));
        }
    }
    Ok(())
}

fn clients(settings: Settings) -> Result<[Driver; 2], sts_proto::Error> {
    Setup::new(settings).drivers()
}
