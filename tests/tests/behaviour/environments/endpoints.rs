//! Regions and endpoints.

use super::row::Row;

pub(super) fn rows() -> Vec<Row> {
    [regions(), urls(), kinds()].into_iter().flatten().collect()
}

/// Where the region is from.
fn regions() -> Vec<Row> {
    vec![
        Row::new("AWS_REGION").keys().told("region us-east-1 AWS_REGION"),
        Row::new("AWS_DEFAULT_REGION")
            .keys()
            .without("AWS_REGION")
            .set("AWS_DEFAULT_REGION", "eu-west-1")
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDENVIRON eu-west-1")
            .told("region eu-west-1 AWS_DEFAULT_REGION"),
        Row::new("AWS_REGION before AWS_DEFAULT_REGION").keys().set("AWS_DEFAULT_REGION", "eu-west-1"),
        Row::new("the environment's region before the profile's")
            .keys()
            .config("[default]\nregion = eu-west-1\n"),
        Row::new("a region in code")
            .keys()
            .code(|setup| setup.region("eu-west-1"))
            .goes("GetCallerIdentity https://sts.eu-west-1.amazonaws.com/ AKIDENVIRON eu-west-1")
            .told("region eu-west-1 set in code"),
        Row::new("no region anywhere")
            .keys()
            .without("AWS_REGION")
            .refused("no region: looked {regions}; set one, for example us-east-1"),
        Row::new("no region for a client that gives credentials")
            .keys()
            .without("AWS_REGION")
            .code(|setup| setup.credentials_only())
            .fails("no region: looked {regions}; set one, for example us-east-1"),
        Row::new("a region of China")
            .keys()
            .set("AWS_REGION", "cn-north-1")
            .goes("GetCallerIdentity https://sts.cn-north-1.amazonaws.com.cn/ AKIDENVIRON cn-north-1"),
        Row::new("a region that this crate does not know")
            .keys()
            .set("AWS_REGION", "moon-1")
            .goes("GetCallerIdentity https://sts.moon-1.amazonaws.com/ AKIDENVIRON moon-1"),
        Row::new("the region aws-global")
            .keys()
            .set("AWS_REGION", "aws-global")
            .goes("GetCallerIdentity https://sts.amazonaws.com/ AKIDENVIRON us-east-1"),
        Row::new("a region that is none")
            .keys()
            .set("AWS_REGION", "us east 1")
            .refused("region \"us east 1\" of AWS_REGION {is no region}"),
        Row::new("a default region that is none")
            .keys()
            .without("AWS_REGION")
            .set("AWS_DEFAULT_REGION", "us.east")
            .refused("region \"us.east\" of AWS_DEFAULT_REGION {is no region}"),
        Row::new("a region with a host")
            .keys()
            .set("AWS_REGION", "x.example.com/")
            .refused("region \"x.example.com/\" of AWS_REGION {is no region}"),
        Row::new("a region of a profile that is none")
            .keys()
            .without("AWS_REGION")
            .config("[default]\nregion = us_east_1\n")
            .refused(
                "region \"us_east_1\" of profile default, region ({home}/.aws/config line 2) {is no \
                 region}",
            ),
        Row::new("an old name of a region with fips")
            .keys()
            .set("AWS_REGION", "fips-us-east-1")
            .goes("GetCallerIdentity https://sts-fips.us-east-1.amazonaws.com/ AKIDENVIRON us-east-1"),
    ]
}

/// Endpoint URLs: from where, and whether they can be used.
fn urls() -> Vec<Row> {
    const SERVICES: &str = "[default]\nservices = here\nendpoint_url = http://profile.test\n\
                            [services here]\nsts =\n  \
                            endpoint_url = http://services.test\n";
    vec![
        Row::new("AWS_ENDPOINT_URL")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://any.test:4566/path")
            .goes("GetCallerIdentity http://any.test:4566/path AKIDENVIRON us-east-1")
            .told("endpoint url http://any.test:4566/path AWS_ENDPOINT_URL"),
        Row::new("AWS_ENDPOINT_URL_STS")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .set("AWS_ENDPOINT_URL_STS", "http://sts.test")
            .goes("GetCallerIdentity http://sts.test/ AKIDENVIRON us-east-1"),
        Row::new("the services section")
            .keys()
            .config(SERVICES)
            .goes("GetCallerIdentity http://services.test/ AKIDENVIRON us-east-1")
            .told(
                "endpoint url http://services.test services here, sts.endpoint_url ({home}/.aws/config \
                 line 6)",
            ),
        Row::new("the profile's URL")
            .keys()
            .config("[default]\nendpoint_url = http://profile.test\n")
            .goes("GetCallerIdentity http://profile.test/ AKIDENVIRON us-east-1"),
        Row::new("a variable before the services section")
            .keys()
            .config(SERVICES)
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .goes("GetCallerIdentity http://any.test/ AKIDENVIRON us-east-1"),
        Row::new("a URL in code")
            .keys()
            .set("AWS_ENDPOINT_URL_STS", "http://sts.test")
            .code(|setup| setup.settings(sts_proto::Settings::new().endpoint_url("https://code.test")))
            .goes("GetCallerIdentity https://code.test/ AKIDENVIRON us-east-1")
            .told("endpoint url https://code.test set in code"),
        Row::new("no URL, says code")
            .keys()
            .set("AWS_ENDPOINT_URL_STS", "http://sts.test")
            .code(|setup| setup.settings(sts_proto::Settings::new().without_endpoint_url())),
        Row::new("URLs that the environment ignores")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
            .told("endpoint url not set, what is configured is ignored AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
        Row::new("URLs that the profile ignores")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .config("[default]\nignore_configured_endpoint_urls = true\n"),
        Row::new("URLs that the profile ignores and the environment heeds")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .config("[default]\nignore_configured_endpoint_urls = true\n")
            .set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false")
            .goes("GetCallerIdentity http://any.test/ AKIDENVIRON us-east-1"),
        Row::new("a services section that is not there")
            .keys()
            .config("[default]\nservices = gone\n")
            .refused(
                "profile default, services ({home}/.aws/config line 2) names the section [services gone], \
                 which is not there; add it to the config file",
            ),
        Row::new("a services section in the credentials file")
            .keys()
            .config("[default]\nservices = here\n")
            .credentials("[services here]\nsts =\n  endpoint_url = http://services.test\n")
            .refused(
                "profile default, services ({home}/.aws/config line 2) names the section [services here], \
                 which is not there; the section [services here] ({home}/.aws/credentials line 1) has to be \
                 [services here] in the config file",
            ),
        Row::new("a services section whose URL is in no block")
            .keys()
            .config("[default]\nservices = here\n[services here]\nsts =\nendpoint_url = http://services.test\n")
            .refused(
                "the file {home}/.aws/config cannot be understood at line 5: endpoint_url is in no block of a \
                 service; write blanks before it",
            ),
        Row::new("a services section whose service is no block")
            .keys()
            .config("[default]\nservices = here\n[services here]\nsts = planted\n  endpoint_url = planted\n")
            .refused(
                "the file {home}/.aws/config cannot be understood at line 4: the name of the service begins no \
                 block; write nothing behind the equals sign, and blanks before the lines below",
            ),
        Row::new("a services section whose URL is behind a comment")
            .keys()
            .config("[default]\nservices = here\n[services here]\nsts =\n#  endpoint_url = http://services.test\n"),
        Row::new("a URL without a region")
            .keys()
            .without("AWS_REGION")
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .fails(
                "the endpoint url came without a region to sign for: looked {regions}; set one, for \
                 example us-east-1",
            ),
        Row::new("a URL with a password")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://me:planted@any.test")
            .refused(
                "the endpoint url of AWS_ENDPOINT_URL has a user name or password before the host, which is not used; {write \
                 it}",
            ),
        Row::new("a URL with a password for a client that gives credentials")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://me:planted@any.test")
            .code(|setup| setup.credentials_only())
            .fails(
                "the endpoint url of AWS_ENDPOINT_URL has a user name or password before the host, which is not used; {write \
                 it}",
            )
            .told("endpoint url not shown, since it cannot be used AWS_ENDPOINT_URL"),
        Row::new("a URL without a scheme")
            .keys()
            .set("AWS_ENDPOINT_URL", "any.test")
            .refused("the endpoint url of AWS_ENDPOINT_URL does not start with http:// or https://; {write it}"),
        Row::new("a URL of another scheme")
            .keys()
            .set("AWS_ENDPOINT_URL", "ftp://planted.test")
            .refused("the endpoint url of AWS_ENDPOINT_URL does not start with http:// or https://; {write it}"),
        Row::new("a URL with a query")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://any.test/?key=planted")
            .refused("the endpoint url of AWS_ENDPOINT_URL has a query ('?'), which an endpoint cannot have; {write it}"),
        Row::new("a URL with a port that is none")
            .keys()
            .set("AWS_ENDPOINT_URL", "http://any.test:99999")
            .refused("the endpoint url of AWS_ENDPOINT_URL has a port that is not a number from 1 to 65535; {write it}"),
        Row::new("a URL of a profile with a password")
            .keys()
            .config("[default]\nendpoint_url = http://me:planted@any.test\n")
            .refused(
                "the endpoint url of profile default, endpoint_url ({home}/.aws/config line 2) has a user name or password before the host, which is not used; {write \
                 it}",
            ),
        Row::new("a URL of a services section without a scheme")
            .keys()
            .config("[default]\nservices = here\n[services here]\nsts =\n  endpoint_url = planted\n")
            .refused(
                "the endpoint url of services here, sts.endpoint_url ({home}/.aws/config line 5) does not \
                 start with http:// or https://; {write it}",
            ),
        Row::new("a URL for STS without a scheme")
            .keys()
            .set("AWS_ENDPOINT_URL_STS", "localhost:4566")
            .refused(
                "the endpoint url of AWS_ENDPOINT_URL_STS does not start with http:// or https://; {write \
                 it}",
            ),
    ]
}

/// FIPS, dual stack, the global endpoint.
fn kinds() -> Vec<Row> {
    vec![
        Row::new("fips")
            .keys()
            .set("AWS_USE_FIPS_ENDPOINT", "TRUE")
            .goes("GetCallerIdentity https://sts-fips.us-east-1.amazonaws.com/ AKIDENVIRON us-east-1")
            .told("fips endpoint on AWS_USE_FIPS_ENDPOINT"),
        Row::new("dual stack of a profile")
            .keys()
            .config("[default]\nuse_dualstack_endpoint = true\n")
            .goes("GetCallerIdentity https://sts.us-east-1.api.aws/ AKIDENVIRON us-east-1")
            .told(
                "dual-stack endpoint on profile default, use_dualstack_endpoint ({home}/.aws/config line \
                 2)",
            ),
        Row::new("both")
            .keys()
            .set("AWS_USE_FIPS_ENDPOINT", "true")
            .code(|setup| setup.dual_stack())
            .goes("GetCallerIdentity https://sts-fips.us-east-1.api.aws/ AKIDENVIRON us-east-1"),
        Row::new("fips that code turns off")
            .keys()
            .set("AWS_USE_FIPS_ENDPOINT", "true")
            .code(|setup| setup.settings(sts_proto::Settings::new().use_fips_endpoint(false)))
            .told("fips endpoint off set in code"),
        Row::new("fips of the profile that the environment turns off")
            .keys()
            .set("AWS_USE_FIPS_ENDPOINT", "false")
            .config("[default]\nuse_fips_endpoint = true\n"),
        Row::new("the global endpoint")
            .keys()
            .set("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
            .goes("GetCallerIdentity https://sts.amazonaws.com/ AKIDENVIRON us-east-1")
            .told("global endpoint on AWS_STS_REGIONAL_ENDPOINTS"),
        Row::new("the global endpoint of a profile, in a new region")
            .keys()
            .set("AWS_REGION", "eu-south-2")
            .config("[default]\nsts_regional_endpoints = legacy\n")
            .goes("GetCallerIdentity https://sts.eu-south-2.amazonaws.com/ AKIDENVIRON eu-south-2"),
        Row::new("the global endpoint with dual stack")
            .keys()
            .set("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
            .set("AWS_USE_DUALSTACK_ENDPOINT", "true")
            .goes("GetCallerIdentity https://sts.us-east-1.api.aws/ AKIDENVIRON us-east-1"),
        Row::new("fips and a URL")
            .keys()
            .set("AWS_USE_FIPS_ENDPOINT", "true")
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .refused(
                "the endpoint url of AWS_ENDPOINT_URL cannot be combined with FIPS, which \
                 AWS_USE_FIPS_ENDPOINT turns on; {turn FIPS off}",
            ),
        Row::new("a region with fips and a URL")
            .keys()
            .set("AWS_REGION", "us-east-1-fips")
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .refused(
                "the endpoint url of AWS_ENDPOINT_URL cannot be combined with FIPS, which \
                 region us-east-1-fips of AWS_REGION turns on; {turn FIPS off}",
            ),
        Row::new("dual stack and a URL")
            .keys()
            .set("AWS_USE_DUALSTACK_ENDPOINT", "true")
            .set("AWS_ENDPOINT_URL", "http://any.test")
            .refused(
                "the endpoint url of AWS_ENDPOINT_URL cannot be combined with dual stack, which \
                 AWS_USE_DUALSTACK_ENDPOINT turns on; {turn dual stack off}",
            ),
        Row::new("dual stack of code and a URL of the profile")
            .keys()
            .config("[default]\nendpoint_url = http://any.test\n")
            .code(|setup| setup.dual_stack())
            .refused(
                "the endpoint url of profile default, endpoint_url ({home}/.aws/config line 2) cannot be combined with dual stack, which \
                 the program turns on; {turn dual stack off}",
            ),
    ]
}
