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
            .code(|setup| {
                setup.settings(Settings::new().endpoint_url("http://any.test").credentials(given()))
            })
            .fails(
                "no region: none was given, and the builder is isolated and looks in no environment; set \
                 one, for example us-east-1",
            ),
        isolated("isolated, a URL that cannot be used")
            .code(|setup| {
                setup.settings(Settings::new().endpoint_url("http://me:planted@any.test")).region("us-east-1")
            })
            .refused(
                "the endpoint url of the program has a user name or password before the host, which is not used; {write \
                 it}",
            ),
        isolated("isolated, a region that is none")
            .code(|setup| setup.region("us east 1"))
            .refused(
                "region \"us east 1\" of the program {is no region}",
            ),
        isolated("isolated, an empty region")
            .code(|setup| setup.region(""))
            .refused("region \"\" of the program {is no region}"),
        isolated("isolated, fips and a URL")
            .code(|setup| {
                setup.settings(Settings::new().endpoint_url("http://any.test").use_fips_endpoint(true))
            })
            .refused(
                "the endpoint url of the program cannot be combined with FIPS, which \
                 the program turns on; {turn FIPS off}",
            ),
        isolated("isolated, dual stack and a URL")
            .code(|setup| {
                setup.settings(Settings::new().endpoint_url("http://any.test").use_dualstack_endpoint(true))
            })
            .refused(
                "the endpoint url of the program cannot be combined with dual stack, which \
                 the program turns on; {turn dual stack off}",
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
