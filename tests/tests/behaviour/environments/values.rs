//! Values that a variable or a key cannot have.

use super::row::Row;

pub(super) fn rows() -> Vec<Row> {
    #[cfg_attr(windows, allow(unused_mut))]
    let mut rows = vec![
        Row::new("AWS_USE_FIPS_ENDPOINT")
            .keys()
            .set("AWS_USE_FIPS_ENDPOINT", "yes")
            .refused("the environment variable AWS_USE_FIPS_ENDPOINT has to be true or false"),
        Row::new("use_fips_endpoint").keys().config("[default]\nuse_fips_endpoint = 1\n").refused(
            "profile default, use_fips_endpoint ({home}/.aws/config line 2) has to be true or false",
        ),
        Row::new("AWS_USE_DUALSTACK_ENDPOINT")
            .keys()
            .set("AWS_USE_DUALSTACK_ENDPOINT", "on")
            .refused("the environment variable AWS_USE_DUALSTACK_ENDPOINT has to be true or false"),
        Row::new("use_dualstack_endpoint").keys().config("[default]\nuse_dualstack_endpoint = on\n").refused(
            "profile default, use_dualstack_endpoint ({home}/.aws/config line 2) has to be true or \
             false",
        ),
        Row::new("AWS_STS_REGIONAL_ENDPOINTS")
            .keys()
            .set("AWS_STS_REGIONAL_ENDPOINTS", "global")
            .refused("the environment variable AWS_STS_REGIONAL_ENDPOINTS has to be regional or legacy"),
        Row::new("sts_regional_endpoints")
            .keys()
            .config("[default]\nsts_regional_endpoints = global\n")
            .refused(
                "profile default, sts_regional_endpoints ({home}/.aws/config line 2) has to be regional \
                 or legacy",
            ),
        Row::new("AWS_RETRY_MODE")
            .keys()
            .set("AWS_RETRY_MODE", "fast")
            .refused("the environment variable AWS_RETRY_MODE has to be standard or adaptive or legacy"),
        Row::new("retry_mode").keys().config("[default]\nretry_mode = fast\n").refused(
            "profile default, retry_mode ({home}/.aws/config line 2) has to be standard or adaptive \
             or legacy",
        ),
        Row::new("AWS_MAX_ATTEMPTS")
            .keys()
            .set("AWS_MAX_ATTEMPTS", "many")
            .refused("the environment variable AWS_MAX_ATTEMPTS has to be a whole number, 1 or more"),
        Row::new("AWS_MAX_ATTEMPTS of 0")
            .keys()
            .set("AWS_MAX_ATTEMPTS", "0")
            .refused("the environment variable AWS_MAX_ATTEMPTS has to be a whole number, 1 or more"),
        Row::new("AWS_MAX_ATTEMPTS that is negative")
            .keys()
            .set("AWS_MAX_ATTEMPTS", "-1")
            .refused("the environment variable AWS_MAX_ATTEMPTS has to be a whole number, 1 or more"),
        Row::new("AWS_MAX_ATTEMPTS that is too large")
            .keys()
            .set("AWS_MAX_ATTEMPTS", "4294967296")
            .refused("the environment variable AWS_MAX_ATTEMPTS has to be a whole number, 1 or more"),
        Row::new("max_attempts").keys().config("[default]\nmax_attempts = 3.5\n").refused(
            "profile default, max_attempts ({home}/.aws/config line 2) has to be a whole number, 1 or \
             more",
        ),
        Row::new("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
            .keys()
            .set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "1")
            .refused("the environment variable AWS_IGNORE_CONFIGURED_ENDPOINT_URLS has to be true or false"),
        Row::new("ignore_configured_endpoint_urls")
            .keys()
            .config("[default]\nignore_configured_endpoint_urls = yes\n")
            .refused(
                "profile default, ignore_configured_endpoint_urls ({home}/.aws/config line 2) has to be \
                 true or false",
            ),
        Row::new("values with blanks and in capitals")
            .keys()
            .set("AWS_RETRY_MODE", " Adaptive ")
            .set("AWS_MAX_ATTEMPTS", " 5 ")
            .told("retry mode adaptive AWS_RETRY_MODE")
            .told("max attempts 5 AWS_MAX_ATTEMPTS"),
        Row::new("the retry mode legacy")
            .keys()
            .set("AWS_RETRY_MODE", "legacy")
            .told("retry mode standard AWS_RETRY_MODE"),
        Row::new("blank values")
            .keys()
            .set("AWS_RETRY_MODE", " ")
            .set("AWS_MAX_ATTEMPTS", "")
            .set("AWS_ENDPOINT_URL", " ")
            .set("AWS_CA_BUNDLE", ""),
        Row::new("blank values of a profile")
            .keys()
            .config("[default]\nretry_mode =\nmax_attempts =\nendpoint_url =\n"),
        Row::new("a bad value of a profile that is not used")
            .keys()
            .config("[profile other]\nretry_mode = fast\n"),
        Row::new("a bad value behind a good one")
            .keys()
            .set("AWS_RETRY_MODE", "standard")
            .config("[default]\nretry_mode = fast\n"),
        Row::new("an app id with characters that no user agent has")
            .keys()
            .set("AWS_SDK_UA_APP_ID", "my app/ü")
            .told("app id my app/ü AWS_SDK_UA_APP_ID"),
        Row::new("a preference for schemes that are not known")
            .keys()
            .set("AWS_AUTH_SCHEME_PREFERENCE", "bearer, sigv4a, sigv4")
            // Its scope names no region.
            .goes("GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDENVIRON sts")
            .told("sigv4a on AWS_AUTH_SCHEME_PREFERENCE"),
        Row::new("an app id that is long").keys().config(
            "[default]\nsdk_ua_app_id = \
             123456789012345678901234567890123456789012345678901234567890\n",
        ),
    ];
    #[cfg(unix)]
    rows.extend(not_unicode());
    rows
}

/// Variables that are not Unicode.
#[cfg(unix)]
fn not_unicode() -> Vec<Row> {
    vec![
        Row::new("AWS_REGION that is not unicode")
            .keys()
            .garbled("AWS_REGION")
            .refused("the environment variable AWS_REGION is not valid unicode"),
        Row::new("AWS_DEFAULT_REGION that is not unicode and not looked at")
            .keys()
            .garbled("AWS_DEFAULT_REGION"),
        Row::new("AWS_PROFILE that is not unicode")
            .keys()
            .garbled("AWS_PROFILE")
            .refused("the environment variable AWS_PROFILE is not valid unicode"),
        Row::new("AWS_PROFILE that is not unicode and not looked at")
            .garbled("AWS_PROFILE")
            .code(|setup| setup.profile("dev"))
            .credentials("[dev]\naws_access_key_id = AKIDENVIRON\naws_secret_access_key = planted\n"),
        Row::new("AWS_CONFIG_FILE that is not unicode")
            .keys()
            .garbled("AWS_CONFIG_FILE")
            .refused("the environment variable AWS_CONFIG_FILE is not valid unicode"),
        Row::new("AWS_SHARED_CREDENTIALS_FILE that is not unicode")
            .keys()
            .garbled("AWS_SHARED_CREDENTIALS_FILE")
            .refused("the environment variable AWS_SHARED_CREDENTIALS_FILE is not valid unicode"),
        Row::new("HOME that is not unicode")
            .keys()
            .garbled("HOME")
            .told("config file none, since the home directory is not known default"),
        Row::new("AWS_ENDPOINT_URL that is not unicode")
            .keys()
            .garbled("AWS_ENDPOINT_URL")
            .refused("the environment variable AWS_ENDPOINT_URL is not valid unicode"),
        Row::new("AWS_CA_BUNDLE that is not unicode")
            .keys()
            .garbled("AWS_CA_BUNDLE")
            .refused("the environment variable AWS_CA_BUNDLE is not valid unicode"),
        Row::new("AWS_MAX_ATTEMPTS that is not unicode")
            .keys()
            .garbled("AWS_MAX_ATTEMPTS")
            .refused("the environment variable AWS_MAX_ATTEMPTS is not valid unicode"),
        Row::new("AWS_SDK_UA_APP_ID that is not unicode")
            .keys()
            .garbled("AWS_SDK_UA_APP_ID")
            .refused("the environment variable AWS_SDK_UA_APP_ID is not valid unicode"),
        Row::new("AWS_ACCESS_KEY_ID that is not unicode").keys().garbled("AWS_ACCESS_KEY_ID").fails(
            "no credentials from environment: the environment variable AWS_ACCESS_KEY_ID is not valid \
             unicode",
        ),
        Row::new("AWS_SESSION_TOKEN that is not unicode").keys().garbled("AWS_SESSION_TOKEN").fails(
            "no credentials from environment: the environment variable AWS_SESSION_TOKEN is not valid \
             unicode",
        ),
        Row::new("AWS_ROLE_ARN that is not unicode")
            .set("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")
            .garbled("AWS_ROLE_ARN")
            .fails(
                "no credentials from web identity: the environment variable AWS_ROLE_ARN is not valid \
                 unicode",
            ),
        Row::new("AWS_CONTAINER_CREDENTIALS_FULL_URI that is not unicode")
            .garbled("AWS_CONTAINER_CREDENTIALS_FULL_URI")
            .fails(
                "no credentials from container: the environment variable \
                 AWS_CONTAINER_CREDENTIALS_FULL_URI is not valid unicode",
            ),
        Row::new("AWS_EC2_METADATA_DISABLED that is not unicode").garbled("AWS_EC2_METADATA_DISABLED").fails(
            "no credentials from instance metadata: the environment variable \
             AWS_EC2_METADATA_DISABLED is not valid unicode",
        ),
        Row::new("HTTPS_PROXY that is not unicode")
            .keys()
            .real()
            .garbled("HTTPS_PROXY")
            .refused("the environment variable HTTPS_PROXY is not valid unicode"),
        Row::new("NO_PROXY that is not unicode")
            .keys()
            .real()
            .set("HTTPS_PROXY", "http://proxy.test")
            .garbled("NO_PROXY")
            .refused("the environment variable NO_PROXY is not valid unicode"),
    ]
}
