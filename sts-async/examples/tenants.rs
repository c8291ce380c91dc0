//! A server that hands out sessions: each tenant gets keys of its own, which reach its own part of a bucket only.
//!
//! ```text
//! TENANT_ROLE=arn:aws:iam::123456789012:role/tenants cargo run --example tenants
//! curl http://127.0.0.1:8080/tenant-7
//! ```
//!
//! A real server checks the identity of a tenant before it answers; the example `let_in` shows one way.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use sts_async::operations::AssumeRole;
use sts_async::types::Tag;
use sts_async::{Client, Error, RoleSessions};
use tokio::net::TcpListener;

const MAX_SESSIONS: NonZeroUsize = NonZeroUsize::new(10_000).expect("it is not zero");

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let role = std::env::var("TENANT_ROLE").map_err(|_| "set TENANT_ROLE to the arn of a role")?;
    let sessions = Arc::new(RoleSessions::new(Client::from_env()?, MAX_SESSIONS));
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/TENANT", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let (sessions, role) = (Arc::clone(&sessions), role.clone());
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(&sessions, &role, request));
            http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await
        });
    }
}

async fn answer(
    sessions: &RoleSessions,
    role: &str,
    request: Request<Incoming>,
) -> Result<Response<String>, Infallible> {
    let tenant = request.uri().path().trim_start_matches('/');
    let (status, body) = match keys(sessions, role, tenant).await {
        Ok(keys) => (StatusCode::OK, keys),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
    };
    let mut response = Response::new(body + "\n");
    *response.status_mut() = status;
    Ok(response)
}

async fn keys(sessions: &RoleSessions, role: &str, tenant: &str) -> Result<String, Error> {
    // The role's policy compares the tag with what is asked for.
    let input = AssumeRole::new(role, tenant).duration_seconds(900).tags([Tag::new("tenant", tenant)]);
    let keys = sessions.client(&input).credentials().await?;
    // The secret parts are for the tenant; this example shows none.
    Ok(format!("{} until {:?}", keys.access_key_id, keys.expiration))
}
