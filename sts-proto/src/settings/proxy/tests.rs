use super::*;

fn proxies(variables: &[(&'static str, &'static str)]) -> Result<Proxies, SettingsError> {
    Proxies::from_env(&Env::from_iter(variables.iter().copied()))
}

/// The proxy for requests to this URL, or "none", or the error.
fn route(variables: &[(&'static str, &'static str)], url: &str) -> String {
    match proxies(variables) {
        Ok(proxies) => proxies.for_uri(&url.parse().unwrap()).map_or("none".to_owned(), ToString::to_string),
        Err(error) => error.to_string(),
    }
}

#[test]
fn which_variable_counts() {
    let (http, https) = ("http://localhost/", "https://localhost/");
    for (variables, url, expected) in [
        (&[][..], http, "none"),
        (&[("HTTPS_PROXY", ""), ("https_proxy", " "), ("HTTP_PROXY", "http://b:2")], https, "none"),
        (&[("HTTPS_PROXY", "http://a:1"), ("HTTP_PROXY", "http://b:2")], https, "a:1"),
        (&[("HTTPS_PROXY", "http://a:1"), ("HTTP_PROXY", "http://b:2")], http, "b:2"),
        (&[("HTTP_PROXY", " "), ("http_proxy", "http://a:1"), ("ALL_PROXY", "http://b:2")], http, "a:1"),
        (&[("HTTP_PROXY", "http://a:1"), ("ALL_PROXY", "http://b:2")], https, "b:2"),
        (&[("HTTP_PROXY", "http://a:1"), ("all_proxy", "http://b:2")], https, "b:2"),
        (&[("HTTP_PROXY", "http://a:1"), ("http_proxy", "http://b:2")], http, "a:1"),
        (&[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:2")], https, "a:1"),
        (&[("ALL_PROXY", "http://a:1"), ("all_proxy", "http://b:2")], https, "a:1"),
        (&[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")], http, "none"),
        (&[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "")], http, "none"),
        (&[("http_proxy", "http://a:1"), ("REQUEST_METHOD", "GET")], http, "none"),
        (&[("HTTPS_PROXY", "no url"), ("REQUEST_METHOD", "GET")], https, "none"),
        (&[("http_proxy", "http://u:p@b:2"), ("NO_PROXY", "x, localhost")], http, "none"),
        (&[("http_proxy", "http://u:p@b:2"), ("no_proxy", "x, localhost")], http, "none"),
        (&[("HTTP_PROXY", "b:2"), ("NO_PROXY", "x"), ("no_proxy", "localhost")], http, "b:2"),
        (&[("HTTP_PROXY", "b:2"), ("NO_PROXY", " "), ("no_proxy", "localhost")], http, "none"),
        (&[("ALL_PROXY", "https://a")], http, "https://a:443"),
    ] {
        assert_eq!(route(variables, url), expected, "{variables:?} {url}");
    }
}

#[test]
fn every_variable_that_could_be_used_has_to_be_usable() {
    for variable in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        for url in ["socks5://planted:1", "http://planted:99999", "http://u:planted@q@r", "pl anted://a:1"] {
            for without in ["", "*"] {
                let error = proxies(&[(variable, url), ("NO_PROXY", without)]).unwrap_err().to_string();
                let begins = format!("the proxy url of {variable} ");
                assert!(error.starts_with(&begins) && !error.contains("planted"), "{error}");
            }
        }
    }
    // A variable that does not apply may be wrong.
    let fine = [("HTTPS_PROXY", "http://a:1"), ("HTTP_PROXY", "http://b:2"), ("ALL_PROXY", "socks5://c:3")];
    assert_eq!(route(&fine, "http://localhost"), "b:2");
    assert_eq!(route(&[("HTTPS_PROXY", "a:1"), ("https_proxy", "socks5://b:2")], "https://localhost"), "a:1");
    assert!(proxies(&fine[1..]).is_err());
}

#[cfg(unix)]
#[test]
fn what_is_not_unicode_names_its_variable() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let bad = || OsString::from_vec(vec![b'a', 0xff]);
    for variable in ["HTTP_PROXY", "https_proxy", "all_proxy", "NO_PROXY", "no_proxy"] {
        let own = (variable, bad());
        let env = Env::from_iter([own, ("http_proxy", OsString::from("http://a:1"))]);
        assert_eq!(Proxies::from_env(&env).unwrap_err(), SettingsErrorKind::NotUnicode { variable }.into());
    }
    assert!(Proxies::from_env(&Env::from_iter([("NO_PROXY", bad())])).is_ok());
}

#[test]
fn what_is_for_the_machine_itself_goes_through_no_proxy() {
    let proxies = Proxies::all("http://me:planted@proxy:3128").unwrap();
    let mut request = http::Request::post("http://localhost/").body(()).unwrap();
    assert!(proxies.of(&request).is_some());
    request.extensions_mut().insert(Direct);
    assert!(proxies.of(&request).is_none());
    assert!(!format!("{proxies:?}").contains("planted"));
}

#[test]
fn code_goes_for_all_hosts_or_none() {
    for url in ["http://localhost", "https://sts.amazonaws.com", "http://[::1]:8"] {
        let url = url.parse().unwrap();
        assert!(Proxies::all("proxy:3128").unwrap().for_uri(&url).is_some());
        assert!(Proxies::none().for_uri(&url).is_none());
    }
    assert!(Proxies::all("proxy:3128").unwrap().any() && !Proxies::none().any());
    let error = Proxies::all("socks5://planted").unwrap_err();
    assert!(matches!(error.kind(), SettingsErrorKind::Proxy { origin: Origin::Code, .. }), "{error:?}");
}

#[test]
fn a_driver_without_tls_refuses_a_proxy_that_needs_it() {
    let proxies = proxies(&[("HTTP_PROXY", "http://a"), ("HTTPS_PROXY", "https://b")]).unwrap();
    assert!(proxies.with_tls(true).is_ok());
    let error = proxies.with_tls(false).unwrap_err().to_string();
    assert!(error.contains("HTTPS_PROXY") && error.contains("tls"), "{error}");
    assert!(Proxies::all("http://a").unwrap().with_tls(false).is_ok());
}

#[test]
fn the_setting_is_told_without_the_password() {
    let told = |proxies: &Proxies, url: Option<&'static str>| {
        let setting = proxies.setting(url.map(Uri::from_static).as_ref());
        assert_eq!(setting.name, "proxy");
        format!("{} ({})", setting.value, setting.origin)
    };
    let some = proxies(&[("https_proxy", "http://me:planted@a:1"), ("NO_PROXY", ".internal")]).unwrap();
    assert_eq!(told(&some, None), "a:1 (https_proxy)");
    assert_eq!(told(&some, Some("https://sts.example")), "a:1 (https_proxy)");
    assert_eq!(told(&some, Some("http://sts.example")), "none (default)");
    assert_eq!(told(&some, Some("https://sts.internal")), "none for this host, else a:1 (NO_PROXY)");
    assert_eq!(told(&Proxies::default(), None), "none (default)");
    assert_eq!(told(&Proxies::none(), None), "none (set in code)");
    assert_eq!(told(&Proxies::all("https://me:planted@a").unwrap(), None), "https://a:443 (set in code)");
    let cgi = proxies(&[("ALL_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")]).unwrap();
    assert_eq!(told(&cgi, None), "none (REQUEST_METHOD)");
}

/// There, a client of the program sets `HTTP_PROXY` by a header.
#[cfg(unix)]
#[test]
fn under_cgi_a_variable_that_cannot_be_read_is_no_error() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let unreadable = OsString::from_vec(vec![0xff]);
    let variables = [("HTTP_PROXY", unreadable.clone()), ("REQUEST_METHOD", "GET".into())];
    assert!(Proxies::from_env(&Env::from_iter(variables)).is_ok());
    assert!(Proxies::from_env(&Env::from_iter([("HTTP_PROXY", unreadable)])).is_err());
}
