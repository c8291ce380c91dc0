//! Any URL of a proxy, any `NO_PROXY`, any target and any answer: nothing panics, no error or `Debug` quotes the URL, and
//! the answer means the same in one piece and byte by byte.
//!
//! URL, list and target are lines; the answer follows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sts_proto::http::Uri;
use sts_proto::settings::Env;
use sts_proto::settings::proxy::{Proxies, Proxy, TunnelError};

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let [url, list, target] =
        [next(), next(), next()].map(|line| std::str::from_utf8(line).unwrap_or_default());
    let answer = next();
    let env = Env::from_iter([("ALL_PROXY", url), ("NO_PROXY", list)]);
    let proxies = match Proxies::from_env(&env) {
        Ok(proxies) => proxies,
        Err(error) => return hides(&error.to_string(), url),
    };
    let Ok(target) = target.parse::<Uri>() else { return };
    // What the entries take away from the environment's proxy, they do not take from code's.
    let Some(proxy) = proxies.for_uri(&target) else { return };
    assert_eq!(Proxies::all(url).expect("the same rule").for_uri(&target).map(Proxy::uri), Some(proxy.uri()));
    assert!(proxy.uri().port_u16().is_some_and(|port| port != 0));
    assert!(proxy.uri().authority().is_some_and(|authority| !authority.as_str().contains('@')));
    let mut tunnel = proxy.tunnel(&target);
    let request = String::from_utf8_lossy(tunnel.request()).into_owned();
    let lines = if proxy.authorization().is_some() { 3 } else { 2 };
    assert_eq!(request.matches("\r\n").count(), lines + 1, "{request:?}");
    let whole = tunnel.receive(answer);
    let mut tunnel = proxy.tunnel(&target);
    let mut pieces = answer.chunks(1).enumerate().map(|(at, byte)| (at, tunnel.receive(byte)));
    match pieces.find(|(_, result)| *result != Ok(false)) {
        Some((at, Ok(true))) if at + 1 < answer.len() => assert_eq!(whole, Err(TunnelError::NotHttp)),
        // Found too long before it is found to be whole.
        Some((_, Err(TunnelError::TooLong))) => {}
        Some((_, result)) => assert_eq!(whole, result),
        None => assert_eq!(whole, if answer.is_empty() { Err(TunnelError::Closed) } else { Ok(false) }),
    }
});

fn hides(text: &str, url: &str) {
    assert!(!text.contains('\n') && text.len() < 1024, "{text:?}");
    let long = url.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 12);
    long.for_each(|word| assert!(!text.contains(word), "{text:?}"));
}
