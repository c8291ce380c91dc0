//! What code sets, against what the environment says.

use sts_proto::{Credentials, Retry, Settings, Timeouts};
use sts_tests::provider::Provider;

use super::row::Row;

/// Keys that code gives.
pub(super) fn given() -> Credentials {
    Credentials::new("AKIDGIVEN", "planted")
}

pub(super) const BY_GIVEN: &str =
    "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDGIVEN us-east-1";

pub(super) fn rows() -> Vec<Row> {
    [code_wins(), proxies(), wholes()].into_iter().flatten().collect()
}

/// The last word is that of code, whether it sets before or behind the environment.
fn code_wins() -> Vec<Row> {
    vec![
        Row::new("keys in code").keys().code(|setup| setup.credentials(given())).goes(BY_GIVEN),
        Row::new("keys in code beside half keys")
            .set("AWS_ACCESS_KEY_ID", "AKID")
            .code(|setup| setup.credentials(given()))
            .goes(BY_GIVEN),
        Row::new("keys in code beside a profile that fails")
            .config("[default]\nrole_arn = arn:aws:iam::1:role/dev\n")
            .code(|setup| setup.credentials(given()))
            .goes(BY_GIVEN),
        Row::new("keys in code beside a profile in code")
            .config("[profile dev]\nregion = eu-west-1\naws_access_key_id = AKID\n")
            .without("AWS_REGION")
            .code(|setup| setup.profile("dev").credentials(given()))
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDGIVEN eu-west-1"),
        Row::new("a provider")
            .keys()
            .code(|setup| setup.provider(given()))
            .goes(BY_GIVEN)
            .told("credentials from a provider set in code"),
        Row::new("a provider beside half keys")
            .set("AWS_SECRET_ACCESS_KEY", "planted")
            .code(|setup| setup.provider(given()))
            .goes(BY_GIVEN),
        Row::new("a provider behind keys in code")
            .code(|setup| setup.credentials(Credentials::new("AKIDFIRST", "planted")).provider(given()))
            .goes(BY_GIVEN),
        Row::new("keys in code behind a provider")
            .code(|setup| setup.provider(Credentials::new("AKIDFIRST", "planted")).credentials(given()))
            .goes(BY_GIVEN),
        Row::new("a provider that fails")
            .keys()
            .code(|setup| {
                setup.provider(Provider::from(|| {
                    Err(sts_proto::CredentialsError::new("the vault", "it is sealed; unseal it").into())
                }))
            })
            .fails("no credentials from the vault: it is sealed; unseal it"),
        Row::new("no credentials, says code")
            .keys()
            .code(|setup| setup.without_credentials())
            .fails(
                "no credentials to sign GetCallerIdentity with (looked for in: code: not configured, \
                 without_credentials was set; set credentials or a provider instead)",
            )
            .told("credentials none set in code"),
        Row::new("no credentials, says code, beside half keys")
            .set("AWS_ACCESS_KEY_ID", "AKID")
            .code(|setup| setup.without_credentials())
            .fails(
                "no credentials to sign GetCallerIdentity with (looked for in: code: not configured, \
                 without_credentials was set; set credentials or a provider instead)",
            ),
        Row::new("credentials only")
            .keys()
            .without("AWS_REGION")
            .code(|setup| setup.credentials_only())
            .fails("no region: looked {regions}; set one, for example us-east-1"),
        Row::new("credentials only, with a region").keys().code(|setup| setup.credentials_only()),
        Row::new("time-outs in code")
            .keys()
            .code(|setup| {
                setup.settings(
                    Settings::new().timeouts(Timeouts {
                        call: std::time::Duration::from_secs(7),
                        ..Timeouts::default()
                    }),
                )
            })
            .told("call time-out 7 s set in code"),
        Row::new("retries in code beside bad ones")
            .keys()
            .set("AWS_MAX_ATTEMPTS", "5")
            .code(|setup| setup.settings(Settings::new().retry(Retry::off())))
            .told("max attempts 1 set in code"),
        Row::new("an app id in code")
            .keys()
            .set("AWS_SDK_UA_APP_ID", "theirs")
            .code(|setup| setup.settings(Settings::new().app_id("mine")))
            .told("app id mine set in code"),
        Row::new("sigv4a in code")
            .keys()
            .set("AWS_AUTH_SCHEME_PREFERENCE", "sigv4")
            .set("AWS_SIGV4A_SIGNING_REGION_SET", "*")
            .code(|setup| setup.settings(Settings::new().use_sigv4a(true)))
            // Its scope names no region.
            .goes("GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDENVIRON sts")
            .told("sigv4a on set in code")
            .told("sigv4a signing region set * AWS_SIGV4A_SIGNING_REGION_SET"),
        Row::new("the global endpoint in code")
            .keys()
            .code(|setup| setup.settings(Settings::new().use_global_endpoint(true)))
            .goes("GetCallerIdentity https://sts.amazonaws.com/ AKIDENVIRON us-east-1"),
        Row::new("a URL with a password in code")
            .keys()
            .code(|setup| setup.settings(Settings::new().endpoint_url("http://me:planted@any.test")))
            .refused(
                "the endpoint url of the program has a user name or password before the host, which is not used; {write \
                 it}",
            ),
        Row::new("a region in code that is none").keys().code(|setup| setup.region("us east 1")).refused(
            "region \"us east 1\" of the program {is no region}",
        ),
        Row::new("a region in code beside one that is none")
            .keys()
            .set("AWS_REGION", "us east 1")
            .code(|setup| setup.region("us-east-1")),
        Row::new("a bad value of the environment that code replaces")
            .keys()
            .set("AWS_USE_FIPS_ENDPOINT", "yes")
            .code(|setup| setup.settings(Settings::new().use_fips_endpoint(false))),
    ]
}

/// Proxies of code and environment. Where a proxy leads is in `../proxy.rs`.
fn proxies() -> Vec<Row> {
    let row = |name| {
        Row::new(name)
            .keys()
            .real()
            .set("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .set("AWS_MAX_ATTEMPTS", "1")
    };
    vec![
        row("a proxy in code beside one that cannot be used")
            .set("HTTP_PROXY", "socks5://planted:1")
            .code(|setup| setup.proxy("http://127.0.0.1:2"))
            .fails(
                "GetCallerIdentity got no answer from 127.0.0.1:1: no connection through the proxy 127.0.0.1:2: the \
                 connection was refused; check host and port, and that the server runs",
            )
            .told("proxy 127.0.0.1:2 set in code"),
        row("no proxy, says code")
            .set("HTTP_PROXY", "http://me:planted@127.0.0.1:2")
            .code(|setup| setup.no_proxy())
            .fails(
                "GetCallerIdentity got no answer from 127.0.0.1:1: the connection was refused; check host \
                 and port, and that the server runs",
            )
            .told("proxy none set in code"),
        row("a proxy of the environment")
            .set("HTTP_PROXY", "http://me:planted@127.0.0.1:2")
            .fails(
                "GetCallerIdentity got no answer from 127.0.0.1:1: no connection through the proxy 127.0.0.1:2: the \
                 connection was refused; check host and port, and that the server runs",
            )
            .told("proxy 127.0.0.1:2 HTTP_PROXY"),
        row("a proxy that cannot be used").set("HTTP_PROXY", "http://me:planted@x@127.0.0.1:2").refused(
            "the proxy url of HTTP_PROXY has a user or a password that cannot be read; '@', '%' and \
             other reserved characters in them must be written as %XX, and control characters are not \
             allowed; write it like http://user:password@proxy.example.com:3128",
        ),
        Row::new("a proxy that cannot be used and that a transport of the program passes over")
            .keys()
            .set("HTTPS_PROXY", "socks5://planted:1")
            .told("proxy as the client's own transport has it set in code"),
    ]
}

/// All that a client says of itself.
fn wholes() -> Vec<Row> {
    vec![
        Row::new("everything, by default").keys().whole(&[
                "settings",
                "profile default (not there) default",
                "config file {home}/.aws/config (not found) default",
                "credentials file {home}/.aws/credentials (not found) default",
                "region us-east-1 AWS_REGION",
                "endpoint url not set default",
                "endpoint https://sts.us-east-1.amazonaws.com/ AWS_REGION",
                DEFAULTS,
                "metadata endpoint none, switched off AWS_EC2_METADATA_DISABLED",
                "credentials, in the order in which they are looked for",
                "environment used, keys: access key …IRON",
                "profile default not asked",
                "web identity not asked",
                "container not asked",
                "instance metadata not asked"]),
        Row::new("everything, isolated")
            .isolated()
            .code(|setup| setup.region("us-east-1").credentials(given()))
            .goes(BY_GIVEN).whole(&[
                "settings",
                "region us-east-1 set in code",
                "endpoint url not set default",
                "endpoint https://sts.us-east-1.amazonaws.com/ set in code",
                DEFAULTS,
                "credentials access key …IVEN set in code",
                "credentials, in the order in which they are looked for",
                "the settings used, access key …IVEN"]),
        Row::new("everything, with a role")
            .config(
                "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/dev\nsource_profile = base\n\
                 [profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = planted\n",
            )
            .without("AWS_REGION")
            .goes_by(&[
                "AssumeRole https://sts.eu-west-1.amazonaws.com/ AKIDBASE eu-west-1",
                "GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ ASIADEV eu-west-1",
            ]).whole(&[
                "settings",
                "profile default default",
                "config file {home}/.aws/config default",
                "credentials file {home}/.aws/credentials (not found) default",
                "region eu-west-1 profile default, region ({home}/.aws/config line 2)",
                "endpoint url not set default",
                "endpoint https://sts.eu-west-1.amazonaws.com/ profile default, region ({home}/.aws/config line 2)",
                DEFAULTS,
                "metadata endpoint none, switched off AWS_EC2_METADATA_DISABLED",
                "credentials, in the order in which they are looked for",
                "environment not configured, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
                "profile default used, keys, then the role arn:aws:iam::1:role/dev: access key …, valid for N s",
                "web identity not asked",
                "container not asked",
                "instance metadata not asked"]),
        Row::new("everything, where nothing is found")
            .without("HOME")
            .fails("{nowhere}, AWS_EC2_METADATA_DISABLED is true)").whole(&[
                "settings",
                "profile default (not there) default",
                "config file none, since the home directory is not known default",
                "credentials file none, since the home directory is not known default",
                "region us-east-1 AWS_REGION",
                "endpoint url not set default",
                "endpoint https://sts.us-east-1.amazonaws.com/ AWS_REGION",
                DEFAULTS,
                "metadata endpoint none, switched off AWS_EC2_METADATA_DISABLED",
                "credentials, in the order in which they are looked for",
                "environment not configured, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
                "profile default not configured, it is in none of the shared files",
                "web identity not configured, AWS_WEB_IDENTITY_TOKEN_FILE is not set",
                "container not configured, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set",
                "instance metadata not configured, AWS_EC2_METADATA_DISABLED is true"]),
    ]
}

/// What is never set here.
const DEFAULTS: &str = "fips endpoint off default
dual-stack endpoint off default
global endpoint off default
retry mode standard default
max attempts 3 default
connect time-out 3.1 s default
attempt time-out 10 s default
call time-out 60 s default
app id not set default
sigv4a off default
sigv4a signing region set not set default
roots as the client's own transport has it set in code
ca bundle as the client's own transport has it set in code
extra roots as the client's own transport has it set in code
client certificate as the client's own transport has it set in code
proxy as the client's own transport has it set in code";
