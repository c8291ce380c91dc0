//! Credentials from servers that this project did not write, those of `../shared/servers`, found by the environment
//! variables that its scripts print: metadata and container endpoints, identity tokens, chains of roles, short sessions.
//!
//! A server that no variable names is left out, which is said on standard output; under `CI` that is a failure.

mod crowd;
mod endpoints;
mod peer;
mod roles;
mod token_file;

use peer::Peer;

/// MiniStack's metadata service, version 2 as it is, version 1 behind a front that knows no tokens.
#[test]
fn instance_metadata() {
    let Some(peer) = Peer::find("MINISTACK") else { return };
    endpoints::instance_metadata(&peer);
}

#[test]
fn container() {
    let Some(peer) = Peer::find("MINISTACK") else { return };
    endpoints::container(&peer);
}

#[test]
fn a_token_file_that_is_rotated_against_seaweedfs() {
    let (Some(peer), Some(issuer)) = (Peer::find("SEAWEEDFS"), Peer::issuer()) else { return };
    token_file::rotated(&peer, &issuer);
}

#[test]
fn a_token_file_that_is_rotated_against_rgw() {
    let (Some(peer), Some(issuer)) = (Peer::find("RGW"), Peer::issuer()) else { return };
    token_file::rotated(&peer, &issuer);
}

#[test]
fn a_chain_of_two_roles_on_ministack() {
    let Some(peer) = Peer::find("MINISTACK") else { return };
    roles::two_links(&peer);
}

#[test]
fn a_chain_of_two_roles_on_rgw() {
    let Some(peer) = Peer::find("RGW") else { return };
    roles::two_links(&peer);
}

#[test]
fn a_program_that_prints_keys() {
    let Some(peer) = Peer::find("MINISTACK") else { return };
    roles::program(&peer);
}

/// 32 callers for a minute, with sessions of two seconds.
#[test]
fn short_sessions_under_a_crowd() {
    let Some(peer) = Peer::find("MINISTACK") else { return };
    crowd::a_minute(&peer);
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn say(line: std::fmt::Arguments<'_>) {
    let _ =
        std::io::Write::write_fmt(&mut std::io::stdout().lock(), format_args!("live credentials: {line}\n"));
}
