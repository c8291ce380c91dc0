//! The memory of clients and of calls in progress, and whether finished calls leave memory behind. One row
//! per line: a name and bytes of heap, for one client or call; in the last row, for all calls together.

use std::alloc::System;
use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use sts_async::operations::AssumeRole;
use sts_async::{Builder, Client, Error, SendTimeouts, Timeouts, Transport, TransportFuture};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let before = Region::new(ALLOCATOR);
    let clients = (0..MANY).map(|_| Client::from_env()).collect::<Result<Vec<_>, _>>()?;
    println!("client, idle\t{}", left(&before) / MANY as i64);
    drop(clients);

    let client = Builder::isolated().region("eu-west-1").credentials(keys()).transport(Silent).build()?;
    in_flight("call in flight, without its connection", client).await;
    // The server of this environment never responds.
    in_flight("call in flight, with its connection", Client::from_env()?).await;

    let client = Builder::isolated().region("eu-west-1").credentials(keys()).transport(Canned).build()?;
    calls(&client, 1_000).await?;
    let before = Region::new(ALLOCATOR);
    calls(&client, MILLION).await?;
    println!("left behind by a million calls\t{}", left(&before));
    Ok(())
}

async fn in_flight(what: &str, client: Client) {
    let patient = Duration::from_secs(3600);
    let client = client.with_timeouts(Timeouts { connect: patient, attempt: patient, call: patient });
    let before = Region::new(ALLOCATOR);
    let mut tasks = Vec::with_capacity(MANY);
    for _ in 0..MANY {
        let client = client.clone();
        tasks.push(tokio::spawn(async move { client.send(operation()).await.is_ok() }));
        // Connects one by one, since a listener's queue is short.
        if tasks.len().is_multiple_of(64) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(tasks.iter().all(|task| !task.is_finished()), "every call waits");
    println!("{what}\t{}", left(&before) / MANY as i64);
    for task in tasks {
        task.abort();
        assert!(task.await.is_err());
    }
}

async fn calls(client: &Client, count: usize) -> Result<(), Error> {
    for _ in 0..count {
        client.send(operation()).await?;
    }
    Ok(())
}

fn operation() -> AssumeRole {
    AssumeRole::new("arn:aws:iam::123456789012:role/deployment-of-the-shop", "build-42-of-the-main-branch")
}

fn keys() -> sts_async::Credentials {
    sts_async::Credentials::new("AKIDEXAMPLEAKIDEXAMP", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

/// A transport that never responds.
struct Silent;

impl Transport for Silent {
    fn send(&self, request: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        Box::pin(async move {
            let _request = request;
            pending().await
        })
    }
}

/// A transport that always returns the same response.
struct Canned;

impl Transport for Canned {
    fn send(&self, _: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        Box::pin(async { Ok(http::Response::new(Bytes::from_static(ANSWER))) })
    }
}

/// Bytes that have been allocated and not freed since.
fn left(since: &Region<'_, System>) -> i64 {
    let change = since.change();
    change.bytes_allocated as i64 - change.bytes_deallocated as i64
}

const ANSWER: &[u8] = include_bytes!("../../../../sts-proto/benches/cost/assume_role.xml");
const MANY: usize = 10_000;
const MILLION: usize = 1_000_000;
