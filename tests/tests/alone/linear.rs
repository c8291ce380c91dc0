//! Whatever is read, split or signed takes time in proportion to its size: sixteen times as much takes no more than a few
//! times longer for each byte, where a quadratic algorithm would take sixteen times.
//!
//! No time is asserted, only the ratio of two, each the least of several: the processor's time of this thread where the
//! system tells it.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use sts_proto::credentials::command_line;
use sts_proto::operations::{AssumeRole, GetWebIdentityToken};
use sts_proto::sigv4::{self, Scope};
use sts_proto::{Credentials, Operation, Secret};
use sts_tests::hostile::{JSON, KINDS, PROFILES, QUOTED};
use sts_tests::readers::{SOURCES, load};

pub(crate) fn documents_are_read_in_linear_time() {
    for kind in KINDS {
        for status in [StatusCode::OK, StatusCode::FORBIDDEN] {
            linear(kind.name, |size| {
                let mut response = Response::new(kind.document(size));
                *response.status_mut() = status;
                move || match AssumeRole::parse(&response) {
                    Ok(output) => drop(format!("{output:?}")),
                    Err(mut error) => {
                        error.redact(&[Secret::from(QUOTED)]);
                        drop(format!("{error} {error:?}"));
                    }
                }
            });
        }
    }
}

pub(crate) fn secrets_are_taken_out_in_linear_time() {
    let digits = |size: usize| (0..size / 8).map(|n| format!("{:07x}/", n * 7919)).collect::<String>();
    for (name, secret, quoted) in [
        ("a long secret", "", ""),
        ("a secret that repeats itself", "a/", "a%2F"),
        ("one that nearly does", "a/", "a/a/a/a/a/a/a/b"),
        ("letters of one kind", "a", "aaaaaaaab"),
    ] {
        linear(name, |size| {
            let repeat = |unit: &str| match unit.len() {
                0 => digits(size),
                length => unit.repeat(size / length),
            };
            let secrets = [Secret::new(repeat(secret))];
            let body = format!("<Error><Code>X</Code><Message>{}</Message></Error>", repeat(quoted));
            let mut response = Response::new(body);
            *response.status_mut() = StatusCode::FORBIDDEN;
            move || {
                let mut error = AssumeRole::parse(&response).expect_err("it is a refusal");
                error.redact(&secrets);
                drop(error.to_string());
            }
        });
    }
}

pub(crate) fn documents_of_credentials_are_read_in_linear_time() {
    for kind in JSON {
        for source in SOURCES {
            linear(kind.name, |size| {
                let document = Bytes::from(kind.document(size));
                move || drop(source.read(document.clone()))
            });
        }
    }
}

pub(crate) fn profile_files_are_read_in_linear_time() {
    for kind in PROFILES {
        for is_config in [true, false] {
            // What is quadratic only in names shows itself late.
            linear(kind.name, |size| {
                let (file, empty) = (Bytes::from(kind.document(4 * size)), Bytes::new());
                let [config, credentials] = if is_config { [file, empty] } else { [empty, file] };
                move || drop(load(config.clone(), credentials.clone()))
            });
        }
    }
}

pub(crate) fn requests_are_written_and_signed_in_linear_time() {
    linear("a form with a list", |size| {
        let operation = GetWebIdentityToken::new(vec!["a"; size / 8], "ES384");
        move || drop(operation.to_form())
    });
    for (name, prefix, unit) in [
        ("a query of pairs", "/?", "b=1&"),
        ("a query of escapes", "/?a=", "%7e"),
        ("a path of dots", "/", "../a/./"),
        ("a path of slashes", "/", "/"),
    ] {
        linear(name, |size| {
            // No URI is longer than 64 KiB.
            let uri = format!("https://h{prefix}{}", unit.repeat(size / 8 / unit.len()));
            let request = Request::get(uri).body(Vec::new()).expect("it is a URI");
            move || sign(request.clone())
        });
    }
    linear("a header of blanks", |size| {
        let request = Request::get("https://h/").header("x-a", "a ".repeat(size)).body(Vec::new());
        let request = request.expect("it is a request");
        move || sign(request.clone())
    });
}

pub(crate) fn command_lines_are_split_in_linear_time() {
    for unit in ["a ", "'a'\"b\"", "\\a", "\"\\", "$", "\n"] {
        linear(unit, |size| {
            let line = unit.repeat(size / unit.len());
            move || drop(command_line::split(&line))
        });
    }
}

pub(crate) fn what_is_quadratic_would_be_noticed() {
    let ratio = ratio(|size| {
        let text = "a".repeat(size);
        move || {
            let found =
                (0..size).step_by(64).filter(|at| text.as_bytes().iter().skip(*at).any(|b| *b == b'b'));
            assert_eq!(found.count(), 0);
        }
    });
    assert!(ratio > MOST, "only {ratio:.1} times longer");
}

fn sign(mut request: Request<Vec<u8>>) {
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
    sigv4::sign(&mut request, &keys, &Scope::new("eu-west-1", "sts"), SystemTime::UNIX_EPOCH)
        .expect("it can be signed");
}

/// Checks that `make(size)()` takes time in proportion to `size`.
#[track_caller]
fn linear<F: Fn()>(name: &str, make: impl Fn(usize) -> F) {
    let ratio = ratio(make);
    assert!(ratio <= MOST, "{name}: {ratio:.1} times longer for each byte");
}

/// How much longer `make(size)()` takes for each byte if there is much of it.
fn ratio<F: Fn()>(make: impl Fn(usize) -> F) -> f64 {
    let (few, many) = (make(SMALL), make(SMALL * TIMES));
    let least = |work: &dyn Fn()| (0..3).map(|_| spent(work)).min().unwrap_or_default();
    let few = least(&|| (0..TIMES).for_each(|_| few()));
    let many = least(&many);
    // What is refused at once takes no time to speak of, whatever its size.
    many.as_secs_f64() / few.max(NEGLIGIBLE).as_secs_f64()
}

const SMALL: usize = 8 * 1024;
const TIMES: usize = 16;
/// For each byte; caches and sorting account for some of it.
const MOST: f64 = 4.0;
const NEGLIGIBLE: Duration = Duration::from_millis(1);

fn spent(work: &dyn Fn()) -> Duration {
    let (cpu, wall) = (cpu(), Instant::now());
    work();
    let passed = wall.elapsed();
    cpu.zip(self::cpu()).map_or(passed, |(before, after)| after.saturating_sub(before))
}

/// What this thread has had of the processor, as Linux tells it.
fn cpu() -> Option<Duration> {
    // The account is made up when the processor is given away.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}
