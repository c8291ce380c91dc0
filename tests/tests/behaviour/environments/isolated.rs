//! Builders that look in no environment, whatever it says.

use sts_proto::Settings;
use sts_proto::settings::Roots;
use sts_tests::provider::Provider;

use super::code::{BY_GIVEN, given};
use super::row::Row;

pub(super) fn rows() -> Vec<Row> {
    let isolated = |name| Row::new(name).keys().isolated();
    vec![
        isolated("isolated").refused(
            "no region: none was given, and the builder is isolated and looks in no environment; set \
             one, for example us-east-1",
        ),
        isolated("isolated, without a region").code(|setup| setup.credentials(given())).refused(
            "no region: none was given, and the builder is isolated and looks in no environment; set \
             one, for example us-east-1",
        ),
        isolated("isolated, without credentials").code(|setup| setup.region("us-east-1")).fails(
            "no credentials to sign GetCallerIdentity with (looked for in: the builder: not \
             configured, it is isolated and looks in no environment; give it credentials or a \
             provider)",
        ),
        isolated("isolated, with both")
            .code(|setup| setup.region("us-east-1").credentials(given()))
            .goes(BY_GIVEN),
        isolated("isolated, with a provider")
            .code(|setup| setup.region("us-east-1").provider(given()))
            .goes(BY_GIVEN),
        isolated("isolated, with a provider that fails")
            .code(|setup| {
                setup.region("us-east-1").provider(Provider::from(|| {
                    Err(sts_proto::CredentialsError::new("the vault", "it is sealed; unseal it").into())
                }))
            })
            .fails("no credentials from the vault: it is sealed; unseal it"),
        isolated("isolated, no credentials")
            .code(|setup| setup.region("us-east-1").without_credentials())
            .fails(
                "no credentials to sign GetCallerIdentity with (looked for in: code: not configured, \
                 without_credentials was set; set credentials or a provider instead)",
            ),
        isolated("isolated, credentials only")
            .code(|setup| setup.credentials_only().credentials(given()))
            .fails(
                "no region: none was given, and the builder is isolated and looks in no environment; set \
                 one, for example us-east-1",
            ),
        isolated("isolated, credentials only without any").code(|setup| setup.credentials_only()).fails(
            "no credentials to sign GetCallerIdentity with (looked for in: the builder: not \
             configured, it is isolated and looks in no environment; give it credentials or a \
             provider)",
        ),
        isolated("isolated, a URL without a region")
            .lists_places()
            .code(|setup| {
                setup.settings(Settings::new().endpoint_url("http://any.test").credentials(given()))
            })
            .fails(
                "the endpoint url came without a region to sign for: looked {regions}; set one, for \
                 example us-east-1",
            ),
        isolated("isolated, a URL that cannot be used")
            .lists_places()
            .code(|setup| {
                setup.settings(Settings::new().endpoint_url("http://me:planted@any.test")).region("us-east-1")
            })
            .refused(
                "the endpoint url has a user name or password before the host, which is not used; {write \
                 it}",
            ),
        isolated("isolated, a region that is none")
            .lists_places()
            .code(|setup| setup.region("us east 1"))
            .refused(
                "region \"us east 1\" is not valid: it must be 1 to 63 letters, digits and hyphens, no \
                 hyphen at either end, for example us-east-1; it was looked for {regions}",
            ),
        isolated("isolated, fips and a URL")
            .lists_places()
            .code(|setup| {
                setup.settings(Settings::new().endpoint_url("http://any.test").use_fips_endpoint(true))
            })
            .refused(
                "an endpoint url and FIPS cannot be combined: turn FIPS off (use_fips_endpoint, \
                 AWS_USE_FIPS_ENDPOINT, or a region named fips-… or …-fips), or remove \
                 the endpoint url (set {urls})",
            ),
        isolated("isolated, dual stack and a URL")
            .lists_places()
            .code(|setup| {
                setup.settings(Settings::new().endpoint_url("http://any.test").use_dualstack_endpoint(true))
            })
            .refused(
                "an endpoint url and dual stack cannot be combined: turn dual stack off \
                 (use_dualstack_endpoint, AWS_USE_DUALSTACK_ENDPOINT), or \
                 remove the endpoint url (set {urls})",
            ),
        isolated("isolated, a bundle that is not there")
            .real()
            .code(|setup| {
                setup.settings(
                    Settings::new().region("us-east-1").roots(Roots::File("/nowhere/roots.pem".into())),
                )
            })
            .refused(
                "the ca bundle /nowhere/roots.pem (set in code) cannot be read (no such file); mend it, \
                 or name another",
            ),
        isolated("isolated, a bundle that is garbage")
            .real()
            .code(|setup| setup.region("us-east-1").ca_bundle("planted"))
            .refused("the ca bundle (set in code) holds no certificate, or a damaged one; it has to be pem"),
        isolated("isolated, a proxy that cannot be used")
            .real()
            .code(|setup| setup.region("us-east-1").proxy("socks5://planted:1"))
            .refused(
                "the proxy url of the program starts with neither http:// nor https://, and no other kind \
                 of proxy is supported; write it like http://user:password@proxy.example.com:3128",
            ),
        isolated("isolated, a profile").code(|setup| setup.region("us-east-1").profile("dev")).refused(
            "profile \"dev\" was named, and the builder is isolated and looks in no file; give it credentials or a \
             provider, or begin with one that looks in files",
        ),
    ]
}
